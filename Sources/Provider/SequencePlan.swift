// The sequence of the next transaction, where several may be on their way: a node counts what it took and has not seen
// in a block yet.
package import Primitives

package struct SequencePlan: Sendable {
    private var next: (sequence: UInt64, from: Height)?

    package init() {}

    /// `onChain`: the account's next one by its state.
    package func sequence(onChain: UInt64, tip: Height) -> UInt64 {
        guard let next, tip < next.from.advanced(by: ProviderLimits.resubmitBlocks) else { return onChain }
        return max(next.sequence, onChain)
    }

    /// A refusal may mean that one before it was lost: then the state is asked again.
    package mutating func sent(_ sequence: UInt64, tip: Height, wasTaken: Bool) {
        next = wasTaken ? (sequence + 1, tip) : nil
    }
}
