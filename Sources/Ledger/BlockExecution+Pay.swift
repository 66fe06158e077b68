// What the end of an epoch does for providers: tasks delivered in the epoch before are settled, their fees enter the
// settlement, subsidies vest, reliability moves, bonds that waited long enough are free.
// Invariant: escrow falls by fee, prepaid audits and refund of each settled task, and by nothing else.
import Chain
import Codec
import Primitives
import Rewards

extension BlockExecution {
    /// Adds every provider and payer to the tally, and moves the escrow of settled tasks out: fees into the tally,
    /// refunds to the requesters. Whose record of work this epoch moves.
    mutating func settleTasks(into tally: inout EpochTally) throws(SettlementError) -> Set<Address> {
        let (due, verdicts) = (dueTasks(), dueVerdicts())
        var verified: [Address: UInt64] = [:]
        var jobs: [Digest: JobRecord] = [:]
        for entry in due {
            verified[entry.task.provider, default: 0] += 1
            if jobs[entry.place.job] == nil { jobs[entry.place.job] = requireJob(entry.place.job) }
        }
        countVerdicts(verdicts, verified: &verified)
        var payers = Set(jobs.values.map(\.requester))
        var panelWinners: Set<Address> = []
        for verdict in verdicts where !verdict.winners.isEmpty {
            payers.insert(requireJob(verdict.place.job).requester)
            panelWinners.formUnion(verdict.winners.map(\.provider))
        }
        let moving = try addProviders(to: &tally, verified: verified, panelWinners: panelWinners)
        for payer in payers.sorted() { try tally.add(PayerTally(account: payer, referral: referral(of: payer))) }
        var refunds: [Digest: Amount] = [:]
        for entry in due {
            guard var job = jobs[entry.place.job] else { preconditionFailure("a due task of no job: \(entry.place)") }
            // The only reference, so that it is changed in place.
            jobs[entry.place.job] = nil
            let refund = try settle(entry.task, of: &job, into: &tally)
            state.store(encoded: entry.settled, at: StateKey.task(entry.place))
            refunds[entry.place.job] = (refunds[entry.place.job] ?? .zero).credited(refund)
            jobs[entry.place.job] = job
        }
        for (id, job) in jobs.sorted(by: { $0.key < $1.key }) {
            state.store(job, at: StateKey.job(id))
            refund(refunds[id] ?? .zero, of: job)
        }
        for verdict in verdicts { try settle(verdict, into: &tally) }
        if let kept: UndeliverableRecord = state.load(StateKey.singleton(.undeliverable)) {
            (tally.undeliverableAudit, tally.undeliverableBurn) = (kept.audit, kept.burn)
            supply.escrow = supply.escrow.debited(kept.audit).debited(kept.burn)
            state.remove(StateKey.singleton(.undeliverable))
        }
        return moving
    }

    private func addProviders(
        to tally: inout EpochTally, verified: [Address: UInt64], panelWinners: Set<Address>
    ) throws(SettlementError) -> Set<Address> {
        let asked = challenges
        let waiting = Set(state.keys(prefix: [StateTag.admission.rawValue]))
        var moving = judgement.frauds
        let all = state.scan(.provider, as: ProviderRecord.self)
        let parts = snapshot.parts(of: all.indices) { _, range in
            all[range].map { id, record -> (tally: ProviderTally, cpu: UInt64, open: UInt64) in
                guard let account = Address(id) else { preconditionFailure("provider key \(Hex.lower(id))") }
                let work: WorkRecord? = state.load(StateKey.work(account))
                var counted = provider(account, record, work, asked)
                counted.verified = verified[account] ?? 0
                if !waiting.isEmpty, waiting.contains(StateKey.admission(account)) { counted.waitForAdmission() }
                // What may have to be held is paid in MRT.
                if panelWinners.contains(account) { counted.takesCredits = false }
                let slots = counted.slots
                return (counted, capacity(.cpu, slots, work), capacity(.open, slots, work))
            }
        }
        for (counted, cpu, open) in parts.joined() {
            if counted.verified > 0 || counted.failed > 0 || judgement.successes[counted.account] != nil {
                moving.insert(counted.account)
            }
            try tally.add(counted)
            tally.capacityCPU = UInt64(clamping: UInt128(tally.capacityCPU) + UInt128(cpu))
            tally.capacityOpen = UInt64(clamping: UInt128(tally.capacityOpen) + UInt128(open))
        }
        return moving
    }

    /// A task whose pay is due, as the state has it before any of them is settled.
    private struct DueTask {
        let place: TaskPlace
        let provider: Address
        /// Somebody executed it too, with the same result.
        let isAudited: Bool
        let hasRedraw: Bool
        /// nil where it is in dispute or has an open redraw.
        let task: TaskRecord?
        /// The task's record when it is settled.
        let settled: Bytes
    }

    private func due(_ place: TaskPlace, _ provider: Address) -> DueTask {
        let isOpen = state.bytes(StateKey.dispute(place)) != nil || judgement.redrawn.contains(place)
        let audits: TaskAudits? = isOpen ? nil : state.load(StateKey.taskAudits(view.epoch.number - 1, place))
        let isAudited = audits?.entries.contains { $0.state.counts } == true || judgement.verified.contains(place)
        let task = isOpen ? nil : requireTask(place)
        var settled = task
        settled?.state = .settled
        return DueTask(
            place: place, provider: provider, isAudited: isAudited,
            hasRedraw: !isOpen && state.bytes(StateKey.redraw(place)) != nil, task: task,
            settled: settled?.encoded ?? [])
    }

    /// Delivered in an epoch before this one. A task in dispute or with an open redraw stays in the list, alone.
    private mutating func dueTasks() -> [(place: TaskPlace, task: TaskRecord, settled: Bytes)] {
        guard view.epoch.number > 0 else { return [] }
        let last = (view.epoch.number - 1).bigEndianBytes
        let list = state.range(.due, upTo: last, limit: .max, as: AssignmentRecord.self)
        let parts = snapshot.parts(of: list.indices) { _, range in
            list[range].map { due(TaskPlace(keySuffix: $0.id), $0.record.provider) }
        }
        for tag in [StateTag.due, .task] { state.expect(list.count, tag) }
        return zip(list, parts.joined()).compactMap { entry, due in
            guard let task = due.task else {
                judgement.withhold(.openAudit, from: due.provider)
                return nil
            }
            state.remove([StateTag.due.rawValue] + entry.id)
            if due.hasRedraw { state.remove(StateKey.redraw(due.place)) }
            if due.isAudited { judgement.successes[due.provider, default: 0] += 1 }
            return (due.place, task, due.settled)
        }
    }

    private func provider(
        _ account: Address, _ record: ProviderRecord, _ work: WorkRecord?, _ asked: ChallengeRecord
    ) -> ProviderTally {
        var tally = ProviderTally(account: account)
        tally.slots = slots(record)
        (tally.challengesAsked, tally.challengesAnswered) = challenges(of: account, asked)
        tally.takesCredits = state.account(account).takesCredits
        if let reason = judgement.unpaid[account] { tally.withhold(reason) }
        if record.isTombstoned { tally.withhold(.tombstoned) }
        guard let work else { return tally }
        (tally.streak, tally.reliability, tally.failed) = (
            work.streak, work.reliability, work.failed + (judgement.failures[account] ?? 0)
        )
        if work.failed > 0 { tally.withhold(.taskTimedOut) }
        return tally
    }

    /// Compute units that the provider's slots could serve in this epoch, by the class rate.
    private func capacity(_ resource: ResourceClass, _ slots: UInt64, _ work: WorkRecord?) -> UInt64 {
        guard let work, !work.isPaused, work.offers.contains(where: { $0.resource == resource.rawValue })
        else { return 0 }
        let perBlock = UInt128(view.parameters.rewards.market.fuelPerBlock(resource) / 1_000_000)
        let slotBlocks = UInt128(slots) * UInt128(count.blocks)
        let (units, overflow) = slotBlocks.multipliedReportingOverflow(by: perBlock)
        return overflow ? .max : UInt64(clamping: units)
    }

    /// What goes back to the requester.
    private mutating func settle(
        _ task: TaskRecord, of job: inout JobRecord, into tally: inout EpochTally
    ) throws(SettlementError) -> Amount {
        guard let delivered = task.delivered else { preconditionFailure("a due task without a receipt: \(task)") }
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
        job.closed += 1
        supply.escrow = supply.escrow.debited(charge.fee).debited(job.assurance)
        return charge.refund
    }

    // MARK: After the settlement

    /// Opens the next epoch's counters of those whose record moves.
    mutating func apply(_ outcomes: [ProviderOutcome], moving: Set<Address>) {
        let list = outcomes.filter { moving.contains($0.account) }
        let parts = snapshot.parts(of: list.indices) { _, range in
            list[range].compactMap { outcome -> (key: Bytes, value: Bytes)? in
                let key = StateKey.work(outcome.account)
                guard var work: WorkRecord = state.load(key) else { return nil }
                work.streak = streak(after: work, of: outcome.account)
                (work.reliability, work.failed) = (outcome.reliability, 0)
                return (key, work.encoded)
            }
        }
        state.expect(list.count, .work)
        for (key, value) in parts.joined() { state.store(encoded: value, at: key) }
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
