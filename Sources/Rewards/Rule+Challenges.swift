// When a block challenges every provider (design, sections 3 and 6): as if the epoch's moments had been drawn uniformly
// over its time beforehand, but decided block by block with the block's own beacon.
// Invariant: as many challenges as the parameter says in every epoch with enough blocks; before a block nobody can tell
// whether it challenges, unless the epoch's time is over.

/// The header time that one block adds, within its epoch, in nanoseconds.
package struct EpochStep: Hashable, Sendable {
    /// Of the epoch's length, what had not passed before the block; 0 when it is over.
    package let remaining: UInt64
    /// What passed with the block; not capped by `remaining`.
    package let passed: UInt64

    package init(remaining: UInt64, passed: UInt64) { (self.remaining, self.passed) = (remaining, passed) }
}

extension Rule {
    /// `draw * remaining < missing * passed * 2^64`, draw = 64 bits of the beacon: the chance that the next of
    /// `missing` uniform moments of the remaining time lies in this block's part of it. Certain where that reaches 1.
    package static func isChallenged(draw: UInt64, missing: UInt64, step: EpochStep) -> Bool {
        if missing == 0 { return false }
        let (part, overflow) = missing.multipliedReportingOverflow(by: step.passed)
        if overflow || part >= step.remaining { return true }
        return UInt128(draw) * UInt128(step.remaining) < UInt128(part) << 64
    }
}
