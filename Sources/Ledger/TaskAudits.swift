// What auditors have said about the tasks of one epoch: commits by auditor, verdicts by task, disclosed keys. All of it
// is forgotten when the epoch is settled. Invariant: a task has at most one entry of an auditor for each round.
package import Chain
package import Codec
import Cryptography
package import Primitives
import Quorum
import Rewards

/// One part of an auditor's commits.
package struct CommitRecord: Hashable, Sendable, Message {
    package let root: Digest
    /// SHA-256 of the named tasks.
    let tasks: Digest
    package var isRevealed = false

    init(_ commit: VerdictCommit) { (root, tasks) = (commit.root, Self.digest(of: commit.tasks)) }

    static func digest(of tasks: [TaskPlace]) -> Digest { Hash.sha256(tasks.map(\.bytes)) }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, root)
        encoder.data(2, tasks)
        encoder.bool(3, isRevealed)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        root = try decoder.fixedBytes(1)
        tasks = try decoder.fixedBytes(2)
        isRevealed = try decoder.bool(3)
    }
}

/// Where one verdict stands. The raw value is its number on the chain.
package enum AuditState: UInt32, CaseIterable, Sendable {
    case committed = 1
    /// Revealed, drawn, and equal to the receipt.
    case agrees = 2
    /// Revealed, drawn, and not equal to the receipt.
    case differs = 3
    /// Revealed, but no duty of this auditor, or not what its round asks for: counts for nothing.
    case ignored = 4

    var counts: Bool { self == .agrees || self == .differs }
}

/// One auditor's verdict on one task.
package struct AuditEntry: Hashable, Sendable, Message {
    package let operatorAddress: Address
    package let round: AuditRound
    package var state = AuditState.committed
    package var digest: Digest?
    /// In a re-check: whose digests it repeats, and what they should be, one for each.
    package var firsts: [Address] = []
    package var firstDigests: [Digest] = []
    /// Where it is not the receipt's.
    package var result: TaskResult?
    /// What the answer of who is not admitted should be.
    package var admissionDigest: Digest?

    init(_ operatorAddress: Address, _ round: AuditRound) {
        (self.operatorAddress, self.round) = (operatorAddress, round)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, operatorAddress)
        encoder.unsigned(2, UInt64(round.rawValue))
        encoder.unsigned(3, UInt64(state.rawValue))
        if let digest { encoder.data(4, digest) }
        for first in firsts { encoder.element(5, first.bytes) }
        for digest in firstDigests { encoder.element(6, digest.bytes) }
        encoder.message(7, optional: result)
        if let admissionDigest { encoder.data(8, admissionDigest) }
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        operatorAddress = try decoder.fixedBytes(1)
        round = try decoder.auditRound(2)
        guard let state = AuditState(rawValue: try decoder.unsigned32(3)) else { throw .invalid(field: 3) }
        self.state = state
        digest = try decoder.optionalFixedBytes(4)
        firsts = try decoder.elements(5, count: AuditLimits.firstsMax, max: Address.count).map {
            (bytes) throws(DecodeError) in
            guard let address = Address(bytes) else { throw .invalid(field: 5) }
            return address
        }
        firstDigests = try decoder.digests(6, count: AuditLimits.firstsMax)
        if firsts.count != firstDigests.count { throw .invalid(field: 6) }
        result = try decoder.optionalMessage(7)
        admissionDigest = try decoder.optionalFixedBytes(8)
    }
}

extension DigestObjection {
    func isAbout(_ entry: AuditEntry) -> Bool { entry.operatorAddress == auditor && entry.round == round }
}

/// All verdicts on one task, in the order of their commits.
package struct TaskAudits: Hashable, Sendable, Message {
    package var entries: [AuditEntry] = []

    init() {}

    func index(of operatorAddress: Address, _ round: AuditRound) -> Int? {
        entries.firstIndex { $0.operatorAddress == operatorAddress && $0.round == round }
    }

    func entry(of operatorAddress: Address, _ round: AuditRound) -> AuditEntry? {
        index(of: operatorAddress, round).map { entries[$0] }
    }

    func hasFirst(besides operatorAddress: Address) -> Bool {
        entries.contains { $0.round == .first && $0.operatorAddress != operatorAddress }
    }

    /// Whose verdicts a second auditor checks, never its own: all first auditors that committed, drawn or not, which
    /// nobody can see yet. From the one that the beacon picks on, so that of very many nobody chooses who is left out.
    func firsts(for operatorAddress: Address, _ place: TaskPlace, beacon: Digest) -> [Address] {
        let others = entries.filter { $0.round == .first && $0.operatorAddress != operatorAddress }
            .map(\.operatorAddress).sorted()
        if others.isEmpty { return [] }
        let seed = Hash.sha256([Bytes("first".utf8), beacon.bytes, place.bytes])
        guard let word = UInt64(bigEndian: seed.bytes.prefix(8)) else { preconditionFailure("8 bytes of 32") }
        let start = Int(word.multipliedFullWidth(by: UInt64(others.count)).high)
        return Array((others[start...] + others[..<start]).prefix(AuditLimits.firstsMax))
    }

    /// A revealed digest of a first auditor that a revealed re-check contradicts; the second auditor of it.
    var contradiction: Address? {
        for second in entries where second.state.counts {
            for (first, said) in zip(second.firsts, second.firstDigests) {
                if let index = index(of: first, .first), entries[index].state.counts, entries[index].digest != said {
                    return second.operatorAddress
                }
            }
        }
        return nil
    }

    package func encode(into encoder: inout Encoder) { encoder.messages(1, entries) }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        entries = try decoder.messages(1, count: 2 * Limits.validatorsMax)
        if entries.isEmpty { throw .missing(field: 1) }
    }
}

/// A key that is known now, and what its auditor came to.
package struct DisclosureRecord: Hashable, Sendable, Message {
    /// k_e.
    package let key: Digest
    package let duties: UInt32
    /// Claimed.
    package let computeUnits: UInt64
    /// Of revealed verdicts that were duties, and of those that nothing proved wrong.
    package var revealed: UInt64 = 0
    package var done: UInt64 = 0
    /// Verdicts that count, and duties that are proven to be missed.
    package var verdicts: UInt32 = 0
    package var missed: UInt32 = 0
    /// Compute units of the missed ones.
    package var missedUnits: UInt64 = 0

    init(_ disclosure: KeyDisclosure, key: Digest) {
        (self.key, duties, computeUnits) = (key, disclosure.duties, disclosure.computeUnits)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, key)
        encoder.unsigned(2, UInt64(duties))
        encoder.unsigned(3, computeUnits)
        encoder.unsigned(4, revealed)
        encoder.unsigned(5, done)
        encoder.unsigned(6, UInt64(verdicts))
        encoder.unsigned(7, UInt64(missed))
        encoder.unsigned(8, missedUnits)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        key = try decoder.fixedBytes(1)
        duties = try decoder.unsigned32(2)
        computeUnits = try decoder.unsigned(3)
        revealed = try decoder.unsigned(4)
        done = try decoder.unsigned(5)
        verdicts = try decoder.unsigned32(6)
        missed = try decoder.unsigned32(7)
        missedUnits = try decoder.unsigned(8)
    }
}

extension AuditRound {
    /// First 8 bytes, big-endian, of SHA-256(label ‖ k_e ‖ beacon ‖ job ‖ index (4 bytes)).
    package func word(key: Digest, beacon: Digest, _ place: TaskPlace) -> UInt64 {
        let seed = Hash.sha256([label, key.bytes, beacon.bytes, place.bytes])
        guard let word = UInt64(bigEndian: seed.bytes.prefix(8)) else { preconditionFailure("8 bytes of 32") }
        return word
    }
}

extension StateKey {
    package static func epochSet(_ epoch: UInt64) -> Bytes { [StateTag.epochSet.rawValue] + epoch.bigEndianBytes }
    package static func drawBeacon(_ receipt: Height) -> Bytes {
        [StateTag.drawBeacon.rawValue] + receipt.value.bigEndianBytes
    }
    static func commits(_ epoch: UInt64, of operatorAddress: Address) -> Bytes {
        [StateTag.auditCommit.rawValue] + epoch.bigEndianBytes + operatorAddress.bytes
    }
    package static func commit(
        _ epoch: UInt64, of operatorAddress: Address, _ round: AuditRound, part: UInt32
    ) -> Bytes {
        commits(epoch, of: operatorAddress) + [UInt8(round.rawValue)] + part.bigEndianBytes
    }
    package static func taskAudits(_ epoch: UInt64, _ place: TaskPlace) -> Bytes {
        [StateTag.taskAudits.rawValue] + epoch.bigEndianBytes + place.bytes
    }
    package static func disclosure(_ epoch: UInt64, of operatorAddress: Address) -> Bytes {
        [StateTag.disclosure.rawValue] + epoch.bigEndianBytes + operatorAddress.bytes
    }
}
