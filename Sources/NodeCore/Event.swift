// Everything that can happen to a node, in the past tense. The shell (or the simulator) makes events; nothing else
// does.
package import Chain
package import Cryptography
package import Primitives
package import Quorum

/// The number of a client's request, by which its answer finds it.
package typealias Ticket = UInt64

/// Who handed an item in.
package enum ItemSource: Hashable, Sendable {
    /// Waits for an answer.
    case client(Ticket)
    /// A node without a vote, which has verified it already.
    case peer(PeerID)
}

package enum Event: Sendable {
    /// The node is up; the rows are the journal's, oldest first.
    case started(journal: [Bytes])
    case peerConnected(PeerID)
    case peerDisconnected(PeerID)
    case frameReceived(PeerID, Bytes)
    /// A client hands in an item.
    case itemSubmitted(Bytes, Ticket)
    /// The answers to `VerifyRequest`s.
    case voteVerified(Verified<VoteClaim>, PeerID)
    case proposalVerified(Verified<ProposalClaim>, SignedProposal, receivedAt: Instant)
    case batchVerified(Verified<BatchClaim>, PeerID)
    case itemVerified(Verified<ItemClaim>, ItemSource)
    /// A signature did not hold, or the bytes were no such record.
    case recordRefused(PeerID)
    case itemRefused(ItemClaim, ItemSource)
    /// There was no room to verify it.
    case itemPutBack(ItemClaim, ItemSource)
    /// The answers to `SignIntent`s. An intent that the signing record refuses has no answer.
    case voteSigned(Vote)
    case proposalSigned(SignedProposal)
    case batchSigned(Batch)
    case proved(Height, VRFProof)
    /// The writes of a decided block are durable; the snapshot shows it.
    case committed(Height)
    case deadlineReached
}
