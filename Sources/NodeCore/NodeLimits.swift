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
    /// Votes of the open height under verification or verified, before repeats are refused.
    package static let votesSeenMax = 16_384
    /// Blocks that arrived above the tip and wait for their predecessor.
    package static let blocksAheadMax = 64
    /// Pairs of votes that wait to become evidence.
    package static let evidenceMax = 64
    /// A validator that looks for other signatures of its key signs when nothing was decided for this long.
    package static let watchPatience = Span.seconds(10)
    /// A validator that may sign by the stake it has heard waits this long for the rest of its peers.
    package static let gatherPatience = Span.seconds(1)
    /// While a height stays open this long, own votes and proposals of it are sent again.
    package static let repeatInterval = Span.milliseconds(700)
}
