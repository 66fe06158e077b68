// The agreement on one height: Tendermint, Algorithm 1 of arXiv 1807.04938, as a value. It decides over opaque
// `ProposalID`s and never sees a block, a ledger, a secret or a peer. `step` takes one event and the time and returns
// what to do, in order; `nextDeadline` is when to call it at the latest. Rules cite the paper's lines (L11...L67).
//
// Invariants, with less than a third of the power faulty: no two correct nodes decide differently; a correct node puts
// out at most one vote per (round, type); it precommits v in r only after +2/3 prevotes for v in r, holding v; it then
// prevotes another value only after +2/3 prevotes for that in a round of its lock's or later.
//
// Deviations from the paper, each keeping its proof:
//  D1 L49 ends the machine: L52-L54 (next height) are the composition's, which makes a new value per height.
//  D2 L36, L49: the held and valid value stands for the PROPOSAL message. A quorum names the value; the composition
//     pulls it (`fetch`), whether or not the signed proposal ever arrived.
//  D3 L20: the proposer too sets the propose timeout, so that it does not wait for ever for its own block.
//  D4 L22: a fresh proposal must also be timely; L26 fires at once when it is untimely or the lock forbids it. A value
//     known to be invalid is prevoted nil even before L28 sees its polka.
//  D5 L22, L28: a value that is merely unavailable is waited for until L57.
//  D6 L55 counts a validator's votes in `round` or any higher one, and jumps to the highest such round; proposals do
//     not count. More than a third at r or above holds a correct node, so r is no farther than a correct node has come.
//  D7 Rounds are bounded (`ConsensusLimits`): beyond the window ahead only each validator's highest votes are kept, and
//     of many past rounds those with a polka. What was dropped must be sent again, as after any loss.
//  D8 Two votes per (validator, round, type) are kept and counted, more only for values this node handles.
//
// Only NodeCore and the simulations call this. One value per height, replaced and never reset.
import Cryptography
package import Primitives
package import Quorum

package struct Agreement: Equatable, Sendable {
    /// A value and the round whose polka stands behind it.
    package struct RoundValue: Hashable, Sendable {
        package let round: Round
        package let value: ProposalID
    }

    /// A value that this node handles: proposed to it, locked, or named by a quorum.
    struct Candidate: Equatable, Sendable {
        let id: ProposalID
        var verdict: Verdict?
        var isCheckAsked = false
        var isFetchAsked = false
        var isRefusalReported = false
    }

    package let terms: Terms
    package internal(set) var round: Round = 0
    package internal(set) var step: Step = .propose
    /// L6, L7: the value this node is bound to, and since when.
    package internal(set) var locked: RoundValue?
    /// L8, L9: the newest value known to have a polka, which this node proposes again.
    package internal(set) var valid: RoundValue?
    package internal(set) var decision: ProposalID?
    /// False while the journal is replayed.
    package internal(set) var isStarted = false
    /// The paper's lines that fired in the last `step`, in order: for traces, never for decisions.
    package internal(set) var firedLines: [Int] = []

    var book: RoundBook
    var candidates: [Candidate] = []
    /// L21, L35, L48 of the current round.
    var proposeDeadline: Instant?
    var prevoteDeadline: Instant?
    var precommitDeadline: Instant?
    /// L34 and L47 happened in the current round ("for the first time").
    var isPrevoteTimeoutSet = false
    var isPrecommitTimeoutSet = false
    /// The highest round in which this validator voted or proposed, by kind.
    var prevotedRound: Round?
    var precommittedRound: Round?
    var proposedRound: Round?
    var pendingOutputs: [Output] = []

    package init(_ terms: Terms) {
        (self.terms, book) = (terms, RoundBook(set: terms.set))
    }

    /// When to call `step(.deadlineReached, now:)` at the latest; nil when there is nothing to wait for.
    package var nextDeadline: Instant? {
        guard isStarted, decision == nil else { return nil }
        return [
            step == .propose ? proposeDeadline : nil, step == .prevote ? prevoteDeadline : nil, precommitDeadline,
        ].compactMap { $0 }.min()
    }

    /// Takes one event in and returns what to do, in order. After the decision nothing comes out.
    package mutating func step(_ event: Event, now: Instant) -> [Output] {
        firedLines = []
        if decision != nil { return [] }
        pendingOutputs = []
        switch event {
        case .started: start(now)
        case .proposalReceived(let proposal): take(proposal)
        case .proposalChecked(let id, let verdict): note(verdict, of: id)
        case .voteVerified(let claim): take(claim.value)
        case .deadlineReached: expire(now)
        case .ownVoteReplayed(let statement): restore(statement)
        case .ownProposalReplayed(let statement): restore(statement)
        }
        if isStarted { while decision == nil, fireNext(now) {} }
        let outputs = pendingOutputs
        pendingOutputs = []
        return outputs
    }
}
