// One row of the journal: what the node must know again after a crash inside a height. Own statements are written and
// synced before they are signed; received ones are written before a vote that relies on them is.
package import Chain
package import Codec
package import Primitives
package import Quorum

package enum JournalRow: Equatable, Sendable {
    /// A proposal that arrived, and when.
    case proposal(SignedProposal, receivedAt: Instant)
    case vote(Vote)
    case ownVote(VoteStatement)
    case ownProposal(round: Round, polRound: Round?, CompactProposal)

    package var height: Height {
        switch self {
        case .proposal(let proposal, _): proposal.height
        case .vote(let vote): vote.height
        case .ownVote(let statement): statement.height
        case .ownProposal(_, _, let compact): compact.header.height
        }
    }
}

extension JournalRow: Message {
    package func encode(into encoder: inout Encoder) {
        switch self {
        case .proposal(let proposal, let receivedAt):
            encoder.message(1, proposal)
            encoder.fixed(2, receivedAt.nanoseconds)
        case .vote(let vote):
            encoder.message(3, vote)
        case .ownVote(let statement):
            // A vote with an empty signature: the same words, and never mistaken for a signed one.
            encoder.message(4, Self.unsigned(statement))
        case .ownProposal(let round, let polRound, let compact):
            let zero = SignedProposal(round: round, polRound: polRound, compact: compact, signature: .zero)
            encoder.message(5, zero)
        }
    }

    private static func unsigned(_ statement: VoteStatement) -> Vote {
        guard let nobody = Address(Bytes(repeating: 0, count: Address.count)) else {
            preconditionFailure("20 zero bytes")
        }
        return Vote(statement: statement, address: nobody, index: 0, signature: .zero)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        guard let field = try decoder.nextField() else { throw .missing(field: 1) }
        switch field {
        case 1:
            let proposal: SignedProposal = try decoder.message(1)
            self = .proposal(proposal, receivedAt: Instant(nanoseconds: try decoder.fixed(2)))
        case 3: self = .vote(try decoder.message(3))
        case 4: self = .ownVote(try (decoder.message(4) as Vote).statement)
        case 5:
            let proposal: SignedProposal = try decoder.message(5)
            self = .ownProposal(round: proposal.round, polRound: proposal.polRound, proposal.compact)
        default: throw .unexpectedField(field)
        }
    }
}
