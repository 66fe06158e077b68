// An attack as a family of casts: knobs that the attacker sets, the cast that a setting gives, and the honest casts
// that the same capital could be instead. Nothing here runs; `Contest` does.
import Primitives

/// One parameter of an attacker: the grid that is tried first, and the bounds of the climb after it.
package struct Knob: Hashable, Sendable {
    package let name: String
    package let grid: [UInt64]
    package let bounds: ClosedRange<UInt64>
    /// The first step of the climb; halved as long as it does not help.
    package let step: UInt64

    package init(_ name: String, grid: [UInt64], bounds: ClosedRange<UInt64>, step: UInt64) {
        (self.name, self.grid, self.bounds, self.step) = (name, grid, bounds, step)
    }

    /// A share in ppm. At least a tenth: whoever hardly cheats is hardly to be told from the honest.
    package static func share(_ name: String, grid: [UInt64]) -> Knob {
        Knob(name, grid: grid, bounds: 100_000...1_000_000, step: 100_000)
    }

    package static func choice(_ name: String, _ grid: [UInt64]) -> Knob {
        Knob(name, grid: grid, bounds: (grid.min() ?? 0)...(grid.max() ?? 0), step: 1)
    }
}

package struct Honest: Sendable {
    package let name: String
    package let cast: Cast

    package init(_ name: String, _ cast: Cast) { (self.name, self.cast) = (name, cast) }
}

package struct Strategy: Sendable {
    package let name: String
    /// What it tries, in a sentence.
    package let about: String
    package let knobs: [Knob]
    /// What else the capital could do; the best of them is what the attack must beat.
    package let honest: [Honest]
    package let cast: @Sendable ([UInt64]) -> Cast
    /// A rule of the design that is not enforced yet and that this attack would meet; nil where all stand.
    package let missingRule: String?

    package init(
        _ name: String, _ about: String, knobs: [Knob], honest: [Honest], missingRule: String? = nil,
        cast: @escaping @Sendable ([UInt64]) -> Cast
    ) {
        (self.name, self.about, self.knobs, self.honest) = (name, about, knobs, honest)
        (self.missingRule, self.cast) = (missingRule, cast)
    }
}
