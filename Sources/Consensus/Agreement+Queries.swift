// What others read of a height in progress: what to journal before a precommit, what to send again to a peer that lags,
// and what to show.
import Primitives
package import Quorum

extension Agreement {
    /// Every vote kept for (round, type), by validator index.
    package func votes(_ type: VoteType, round: Round) -> [Vote] {
        guard let entry = book[round] else { return [] }
        let tally = type == .prevote ? entry.prevotes : entry.precommits
        return tally.votes(type, height: terms.height, round: round, set: terms.set)
    }

    /// The prevotes for the value that has a quorum of them in `round`; empty without one. They must be durable before
    /// the precommit leaves.
    package func polka(round: Round) -> [Vote] {
        guard let value = book[round]?.prevotes.quorumValue(terms.set) else { return [] }
        return votes(.prevote, round: round).filter { $0.proposal == value }
    }

    /// The first proposal received for `round`, while its round is not past.
    package func proposal(round: Round) -> Proposal? { book[round]?.proposal }

    /// Power of the validators that voted at all in (round, type).
    package func powerVoted(_ type: VoteType, round: Round) -> Int64 {
        guard let entry = book[round] else { return 0 }
        return type == .prevote ? entry.prevotes.powerVoted : entry.precommits.powerVoted
    }

    /// Rounds of which something is kept, ascending.
    package var roundsKept: [Round] { book.rounds.map(\.round) }
}
