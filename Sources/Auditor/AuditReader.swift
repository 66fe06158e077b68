// Reads an auditor's situation from a snapshot: the draws of its key, the windows, and what the state holds of its
// words. It remembers what cannot change any more, so that a height costs what is new in it.
import Chain
package import Cryptography
package import Ledger
package import Primitives
package import Quorum
import Rewards

package struct AuditReader: Sendable {
    private struct Draws: Sendable {
        let epoch: UInt64
        let proof: VRFProof
        let key: Digest
        var tasks: [DrawnTask] = []
        /// The first height whose receipts were not looked at.
        var next: Height
    }

    private let key: SigningKey
    private let chainID: ChainID
    private var book: CommitBook
    private var operatorAddress: Address?
    private var draws: [Draws] = []
    /// Duties of the judged epoch that others missed, as they were found when its reveals were over.
    private var misses: (epoch: UInt64, found: Height, list: [MissedDuties])?

    /// `key`: the audit key.
    package init(key: SigningKey, chainID: ChainID) {
        (self.key, self.chainID) = (key, chainID)
        book = CommitBook(auditor: key.publicKey)
    }

    /// Of the nonces of an epoch: an output of the audit key that nobody else can compute, the same in every life.
    package static func nonceSeed(epoch: UInt64, key: SigningKey, chainID: ChainID) -> Digest {
        let alpha = Bytes("merit/nonce".utf8) + chainID.bytes + epoch.bigEndianBytes
        guard let output = VRF.output(of: VRF.prove(alpha, key: key)) else {
            preconditionFailure("the own proof has no output")
        }
        return Hash.sha256(output)
    }

    /// nil while the key belongs to no validator of the running epoch, and while blocks are still read for own commits.
    package mutating func situation(on snapshot: some Snapshot) -> AuditSituation? {
        guard let view = LedgerView(snapshot) else { return nil }
        return situation(on: snapshot, view: view)
    }

    /// The same for a caller that has the snapshot's view.
    package mutating func situation(on snapshot: some Snapshot, view: LedgerView) -> AuditSituation? {
        guard let own = findOperator(view, snapshot) else { return nil }
        let status = Ledger.auditStatus(of: own, on: snapshot, view: view)
        guard book.follow(to: view.tip.height, from: status.runningStart, on: snapshot) else { return nil }
        let first = status.judgedEpoch ?? status.runningEpoch
        book.forget(before: first)
        draws.removeAll { $0.epoch < first }
        var epochs: [AuditedEpoch] = []
        if let judged = status.judgedEpoch, status.mayAuditJudged {
            epochs.append(audited(judged, own, status, view, snapshot))
        }
        if status.mayAuditRunning {
            let (drawn, _) = drawn(status.runningEpoch, from: status.runningStart, own, snapshot)
            epochs.append(
                AuditedEpoch(
                    epoch: status.runningEpoch, window: (.running, isUrgent: false), proof: drawn.proof,
                    duties: drawn.tasks, said: ([], true)))
        }
        let open = Ledger.disputes(open: own, limit: AuditorLimits.disputesMax, on: snapshot, view: view)
        let disputes = open.filter(\.isVoting).map { dispute in
            DisputedTask(task: dispute.place, salts: [dispute.salt] + dispute.salts)
        }
        return AuditSituation(
            height: view.tip.height, epochs: epochs, disputes: disputes,
            misses: misses(of: status, own, view, snapshot), checks: Self.checks(own, view, snapshot))
    }

    private static func checks(_ own: Address, _ view: LedgerView, _ snapshot: some Snapshot) -> [CheckedTask] {
        Ledger.digestDuties(of: own, limit: AuditorLimits.dutiesMax, on: snapshot, view: view).map { duty in
            let others = zip(duty.others, duty.salts).compactMap { entry, salt in
                entry.digest.map {
                    CheckedTask.Other(entry.operatorAddress, entry.round, digest: $0, salt: salt)
                }
            }
            return CheckedTask(task: duty.place, epoch: duty.epoch, others: others, isOpen: duty.isOpen)
        }
    }

    private mutating func findOperator(_ view: LedgerView, _ snapshot: some Snapshot) -> Address? {
        if let operatorAddress { return operatorAddress }
        let state = WorkingState(snapshot)
        // One that lost its seat still judges the epoch before.
        for epoch in [view.epoch.number, view.epoch.number - min(1, view.epoch.number)] {
            guard let set: EpochSet = state.load(StateKey.epochSet(epoch)) else { continue }
            operatorAddress = set.members.map(\.operatorAddress).first { member in
                let record: ValidatorRecord? = state.load(StateKey.validator(member))
                return record?.keys.audit == key.publicKey
            }
            if operatorAddress != nil { break }
        }
        return operatorAddress
    }

    // MARK: What others missed

    /// Looks once when the reveals are over; what somebody proved meanwhile is left out. Auditors take turns, so that
    /// one proof is rarely handed in twice.
    private mutating func misses(
        of status: AuditStatus, _ own: Address, _ view: LedgerView, _ snapshot: some Snapshot
    ) -> [MissedDuties] {
        guard let epoch = status.judgedEpoch, status.phase >= .open else { return [] }
        if misses?.epoch != epoch {
            let list = Ledger.missedDuties(
                besides: own, limit: AuditorLimits.missesMax, on: snapshot, view: view)
            misses = (epoch, view.tip.height, list)
        }
        guard let misses, !misses.list.isEmpty else { return [] }
        let turn = UInt64(own.bytes[0] ^ UInt8(truncatingIfNeeded: epoch)) % AuditorLimits.missTurns
        guard view.tip.height.distance(from: misses.found) >= turn * AuditorLimits.missTurnBlocks else { return [] }
        return Ledger.unproven(misses.list, on: snapshot)
    }

    // MARK: The judged epoch

    private mutating func audited(
        _ epoch: UInt64, _ own: Address, _ status: AuditStatus, _ view: LedgerView, _ snapshot: some Snapshot
    ) -> AuditedEpoch {
        let (drawn, isComplete) = drawn(epoch, from: status.judgedStart, own, snapshot)
        let calendar: AuditCalendar? = WorkingState(snapshot).load(StateKey.singleton(.auditCalendar))
        // The receipts of the epoch's last block are drawn by the block after it; second auditors by the very block
        // that opens their window.
        let isBegun = calendar.map { $0.phase != .commit || view.tip.height > $0.opened } ?? false
        let forced = Ledger.redrawDuties(of: own, on: snapshot, view: view)
        let rechecks = Ledger.recheckDuties(
            key: drawn.key, of: own, limit: AuditorLimits.dutiesMax, on: snapshot, view: view)
        let window: AuditWindow = isComplete && isBegun ? AuditWindow(status.phase) : .running
        let parts = status.parts.filter { $0.epoch == epoch }.map { part in
            SaidCommit(
                round: part.round, part: part.part,
                tasks: book.tasks(epoch: epoch, round: part.round, part: part.part, root: part.root) ?? [],
                root: part.root, isRevealed: part.isRevealed)
        }
        return AuditedEpoch(
            epoch: epoch, window: (window, isUrgent: calendar.map { Self.isHalfOver($0, view) } ?? false),
            proof: drawn.proof, duties: drawn.tasks + (forced + rechecks).map(DrawnTask.init),
            said: (parts, status.isDisclosed || (status.judgedReceipts == 0 && forced.isEmpty && rechecks.isEmpty)))
    }

    private static func isHalfOver(_ calendar: AuditCalendar, _ view: LedgerView) -> Bool {
        let windows = view.parameters.rewards.calendar
        let window: Window
        switch calendar.phase {
        case .commit: window = windows.commit
        case .recheck: window = windows.recheck
        case .reveal: window = windows.reveal
        case .open, .vote, .closed: return false
        }
        return Window(seconds: window.seconds / 2, blocks: (window.blocks + 1) / 2).isClosed(
            opened: calendar.openedTime, now: view.tip.time, blocks: view.tip.height.distance(from: calendar.opened))
    }

    /// The first round's draws of an epoch, and whether no receipt is left to look at now.
    private mutating func drawn(
        _ epoch: UInt64, from start: Height, _ own: Address, _ snapshot: some Snapshot
    ) -> (draws: Draws, isComplete: Bool) {
        let place = draws.firstIndex { $0.epoch == epoch } ?? draws.count
        if place == draws.count {
            let proof = VRF.prove(KeyDisclosure.alpha(epoch: epoch, chainID: chainID), key: key)
            guard let secret = KeyDisclosure.key(of: proof) else { preconditionFailure("the own proof has no output") }
            draws.append(Draws(epoch: epoch, proof: proof, key: secret, next: start))
        }
        let from = draws[place].next
        let (duties, next) = Ledger.auditDuties(
            key: draws[place].key, of: own, from: (epoch, from), limit: AuditorLimits.receiptsPerLook,
            on: snapshot)
        draws[place].tasks += duties.map(DrawnTask.init)
        draws[place].next = next
        let rest = Ledger.auditDuties(
            key: draws[place].key, of: own, from: (epoch, next), limit: 1, on: snapshot)
        return (draws[place], rest.next == next)
    }
}

extension DrawnTask {
    fileprivate init(_ duty: AuditDuty) {
        self.init(
            task: duty.place, round: duty.round, computeUnits: duty.computeUnits,
            salts: [duty.salt] + duty.firstSalts, admissionSalt: duty.admissionSalt)
    }
}

extension AuditWindow {
    fileprivate init(_ phase: AuditPhase) {
        switch phase {
        case .commit: self = .commit
        case .recheck: self = .recheck
        case .reveal: self = .reveal
        case .open, .vote, .closed: self = .over
        }
    }
}
