// What goes into the machine of one height and what comes out of it.
package import Cryptography
package import Primitives
package import Quorum

extension Agreement {
    /// What is fixed for a height.
    package struct Terms: Equatable, Sendable {
        package let height: Height
        package let set: ValidatorSet
        package let schedule: ProposerSchedule
        package let timeouts: Timeouts
        package let timeliness: Timeliness
        /// This node's index in `set`; nil for one that follows and decides without voting.
        package var voter: Int?

        package init(
            height: Height, set: ValidatorSet, schedule: ProposerSchedule, timeouts: Timeouts, timeliness: Timeliness
        ) {
            (self.height, self.set, self.schedule) = (height, set, schedule)
            (self.timeouts, self.timeliness) = (timeouts, timeliness)
        }

        /// The same terms for the member at `index`.
        package func voting(as index: Int?) -> Terms {
            if let index { precondition((0..<set.count).contains(index), "voter \(index) of \(set.count)") }
            var terms = self
            terms.voter = index
            return terms
        }
    }

    package enum Step: UInt8, Comparable, Sendable {
        case propose, prevote, precommit

        package static func < (lhs: Step, rhs: Step) -> Bool { lhs.rawValue < rhs.rawValue }
    }

    /// A signed compact proposal and when it arrived here. The composition has checked that the statement's time and
    /// block id are those of the header inside.
    package struct Proposal: Equatable, Sendable {
        package let claim: ProposalClaim
        /// nil when it is not known any more (a restart without the journal row): such a proposal is not timely.
        package let receivedAt: Instant?

        package init(_ claim: Verified<ProposalClaim>, receivedAt: Instant?) {
            (self.claim, self.receivedAt) = (claim.value, receivedAt)
        }

        package var statement: ProposalStatement { claim.statement }
        package var id: ProposalID { claim.statement.proposal }
    }

    /// What the composition knows about a value of this height.
    package enum Verdict: Sendable {
        /// Every batch is held and verified and the ledger accepts the block. Final.
        case valid
        /// A rule is broken whatever else arrives. Final.
        case invalid
        /// Something is missing; another verdict follows when it has arrived.
        case unavailable
    }

    package enum Event: Sendable {
        /// The height is open: rules run from here on. Everything fed before is journal replay: it is taken in, and
        /// nothing comes out.
        case started
        /// Own proposals come back this way too.
        case proposalReceived(Proposal)
        /// The answer to `.check` and `.fetch`, at any later time.
        case proposalChecked(ProposalID, Verdict)
        /// Own votes come back this way too.
        case voteVerified(Verified<VoteClaim>)
        case deadlineReached
        /// Before `.started` only: a vote that this validator's journal holds, in the journal's order. It is not put
        /// out again; the composition signs the same bytes again, sends them, and feeds them back as `.voteVerified`.
        case ownVoteReplayed(VoteStatement)
        /// Before `.started` only: a proposal that this validator's journal holds. It is not asked for again.
        case ownProposalReplayed(ProposalStatement)
    }

    /// Performed in order.
    package enum Output: Equatable, Sendable {
        /// Propose in (height, round). `valid` nil: build a fresh block, which may wait for items and must wait until
        /// the clock passes the parent's time. Otherwise propose that value again, unchanged, with `polRound`.
        case propose(height: Height, round: Round, polRound: Round?, valid: ProposalID?)
        /// Say whether the whole value is held and valid: answered by `.proposalChecked`.
        case check(ProposalID)
        /// A quorum of prevotes or precommits exists for a value not held: pull it before anything else.
        case fetch(ProposalID)
        /// To be journaled, recorded, signed, sent, and fed back as `.voteVerified`.
        case vote(VoteStatement)
        /// Final, once, and only for a value that is held. The commit has flags commit and absent only, in set order.
        case decided(ProposalID, round: Round, Commit)
        /// More than two thirds precommitted a value that this node holds to be invalid: the process must end.
        case refusedDecision(ProposalID, round: Round)
        /// Two votes of one validator for different blocks; the first sorts first as evidence has it (formats A8).
        case doubleVote(Vote, Vote)
        /// Two proposals of one proposer for one round, in order of arrival.
        case doubleProposal(ProposalClaim, ProposalClaim)
        case stepChanged(round: Round, Step)
    }
}
