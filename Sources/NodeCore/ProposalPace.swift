// How much an own proposal names. What a proposal may hold is the ledger's rule; how much the validators execute before
// their patience ends nobody knows, so the proposer learns it: a height that needed another round halves what it names
// next, one that needed none adds a quarter, and each further round of a height names half as much again. Without this
// a burst larger than the slowest validator's second of work stops the chain, because each round offers another block
// of that size.
import Primitives
package import Quorum

package struct ProposalPace: Sendable {
    private var itemBytes = NodeLimits.proposalBytesAtStart

    package init() {}

    /// Bytes of items that a fresh proposal of this round names, beside its first batch.
    package func itemBytes(round: Round) -> Int {
        max(itemBytes >> min(Int(round), 62), NodeLimits.proposalBytesLeast)
    }

    /// The height of a fresh or an old proposal was decided; `itemBytesMax` is the ledger's bound.
    package mutating func decided(round: Round, itemBytesMax: Int) {
        let next = round > 0 ? itemBytes / 2 : itemBytes + itemBytes / 4
        itemBytes = max(min(next, itemBytesMax), NodeLimits.proposalBytesLeast)
    }
}
