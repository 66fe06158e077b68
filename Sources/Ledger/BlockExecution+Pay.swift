// What the end of an epoch does for providers: tasks delivered in the epoch before are settled, their fees enter the
// settlement, subsidies vest, reliability moves, bonds that waited long enough are free.
// Invariant: escrow falls by fee, prepaid audits and refund of each settled task, and by nothing else.
import Chain
import Primitives
import Rewards

extension BlockExecution {
    /// Adds every provider and payer to the tally, and moves the escrow of settled tasks out: fees into the tally,
    /// refunds to the requesters.
    mutating func settleTasks(into tally: inout EpochTally) throws(SettlementError) {
        let (due, verdicts) = (dueTasks(), dueVerdicts())
        var verified: [Address: UInt64] = [:]
        var payers: Set<Address> = []
        var panelWinners: Set<Address> = []
        for entry in due {
            verified[entry.task.provider, default: 0] += 1
            payers.insert(requireJob(entry.place.job).requester)
        }
        countVerdicts(verdicts, verified: &verified)
        for verdict in verdicts where !verdict.winners.isEmpty {
            payers.insert(requireJob(verdict.place.job).requester)
            panelWinners.formUnion(verdict.winners.map(\.provider))
        }
        for (id, record) in state.scan(.provider, as: ProviderRecord.self) {
            guard let account = Address(id) else { preconditionFailure("provider key \(Hex.lower(id))") }
            var counted = provider(account, record, verified: verified[account] ?? 0)
            // What may have to be held is paid in MRT.
            if panelWinners.contains(account) { counted.takesCredits = false }
            try tally.add(counted)
            let (cpu, open) = (capacity(.cpu, of: account, record), capacity(.open, of: account, record))
            tally.capacityCPU = UInt64(clamping: UInt128(tally.capacityCPU) + UInt128(cpu))
            tally.capacityOpen = UInt64(clamping: UInt128(tally.capacityOpen) + UInt128(open))
        }
        for payer in payers.sorted() { try tally.add(PayerTally(account: payer, referral: referral(of: payer))) }
        for entry in due { try settle(entry.place, entry.task, into: &tally) }
        for verdict in verdicts { try settle(verdict, into: &tally) }
        if let kept: UndeliverableRecord = state.load(StateKey.singleton(.undeliverable)) {
            (tally.undeliverableAudit, tally.undeliverableBurn) = (kept.audit, kept.burn)
            supply.escrow = supply.escrow.debited(kept.audit).debited(kept.burn)
            state.remove(StateKey.singleton(.undeliverable))
        }
    }

    /// Delivered in an epoch before this one. A task in dispute or with an open redraw stays in the list, alone.
    private mutating func dueTasks() -> [(place: TaskPlace, task: TaskRecord)] {
        guard view.epoch.number > 0 else { return [] }
        let last = (view.epoch.number - 1).bigEndianBytes
        return state.range(.due, upTo: last, limit: .max, as: AssignmentRecord.self).compactMap { id, entry in
            let place = TaskPlace(keySuffix: id)
            if state.bytes(StateKey.dispute(place)) != nil || judgement.redrawn.contains(place) {
                judgement.withhold(.openAudit, from: entry.provider)
                return nil
            }
            state.remove([StateTag.due.rawValue] + id)
            state.remove(StateKey.redraw(place))
            countSuccess(place, entry.provider)
            return (place, requireTask(place))
        }
    }

    /// A task that somebody executed too, with the same result.
    private mutating func countSuccess(_ place: TaskPlace, _ provider: Address) {
        let audits: TaskAudits? = state.load(StateKey.taskAudits(view.epoch.number - 1, place))
        let isAudited = audits?.entries.contains { $0.state.counts } == true
        if isAudited || judgement.verified.contains(place) { judgement.successes[provider, default: 0] += 1 }
    }

    private func provider(_ account: Address, _ record: ProviderRecord, verified: UInt64) -> ProviderTally {
        var tally = ProviderTally(account: account)
        tally.isAdmitted = isAdmitted(account)
        (tally.slots, tally.verified) = (tally.isAdmitted ? slots(record) : 0, verified)
        if !tally.isAdmitted { tally.withhold(.notAdmitted) }
        (tally.challengesAsked, tally.challengesAnswered) = challenges(of: account)
        tally.takesCredits = state.account(account).takesCredits
        if let reason = judgement.unpaid[account] { tally.withhold(reason) }
        if record.isTombstoned { tally.withhold(.tombstoned) }
        guard let work: WorkRecord = state.load(StateKey.work(account)) else { return tally }
        (tally.streak, tally.reliability, tally.failed) = (
            work.streak, work.reliability, work.failed + (judgement.failures[account] ?? 0)
        )
        if work.failed > 0 { tally.withhold(.taskTimedOut) }
        return tally
    }

    /// Compute units that the provider's slots could serve in this epoch, by the class rate.
    private func capacity(_ resource: ResourceClass, of account: Address, _ record: ProviderRecord) -> UInt64 {
        guard let work: WorkRecord = state.load(StateKey.work(account)), !work.isPaused, isAdmitted(account),
            work.offers.contains(where: { $0.resource == resource.rawValue })
        else { return 0 }
        let perBlock = UInt128(view.parameters.rewards.market.fuelPerBlock(resource) / 1_000_000)
        let slotBlocks = UInt128(slots(record)) * UInt128(count.blocks)
        let (units, overflow) = slotBlocks.multipliedReportingOverflow(by: perBlock)
        return overflow ? .max : UInt64(clamping: units)
    }

    private mutating func settle(
        _ place: TaskPlace, _ task: TaskRecord, into tally: inout EpochTally
    ) throws(SettlementError) {
        var job = requireJob(place.job)
        guard let delivered = task.delivered else { preconditionFailure("a due task without a receipt: \(place)") }
        let limits = job.request.limits
        let terms = TaskTerms(limit: limits.computeUnits, bid: job.request.bid, escrow: job.escrow)
        let rules = view.parameters.rewards
        let charge: TaskCharge
        do throws(ArithmeticError) {
            charge = try Rewards.Rule.taskCharge(
                computeUnits: task.computeUnits, terms: terms, rules: rules.fees)
        } catch {
            throw .arithmetic(error)
        }
        let pace = Pace(used: delivered.distance(from: task.assigned), budget: task.budget)
        try tally.record(
            SettledTask(
                fee: charge.fee, computeUnits: task.computeUnits, pace: pace, resource: .cpu,
                assurance: job.assurance),
            by: task.provider, for: job.requester, rules)
        var settled = task
        settled.state = .settled
        job.closed += 1
        state.store(settled, at: StateKey.task(place))
        state.store(job, at: StateKey.job(place.job))
        supply.escrow = supply.escrow.debited(charge.fee).debited(job.assurance)
        refund(charge.refund, of: job)
    }

    // MARK: After the settlement

    /// Books what a subsidy row leaves to vest, which was credited with the row, and opens the next epoch's counters.
    mutating func apply(_ outcomes: [ProviderOutcome]) {
        for outcome in outcomes {
            if outcome.vesting > .zero {
                var account = state.account(outcome.account)
                account.balance = account.balance.debited(outcome.vesting)
                state.store(account, of: outcome.account)
                supply.balances = supply.balances.debited(outcome.vesting)
                supply.vesting = supply.vesting.credited(outcome.vesting)
                state.store(
                    VestingRecord(granted: outcome.vesting),
                    at: StateKey.vesting(outcome.account, granted: view.epoch.number))
            }
            guard var work: WorkRecord = state.load(StateKey.work(outcome.account)) else { continue }
            work.streak = streak(after: work, of: outcome.account)
            (work.reliability, work.failed) = (outcome.reliability, 0)
            state.store(work, at: StateKey.work(outcome.account))
        }
    }

    /// Successes, then timeouts, then fraud.
    private func streak(after work: WorkRecord, of provider: Address) -> UInt64 {
        if judgement.frauds.contains(provider) { return 0 }
        let (sum, overflow) = work.streak.addingReportingOverflow(judgement.successes[provider] ?? 0)
        var streak = overflow ? .max : sum
        do throws(ArithmeticError) {
            var timeouts = work.failed
            while timeouts > 0 && streak > 0 {
                streak = try Rewards.Rule.streakAfter(.timeout, streak: streak)
                timeouts -= 1
            }
            return streak
        } catch {
            preconditionFailure("the streak of \(provider): \(error)")
        }
    }

    /// Pays what is unlocked by now; a grant that is paid out is forgotten.
    mutating func unlockVesting() {
        for (id, record) in state.scan(.vesting, as: VestingRecord.self) {
            guard let account = Address(id.prefix(20)), let granted = UInt64(bigEndian: id.suffix(8)) else {
                preconditionFailure("vesting key \(Hex.lower(id))")
            }
            if isLocked(account) { continue }
            let grant = VestingGrant(epoch: granted, record, view.parameters.rewards)
            let unlocked = grant.unlocked(endOf: view.epoch.number)
            if unlocked <= record.paid { continue }
            let part = unlocked.debited(record.paid)
            credit(part, to: account)
            supply.vesting = supply.vesting.debited(part)
            var record = record
            record.paid = unlocked
            let key = StateKey.vesting(account, granted: granted)
            if record.paid == record.granted { state.remove(key) } else { state.store(record, at: key) }
        }
    }

    mutating func releaseProviderBonds() {
        for (id, record) in state.range(
            .providerUnbonding, upTo: (view.epoch.number + 1).bigEndianBytes, limit: .max, as: UnbondingRecord.self)
        {
            guard let owner = Address(id.dropFirst(8)) else { preconditionFailure("unbonding key \(Hex.lower(id))") }
            if isLocked(owner) { continue }
            credit(record.amount, to: owner)
            supply.bonds = supply.bonds.debited(record.amount)
            state.remove([StateTag.providerUnbonding.rawValue] + id)
        }
    }

    private mutating func credit(_ amount: Amount, to address: Address) {
        var account = state.account(address)
        account.balance = account.balance.credited(amount)
        state.store(account, of: address)
        supply.balances = supply.balances.credited(amount)
    }
}
