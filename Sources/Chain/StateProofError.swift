// The rule book of a state proof: one case per rule of `CommitmentProof+Verification.swift`.
package import Codec

/// Why a state proof proves nothing. One case per rule; `step` counts from the leaf.
package enum StateProofError: Error, Equatable, Sendable {
    /// Not the canonical bytes of an existence or an absence proof (batch and compressed forms among them).
    case malformed(DecodeError)
    /// A value was asked about, and the proof is one of absence; or the reverse.
    case wrongForm
    case emptyKey
    case emptyValue
    case wrongKey
    case wrongValue
    case wrongLeafHash
    case wrongLeafKeyHash
    case wrongLeafValueHash
    case wrongLeafLength
    case wrongLeafPrefix
    case tooDeep
    case wrongInnerHash(step: Int)
    case wrongInnerPrefix(step: Int)
    case wrongInnerSuffix(step: Int)
    /// The step goes left where the key's bit says right, or the reverse.
    case wrongBranch(step: Int)
    case wrongRoot
    /// An absence proof without any neighbour.
    case noNeighbour
    case leftNotBelowKey
    case rightNotAboveKey
    /// No left neighbour is given, but something lies left of the right one.
    case rightNotLeftmost
    /// No right neighbour is given, but something lies right of the left one.
    case leftNotRightmost
    /// Something may lie between the two neighbours.
    case neighboursNotAdjacent
}
