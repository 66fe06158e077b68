// Subsidies that unlock over days. A settlement books what vests; what is unlocked joins the balance with the account's
// next transaction, so that no block walks over grants, however many there are.
// Invariant: what the supply counts as vesting is granted less paid, over all grants.
import Chain
import Codec
import Primitives
import Rewards

extension BlockExecution {
    /// The grant of the running day with so much more; it counts from the day's last epoch on.
    static func granted(
        _ amount: Amount, to address: Address, _ account: inout Account, in state: WorkingState, _ view: LedgerView
    ) -> (key: Bytes, value: Bytes) {
        let perDay = max(1, view.parameters.rewards.calendar.epochsPerDay)
        let day = lastEpoch(ofDayOf: view.epoch.number, perDay)
        let key = StateKey.vesting(address, granted: day)
        var record = state.load(key) ?? VestingRecord(granted: .zero)
        record.granted = record.granted.credited(amount)
        if account.unlockEpoch == 0 { account.unlockEpoch = day + perDay + 1 }
        return (key, record.encoded)
    }

    private static func lastEpoch(ofDayOf epoch: UInt64, _ perDay: UInt64) -> UInt64 {
        epoch - epoch % perDay + (perDay - 1)
    }

    /// Moves what is unlocked by now into the balance; a grant that is paid out is forgotten. Also where a slash was
    /// ahead of the dates, or a part is below one unit, the grants are looked at once a day.
    mutating func unlock(for address: Address) {
        var account = state.account(address)
        guard Ledger.isUnlockDue(account, of: address, in: state, view) else { return }
        for grant in Ledger.unlockable(for: address, account, in: state, view) {
            let part = grant.unlocked
            account.balance = account.balance.credited(part)
            supply.balances = supply.balances.credited(part)
            supply.vesting = supply.vesting.debited(part)
            let key = StateKey.vesting(address, granted: grant.epoch)
            var record = VestingRecord(granted: grant.granted)
            record.paid = grant.paid.credited(part)
            if record.paid == record.granted { state.remove(key) } else { state.store(record, at: key) }
        }
        let perDay = max(1, view.parameters.rewards.calendar.epochsPerDay)
        let isEmpty = state.keys(prefix: StateKey.grants(to: address)).isEmpty
        account.unlockEpoch = isEmpty ? 0 : Self.lastEpoch(ofDayOf: view.epoch.number, perDay) + 1
        state.store(account, of: address)
    }
}

extension Ledger {
    /// The grants of which a part would join the balance now; none while slashes of the account wait.
    static func unlockable(
        for address: Address, _ account: Account, in state: WorkingState, _ view: LedgerView
    ) -> [VestingGrant] {
        guard isUnlockDue(account, of: address, in: state, view) else { return [] }
        return vesting(of: address, in: state).filter { $0.unlocked > .zero }
    }

    fileprivate static func isUnlockDue(
        _ account: Account, of address: Address, in state: WorkingState, _ view: LedgerView
    ) -> Bool {
        account.unlockEpoch > 0 && account.unlockEpoch <= view.epoch.number
            && state.bytes(StateKey.lock(address)) == nil
    }

    /// The account as its next transaction finds it.
    static func unlocked(
        _ account: Account, of address: Address, in state: WorkingState, _ view: LedgerView
    ) -> Account {
        var account = account
        for grant in unlockable(for: address, account, in: state, view) {
            account.balance = account.balance.credited(grant.unlocked)
        }
        return account
    }
}
