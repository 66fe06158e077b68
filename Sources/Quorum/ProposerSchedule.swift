// Who proposes: a pure function of the set, the height at which it became active, the height and the round. No mutable
// priority anywhere, so there is nothing for a node that joins later to copy wrongly.
// Each validator holds slots in proportion to its power (at least one); its j-th of s slots stands at (2j + 1) / 2s of
// the cycle, so the slots of one validator are spread evenly and nobody owns a long run of heights.
package import Primitives

package struct ProposerSchedule: Sendable, Equatable {
    /// Slots over which the powers are apportioned; the cycle is longer by the slots given to very small validators.
    private static let slots: Int128 = 1024

    /// Validator indexes in proposing order.
    private let cycle: [Int32]
    private let activeSince: Height

    /// `activeSince`: the first height that this set decides.
    package init(_ set: ValidatorSet, activeSince: Height) {
        var places: [(numerator: Int64, slots: Int64, index: Int32)] = []
        for (index, validator) in set.validators.enumerated() {
            let share = Int64(max(1, Int128(validator.power) * Self.slots / Int128(set.totalPower)))
            for slot in 0..<share { places.append((2 * slot + 1, share, Int32(index))) }
        }
        places.sort { left, right in
            let (first, second) = (left.numerator * right.slots, right.numerator * left.slots)
            return first == second ? left.index < right.index : first < second
        }
        (cycle, self.activeSince) = (places.map(\.index), activeSince)
    }

    /// The index in the set of the proposer of (height, round).
    package func proposer(height: Height, round: Round) -> Int {
        let turn = height.distance(from: activeSince) % UInt64(cycle.count) + UInt64(round) % UInt64(cycle.count)
        return Int(cycle[Int(turn % UInt64(cycle.count))])
    }
}
