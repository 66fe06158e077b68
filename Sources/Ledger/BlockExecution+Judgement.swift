// The end of an epoch for its disputes (rewards design, sections 7.7 and 8): votes are counted, wrong providers lose
// bond and unsettled pay, wrong auditors and voters stake, and what is undecided gets one more epoch.
// Invariant: deposits and slashed bonds go to rows of the tables, back to who held them, or are burned; nowhere else.
import Chain
import Primitives
import Rewards

extension BlockExecution {
    private var auditing: AuditCheck { AuditCheck(state, view: view, calendar: calendar) }

    mutating func closeDisputes() {
        let decisions = state.scan(.dispute, as: DisputeRecord.self).map { id, dispute in
            let place = TaskPlace(keySuffix: id)
            return decision(
                DisputedTask(place: place, dispute: dispute, task: requireTask(place), job: requireJob(place.job)))
        }
        // Before anything is carried out: nobody is slashed because another dispute about the program came later.
        for decision in decisions where decision.outcome == .nonDeterministic {
            quarantine(decision.disputed.job.request.program)
        }
        noteLosses(decisions.filter { !isQuarantined($0.disputed.job) })
        for decision in decisions { carryOut(decision) }
        if !judgement.frauds.isEmpty { forfeitPay() }
    }

    private func decision(_ disputed: DisputedTask) -> DisputeDecision {
        let set = AuditCheck(state, view: view, calendar: calendar).epochSet(disputed.dispute.epoch)
        let votes = votes(on: disputed.place)
        let sides = DisputeSide.sides(votes, set)
        return DisputeDecision(
            disputed: disputed, set: set, votes: votes, sides: sides,
            outcome: Rewards.Rule.disputeVerdict(
                votes: sides.map(\.stake), totalStake: set.totalStake, isExtended: disputed.dispute.isExtended))
    }

    private mutating func carryOut(_ decision: DisputeDecision) {
        let (disputed, sides, votes) = (decision.disputed, decision.sides, decision.votes)
        let (place, dispute) = (disputed.place, disputed.dispute)
        switch isQuarantined(disputed.job) ? .nonDeterministic : decision.outcome {
        case .stands(let index): enforce(sides[index], among: sides, on: disputed)
        case .nonDeterministic:
            void(disputed, .programNotDeterministic)
            voidAnswer(disputed)
            returnDeposit(disputed, paying: (sides.flatMap(\.voters), sides.flatMap(\.stakes)), isFalse: false)
        case .unresolved:
            void(disputed, .disputeUnresolved)
            voidAnswer(disputed)
            returnDeposit(disputed, paying: ([], []), isFalse: false)
        case .extended:
            var extended = dispute
            extended.isExtended = true
            state.store(extended, at: StateKey.dispute(place))
            judgement.absent.formUnion(
                Set(decision.set.members.map(\.operatorAddress)).subtracting(votes.map(\.voter)))
            return
        }
        state.remove(StateKey.dispute(place))
        for vote in votes { state.remove(StateKey.vote(place, of: vote.voter)) }
    }

    /// Ascending by operator.
    private func votes(on place: TaskPlace) -> [(voter: Address, vote: VoteRecord)] {
        state.scan(prefix: StateKey.votes(place), as: VoteRecord.self).map { id, vote in
            guard let voter = Address(id) else { preconditionFailure("a vote by \(Hex.lower(id))") }
            return (voter, vote)
        }
    }

    // MARK: A decision

    private mutating func enforce(_ truth: DisputeSide, among sides: [DisputeSide], on disputed: DisputedTask) {
        let (dispute, task) = (disputed.dispute, disputed.task)
        let losers = disputed.losers(truth: truth, sides: sides)
        let wrong = Set(losers.results + losers.digests)
        for entry in dispute.verdicts where wrong.contains(entry.operatorAddress) {
            undo(task.computeUnits, of: entry.operatorAddress, epoch: dispute.epoch)
        }
        let isWrong = task.result != truth.result
        let isReported =
            !wrong.contains(dispute.reporter)
            && reporterIsRight(disputed, truth, isWrong: isWrong, digests: losers.digests)
        let isFalse = dispute.claimed != nil && !isReported
        // Else whoever pays for a false dispute would buy his provider a record with it.
        if !isWrong, !isFalse { judgement.verified.insert(disputed.place) }
        let reporter = isReported ? dispute.reporter : nil
        let claim = isWrong ? nil : claim(truth, on: disputed, reporter, without: wrong)
        if judgement.tripped.contains(disputed.job.request.engineID) {
            postpone(losers, claim, on: disputed)
            if isWrong { postpone(truth, on: disputed, reporter) }
            voidAnswer(disputed)
            // The work of a vote that was asked for in vain is paid for, whatever the engine turns out to be.
            returnDeposit(disputed, paying: isFalse ? (truth.voters, truth.stakes) : ([], []), isFalse: isFalse)
            return
        }
        punish(losers, on: disputed, claim)
        if isWrong {
            punishProvider(
                ProvenFraud(
                    evidence: disputed.id, provider: task.provider, computeUnits: task.computeUnits,
                    job: disputed.job, due: providerSlash(disputed), voters: truth.voters, stakes: truth.stakes,
                    reporter: reporter))
        }
        let hasPaid = isWrong || !losers.isEmpty
        judgeAnswer(truth, on: disputed, reporter, paying: hasPaid ? ([], []) : (truth.voters, truth.stakes))
        returnDeposit(disputed, paying: isFalse ? (truth.voters, truth.stakes) : ([], []), isFalse: isFalse)
    }

    /// Voters are paid once for a dispute: by the first validator that loses it, where the provider does not.
    private mutating func punish(_ losers: DisputeLosers, on disputed: DisputedTask, _ claim: VoterClaim?) {
        var claim = claim
        for loser in losers.results {
            if punishApproval(by: loser, evidence: disputed.id, stake: slashableStake(of: loser)) {
                judgement.claims[loser] = claim
                claim = nil
            }
        }
        for loser in losers.digests {
            punishDigest(of: loser, evidence: disputed.id, stake: slashableStake(of: loser), claim)
            claim = nil
        }
    }

    /// Nobody is paid out of its own slash.
    private func claim(
        _ truth: DisputeSide, on disputed: DisputedTask, _ reporter: Address?, without wrong: Set<Address>
    ) -> VoterClaim {
        let voters = zip(truth.voters, truth.stakes).filter { !wrong.contains($0.0) }
        return VoterClaim(
            computeUnits: disputed.task.computeUnits, price: auditing.workPrice(of: disputed.job),
            voters: voters.map(\.0), stakes: voters.map(\.1), reporter: reporter, evidence: disputed.id)
    }

    /// An account is right with the result that stands and a reason to ask; an auditor with the result.
    private func reporterIsRight(
        _ disputed: DisputedTask, _ truth: DisputeSide, isWrong: Bool, digests: [Address]
    ) -> Bool {
        if let claimed = disputed.dispute.claimed {
            return claimed == truth.result && (isWrong || !digests.isEmpty || isAnswerWrong(truth, on: disputed))
        }
        return disputed.dispute.verdicts.contains {
            $0.operatorAddress == disputed.dispute.reporter && disputed.said($0) == truth.result
        }
    }

    /// A verdict that was wrong is no work done.
    private mutating func undo(_ computeUnits: UInt64, of auditor: Address, epoch: UInt64) {
        let key = StateKey.disclosure(epoch, of: auditor)
        guard var record: DisclosureRecord = state.load(key) else { return }
        record.done -= min(record.done, computeUnits)
        state.store(record, at: key)
    }

    /// Honest machines disagree about the job's program: nothing of it is given out or judged any more.
    func isQuarantined(_ job: JobRecord) -> Bool {
        let program: BlobRecord? = state.load(StateKey.blob(.program, job.request.program))
        return program?.isQuarantined == true
    }

    private mutating func quarantine(_ program: Digest) {
        let key = StateKey.blob(.program, program)
        guard var record: BlobRecord = state.load(key) else { preconditionFailure("no program \(program)") }
        record.isQuarantined = true
        state.store(record, at: key)
    }

    /// The task ends without pay; what was held for it goes back.
    private mutating func void(_ disputed: DisputedTask, _ reason: Reason) {
        judgement.withhold(reason, from: disputed.task.provider)
        if disputed.task.state == .delivered { refuse(disputed.place, as: .voided) }
    }

    /// A delivered task that is not paid.
    mutating func refuse(_ place: TaskPlace, as ending: TaskState) {
        guard let delivered = requireTask(place).delivered else { preconditionFailure("no receipt for \(place)") }
        let redraw: RedrawRecord? = state.load(StateKey.redraw(place))
        let epoch = AuditCheck(state, view: view, calendar: calendar).epoch(ofReceipt: delivered) ?? redraw?.dueEpoch
        dropReceipt(place, epoch: epoch ?? view.epoch.number - 2, height: delivered)
        close(place, as: ending)
    }

    /// Whose receipt is in no list any more.
    private mutating func close(_ place: TaskPlace, as ending: TaskState) {
        var (task, job) = (requireTask(place), requireJob(place.job))
        task.state = ending
        job.closed += 1
        state.store(task, at: StateKey.task(place))
        state.store(job, at: StateKey.job(place.job))
        state.remove(StateKey.redraw(place))
        refund(job.escrow.credited(job.assurance), of: job)
    }

    /// All receipts of a proven cheat that are not settled, of this epoch too.
    private mutating func forfeitPay() {
        for list in state.dueLists() {
            let lost = list.receipts.filter { judgement.frauds.contains($0.provider) }
            for receipt in lost { close(receipt.place, as: .forfeited) }
            if !lost.isEmpty {
                state.keep(list.receipts.filter { !judgement.frauds.contains($0.provider) }, of: list)
            }
        }
    }

    // MARK: Deposits

    /// Pays the cost of a dispute out of its opener's deposit to these voters, and returns the rest.
    private mutating func returnDeposit(
        _ disputed: DisputedTask, paying voters: (accounts: [Address], stakes: [Amount]), isFalse: Bool
    ) {
        let dispute = disputed.dispute
        if dispute.deposit == .zero { return }
        let shares = voterShares(disputed, atMost: dispute.deposit, stakes: voters.stakes)
        refund(dispute.deposit.debited(shares.cost), to: dispute.reporter)
        supply.escrow = supply.escrow.debited(shares.cost)
        for (voter, share) in zip(voters.accounts, shares.shares) {
            judgement.pay(share, to: voter, .compensation, evidence: disputed.id)
        }
        let paid = shares.shares.reduce(Amount.zero) { $0.credited($1) }
        supply.burned = supply.burned.credited(shares.cost.debited(paid))
        guard isFalse else { return }
        addSlash(
            SlashKey(account: dispute.reporter, offence: .falseDispute, evidence: disputed.id), shares.cost,
            injured: paid)
    }

    private func voterShares(
        _ disputed: DisputedTask, atMost limit: Amount, stakes: [Amount]
    ) -> (cost: Amount, shares: [Amount]) {
        do throws(ArithmeticError) {
            let cost = min(limit, auditing.cost(disputed.task, disputed.job, voters: stakes.count))
            let shares = try Rewards.Rule.poolShare(
                inflow: cost, carry: .zero, weights: stakes.map { UInt128($0.units) })
            return (cost, shares.shares)
        } catch {
            preconditionFailure("the cost of dispute \(disputed.place): \(error)")
        }
    }
}
