// What a proposer asks before it names something: the byte cap, and whether evidence would be accepted.
package import Chain
package import Primitives

extension Ledger {
    /// Bytes of all items of one block together.
    package static func itemBytesMax(_ view: LedgerView) -> Int { Int(byteLimit(view)) }

    /// False when a block of the view's height with this evidence would break a rule.
    package static func isAdmissible(_ evidence: Evidence, on snapshot: some Snapshot, view: LedgerView) -> Bool {
        do throws(BlockError) {
            try checkEvidence([evidence], on: snapshot, view: view)
            return true
        } catch {
            return false
        }
    }
}
