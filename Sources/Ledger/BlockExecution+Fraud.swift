// What a lost dispute costs: a provider 25 v of its largest open task out of bond, unbonding and vesting; a validator a
// part of its stake. The loss pays voters, the requester of a wrong result and the reporter;
// the rest is burned.
import Chain
import Primitives
import Rewards

/// A wrong result that a dispute proved, with what its punishment needs.
struct ProvenFraud {
    let evidence: Digest
    let provider: Address
    let computeUnits: UInt64
    let job: JobRecord
    /// 25 v of its largest open task, at the decision.
    let due: Amount
    let voters: [Address]
    let stakes: [Amount]
    let reporter: Address?
    /// The job's requester was harmed.
    var isInjuring = true
}

extension BlockExecution {
    /// 25 v of the provider's largest open task.
    mutating func providerSlash(_ disputed: DisputedTask) -> Amount {
        wrongResultSlash(of: disputed.task.provider, disputed.job)
    }

    mutating func wrongResultSlash(of provider: Address, _ job: JobRecord) -> Amount {
        let largest = max(providerPart(of: job), largestOpenPart(of: provider))
        let (due, overflow) = largest.units.multipliedReportingOverflow(
            by: view.parameters.rewards.audit.bondMultiple)
        return overflow ? Amount(.max) : Amount(due)
    }

    mutating func punishProvider(_ fraud: ProvenFraud) {
        let provider = fraud.provider
        let rules = view.parameters.rewards
        let taken = takeBond(of: provider, atMost: fraud.due)
        let price = AuditCheck(state, view: view, calendar: calendar).workPrice(of: fraud.job)
        let loss = DisputeLoss(
            slash: taken, ownBondLost: taken, computeUnits: fraud.computeUnits, price: price,
            providerPart: fraud.isInjuring ? providerPart(of: fraud.job) : .zero)
        let proceeds: DisputeProceeds
        do throws(ArithmeticError) {
            proceeds = try Rewards.Rule.disputeProceeds(
                loss, voterStakes: fraud.stakes, hasReporter: fraud.reporter != nil, rules: rules.slashing)
        } catch {
            preconditionFailure("the proceeds of \(taken): \(error)")
        }
        var injured = proceeds.requester
        for (voter, share) in zip(fraud.voters, proceeds.voters) {
            judgement.pay(share, to: voter, .compensation, evidence: fraud.evidence)
            injured = injured.credited(share)
        }
        judgement.pay(proceeds.requester, to: fraud.job.requester, .compensation, evidence: fraud.evidence)
        if let reporter = fraud.reporter {
            judgement.pay(proceeds.reporter, to: reporter, .reporter, evidence: fraud.evidence)
        }
        supply.burned = supply.burned.credited(proceeds.burned)
        addSlash(
            SlashKey(account: provider, offence: .wrongResult, evidence: fraud.evidence), taken,
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
        let isSecond = record.lastFraud.map { view.epoch.number - $0 <= window } ?? false
        record.lastFraud = view.epoch.number
        state.store(record, at: StateKey.provider(provider))
        if isSecond { exclude(provider) }
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
        for list in state.dueLists() {
            for receipt in list.receipts where receipt.provider == provider { jobs.insert(receipt.place.job) }
        }
        let assigned = state.scan(prefix: StateKey.assignments(of: provider), as: AssignmentRecord.self)
        for (id, _) in assigned { jobs.insert(TaskPlace(keySuffix: id).job) }
        let largest = jobs.reduce(Amount.zero) { max($0, providerPart(of: requireJob($1))) }
        judgement.largestParts[provider] = largest
        return largest
    }

    // MARK: Validators

    /// Once in an epoch; the common rate of the window is charged with the top-ups. False where it is charged already.
    @discardableResult
    mutating func punishApproval(by operatorAddress: Address, evidence: Digest, stake: Amount?) -> Bool {
        let key = StateKey.offender(.approvedWrongResult, operatorAddress, epoch: view.epoch.number)
        guard state.bytes(key) == nil, let stake else { return false }
        state.store(
            OffenderRecord(epoch: view.epoch.number, stake: stake, charged: .zero, evidence: evidence), at: key)
        return true
    }

    mutating func punishDigest(
        of operatorAddress: Address, evidence: Digest, stake: Amount?, _ claim: VoterClaim?
    ) {
        guard let stake else { return }
        let due: Amount
        do throws(ArithmeticError) {
            due = try Rewards.Rule.slashAmount(
                stake: stake, rate: view.parameters.rewards.slashing.wrongDigest)
        } catch {
            preconditionFailure("the slash of \(stake): \(error)")
        }
        take(due, from: SlashKey(account: operatorAddress, offence: .wrongDigest, evidence: evidence), claim)
    }

    /// Takes a validator's slash; pays voters and reporter out of it where they have a claim; burns the rest.
    mutating func take(_ amount: Amount, from slash: SlashKey, _ claim: VoterClaim?) {
        let own = ownShare(of: slash.account)
        let taken = takeStake(of: slash.account, atMost: amount)
        guard let claim else {
            supply.burned = supply.burned.credited(taken)
            addSlash(slash, taken)
            return
        }
        let proceeds: DisputeProceeds
        do throws(ArithmeticError) {
            let lost = own.all == 0 ? taken : Amount(try taken.units.scaled(by: own.own, over: own.all))
            let loss = DisputeLoss(
                slash: taken, ownBondLost: lost, computeUnits: claim.computeUnits, price: claim.price,
                providerPart: .zero)
            proceeds = try Rewards.Rule.disputeProceeds(
                loss, voterStakes: claim.stakes, hasReporter: claim.reporter != nil,
                rules: view.parameters.rewards.slashing)
        } catch {
            preconditionFailure("the proceeds of \(taken): \(error)")
        }
        for (voter, share) in zip(claim.voters, proceeds.voters) {
            judgement.pay(share, to: voter, .compensation, evidence: claim.evidence)
        }
        if let reporter = claim.reporter {
            judgement.pay(proceeds.reporter, to: reporter, .reporter, evidence: claim.evidence)
        }
        supply.burned = supply.burned.credited(proceeds.burned)
        let injured = proceeds.voters.reduce(Amount.zero) { $0.credited($1) }
        addSlash(slash, taken, reporter: proceeds.reporter, injured: injured)
    }
}
