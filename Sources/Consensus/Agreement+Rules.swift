// The rules of Algorithm 1. `fireNext` fires the first rule that is enabled and says whether one was; `step` calls it
// until none is. Each firing moves (round, step) forward or sets a once-per-round mark, so the loop ends.
//
//  Rule          Needs                                             Does
//  L49           +2/3 precommits for v in any round, v valid       decide
//  L55           +1/3 of the power above this round                start that round
//  L22, L28      propose; proposal (and its polka)                 prevote v or nil
//  L36           prevote or later; polka for v here, v valid       lock and precommit v (prevote); valid value
//  L44           prevote; +2/3 prevotes nil                        precommit nil
//  L34, L47      +2/3 prevotes (prevote), +2/3 precommits          set the timeout
//  L57, L61, L65 the timeout                                       prevote nil; precommit nil; next round
import Primitives
import Quorum

extension Agreement {
    mutating func fireNext(_ now: Instant) -> Bool {
        if decide() || skipRound(now) || prevoteProposal() { return true }
        if takePolka() || precommitNil() { return true }
        return setPrevoteTimeout(now) || setPrecommitTimeout(now)
    }

    // MARK: Rounds

    /// L10, or the state that the journal gave back.
    mutating func start(_ now: Instant) {
        guard !isStarted else { return }
        isStarted = true
        fired(10)
        pruneBook()
        if step == .propose { startRound(round, now) } else { put(.stepChanged(round: round, step)) }
        for place in candidates.indices { askCheck(place) }
    }

    /// L11-L21.
    mutating func startRound(_ next: Round, _ now: Instant) {
        fired(11)
        (round, step) = (next, .propose)
        (prevoteDeadline, precommitDeadline) = (nil, nil)
        (isPrevoteTimeoutSet, isPrecommitTimeoutSet) = (false, false)
        put(.stepChanged(round: round, step))
        takeFarVotes()
        pruneCandidates()
        if let voter = terms.voter, proposer(of: round) == voter, proposedRound.map({ $0 < round }) ?? true {
            fired(valid == nil ? 18 : 16)
            proposedRound = round
            put(.propose(height: terms.height, round: round, polRound: valid?.round, valid: valid?.value))
        }
        proposeDeadline = now.advanced(by: terms.timeouts.propose.duration(round: round))
    }

    private mutating func takeFarVotes() {
        for vote in book.takeFar(current: round) { count(vote) }
        pruneBook()
    }

    /// L55.
    private mutating func skipRound(_ now: Instant) -> Bool {
        guard let target = book.skipTarget(above: round) else { return false }
        fired(55)
        startRound(target, now)
        return true
    }

    // MARK: Prevote

    /// L22 and L28.
    private mutating func prevoteProposal() -> Bool {
        guard step == .propose, let proposal = book[round]?.proposal else { return false }
        let id = proposal.id
        let isRefused: Bool
        if let polRound = proposal.statement.polRound {
            guard let votes = book[polRound]?.prevotes, terms.set.isQuorum(votes.power(for: id)) else {
                return verdict(of: id) == .invalid && prevote(nil, lines: [28, 32])
            }
            isRefused = locked.map { $0.round > polRound && $0.value != id } ?? false
        } else {
            isRefused = locked.map { $0.value != id } ?? false || !isTimely(proposal)
        }
        let isFresh = proposal.statement.polRound == nil
        if isRefused || verdict(of: id) == .invalid { return prevote(nil, lines: isFresh ? [22, 26] : [28, 32]) }
        guard verdict(of: id) == .valid else { return false }
        return prevote(id, lines: isFresh ? [22, 24] : [28, 30])
    }

    /// D4. Unknown arrival is untimely.
    private func isTimely(_ proposal: Proposal) -> Bool {
        guard let receivedAt = proposal.receivedAt else { return false }
        return terms.timeliness.isTimely(proposal.id.time, receivedAt: receivedAt, round: proposal.statement.round)
    }

    private mutating func prevote(_ value: ProposalID?, lines: [Int]) -> Bool {
        for line in lines { fired(line) }
        precondition(
            prevotedRound.map { $0 < round } ?? true,
            "second prevote at \(terms.height)/\(round), last in \(String(describing: prevotedRound))")
        prevotedRound = round
        move(to: .prevote)
        return cast(.prevote, value)
    }

    // MARK: Precommit

    /// L36: the polka of this round, once its value is held.
    private mutating func takePolka() -> Bool {
        guard step >= .prevote, valid.map({ $0.round < round }) ?? true,
            let value = book[round]?.prevotes.quorumValue(terms.set)
        else { return false }
        guard verdict(of: value) == .valid else {
            askFetch(value)
            return false
        }
        fired(36)
        if step == .prevote {
            fired(40)
            locked = RoundValue(round: round, value: value)
            precommit(value)
        }
        fired(42)
        valid = RoundValue(round: round, value: value)
        return true
    }

    /// L44.
    private mutating func precommitNil() -> Bool {
        guard step == .prevote, let votes = book[round]?.prevotes, terms.set.isQuorum(votes.power(for: nil)) else {
            return false
        }
        fired(44)
        precommit(nil)
        return true
    }

    private mutating func precommit(_ value: ProposalID?) {
        precondition(
            precommittedRound.map { $0 < round } ?? true,
            "second precommit at \(terms.height)/\(round), last in \(String(describing: precommittedRound))")
        precommittedRound = round
        move(to: .precommit)
        _ = cast(.precommit, value)
    }

    // MARK: Decision

    /// L49, newest round first.
    private mutating func decide() -> Bool {
        for entry in book.rounds.reversed() {
            guard let value = entry.precommits.quorumValue(terms.set) else { continue }
            switch verdict(of: value) {
            case .valid:
                fired(49)
                decision = value
                put(.decided(value, round: entry.round, commit(to: value, in: entry)))
                return true
            case .invalid: reportRefusal(value, round: entry.round)
            case .unavailable, nil: askFetch(value)
            }
        }
        return false
    }

    private mutating func reportRefusal(_ value: ProposalID, round: Round) {
        let place = handle(value)
        guard !candidates[place].isRefusalReported else { return }
        candidates[place].isRefusalReported = true
        put(.refusedDecision(value, round: round))
    }

    /// The collected precommits for `value` by index; every timestamp is the header's time (formats A7, M).
    private func commit(to value: ProposalID, in entry: RoundEntry) -> Commit {
        let signatures = entry.precommits.signatures(for: value).enumerated().map { index, signature in
            guard let signature else { return CommitSignature.absent }
            return CommitSignature(
                flag: .commit, address: terms.set.validators[index].address, timestamp: value.time,
                signature: signature.bytes)
        }
        return Commit(height: terms.height, round: entry.round, blockID: value.blockID, signatures: signatures)
    }

    // MARK: Timeouts

    /// L34.
    private mutating func setPrevoteTimeout(_ now: Instant) -> Bool {
        guard step == .prevote, !isPrevoteTimeoutSet, let votes = book[round]?.prevotes,
            terms.set.isQuorum(votes.powerVoted)
        else { return false }
        fired(34)
        isPrevoteTimeoutSet = true
        prevoteDeadline = now.advanced(by: terms.timeouts.prevote.duration(round: round))
        return true
    }

    /// L47.
    private mutating func setPrecommitTimeout(_ now: Instant) -> Bool {
        guard !isPrecommitTimeoutSet, let votes = book[round]?.precommits, terms.set.isQuorum(votes.powerVoted) else {
            return false
        }
        fired(47)
        isPrecommitTimeoutSet = true
        precommitDeadline = now.advanced(by: terms.timeouts.precommit.duration(round: round))
        return true
    }

    /// L57, L61, L65: whatever is due. A reading before the deadline does nothing.
    mutating func expire(_ now: Instant) {
        guard isStarted else { return }
        if step == .propose, let deadline = proposeDeadline, deadline <= now { _ = prevote(nil, lines: [57]) }
        if step == .prevote, let deadline = prevoteDeadline, deadline <= now {
            fired(61)
            precommit(nil)
        }
        if let deadline = precommitDeadline, deadline <= now, round < ConsensusLimits.roundMax {
            fired(65)
            startRound(round + 1, now)
        }
    }

    // MARK: Effects

    private mutating func move(to next: Step) {
        step = next
        put(.stepChanged(round: round, step))
    }

    /// Always true, as the firing that it is part of.
    private mutating func cast(_ type: VoteType, _ value: ProposalID?) -> Bool {
        if terms.voter != nil {
            put(.vote(VoteStatement(type: type, height: terms.height, round: round, proposal: value)))
        }
        return true
    }

    mutating func put(_ output: Output) { pendingOutputs.append(output) }
    private mutating func fired(_ line: Int) { firedLines.append(line) }
}
