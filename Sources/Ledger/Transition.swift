// What one block does: the writes that make it durable, and the view for the next one. The caller adds the block,
// its commit and its indexes to the same transaction.
package import Chain
package import Primitives
package import Quorum

package struct Transition: Sendable {
    /// Tables `state`, `tree`, `stale`, `validatorSets`, `headers`, `rows`, and the tip in `meta`.
    package let writes: WriteBatch
    /// The root of the state after the block.
    package let appHash: Digest
    /// One per item, in order; empty for genesis.
    package let results: [ItemResult]
    package let resultsHash: Digest
    /// The set that this block decided on, active two heights later; nil when the set stays.
    package let newValidators: ValidatorSet?
    package let next: LedgerView
}
