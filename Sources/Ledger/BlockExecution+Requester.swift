// Referrals and credits. Invariant: the credit pool holds as much MRT as all accounts hold credits; credits come by
// purchase, by refund of what they paid, and as a provider's elected pay, and go into escrow of jobs alone.
import Chain
import Primitives
import Rewards

extension BlockExecution {
    // MARK: Referral

    mutating func perform(_ registration: RegisterRequester, by sender: Address) throws(Rule) {
        guard state.bytes(StateKey.requester(sender)) == nil else { throw .requesterRegistered }
        guard registration.referrer != sender else { throw .selfReferral }
        guard !state.account(registration.referrer).isVoid else { throw .unknownReferrer }
        state.store(
            RequesterRecord(registeredEpoch: view.epoch.number, referrer: registration.referrer),
            at: StateKey.requester(sender))
    }

    /// The first job registers an account that nobody referred.
    mutating func registerRequester(_ sender: Address) {
        let key = StateKey.requester(sender)
        if state.bytes(key) == nil { state.store(RequesterRecord(registeredEpoch: view.epoch.number), at: key) }
    }

    func referral(of payer: Address) -> Referral {
        guard let record: RequesterRecord = state.load(StateKey.requester(payer)), let referrer = record.referrer
        else { return .none }
        let days = view.parameters.rewards.usage.referralDays
        if view.epoch.number - record.registeredEpoch >= view.parameters.epochs(days: days) { return .expired }
        return referrer == payer ? .sameOperator : .to(referrer)
    }

    // MARK: Credits

    mutating func perform(_ purchase: BuyCredits, by sender: Address) throws(Rule) {
        guard purchase.amount > .zero else { throw .zeroAmount }
        var account = state.account(sender)
        guard account.balance >= purchase.amount else { throw .insufficientBalance }
        account.balance = account.balance.debited(purchase.amount)
        account.credits = account.credits.credited(purchase.amount)
        state.store(account, of: sender)
        supply.balances = supply.balances.debited(purchase.amount)
        backCredits(purchase.amount)
    }

    mutating func perform(_ election: ElectPay, by sender: Address) throws(Rule) {
        guard var provider: ProviderRecord = state.load(StateKey.provider(sender)) else { throw .notAProvider }
        provider.takesCredits = election.takesCredits
        state.store(provider, at: StateKey.provider(sender))
    }

    /// Into escrow, out of the balance or the credits of who asks.
    mutating func hold(_ total: Amount, of sender: Address, inCredits: Bool) throws(Rule) {
        var account = state.account(sender)
        if inCredits {
            guard account.credits >= total else { throw .insufficientCredits }
            account.credits = account.credits.debited(total)
            var pools: PoolRecord = state.require(.pools)
            pools.credits = pools.credits.debited(total)
            state.store(pools, .pools)
            supply.pools = supply.pools.debited(total)
        } else {
            guard account.balance >= total else { throw .insufficientBalance }
            account.balance = account.balance.debited(total)
            supply.balances = supply.balances.debited(total)
        }
        state.store(account, of: sender)
        supply.escrow = supply.escrow.credited(total)
    }

    /// Out of escrow, to who asked for the job, as what he paid with.
    mutating func refund(_ amount: Amount, of job: JobRecord) {
        if amount == .zero { return }
        guard job.request.paysCredits else { return refund(amount, to: job.requester) }
        var account = state.account(job.requester)
        account.credits = account.credits.credited(amount)
        state.store(account, of: job.requester)
        supply.escrow = supply.escrow.debited(amount)
        backCredits(amount)
    }

    private mutating func backCredits(_ amount: Amount) {
        var pools: PoolRecord = state.require(.pools)
        pools.credits = pools.credits.credited(amount)
        state.store(pools, .pools)
        supply.pools = supply.pools.credited(amount)
    }
}
