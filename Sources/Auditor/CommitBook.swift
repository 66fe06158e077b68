// An auditor's own commits, found again in the blocks: the state keeps their roots, and a reveal repeats their tasks in
// order. Invariant: what is in it stands in a decided block under the own key; whether it counted, the state says.
package import Chain
package import Codec
import Cryptography
package import Primitives

package struct CommitBook: Sendable {
    private let auditor: PublicKey
    private var commits: [VerdictCommit] = []
    /// Blocks up to here are read.
    private var seen = Height.zero

    package init(auditor: PublicKey) { self.auditor = auditor }

    /// Reads blocks up to the tip, at most so many as one look may; true when it has reached it. Blocks before `start`
    /// hold nothing that still matters.
    package mutating func follow(to tip: Height, from start: Height, on snapshot: some Snapshot) -> Bool {
        seen = max(seen, start.lowered())
        let end = min(tip, seen.advanced(by: AuditorLimits.blocksPerLook))
        while seen < end {
            seen = seen.advanced()
            guard let bytes = snapshot.load(.blocks, key: seen.value.bigEndianBytes) else { continue }
            note(bytes)
        }
        return seen >= tip
    }

    private mutating func note(_ block: Bytes) {
        do { for item in try Block(decoding: block).items { try note(item: item) } } catch {
            preconditionFailure("stored block \(seen) does not decode: \(error)")
        }
    }

    package mutating func note(item: Bytes) throws(DecodeError) {
        // Field 4 of an item: spares the rest of the block from being decoded.
        guard item.first == 0x22, case .audit(let statement) = try Item(decoding: item), statement.auditor == auditor,
            case .commit(let commit) = statement.content
        else { return }
        commits.append(commit)
    }

    /// The tasks under a root of the epoch's round and part.
    package func tasks(epoch: UInt64, round: AuditRound, part: UInt32, root: Digest) -> [TaskPlace]? {
        commits.last { ($0.epoch, $0.round, $0.part, $0.root) == (epoch, round, part, root) }?.tasks
    }

    package mutating func forget(before epoch: UInt64) { commits.removeAll { $0.epoch < epoch } }
}
