// The bounds of dissemination. Quotas bound only unordered batches that no proposal names; a named batch is kept
// always.
package import Primitives

package enum DisseminationLimits {
    /// Unordered bytes kept of one author.
    package static let unorderedBytesPerAuthor = 64 << 20
    /// Unordered batches kept of one author.
    package static let unorderedBatchesPerAuthor = 4_096
    /// Sequences ahead of the last ordered one that are looked at: more than the batches that may be kept.
    package static let sequencesAheadMax: UInt64 = 8_192
    /// Heights that a new batch stays valid for.
    package static let batchLifeHeights: UInt64 = 500
    /// An open batch is closed at this age at the latest.
    package static let batchAgeMax = Span.milliseconds(50)
    /// Acknowledgements are sent this often while batches keep coming.
    package static let acknowledgementInterval = Span.milliseconds(25)
    /// Items that wait in the open batch: beyond it a submission is refused as busy.
    package static let openItemsMax = 65_536
    /// Missing batches asked for at the same time.
    package static let pullsMax = 2_048
    /// A peer that was asked has this long before the next one is asked.
    package static let pullPatience = Span.milliseconds(300)
    /// Batches asked for in one request.
    package static let batchesPerRequestMax = 64
    /// Content ids remembered to drop repeats before their signatures cost anything.
    package static let seenItemsMax = 1 << 17
}
