// How events become state; nothing is decided here. What does not belong (another height, a stranger, a wrong proposer)
// is dropped without a word: the composition scores peers, and a late message is no fault.
import Primitives
import Quorum

extension Agreement {
    // MARK: Proposals

    mutating func take(_ proposal: Proposal) {
        let statement = proposal.statement
        guard statement.height == terms.height, statement.round >= round || !isStarted,
            !isStarted || RoundBook.isInWindow(statement.round, current: round), isJustified(statement),
            proposal.claim.key == terms.set.validators[proposer(of: statement.round)].publicKey
        else { return }
        let earlier = book.update(statement.round) { entry -> ProposalClaim? in
            if let first = entry.proposal {
                guard first.statement != statement, !entry.isDoubleProposalReported else { return nil }
                entry.isDoubleProposalReported = true
                return first.claim
            }
            entry.proposal = proposal
            return nil
        }
        if let earlier {
            put(.doubleProposal(earlier, proposal.claim))
        } else if book[statement.round]?.proposal == proposal {
            askCheck(handle(proposal.id))
        }
    }

    /// L28: `vr >= 0 and vr < round_p`.
    private func isJustified(_ statement: ProposalStatement) -> Bool {
        statement.polRound.map { $0 < statement.round } ?? true
    }

    func proposer(of round: Round) -> Int { terms.schedule.proposer(height: terms.height, round: round) }

    // MARK: Values

    /// The place of `id` among the candidates, new or known.
    mutating func handle(_ id: ProposalID) -> Int {
        if let place = candidates.firstIndex(where: { $0.id == id }) { return place }
        candidates.append(Candidate(id: id))
        return candidates.count - 1
    }

    func verdict(of id: ProposalID) -> Verdict? { candidates.first { $0.id == id }?.verdict }

    mutating func note(_ verdict: Verdict, of id: ProposalID) {
        guard let place = candidates.firstIndex(where: { $0.id == id }) else { return }
        let known = candidates[place].verdict
        if known == nil || known == .unavailable { candidates[place].verdict = verdict }
    }

    mutating func askCheck(_ place: Int) {
        guard isStarted, !candidates[place].isCheckAsked, !candidates[place].isFetchAsked else { return }
        candidates[place].isCheckAsked = true
        put(.check(candidates[place].id))
    }

    mutating func askFetch(_ id: ProposalID) {
        let place = handle(id)
        guard !candidates[place].isFetchAsked, verdict(of: id) != .invalid else { return }
        candidates[place].isFetchAsked = true
        put(.fetch(id))
    }

    /// Forgets the oldest values that nothing needs any more; asked for again if a quorum names them.
    mutating func pruneCandidates() {
        while candidates.count > ConsensusLimits.proposalsMax {
            guard let place = candidates.firstIndex(where: { !isNeeded($0.id) }) else { return }
            candidates.remove(at: place)
        }
    }

    private func isNeeded(_ id: ProposalID) -> Bool {
        if id == locked?.value || id == valid?.value { return true }
        return book.rounds.contains { entry in
            entry.round >= round && entry.proposal?.id == id || entry.prevotes.quorumValue(terms.set) == id
                || entry.precommits.quorumValue(terms.set) == id
        }
    }

    // MARK: Votes

    mutating func take(_ claim: VoteClaim) {
        let vote = claim.vote
        guard vote.height == terms.height, vote.validatorIndex < terms.set.count, vote.round <= ConsensusLimits.roundMax
        else { return }
        let validator = terms.set.validators[Int(vote.validatorIndex)]
        guard vote.validatorAddress == validator.address, claim.key == validator.publicKey, !hasWrongTime(vote) else {
            return
        }
        book.note(vote.round, by: Int(vote.validatorIndex))
        if !isStarted || RoundBook.isInWindow(vote.round, current: round) { count(vote) } else { book.keepFar(vote) }
    }

    /// A vote for a block that this node holds, with another time than its header's: never counted, never evidence.
    private func hasWrongTime(_ vote: Vote) -> Bool {
        guard let id = vote.proposal else { return false }
        return candidates.contains { $0.verdict == .valid && $0.id.blockID == id.blockID && $0.id.time != id.time }
    }

    mutating func count(_ vote: Vote) {
        let power = terms.set.validators[Int(vote.validatorIndex)].power
        let isHandled = vote.proposal.map { id in candidates.contains { $0.id == id } } ?? true
        let effect = book.update(vote.round) { entry in
            switch vote.type {
            case .prevote: entry.prevotes.add(vote, power: power, isHandled: isHandled)
            case .precommit: entry.precommits.add(vote, power: power, isHandled: isHandled)
            }
        }
        if let other = effect.conflict {
            let isFirst = vote.blockID.sortKey.lexicographicallyPrecedes(other.blockID.sortKey)
            put(isFirst ? .doubleVote(vote, other) : .doubleVote(other, vote))
        }
        pruneBook()
    }

    mutating func pruneBook() {
        book.prune(current: round, pinned: book[round]?.proposal?.statement.polRound)
    }

    // MARK: Replay

    /// Puts back what an own vote says about the state it was made in (L24-L43).
    mutating func restore(_ vote: VoteStatement) {
        guard !isStarted, vote.height == terms.height else { return }
        if vote.round > round { (round, step) = (vote.round, .propose) }
        switch vote.type {
        case .prevote:
            prevotedRound = max(prevotedRound ?? 0, vote.round)
            if vote.round == round { step = max(step, .prevote) }
        case .precommit:
            precommittedRound = max(precommittedRound ?? 0, vote.round)
            if vote.round == round { step = .precommit }
            guard let value = vote.proposal, locked.map({ $0.round < vote.round }) ?? true else { return }
            locked = RoundValue(round: vote.round, value: value)
            valid = locked
            _ = handle(value)
        }
    }

    mutating func restore(_ proposal: ProposalStatement) {
        guard !isStarted, proposal.height == terms.height else { return }
        proposedRound = max(proposedRound ?? 0, proposal.round)
        if proposal.round > round { (round, step) = (proposal.round, .propose) }
    }
}
