// The market inside one block: bounds on what a block does for it, and what waits for the block's end.
import Chain
import Cryptography
import Primitives
import Rewards

package enum WorkLimits {
    /// Tasks that one block assigns; the rest waits for the next.
    package static let assignmentsPerBlockMax = 4_096
    /// Waiting jobs that one block looks at, oldest first.
    package static let queueVisitsPerBlockMax = 256
    /// Blocks that a job waits for which no provider was free.
    package static let queueDelayBlocks: UInt64 = 4
    /// Open tasks of one provider for each of its slots.
    package static let tasksPerSlotMax: UInt64 = 64
    /// Receipts that one block issues again to providers that are not admitted.
    static let issuesPerBlockMax = 16
    /// Records of providers that are not admitted that one block looks at, from a place that its beacon names. Whoever
    /// took its bond back keeps its record.
    static let newcomersPerBlockMax = 256
}

/// What the market keeps while a block is executed.
struct WorkInBlock {
    /// Published bytes.
    var blobs = WriteBatch()
    /// That count in this block, in its order.
    var receipts: [DueReceipt] = []
    /// Tasks whose provider abstained; they end as late ones do.
    var abstained: [TaskPlace] = []
    /// Panels that everybody answered in this block.
    var completePanels: [TaskPlace] = []
    /// Of the settlement: what each provider earned on panels, and v of the largest task.
    var panelPay: [Address: (pay: Amount, part: Amount)] = [:]
}
