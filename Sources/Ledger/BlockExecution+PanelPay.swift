// Pay for tasks that panels judged: the requester pays the majority's replicas and nobody else, checkers are paid out
// of the audit pool, and the last 25 v of a provider stay held while it serves the class. Who is against the majority
// of a checked task loses what is held, and of its bond what is missing of 25 v.
// Invariant: what a task held in escrow = fees of its winners + refund; held pay is escrow until it is released or
// burned.
import Chain
import Primitives
import Rewards

/// One judged task, ready to be settled.
struct PanelVerdict {
    let place: TaskPlace
    let panel: PanelRecord

    /// Whose fees the requester pays.
    var winners: [PanelSeat] {
        panel.result.map { result in panel.seats.filter { $0.kind != .checker && $0.result == result } }
            ?? []
    }
    var paidCheckers: [PanelSeat] {
        panel.result.map { result in panel.seats.filter { $0.kind == .checker && $0.result == result } }
            ?? []
    }
    /// Who revealed something else.
    var minority: [PanelSeat] {
        panel.result.map { result in panel.seats.filter { $0.result != nil && $0.result != result } }
            ?? []
    }
    /// Those, and who sealed and then kept silent, so that silence is no way out.
    var opposed: [PanelSeat] {
        panel.result.map { result in panel.seats.filter { $0.seal != nil && $0.result != result } }
            ?? []
    }
}

extension BlockExecution {
    /// Judged since the last settlement, ascending by task.
    func dueVerdicts() -> [PanelVerdict] {
        state.scan(.panelDue, as: QueueRecord.self).map { id, _ in
            let place = TaskPlace(keySuffix: id)
            return PanelVerdict(place: place, panel: requirePanel(place))
        }
    }

    /// What verdicts say of providers, before the tally is made.
    mutating func countVerdicts(_ verdicts: [PanelVerdict], verified: inout [Address: UInt64]) {
        for verdict in verdicts {
            for seat in verdict.winners + verdict.paidCheckers {
                verified[seat.provider, default: 0] += 1
            }
            for seat in verdict.minority {
                judgement.failures[seat.provider, default: 0] += 1
                judgement.withhold(.resultInMinority, from: seat.provider)
            }
            guard verdict.panel.result == nil else { continue }
            for seat in verdict.panel.seats where seat.result != nil {
                judgement.withhold(.noMajority, from: seat.provider)
            }
        }
    }

    /// Fees of the winners into the tally, the rest back to the requester. Who is a proven cheat now has lost this too.
    mutating func settle(_ verdict: PanelVerdict, into tally: inout EpochTally)
        throws(SettlementError)
    {
        var job = requireJob(verdict.place.job)
        state.remove(StateKey.panelDue(verdict.place))
        var rest = job.heldPerTask
        if let result = verdict.panel.result {
            let charge = try charge(for: result, job)
            for seat in verdict.winners where !judgement.frauds.contains(seat.provider) {
                let used = min(2 * verdict.panel.budget, seat.blocks)
                try tally.record(
                    SettledTask(
                        fee: charge.fee, computeUnits: Ledger.computeUnits(of: result, in: job),
                        pace: Pace(used: used, budget: verdict.panel.budget), resource: .open),
                    by: seat.provider, for: job.requester, view.parameters.rewards)
                rest = rest.debited(charge.fee)
                supply.escrow = supply.escrow.debited(charge.fee)
                notePanelPay(of: seat.provider, charge.fee, job)
            }
            if verdict.panel.isChecked {
                tally.checks += verdict.paidCheckers.map {
                    PanelCheck(account: $0.provider, fee: charge.fee)
                }
                forfeit(verdict)
            }
        }
        job.closed += 1
        state.store(job, at: StateKey.job(verdict.place.job))
        refund(rest, of: job)
    }

    private func charge(for result: TaskResult, _ job: JobRecord) throws(SettlementError)
        -> TaskCharge
    {
        let limits = job.request.limits
        let terms = TaskTerms(limit: limits.computeUnits, bid: job.request.bid, escrow: job.escrow)
        do throws(ArithmeticError) {
            return try Rewards.Rule.taskCharge(
                computeUnits: Ledger.computeUnits(of: result, in: job), terms: terms,
                rules: view.parameters.rewards.fees)
        } catch {
            throw .arithmetic(error)
        }
    }

    private func providerPart(_ fee: Amount) -> Amount {
        do throws(ArithmeticError) {
            return try Rewards.Rule.feeSplit(fee, rules: view.parameters.rewards.fees).provider
        } catch {
            preconditionFailure("the fee parts of \(fee): \(error)")
        }
    }

    private mutating func notePanelPay(of provider: Address, _ fee: Amount, _ job: JobRecord) {
        let before = work.panelPay[provider] ?? (.zero, .zero)
        work.panelPay[provider] = (
            before.pay.credited(providerPart(fee)), max(before.part, partOfTask(job))
        )
    }

    /// All that is held, and what 25 v of this task are above that out of its bond: else whoever has little held yet,
    /// or had it released by leaving, could make results up for nothing.
    private mutating func forfeit(_ verdict: PanelVerdict) {
        let part = partOfTask(requireJob(verdict.place.job))
        let (most, overflow) = part.units.multipliedReportingOverflow(by: view.parameters.rewards.audit.bondMultiple)
        for seat in verdict.opposed {
            let held = state.load(StateKey.held(seat.provider), as: HeldRecord.self)?.amount ?? .zero
            state.remove(StateKey.held(seat.provider))
            supply.escrow = supply.escrow.debited(held)
            let due = overflow ? Amount(.max) : Amount(most)
            let taken = held < due ? takeBond(of: seat.provider, atMost: due.debited(held)) : .zero
            let lost = held.credited(taken)
            supply.burned = supply.burned.credited(lost)
            let evidence = DisputeRecord.id(verdict.place)
            addSlash(SlashKey(account: seat.provider, offence: .wrongResult, evidence: evidence), lost)
        }
    }

    // MARK: Held pay

    /// After the rows are paid: holds the newest pay up to 25 v, releases what is above, and all of it to who left.
    mutating func holdPanelPay() {
        let holders = state.scan(.held, as: HeldRecord.self).compactMap { Address($0.id) }
        for provider in Set(holders).union(work.panelPay.keys).sorted() {
            let new = work.panelPay[provider] ?? (.zero, .zero)
            let record: HeldRecord? = state.load(StateKey.held(provider))
            let before = record?.amount ?? .zero
            let part = max(new.part, record?.part ?? .zero)
            let (most, overflow) = part.units.multipliedReportingOverflow(
                by: view.parameters.rewards.audit.bondMultiple)
            let wanted = before.credited(new.pay)
            let after = servesPanels(provider) ? (overflow ? wanted : min(wanted, Amount(most))) : .zero
            moveHeld(of: provider, from: before, to: after)
            let key = StateKey.held(provider)
            if after == .zero {
                state.remove(key)
            } else {
                state.store(HeldRecord(amount: after, part: part), at: key)
            }
        }
    }

    private func servesPanels(_ provider: Address) -> Bool {
        guard let record: WorkRecord = state.load(StateKey.work(provider)) else { return false }
        return record.offers.contains { $0.resource == ResourceClass.open.rawValue }
            || !state.keys(prefix: StateKey.seats(of: provider)).isEmpty
    }

    private mutating func moveHeld(of provider: Address, from before: Amount, to after: Amount) {
        if before == after { return }
        // What is held is of what was just paid.
        collect(for: provider)
        var account = state.account(provider)
        if after > before {
            let part = after.debited(before)
            account.balance = account.balance.debited(part)
            supply.balances = supply.balances.debited(part)
            supply.escrow = supply.escrow.credited(part)
        } else {
            let part = before.debited(after)
            account.balance = account.balance.credited(part)
            supply.balances = supply.balances.credited(part)
            supply.escrow = supply.escrow.debited(part)
        }
        state.store(account, of: provider)
    }
}
