// What the core wants done, performed by the Driver in exactly this order: durable, journaled, signed, sent, verified.
package import Chain
import Codec
import Cryptography
package import Primitives
package import Quorum

package struct Output: Sendable {
    /// 1. Durable together before anything below happens.
    package var writes = WriteBatch()
    /// 2. Appended to the journal, and synced when an own statement is among them.
    package var journal: [JournalRow] = []
    package var journalMustSync = false
    /// The height whose transaction `writes` is: the journal starts afresh after it, and no further event is taken
    /// before the core has seen `.committed`.
    package var decided: Height?
    /// 3. Signed; each answer comes back as an event before any other, and is sent by the core's next step.
    package var signs: [SignIntent] = []
    /// 4. Sent, in order.
    package var sends: [Send] = []
    /// 5. Checked on other threads; the answers come back as events.
    package var checks: [VerifyRequest] = []
    package var replies: [Reply] = []
    /// Peers that broke a rule, with the rule.
    package var penalties: [Penalty] = []
    /// For people.
    package var notices: [Notice] = []
    /// A rule of ours is broken beyond repair (more than two thirds decided what we hold invalid): the process ends.
    package var failure: String?

    package init() {}
}

package enum SignIntent: Equatable, Sendable {
    case vote(VoteStatement)
    case proposal(round: Round, polRound: Round?, CompactProposal)
    case batch(sequence: UInt64, expiry: Height, items: [Bytes])
    /// The beacon proof of an own proposal at a height.
    case beacon(Height, alpha: Bytes)
}

package struct Send: Equatable, Sendable {
    package enum Target: Equatable, Sendable {
        case everyone
        case peer(PeerID)
    }

    package let target: Target
    package let message: PeerMessage

    package init(_ message: PeerMessage, to target: Target = .everyone) {
        (self.message, self.target) = (message, target)
    }
}

package enum VerifyRequest: Sendable {
    case vote(VoteClaim, PeerID)
    case proposal(ProposalClaim, SignedProposal, PeerID, receivedAt: Instant)
    /// Still encoded: decoding and hashing half a megabyte is the pool's work.
    case batch(Bytes, authorKey: PublicKey, chainID: ChainID, PeerID)
    case item(ItemClaim, ItemSource)

    /// Does the work; the same for the pool and the simulator.
    package func perform() -> Event {
        switch self {
        case .vote(let claim, let peer):
            Verified(claim).map { .voteVerified($0, peer) } ?? .recordRefused(peer)
        case .proposal(let claim, let proposal, let peer, let receivedAt):
            Verified(claim).map { .proposalVerified($0, proposal, receivedAt: receivedAt) } ?? .recordRefused(peer)
        case .batch(let bytes, let key, let chainID, let peer):
            Self.batch(bytes, key, chainID).map { .batchVerified($0, peer) } ?? .recordRefused(peer)
        case .item(let claim, let source):
            Verified(claim).map { .itemVerified($0, source) } ?? .itemRefused(claim, source)
        }
    }

    private static func batch(_ bytes: Bytes, _ key: PublicKey, _ chainID: ChainID) -> Verified<BatchClaim>? {
        do {
            return Verified(try BatchClaim(batch: try Batch(decoding: bytes), authorKey: key, chainID: chainID))
        } catch {
            return nil
        }
    }
}

package struct Reply: Equatable, Sendable {
    package enum Answer: Equatable, Sendable {
        case admitted
        /// Malformed, badly signed, or refused by the ledger's rule with this number and text.
        case refused(code: UInt32, reason: String)
        /// The open batch is full; the same item may be handed in again later.
        case busy
        /// The node itself can take nothing now, whatever the item: it starts, or has nobody to hand it to.
        case unready(String)
    }

    package let ticket: Ticket
    package let answer: Answer

    package init(ticket: Ticket, answer: Answer) { (self.ticket, self.answer) = (ticket, answer) }
}

package enum Notice: Equatable, Sendable {
    /// The network has seen, or has decided, what this validator's signing record does not hold: it signs nothing up to
    /// and with this height.
    case signingWithheld(through: Height)
}

package enum Penalty: Equatable, Sendable {
    case malformedFrame(PeerID)
    case badRecord(PeerID)
    case badBlock(PeerID)

    package var peer: PeerID {
        switch self {
        case .malformedFrame(let peer), .badRecord(let peer), .badBlock(let peer): peer
        }
    }
}
