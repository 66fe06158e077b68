// What an auditor lets itself hold and repeat.
import Chain

package enum AuditorLimits {
    /// Duties of one epoch that are executed: no more can be committed.
    package static let dutiesMax = Int(AuditLimits.dutiesMax)
    /// Heights until a statement that did not reach the state is handed in again, and until a restarted auditor says
    /// anything new: what its earlier life handed in may still be on its way.
    package static let patience: UInt64 = 4
    /// Executions at the same time, whatever the machine has.
    package static let executorsMax = 8
    /// Executions of one task that may fail for a reason of this machine.
    package static let attemptsMax: UInt32 = 8
    /// Blocks that are read for own commits after one height.
    package static let blocksPerLook: UInt64 = 256
    /// Receipts that are looked at for draws after one height.
    package static let receiptsPerLook = 20_000
    /// Disputes that are voted on at the same time.
    package static let disputesMax = 4_096
    /// Missed duties of others that are proven after one epoch.
    package static let missesMax = 65_536
    /// Auditors prove what others missed in this many turns, one after the other.
    package static let missTurns: UInt64 = 4
    package static let missTurnBlocks: UInt64 = 2
}
