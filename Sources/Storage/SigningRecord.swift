// The double-sign guard: what a key has signed, durable before a signature leaves.
// Invariant: the entries ascend strictly by (height, round, step), and one position never has two digests. A key
// without its record signs nothing; only `create`, which an operator asks for by name, starts one.
import Glibc
package import Primitives

package final class SigningRecord {
    package struct Entry: Hashable, Comparable, Sendable {
        package let height: UInt64
        package let round: UInt32
        /// 0 proposal, 1 prevote, 2 precommit.
        package let step: UInt8
        /// SHA-256 of the sign-bytes.
        package let digest: Digest

        package init(height: UInt64, round: UInt32, step: UInt8, digest: Digest) {
            precondition(step <= 2, "step \(step) of a vote")
            (self.height, self.round, self.step, self.digest) = (height, round, step, digest)
        }

        var position: (UInt64, UInt32, UInt8) { (height, round, step) }

        /// By position alone.
        package static func < (lhs: Entry, rhs: Entry) -> Bool { lhs.position < rhs.position }
    }

    package enum Verdict: Equatable, Sendable {
        /// Above everything signed so far.
        case fresh
        /// Signed before with the same digest: the same bytes may leave again.
        case same
        case refused(Refusal)
    }

    package enum Refusal: Equatable, Sendable {
        /// The position was signed with another digest.
        case conflict(Entry)
        /// The position is below the last entry, and what was signed there is not known.
        case below(Entry)
    }

    package let key: Address
    private let log: AppendLog
    /// Those of the last height, ascending; empty for a key that never signed.
    package private(set) var entries: [Entry] = []
    private let bytesMax: Int

    private init(_ key: Address, _ log: AppendLog, bytesMax: Int) {
        (self.key, self.log, self.bytesMax) = (key, log, bytesMax)
    }

    private static func identity(_ key: Address) -> AppendLog.Identity {
        AppendLog.Identity(kind: "signing", version: 1, owner: key.bytes)
    }

    /// Starts the record of a key that has never signed. Refuses to replace one.
    package static func create(
        _ path: String, key: Address, bytesMax: Int = StorageLimits.signingBytesMax
    ) throws(StorageError) -> SigningRecord {
        SigningRecord(key, try AppendLog.create(path, identity(key)), bytesMax: bytesMax)
    }

    /// Opens the record of a key; `missingRecord` without one.
    package static func open(
        _ path: String, key: Address, repair: String, bytesMax: Int = StorageLimits.signingBytesMax
    ) throws(StorageError) -> SigningRecord {
        guard Disk.exists(path) else { throw .missingRecord(path: path) }
        let (log, content) = try AppendLog.open(path, identity(key), repair: repair)
        let record = SigningRecord(key, log, bytesMax: bytesMax)
        for payload in content.records {
            guard let entry = Entry(payload), record.check(entry) == .fresh else {
                throw .corruptLog(path: path, offset: 0, repair: repair)
            }
            record.keep(entry)
        }
        return record
    }

    package var last: Entry? { entries.last }

    /// May this be signed? Changes nothing.
    package func check(_ entry: Entry) -> Verdict {
        guard let last = entries.last, entry <= last else { return .fresh }
        guard let signed = entries.last(where: { $0.position == entry.position }) else { return .refused(.below(last)) }
        return signed.digest == entry.digest ? .same : .refused(.conflict(signed))
    }

    /// Checks and, for a fresh entry, writes: it is durable when this returns. Sign only after `.fresh` or `.same`.
    package func record(_ entry: Entry) throws(StorageError) -> Verdict {
        let verdict = check(entry)
        guard verdict == .fresh else { return verdict }
        try log.append(entry.bytes)
        try log.sync()
        keep(entry)
        if log.byteCount > bytesMax { try log.reset(keeping: entries.map(\.bytes)) }
        return .fresh
    }

    private func keep(_ entry: Entry) {
        if let last = entries.last, last.height < entry.height { entries.removeAll(keepingCapacity: true) }
        if entries.count == StorageLimits.signingEntriesMax { entries.removeFirst() }
        entries.append(entry)
    }
}

extension SigningRecord.Entry {
    /// height (8) ‖ round (4) ‖ step (1) ‖ digest (32).
    var bytes: Bytes { height.bigEndianBytes + round.bigEndianBytes + [step] + digest.bytes }

    init?(_ bytes: Bytes) {
        guard bytes.count == 45, bytes[12] <= 2, let height = UInt64(bigEndian: bytes[..<8]),
            let round = UInt32(bigEndian: bytes[8..<12]), let digest = Digest(bytes[13...])
        else { return nil }
        self.init(height: height, round: round, step: bytes[12], digest: digest)
    }
}
