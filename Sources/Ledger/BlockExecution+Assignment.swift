// The end of a block for the market: tasks whose time is over leave their provider, then they and waiting ones are
// drawn by this block's beacon. A late provider's v is held until the task ends: burned when another delivers or nobody
// is left, returned when a second one is late too (rewards design, section 4).
import Chain
import Primitives
import Rewards

extension BlockExecution {
    mutating func runWork(beacon: Digest) {
        let late = releaseLateTasks()
        let waiting = state.range(
            .queue, upTo: view.height.value.bigEndianBytes, limit: WorkLimits.queueVisitsPerBlockMax,
            as: QueueRecord.self)
        let panels = duePanels()
        if late.isEmpty && waiting.isEmpty && panels.isEmpty { return }
        var draw = ProviderDraw(
            beacon: beacon, floorPrice: market(.cpu).floorPrice, openFloorPrice: market(.open).floorPrice,
            candidates: candidates())
        for place in panels { movePanel(place, &draw) }
        for place in late { redraw(place, &draw) }
        var room = WorkLimits.assignmentsPerBlockMax
        for (id, _) in waiting where room > 0 { assign(queued: id, &draw, room: &room) }
    }

    private func candidates() -> [ProviderDraw.Candidate] {
        let (reputations, prisoners) = (state.reputations(), prisoners())
        return state.scan(.provider, as: ProviderRecord.self).compactMap { id, record in
            guard let account = Address(id), let work: WorkRecord = state.load(StateKey.work(account)),
                !work.isPaused, !work.offers.isEmpty, isAdmitted(account), !prisoners.contains(account)
            else { return nil }
            let slots = slots(record)
            if slots == 0 { return nil }
            return ProviderDraw.Candidate(account, slots: slots, work, reputations[record.number])
        }
    }

    func slots(_ record: ProviderRecord) -> UInt64 { Ledger.slots(of: record, view.parameters) }

    // MARK: Assigning

    private mutating func assign(queued id: Bytes, _ draw: inout ProviderDraw, room: inout Int) {
        guard let height = UInt64(bigEndian: id.prefix(8)).flatMap({ Height($0) }), let digest = Digest(id.dropFirst(8))
        else { preconditionFailure("queue key \(Hex.lower(id))") }
        var job = requireJob(digest)
        if isQuarantined(job) {
            state.remove(StateKey.queue(height, digest))
            return withdraw(&job, digest)
        }
        let first = job.next
        if job.request.replicas > 0 { beginPanels(of: digest, &job, &draw, room: &room) }
        while job.request.replicas == 0 && job.next < job.end && room > 0 {
            let place = TaskPlace(job: digest, index: job.next)
            guard let chosen = draw.draw(place, of: job, not: nil) else { break }
            assign(place, of: job, to: chosen, &draw, late: nil)
            job.next += 1
            room -= 1
        }
        state.store(job, at: StateKey.job(digest))
        if room == 0 && job.next < job.end { return }
        state.remove(StateKey.queue(height, digest))
        if job.next == job.end { return }
        let delay = job.next > first ? 1 : WorkLimits.queueDelayBlocks
        state.store(
            QueueRecord(tasks: job.end - job.next), at: StateKey.queue(view.height.advanced(by: delay), digest))
    }

    /// D counts the work that the provider has already, spread over its slots.
    private mutating func assign(
        _ place: TaskPlace, of job: JobRecord, to chosen: Int, _ draw: inout ProviderDraw,
        late: (account: Address, charge: Amount)?
    ) {
        let candidate = draw.candidates[chosen]
        let fuel = job.request.limits.fuel
        let rules = view.parameters.rewards.market
        let queued = (candidate.openFuel / candidate.slots).addingReportingOverflow(fuel)
        let budget: UInt64
        do throws(ArithmeticError) {
            budget = try Rewards.Rule.blockBudget(
                fuel: queued.overflow ? .max : queued.partialValue, fuelPerBlock: rules.fuelPerBlock(.cpu),
                least: rules.budgetBlocksMin)
        } catch {
            preconditionFailure("the block budget of \(place): \(error)")
        }
        var task = TaskRecord(provider: candidate.account, assigned: view.height, budget: budget)
        if let late { (task.late, task.charge) = (late.account, late.charge) }
        state.store(task, at: StateKey.task(place))
        let entry = AssignmentRecord(provider: task.provider, deadline: task.deadline)
        state.store(entry, at: StateKey.assignment(of: task.provider, place))
        state.store(entry, at: StateKey.deadline(task.deadline, place))
        var record = requireWork(task.provider)
        record.openTasks += 1
        record.openFuel += fuel
        state.store(record, at: StateKey.work(task.provider))
        draw.took(chosen, openTasks: record.openTasks, openFuel: record.openFuel)
    }

    // MARK: Ending

    /// Takes an assigned task out of every list of its provider; the caller stores what the record becomes.
    mutating func release(_ place: TaskPlace, _ task: TaskRecord, of job: JobRecord) -> WorkRecord {
        state.remove(StateKey.assignment(of: task.provider, place))
        state.remove(StateKey.deadline(task.deadline, place))
        var record = requireWork(task.provider)
        record.openTasks -= 1
        record.openFuel -= job.request.limits.fuel
        return record
    }

    /// For the settlement, which lowers reliability and streak.
    mutating func countFailure(of provider: Address) {
        let number = requireProvider(provider).number
        var reputation = state.reputation(number)
        reputation.failed += 1
        state.store(reputation, number)
    }

    /// Charges every provider whose time is over; the tasks that another may still deliver.
    private mutating func releaseLateTasks() -> [TaskPlace] {
        let overdue = state.range(
            .deadline, upTo: view.height.value.bigEndianBytes, limit: .max, as: AssignmentRecord.self)
        var open: [TaskPlace] = []
        for place in work.abstained + overdue.map({ TaskPlace(keySuffix: $0.id) }) {
            var task = requireTask(place)
            if task.state != .assigned { continue }
            var job = requireJob(place.job)
            var record = release(place, task, of: job)
            record.timeouts += 1
            countFailure(of: task.provider)
            if record.timeouts >= view.parameters.rewards.market.timeoutsMax { record.isPaused = true }
            state.store(record, at: StateKey.work(task.provider))
            let charge = holdCharge(of: task.provider, escrow: job.escrow)
            job.charges = job.charges.credited(charge)
            if task.late == nil {
                (task.state, task.late, task.charge) = (.timedOut, task.provider, charge)
                open.append(place)
            } else {
                closeUndeliverable(&task, &job, charge: charge)
            }
            state.store(task, at: StateKey.task(place))
            state.store(job, at: StateKey.job(place.job))
        }
        return open
    }

    private mutating func redraw(_ place: TaskPlace, _ draw: inout ProviderDraw) {
        var task = requireTask(place)
        var job = requireJob(place.job)
        if !isQuarantined(job), let chosen = draw.draw(place, of: job, not: task.late), let late = task.late {
            assign(place, of: job, to: chosen, &draw, late: (late, task.charge))
            return
        }
        burnCharge(&task, &job, place.job)
        job.closed += 1
        state.store(task, at: StateKey.task(place))
        state.store(job, at: StateKey.job(place.job))
        refund(job.escrow.credited(job.assurance), of: job)
    }

    /// Both charges go back; of the fee the audit and burn parts are kept.
    private mutating func closeUndeliverable(_ task: inout TaskRecord, _ job: inout JobRecord, charge: Amount) {
        guard let first = task.late else { preconditionFailure("an undeliverable task with one late provider") }
        let rules = view.parameters.rewards.fees
        let parts: UndeliverableTask
        do throws(ArithmeticError) {
            parts = try Rewards.Rule.taskUndeliverable(fee: job.escrow, rules: rules)
        } catch {
            preconditionFailure("the fee parts of \(job.escrow): \(error)")
        }
        for (account, amount) in [(first, task.charge), (task.provider, charge)] {
            guard var record: ProviderRecord = state.load(StateKey.provider(account)) else { continue }
            record.bond = record.bond.credited(amount)
            state.store(record, at: StateKey.provider(account))
            supply.escrow = supply.escrow.debited(amount)
            supply.bonds = supply.bonds.credited(amount)
        }
        job.charges = job.charges.debited(task.charge).debited(charge)
        job.closed += 1
        (task.state, task.charge) = (.undeliverable, .zero)
        refund(parts.refund.credited(job.assurance), of: job)
        var kept =
            state.load(StateKey.undeliverable(job.requester)) ?? UndeliverableRecord(audit: .zero, burn: .zero)
        (kept.audit, kept.burn) = (kept.audit.credited(parts.audit), kept.burn.credited(parts.burn))
        state.store(kept, at: StateKey.undeliverable(job.requester))
    }

    // MARK: Charges

    /// Moves v of the escrow out of what a provider has at stake into the job's escrow.
    private mutating func holdCharge(of provider: Address, escrow: Amount) -> Amount {
        let due: Amount
        do throws(ArithmeticError) {
            due = try Rewards.Rule.taskTimeout(escrow: escrow, rules: view.parameters.rewards.fees).bondCharge
        } catch {
            preconditionFailure("the charge for \(escrow): \(error)")
        }
        let taken = takeBond(of: provider, atMost: due)
        supply.escrow = supply.escrow.credited(taken)
        return taken
    }

    /// The held charge of the first late provider is lost, with a row that says so.
    mutating func burnCharge(_ task: inout TaskRecord, _ job: inout JobRecord, _ id: Digest) {
        guard let late = task.late, task.charge > .zero else { return }
        addSlash(SlashKey(account: late, offence: .timeout, evidence: id), task.charge)
        supply.escrow = supply.escrow.debited(task.charge)
        supply.burned = supply.burned.credited(task.charge)
        job.charges = job.charges.debited(task.charge)
        task.charge = .zero
    }

    // MARK: Records

    func requireJob(_ id: Digest) -> JobRecord {
        guard let job: JobRecord = state.load(StateKey.job(id)) else { preconditionFailure("no job \(id)") }
        return job
    }

    func requireTask(_ place: TaskPlace) -> TaskRecord {
        guard let task: TaskRecord = state.load(StateKey.task(place)) else { preconditionFailure("no task \(place)") }
        return task
    }

    func requireProvider(_ account: Address) -> ProviderRecord {
        guard let record: ProviderRecord = state.load(StateKey.provider(account)) else {
            preconditionFailure("\(account) has a task and is no provider")
        }
        return record
    }

    func requireWork(_ provider: Address) -> WorkRecord {
        guard let record: WorkRecord = state.load(StateKey.work(provider)) else {
            preconditionFailure("provider \(provider) has a task and no record of work")
        }
        return record
    }
}
