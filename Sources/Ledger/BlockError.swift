// Why a block is not the next block: one case per rule. A block that breaks one is never voted for.
package import Chain
package import Quorum

package enum BlockError: Error, Equatable, Sendable {
    // The header differs from the one that the tip and the block's content demand.
    case wrongVersion
    case wrongChain
    case wrongHeight
    /// Not after the tip's time; block 1 may carry the genesis time.
    case timeNotLater
    case wrongLastBlockID
    case wrongLastCommitHash
    case wrongDataHash
    case wrongValidatorsHash
    case wrongNextValidatorsHash
    case wrongConsensusHash
    case wrongAppHash
    case wrongLastResultsHash
    case wrongEvidenceHash
    /// The proposer is no member of the set of this height.
    case proposerNotInSet
    /// The block id is not complete or names another header.
    case wrongBlockID

    // The last commit.
    /// Block 1 carries the empty commit.
    case lastCommitNotEmpty
    case lastCommit(CommitError)

    // The items.
    case noPreamble
    case malformedItem(index: Int)
    /// A second preamble.
    case misplacedPreamble(index: Int)
    /// The beacon proof does not hold for the proposer's audit key, the last beacon value and this height.
    case wrongBeaconProof
    /// A batch of somebody who is no member of the set of this height.
    case unknownAuthor(batch: Int)
    /// A batch that is not above the author's newest ordered one, or has the largest number there is.
    case sequenceNotIncreasing(batch: Int)
    /// The counts of the preamble are not those of the items.
    case countsDiffer
    /// The content of an earlier item.
    case repeatedItem(index: Int)
    case tooManyItems
    case tooManyBytes
    /// More batches of one author than `BlockLimits.batchesPerAuthorMax`.
    case tooManyBatches(batch: Int)

    // Evidence.
    case tooMuchEvidence
    case repeatedEvidence(index: Int)
    case evidenceCommitted(index: Int)
    case evidenceExpired(index: Int)
    /// The offence's height has no header here.
    case evidenceHeightUnknown(index: Int)
    case evidence(index: Int, EvidenceError)
}

package enum BlockLimits {
    /// Batches of one author that one block may name.
    package static let batchesPerAuthorMax = 256
}
