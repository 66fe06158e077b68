// Where each fact stands in the authenticated state: one byte that names the table, then the id's canonical bytes.
// Tags and layouts are part of the chain: never reuse or change one. The messages are published in
// `Network/proto/merit/v1/state.proto`.
import Codec
package import Primitives
import Rewards

/// The first byte of a state key.
package enum StateTag: UInt8, CaseIterable, Sendable {
    /// ‖ address: `Account`.
    case account = 1
    /// ‖ operator's address: `ValidatorRecord`.
    case validator = 2
    /// ‖ address of a consensus, audit or transport key: `OperatorReference`.
    case keyAddress = 3
    /// ‖ account: `ProviderRecord`.
    case provider = 4
    /// ‖ height (8 bytes, big-endian) from which it decides: `Seating`.
    case seating = 5
    /// ‖ consensus address: `AuthorRecord`.
    case author = 6
    /// ‖ evidence id: `EvidenceRecord`.
    case evidence = 7
    /// ‖ one byte, a `Singleton`.
    case singleton = 8
    /// ‖ epoch (8 bytes) at whose start it is free ‖ operator: `UnbondingRecord`.
    case unbonding = 9
    /// ‖ epoch (8 bytes): `EpochSummary`.
    case epochSummary = 10
    /// ‖ account ‖ offence (1 byte) ‖ evidence: a slash row of the running epoch.
    case pendingSlash = 11
    /// ‖ offence (1 byte) ‖ operator ‖ epoch (8 bytes): `OffenderRecord`.
    case offender = 12
    /// ‖ validator's operator ‖ delegator: `DelegationRecord`.
    case delegation = 13
    /// ‖ operator ‖ kind (1 byte) ‖ epoch (8 bytes) ‖ destination of a redelegation: `TrancheRecord`.
    case tranche = 14
    /// ‖ epoch (8 bytes) at whose start it is free ‖ operator ‖ delegator: `DueRecord`.
    case delegatorUnbonding = 15
    /// ‖ operator: `StakeTerms`.
    case stakeTerms = 16
    /// ‖ epoch (8 bytes) ‖ source ‖ destination: `DueRecord`, a redelegation that moves at the epoch's end.
    case redelegation = 17
    /// ‖ kind (1 byte) ‖ SHA-256: `BlobRecord`.
    case blob = 32
    /// ‖ job: `JobRecord`.
    case job = 33
    /// ‖ job ‖ index (4 bytes): `TaskRecord`.
    case task = 34
    /// ‖ account: `WorkRecord` of a provider.
    case work = 35
    /// ‖ provider ‖ job ‖ index: `AssignmentRecord`, the tasks that the provider has now.
    case assignment = 36
    /// ‖ height (8 bytes) ‖ job ‖ index: `AssignmentRecord`, what is late after that height.
    case deadline = 37
    /// ‖ height (8 bytes) from which providers are drawn ‖ job: `QueueRecord`.
    case queue = 38
    /// ‖ epoch (8 bytes) at whose start it is free ‖ provider: `UnbondingRecord`.
    case providerUnbonding = 40
    /// ‖ account: `UptimeRecord` of a provider, absent before it answered where genesis lists it.
    case uptime = 42
    /// ‖ account: `RequesterRecord`.
    case requester = 43
    /// ‖ epoch (8 bytes) ‖ height ‖ part (4 bytes): `DueReceipts` of that block, pay that is not settled.
    case due = 44
    /// ‖ page (8 bytes): `ProviderPage` of `Purse`s, what was paid since the accounts' last transactions.
    case purses = 45
    /// ‖ page (8 bytes) ‖ the last epoch (8 bytes) of the day of the grants: `ProviderPage` of `Grant`s.
    case grants = 46
    /// ‖ page (8 bytes): `ProviderPage` of `Reputation`s.
    case reputations = 47
    /// ‖ epoch (8 bytes): `EpochSet`.
    case epochSet = 48
    /// ‖ height (8 bytes) of receipts: `BeaconRecord` of the block after it, which draws their auditors.
    case drawBeacon = 49
    /// ‖ epoch (8 bytes) ‖ operator ‖ round (1 byte) ‖ part (4 bytes): `CommitRecord`.
    case auditCommit = 50
    /// ‖ epoch (8 bytes) ‖ job ‖ index: `TaskAudits`.
    case taskAudits = 51
    /// ‖ epoch (8 bytes) ‖ operator: `DisclosureRecord`.
    case disclosure = 52
    /// ‖ job ‖ index: `DisputeRecord`.
    case dispute = 53
    /// ‖ job ‖ index ‖ operator: `VoteRecord`.
    case disputeVote = 54
    /// ‖ operator: `StandingRecord`.
    case standing = 55
    /// ‖ height modulo the window (8 bytes): `SlotRecord`.
    case attendanceSlot = 56
    /// ‖ epoch (8 bytes) ‖ operator ‖ round (1 byte) ‖ job ‖ index: `MissedRecord`.
    case missedDuty = 57
    /// ‖ job ‖ index: `RedrawRecord`.
    case redraw = 58
    /// ‖ engine: `EngineLossRecord`.
    case engineLoss = 59
    /// ‖ engine ‖ epoch (8 bytes) whose end executes it ‖ offence (1 byte) ‖ account ‖ evidence:
    /// `DeferredSlashRecord`.
    case deferredSlash = 60
    /// ‖ account: `LockRecord`.
    case lock = 61
    /// ‖ engine ‖ operator: `DeclarationRecord`.
    case declaration = 62
    /// ‖ account: `UndeliverableRecord` of a requester, until the settlement.
    case undeliverable = 63
    /// ‖ job ‖ index: `PanelRecord`.
    case panel = 64
    /// ‖ height (8 bytes) ‖ job ‖ index: `QueueRecord`, panels whose phase is over after that height.
    case panelDeadline = 65
    /// ‖ provider ‖ job ‖ index: `AssignmentRecord`, the seats that the provider has now.
    case seat = 66
    /// ‖ job ‖ index: `QueueRecord`, panels that closed since the last settlement.
    case panelDue = 67
    /// ‖ account: `HeldRecord` of a provider.
    case held = 68
    /// ‖ number (8 bytes): `ProposalRecord`.
    case proposal = 72
    /// ‖ account: `AdmissionRecord` of a provider that is not admitted.
    case admission = 80
    /// ‖ job ‖ index: `AdmissionTask`.
    case admissionTask = 81
    /// ‖ provider ‖ job ‖ index: `QueueRecord`, tasks issued again that the provider has not answered.
    case admissionOpen = 82
    /// ‖ operator: `DutyCountRecord`, absent before its first duty.
    case dutyCount = 96
}

/// Facts that exist once.
package enum Singleton: UInt8, CaseIterable, Sendable {
    case chain = 1
    case consensusParameters = 2
    case ledgerParameters = 3
    case supply = 4
    case beacon = 5
    case epoch = 6
    case epochCount = 7
    case pools = 8
    // 32 held the parts of all undeliverable tasks.
    case auditCalendar = 33
    /// `AttendanceRecord`, absent before block 2.
    case attendance = 34
    /// `ChallengeRecord`, absent before the first challenge.
    case challenges = 40
    /// `ProviderCount`, absent before the first provider.
    case providers = 41
    /// `GovernanceRecord`, absent before the first proposal.
    case governance = 48
}

package enum StateKey {
    package static func account(_ address: Address) -> Bytes { key(.account, address.bytes) }
    package static func validator(_ operatorAddress: Address) -> Bytes { key(.validator, operatorAddress.bytes) }
    package static func keyAddress(_ address: Address) -> Bytes { key(.keyAddress, address.bytes) }
    package static func provider(_ account: Address) -> Bytes { key(.provider, account.bytes) }
    package static func seating(since height: Height) -> Bytes { key(.seating, height.value.bigEndianBytes) }
    package static func author(_ address: Address) -> Bytes { key(.author, address.bytes) }
    package static func evidence(_ id: Digest) -> Bytes { key(.evidence, id.bytes) }
    package static func singleton(_ which: Singleton) -> Bytes { key(.singleton, [which.rawValue]) }

    package static func unbonding(_ operatorAddress: Address, free epoch: UInt64) -> Bytes {
        key(.unbonding, epoch.bigEndianBytes + operatorAddress.bytes)
    }
    package static func epochSummary(_ epoch: UInt64) -> Bytes { key(.epochSummary, epoch.bigEndianBytes) }
    static func pendingSlash(_ slash: SlashKey) -> Bytes {
        key(.pendingSlash, slash.account.bytes + [UInt8(slash.offence.rawValue)] + slash.evidence.bytes)
    }
    static func offender(_ offence: SlashOffence, _ operatorAddress: Address, epoch: UInt64) -> Bytes {
        key(.offender, [UInt8(offence.rawValue)] + operatorAddress.bytes + epoch.bigEndianBytes)
    }

    private static func key(_ tag: StateTag, _ id: Bytes) -> Bytes { [tag.rawValue] + id }
}
