// What peers and clients can make the core hold.
import Chain
package import Primitives

package enum NodeLimits {
    /// An encoded batch: its items, their tags and lengths, and the head.
    package static let batchBytesMax = Batch.itemBytesMax + Batch.itemsMax * 8 + 256
    /// Proposals of the open height that are kept with what they name.
    package static let proposalsMax = 16
    /// Votes and proposals of the next height that wait for this one's decision, per peer.
    package static let earlyFramesPerPeer = 64
    /// Bytes of items that a first own proposal names, and that every one may name.
    static let proposalBytesAtStart = 1 << 20
    static let proposalBytesLeast = 1 << 18
    /// Votes of the open height under verification or verified, before repeats are refused.
    package static let votesSeenMax = 16_384
    /// Blocks that arrived above the tip and wait for their predecessor.
    package static let blocksAheadMax = 64
    /// Bytes of a block in one frame, and parts of the longest block: items, their lengths, evidence, two commits.
    package static let blockPartBytes = 4 << 20
    package static let blockPartsMax: UInt32 = 16
    /// Bytes of blocks above the tip, whole or in parts, beyond which only the open height is asked for.
    package static let syncBytesMax = 128 << 20
    /// Items that a node without a vote waits for, how often it hands each on, and how long it waits between.
    package static let relaysMax = 1_024
    static let relayTriesMax = 4
    package static let relayPatience = Span.seconds(3)
    /// Pairs of votes that wait to become evidence.
    package static let evidenceMax = 64
    /// A validator that looks for other signatures of its key signs when nothing was decided for this long.
    package static let watchPatience = Span.seconds(10)
    /// A validator that may sign by the stake it has heard waits this long for the rest of its peers.
    package static let gatherPatience = Span.seconds(1)
    /// While a height stays open this long, own votes and proposals of it are sent again.
    package static let repeatInterval = Span.milliseconds(700)
}
