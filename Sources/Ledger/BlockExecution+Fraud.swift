// What a lost dispute costs: a provider 25 v of its largest open task out of bond, unbonding and vesting; a validator a
// part of its stake. The provider's loss pays voters, the requester and the reporter; a validator's is burned.
import Chain
import Primitives
import Rewards

extension BlockExecution {
    mutating func punishProvider(_ disputed: DisputedTask, _ truth: DisputeSide, reporter: Address?) {
        let provider = disputed.task.provider
        let rules = view.parameters.rewards
        let ownPart = providerPart(of: disputed.job)
        let largest = max(ownPart, largestOpenPart(of: provider))
        let (due, overflow) = largest.units.multipliedReportingOverflow(by: rules.audit.bondMultiple)
        let taken = takeBond(of: provider, atMost: overflow ? Amount(.max) : Amount(due))
        let loss = DisputeLoss(
            slash: taken, ownBondLost: taken, computeUnits: disputed.task.computeUnits,
            floorPrice: market(.cpu).floorPrice, providerPart: ownPart)
        let proceeds: DisputeProceeds
        do throws(ArithmeticError) {
            proceeds = try Rewards.Rule.disputeProceeds(
                loss, voterStakes: truth.stakes, hasReporter: reporter != nil, rules: rules.slashing)
        } catch {
            preconditionFailure("the proceeds of \(taken): \(error)")
        }
        var injured = proceeds.requester
        for (voter, share) in zip(truth.voters, proceeds.voters) {
            judgement.pay(share, to: voter, .compensation, evidence: disputed.id)
            injured = injured.credited(share)
        }
        judgement.pay(proceeds.requester, to: disputed.job.requester, .compensation, evidence: disputed.id)
        if let reporter { judgement.pay(proceeds.reporter, to: reporter, .reporter, evidence: disputed.id) }
        supply.burned = supply.burned.credited(proceeds.burned)
        addSlash(
            SlashKey(account: provider, offence: .wrongResult, evidence: disputed.id), taken,
            reporter: proceeds.reporter, injured: injured)
        judgement.frauds.insert(provider)
        judgement.failures[provider, default: 0] += 1
        judgement.withhold(.wrongResult, from: provider)
        noteFraud(of: provider)
    }

    /// The second within the window excludes for good.
    private mutating func noteFraud(of provider: Address) {
        guard var record: ProviderRecord = state.load(StateKey.provider(provider)) else { return }
        let window = view.parameters.epochs(days: view.parameters.rewards.slashing.tombstoneDays)
        if let last = record.lastFraud, view.epoch.number - last <= window { record.isTombstoned = true }
        record.lastFraud = view.epoch.number
        state.store(record, at: StateKey.provider(provider))
    }

    // MARK: Amounts

    /// v of one task of the job.
    private func providerPart(of job: JobRecord) -> Amount {
        do throws(ArithmeticError) {
            return try Rewards.Rule.feeSplit(job.escrow, rules: view.parameters.rewards.fees).provider
        } catch {
            preconditionFailure("the fee parts of \(job.escrow): \(error)")
        }
    }

    private mutating func largestOpenPart(of provider: Address) -> Amount {
        if let known = judgement.largestParts[provider] { return known }
        var jobs: Set<Digest> = []
        for (id, entry) in state.scan(.due, as: AssignmentRecord.self) where entry.provider == provider {
            jobs.insert(TaskPlace(keySuffix: id).job)
        }
        let assigned = state.scan(prefix: StateKey.assignments(of: provider), as: AssignmentRecord.self)
        for (id, _) in assigned { jobs.insert(TaskPlace(keySuffix: id).job) }
        let largest = jobs.reduce(Amount.zero) { max($0, providerPart(of: requireJob($1))) }
        judgement.largestParts[provider] = largest
        return largest
    }

    /// Takes up to `amount` of what a provider has at stake: bond, unbonding, then what vests. Leaves the totals.
    private mutating func takeBond(of provider: Address, atMost amount: Amount) -> Amount {
        let fromBond = reduceBond(of: provider, atMost: amount)
        supply.bonds = supply.bonds.debited(fromBond)
        var taken = fromBond
        for (id, entry) in taken < amount
            ? state.scan(prefix: StateKey.grants(to: provider), as: VestingRecord.self) : []
        {
            guard let epoch = UInt64(bigEndian: id) else { preconditionFailure("vesting key \(Hex.lower(id))") }
            let part = min(entry.granted.debited(entry.paid), amount.debited(taken))
            taken = taken.credited(part)
            supply.vesting = supply.vesting.debited(part)
            var entry = entry
            entry.paid = entry.paid.credited(part)
            let key = StateKey.vesting(provider, granted: epoch)
            if entry.paid == entry.granted { state.remove(key) } else { state.store(entry, at: key) }
        }
        return taken
    }

    // MARK: Validators

    /// Once in an epoch; the common rate of the window is charged with the top-ups.
    mutating func punishApproval(by operatorAddress: Address, evidence: Digest) {
        let key = StateKey.offender(.approvedWrongResult, operatorAddress, epoch: view.epoch.number)
        guard state.bytes(key) == nil, let stake = slashableStake(of: operatorAddress) else { return }
        state.store(
            OffenderRecord(epoch: view.epoch.number, stake: stake, charged: .zero, evidence: evidence), at: key)
    }

    mutating func punishDigest(of operatorAddress: Address, evidence: Digest) {
        guard let stake = slashableStake(of: operatorAddress) else { return }
        let due: Amount
        do throws(ArithmeticError) {
            due = try Rewards.Rule.slashAmount(
                stake: stake, rate: view.parameters.rewards.slashing.wrongDigest)
        } catch {
            preconditionFailure("the slash of \(stake): \(error)")
        }
        let burned = burnStake(of: operatorAddress, atMost: due)
        addSlash(SlashKey(account: operatorAddress, offence: .wrongDigest, evidence: evidence), burned)
    }
}
