// Why a light block is not believed: one case per rule of formats A9. `notEnoughTrust` alone is no fault of the block;
// a block nearer to the trusted one may close the gap.
package import Quorum

package enum LightClientError: Error, Equatable, Sendable {
    // Rule 1: the block in itself.
    case wrongBlockProtocol
    case wrongChainID
    case heightZero
    /// The first block has no parent; every other one of Merit's has.
    case wrongParent
    /// Merit: a hash that our headers always carry is missing, or the app hash is not one.
    case missingHash
    case wrongValidatorsHash
    case wrongNextValidatorsHash
    /// The header's proposer is not a member of the set of its height.
    case proposerNotInSet
    /// The commit is for another header.
    case wrongHeaderHash
    case commit(CommitError)
    // Rule 2: time and height against the trusted state.
    /// The trusted state is older than the trusting period.
    case trustExpired
    case timeNotIncreasing
    case fromTheFuture
    case heightNotIncreasing
    // Rule 3: the way from the trusted set.
    /// An adjacent block whose set is not the one that the trusted header announced.
    case validatorsNotAnnounced
    case notEnoughTrust(signed: Int64, total: Int64)
    // Rule 5: backwards.
    case notThePreviousHeight
    case notTheParent
    case parentNotEarlier
    // The first trusted state.
    /// The block is not the one whose hash is trusted.
    case notTheCheckpoint
}
