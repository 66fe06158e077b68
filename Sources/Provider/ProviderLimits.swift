// Every bound of the agent: what nodes, tasks and strangers can make it hold or do.
import Chain

package enum ProviderLimits {
    /// Tasks that are worked on or waited for; further ones are found once these are gone.
    package static let tasksMax = 2_048
    /// Open tasks that one question asks for.
    static let tasksPerPage = 100
    /// Tasks of admission that are worked on.
    static let admissionsMax = 64
    /// Seats on panels that are worked on or waited for.
    static let seatsMax = 256
    /// Results of panels that are kept on the disk.
    static let resultsMax = 4_096
    /// How long an engine may work on one task, even where the chain waits longer.
    static let engineTimeMax = Duration.seconds(3_600)
    /// Engines beside the one for WebAssembly: each takes one of the offers that a provider may have.
    package static let enginesMax = JobLimits.offersMax - 1
    /// Tasks whose records are proved in one step.
    static let provesPerStep = 32
    /// Tries to execute a task before its receipt abstains.
    static let runsMax = 2
    /// Tasks executed at once.
    package static let workersMax = 64
    /// Blocks after which receipts that are not in the state are handed in again, to another node.
    static let resubmitBlocks: UInt64 = 12
    /// Blocks to wait after a node refused receipts.
    static let refusalBlocks: UInt64 = 2
    /// Blocks after its height in which a challenge is answered at all, and open challenges that one answer names.
    static let answerBlocks: UInt64 = 256
    static let challengesMax = 64
    /// Blocks until offers that are not in the state are sent again.
    static let offersBlocks: UInt64 = 12
    /// Between two questions about open tasks: at least, however many blocks a node tells of; at most, when it tells of
    /// none; and after a node failed.
    static let lookGap = Duration.milliseconds(60)
    static let lookInterval = Duration.seconds(2)
    static let failureInterval = Duration.milliseconds(400)
    /// How long the agent rests before it looks whether it is asked to stop.
    static let restMax = Duration.milliseconds(200)
    /// A stream of events on which no block came for so long is left for another node's.
    static let blockSilence = Duration.seconds(30)
    /// How long the reader of events waits before it looks whether another node is asked now.
    static let eventStep = Duration.milliseconds(250)
    /// Pauses between streams that ended without a block: the first, which doubles, and the longest.
    static let streamPause = Duration.milliseconds(200)
    static let streamPauseMax = Duration.seconds(10)
    /// Between two looks at the own offers.
    static let offersInterval = Duration.seconds(3)
    /// How long one step of a request to a node may take before the next node is asked.
    static let nodeStepSeconds = 2
    /// How long the last receipts may take to be handed in at the end.
    static let farewell = Duration.seconds(5)
    /// Jobs whose terms are remembered.
    static let jobsMax = 1_024
    /// Bytes of programs and inputs that are remembered.
    static let blobBytesMax = 64 << 20
    /// Bytes of all kept outputs, and how many.
    package static let outputBytesMax = 256 << 20
    static let outputsMax = 16_384
    /// Connections of strangers that fetch outputs.
    static let connectionsMax = 256
}
