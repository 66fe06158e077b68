// What the end of an epoch does for providers: tasks delivered in the epoch before are settled, their fees enter the
// settlement, subsidies vest, reliability moves, bonds that waited long enough are free.
// Invariant: escrow falls by fee, prepaid audits and refund of each settled task, and by nothing else.
import Chain
import Codec
import Primitives
import Rewards

struct NumberedProvider {
    let account: Address
    let number: ProviderNumber
}

/// Ascending by account.
struct SettledProviders {
    var all: [NumberedProvider] = []
    /// Whose reputation the epoch moves.
    var moving: [NumberedProvider] = []
}

extension BlockExecution {
    /// A job of which receipts are settled now.
    private struct DueJob {
        let id: Digest
        let record: JobRecord
        let terms: TaskTerms
        var closed: UInt32 = 0
        var refund = Amount.zero

        init(_ id: Digest, _ record: JobRecord) {
            (self.id, self.record) = (id, record)
            terms = TaskTerms(
                limit: record.request.limits.computeUnits, bid: record.request.bid, escrow: record.escrow)
        }
    }

    /// Adds every provider and payer to the tally, and moves the escrow of settled tasks out: fees into the tally,
    /// refunds to the requesters.
    mutating func settleTasks(into tally: inout EpochTally) throws(SettlementError) -> SettledProviders {
        let (due, verdicts) = (dueReceipts(), dueVerdicts())
        var jobs: [DueJob] = []
        var places: [Digest: Int] = [:]
        for receipt in due {
            let id = receipt.place.job
            if places[id] != nil { continue }
            places[id] = jobs.count
            jobs.append(DueJob(id, requireJob(id)))
        }
        var winners: [Address: UInt64] = [:]
        countVerdicts(verdicts, verified: &winners)
        var payers = Set(jobs.map(\.record.requester))
        var panelWinners: Set<Address> = []
        for verdict in verdicts where !verdict.winners.isEmpty {
            payers.insert(requireJob(verdict.place.job).requester)
            panelWinners.formUnion(verdict.winners.map(\.provider))
        }
        let verified = VerifiedTasks(receipts: due, winners: winners)
        let providers = try addProviders(to: &tally, verified: verified, panelWinners: panelWinners)
        for payer in payers.sorted() { try tally.add(PayerTally(account: payer, referral: referral(of: payer))) }
        try settle(due, of: &jobs, at: places, into: &tally)
        for job in jobs.sorted(by: { $0.id < $1.id }) {
            var record = job.record
            record.closed += job.closed
            state.store(record, at: StateKey.job(job.id))
            refund(job.refund, of: record)
        }
        for verdict in verdicts { try settle(verdict, into: &tally) }
        closeUndeliverable(into: &tally)
        return providers
    }

    /// What is kept of fees for tasks that nobody delivered, and who paid it.
    private mutating func closeUndeliverable(into tally: inout EpochTally) {
        for (id, kept) in state.scan(.undeliverable, as: UndeliverableRecord.self) {
            guard let requester = Address(id) else { preconditionFailure("requester key \(Hex.lower(id))") }
            tally.undeliverableAudit = tally.undeliverableAudit.credited(kept.audit)
            tally.undeliverableBurn = tally.undeliverableBurn.credited(kept.burn)
            tally.unserved.append(requester)
            supply.escrow = supply.escrow.debited(kept.audit).debited(kept.burn)
            state.remove(StateKey.undeliverable(requester))
        }
    }

    /// What providers delivered that is settled now.
    private struct VerifiedTasks {
        /// Ascending by provider.
        let receipts: [DueReceipt]
        /// Seats of panels.
        let winners: [Address: UInt64]

        /// Of providers that are asked for in their order, none left out: `place` is where the one before ended, nil
        /// for the first.
        func count(of provider: Address, from place: inout Int?) -> UInt64 {
            var (low, high) = (place ?? 0, place == nil ? receipts.count : 0)
            while low < high {
                let middle = (low + high) / 2
                if receipts[middle].provider < provider { low = middle + 1 } else { high = middle }
            }
            let first = low
            while low < receipts.count, receipts[low].provider == provider { low += 1 }
            place = low
            return UInt64(low - first) + (winners.isEmpty ? 0 : winners[provider] ?? 0)
        }
    }

    /// A sixteenth of all providers.
    private struct ProvidersPart {
        var providers = SettledProviders()
        var tallies: [ProviderTally] = []
        var (cpu, open) = (UInt128(0), UInt128(0))
    }

    private func addProviders(
        to tally: inout EpochTally, verified: VerifiedTasks, panelWinners: Set<Address>
    ) throws(SettlementError) -> SettledProviders {
        let asked = challenges
        let waiting = Set(state.keys(prefix: [StateTag.admission.rawValue]))
        let reputations = state.reputations()
        let parts = snapshot.parts(16, isLarge: true) { number in
            var (part, place) = (ProvidersPart(), Int?.none)
            for (id, record) in state.scan(.provider, sixteenth: number, as: ProviderRecord.self) {
                guard let account = Address(id) else { preconditionFailure("provider key \(Hex.lower(id))") }
                var counted = provider(account, record, reputations[record.number], asked)
                counted.verified = verified.count(of: account, from: &place)
                if !waiting.isEmpty, waiting.contains(StateKey.admission(account)) { counted.waitForAdmission() }
                // What may have to be held is paid in MRT.
                if panelWinners.contains(account) { counted.takesCredits = false }
                part.tallies.append(counted)
                let numbered = NumberedProvider(account: account, number: record.number)
                part.providers.all.append(numbered)
                // A proven fraud is a failure too, and every success is a verified task.
                if counted.verified > 0 || counted.failed > 0 { part.providers.moving.append(numbered) }
                guard counted.slots > 0, let work: WorkRecord = state.load(StateKey.work(account)) else { continue }
                part.cpu += UInt128(capacity(.cpu, counted.slots, work))
                part.open += UInt128(capacity(.open, counted.slots, work))
            }
            return part
        }
        tally.expect(providers: parts.reduce(0) { $0 + $1.tallies.count })
        var providers = SettledProviders()
        for part in parts {
            try tally.add(ascending: part.tallies)
            providers.all += part.providers.all
            providers.moving += part.providers.moving
        }
        tally.capacityCPU = UInt64(clamping: parts.reduce(0) { $0 + $1.cpu })
        tally.capacityOpen = UInt64(clamping: parts.reduce(0) { $0 + $1.open })
        return providers
    }

    /// Delivered in an epoch before this one, ascending by provider. A task in dispute or with an open redraw stays in
    /// the list, alone.
    private mutating func dueReceipts() -> [DueReceipt] {
        guard view.epoch.number > 0 else { return [] }
        let lists = state.dueLists(upTo: view.epoch.number - 1)
        if lists.isEmpty { return [] }
        let redraws = places(under: .redraw)
        let open = places(under: .dispute).union(judgement.redrawn)
        let verified = judgement.verified.union(auditedPlaces())
        var due: [DueReceipt] = []
        due.reserveCapacity(lists.reduce(0) { $0 + $1.receipts.count })
        for list in lists {
            let left = open.isEmpty ? [] : list.receipts.filter { open.contains($0.place) }
            for receipt in left { postpone(receipt) }
            for receipt in list.receipts where left.isEmpty || !open.contains(receipt.place) {
                if redraws.contains(receipt.place) { state.remove(StateKey.redraw(receipt.place)) }
                if verified.contains(receipt.place) { judgement.successes[receipt.provider, default: 0] += 1 }
                due.append(receipt)
            }
            state.keep(left, of: list)
        }
        // Small things are moved; the first bytes of the provider nearly always decide.
        let order = due.indices.map { (word: due[$0].provider.leadingWord, place: $0) }.sorted { left, right in
            if left.word != right.word { return left.word < right.word }
            return (due[left.place].provider, left.place) < (due[right.place].provider, right.place)
        }
        return order.map { due[$0.place] }
    }

    /// Of a table whose keys are tasks.
    private func places(under tag: StateTag) -> Set<TaskPlace> {
        Set(state.keys(prefix: [tag.rawValue]).map { TaskPlace(keySuffix: $0) })
    }

    /// Tasks of the judged epoch that somebody else executed too, with the same result.
    private func auditedPlaces() -> Set<TaskPlace> {
        let prefix = [StateTag.taskAudits.rawValue] + (view.epoch.number - 1).bigEndianBytes
        let audits = state.scan(prefix: prefix, as: TaskAudits.self)
        return Set(audits.filter { $0.record.entries.contains { $0.state.counts } }.map { TaskPlace(keySuffix: $0.id) })
    }

    /// What is judged longer is paid with a later settlement.
    private mutating func postpone(_ receipt: DueReceipt) {
        judgement.withhold(.openAudit, from: receipt.provider)
        var task = requireTask(receipt.place)
        task.settlesIn = view.epoch.number + 1
        state.store(task, at: StateKey.task(receipt.place))
    }

    private func provider(
        _ account: Address, _ record: ProviderRecord, _ reputation: Reputation, _ asked: ChallengeRecord
    ) -> ProviderTally {
        var tally = ProviderTally(account: account)
        tally.slots = slots(record)
        (tally.challengesAsked, tally.challengesAnswered) = challenges(of: account, asked)
        if let reason = judgement.unpaid[account] { tally.withhold(reason) }
        if record.isTombstoned { tally.withhold(.tombstoned) }
        tally.takesCredits = record.takesCredits
        tally.reliability = reputation.reliability
        tally.failed = reputation.failed + (judgement.failures[account] ?? 0)
        if reputation.failed > 0 { tally.withhold(.taskTimedOut) }
        return tally
    }

    /// Compute units that the provider's slots could serve in this epoch, by the class rate.
    private func capacity(_ resource: ResourceClass, _ slots: UInt64, _ work: WorkRecord) -> UInt64 {
        guard !work.isPaused, work.offers.contains(where: { $0.resource == resource.rawValue })
        else { return 0 }
        let slotBlocks = UInt128(slots) * UInt128(count.blocks)
        let fuel = view.parameters.rewards.market.fuelPerBlock(resource)
        let (product, overflow) = slotBlocks.multipliedReportingOverflow(by: UInt128(fuel))
        return overflow ? .max : UInt64(clamping: product / 1_000_000)
    }

    /// Counts every receipt for its provider and its payer. The order of neither matters.
    private mutating func settle(
        _ due: [DueReceipt], of jobs: inout [DueJob], at places: [Digest: Int], into tally: inout EpochTally
    ) throws(SettlementError) {
        let rules = view.parameters.rewards
        var seats = TallySeats()
        for receipt in due {
            guard let place = places[receipt.place.job] else {
                preconditionFailure("a due receipt of no job: \(receipt.place)")
            }
            let job = jobs[place].record
            let charge: TaskCharge
            do throws(ArithmeticError) {
                charge = try Rewards.Rule.taskCharge(
                    computeUnits: receipt.computeUnits, terms: jobs[place].terms, rules: rules.fees)
            } catch {
                throw .arithmetic(error)
            }
            let task = SettledTask(
                fee: charge.fee, computeUnits: receipt.computeUnits, pace: receipt.pace, resource: .cpu,
                auditRate: receipt.auditRate, assurance: job.assurance)
            try tally.record(task, by: receipt.provider, for: job.requester, rules, near: &seats)
            jobs[place].closed += 1
            jobs[place].refund = jobs[place].refund.credited(charge.refund)
            supply.escrow = supply.escrow.debited(charge.fee).debited(job.assurance)
        }
    }

    // MARK: After the settlement

    /// Opens the next epoch's counters of those whose reputation moves. Both ascend by account.
    mutating func apply(_ outcomes: [ProviderOutcome], moving: [NumberedProvider]) {
        var changes: [(number: ProviderNumber, change: ProviderOutcome)] = []
        var rest = outcomes[...]
        for provider in moving {
            while let outcome = rest.first, outcome.account < provider.account { rest = rest.dropFirst() }
            guard let outcome = rest.first, outcome.account == provider.account else {
                preconditionFailure("provider \(provider.account) has no outcome")
            }
            changes.append((provider.number, outcome))
        }
        change(.reputations, changes, key: StateKey.reputations(page:)) {
            [judgement] (reputation: inout Reputation, outcome) in
            reputation.streak = Self.streak(after: reputation, of: outcome.account, judgement)
            (reputation.reliability, reputation.failed) = (outcome.reliability, 0)
        }
    }

    /// Successes, then timeouts, then fraud.
    private static func streak(after before: Reputation, of provider: Address, _ judgement: Judgement) -> UInt64 {
        if judgement.frauds.contains(provider) { return 0 }
        let (sum, overflow) = before.streak.addingReportingOverflow(judgement.successes[provider] ?? 0)
        var streak = overflow ? .max : sum
        do throws(ArithmeticError) {
            var timeouts = before.failed
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
