// A provider that is slow or away on purpose, for test networks: that speed and uptime are paid is a property to be
// seen. It does nothing wrong and is never slashed for it. It exists here and nowhere else.
import Ledger
import Primitives

package struct Handicap: Equatable, Sendable {
    /// No slower: a receipt needs blocks to get into the chain before it is late.
    package static let slowMax: UInt32 = 1_800_000

    /// A receipt is held back until so many millionths of D have passed; 2,000,000 would be late.
    package let slow: UInt32
    /// Of a million challenges so many are left unanswered.
    package let misses: UInt32

    package init(slow: UInt32 = 0, misses: UInt32 = 0) {
        precondition(slow <= Self.slowMax && misses <= 1_000_000, "a handicap of \(slow) and \(misses) ppm")
        (self.slow, self.misses) = (slow, misses)
    }

    /// The least height of the tip at which the task's receipt is handed in.
    func earliest(_ task: TaskRecord) -> Height {
        task.assigned.advanced(by: UInt64(task.budget.multipliedFullWidth(by: UInt64(slow)).low / 1_000_000))
    }

    /// From the system's entropy, as `Cheat`.
    func passesOver() -> Bool { misses > 0 && UInt32.random(in: 0..<1_000_000) < misses }
}
