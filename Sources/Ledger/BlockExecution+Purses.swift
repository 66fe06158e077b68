// What the end of an epoch pays, and how an account comes by it. A settlement fills purses and books what vests; an
// account's next transaction takes what is there and what is unlocked, so that no block walks over accounts or grants,
// however many there are.
// Invariants: what the supply counts as vesting is granted less paid, over all grants; what lies in purses is part of
// what it counts as balances.
import Chain
import Codec
package import Primitives
import Rewards

extension BlockExecution {
    /// What one account gets by all of its rows.
    private struct Payment {
        /// Of the account.
        let rows: Range<Int>
        let liquid: Amount
        let credits: Amount
        let vesting: Amount
    }

    /// Rows, outcomes and providers ascend by account. What a row in credits is backed by stayed in the pools. What a
    /// subsidy row leaves to vest is no balance yet.
    mutating func pay(_ rows: [RewardRow], vesting outcomes: [ProviderOutcome], to providers: [NumberedProvider]) {
        var filled: [(number: ProviderNumber, change: Payment)] = []
        var others: [Payment] = []
        filled.reserveCapacity(providers.count)
        var rest = providers[...]
        for payment in Self.payments(rows, outcomes) {
            supply.balances = supply.balances.credited(payment.liquid)
            supply.vesting = supply.vesting.credited(payment.vesting)
            let account = rows[payment.rows.lowerBound].key.account
            while let provider = rest.first, provider.account < account { rest = rest.dropFirst() }
            if let provider = rest.first, provider.account == account {
                filled.append((provider.number, payment))
            } else {
                precondition(
                    payment.vesting == .zero && payment.credits == .zero,
                    "a provider's pay of \(account), who is none")
                others.append(payment)
            }
        }
        fill(filled)
        credit(others, of: rows)
    }

    /// Of each account that gets anything, ascending.
    private static func payments(_ rows: [RewardRow], _ outcomes: [ProviderOutcome]) -> [Payment] {
        var result: [Payment] = []
        result.reserveCapacity(outcomes.count)
        var rest = outcomes[...]
        var start = rows.startIndex
        while start < rows.endIndex {
            let address = rows[start].key.account
            var (paid, credits, end) = (Amount.zero, Amount.zero, start)
            while end < rows.endIndex, rows[end].key.account == address {
                switch rows[end].key.asset {
                case .token: paid = paid.credited(rows[end].amount)
                case .credits: credits = credits.credited(rows[end].amount)
                }
                end += 1
            }
            while let outcome = rest.first, outcome.account < address { rest = rest.dropFirst() }
            let vesting = rest.first.flatMap { $0.account == address ? $0.vesting : nil } ?? .zero
            if paid > .zero || credits > .zero {
                result.append(
                    Payment(rows: start..<end, liquid: paid.debited(vesting), credits: credits, vesting: vesting))
            }
            start = end
        }
        return result
    }

    private mutating func fill(_ payments: [(number: ProviderNumber, change: Payment)]) {
        let day = Self.lastEpoch(ofDayOf: view.epoch.number, perDay)
        let unlockEpoch = day + perDay + 1
        change(.purses, payments, key: StateKey.purses(page:)) { (purse: inout Purse, payment) in
            purse.balance = purse.balance.credited(payment.liquid)
            purse.credits = purse.credits.credited(payment.credits)
            if payment.vesting > .zero && purse.unlockEpoch == 0 { purse.unlockEpoch = unlockEpoch }
        }
        let grants = payments.filter { $0.change.vesting > .zero }
        change(.grants, grants, key: { StateKey.grants(page: $0, granted: day) }) { (grant: inout Grant, payment) in
            grant.granted = grant.granted.credited(payment.vesting)
        }
    }

    /// Those who are no providers.
    private mutating func credit(_ payments: [Payment], of rows: [RewardRow]) {
        let parts = snapshot.parts(of: payments.indices) { [state] _, range in
            payments[range].map { payment in
                let address = rows[payment.rows.lowerBound].key.account
                var account = state.account(address)
                account.balance = account.balance.credited(payment.liquid)
                return (StateKey.account(address), account.encoded)
            }
        }
        state.settle(parts.flatMap(\.self), .account)
    }

    // MARK: Taking

    private var perDay: UInt64 { max(1, view.parameters.rewards.calendar.epochsPerDay) }

    private static func lastEpoch(ofDayOf epoch: UInt64, _ perDay: UInt64) -> UInt64 {
        epoch - epoch % perDay + (perDay - 1)
    }

    /// Moves what is in the purse, and what is unlocked by now, into the balance. Also where a slash was ahead of the
    /// dates, or a part is below one unit, the grants are looked at once a day.
    mutating func collect(for address: Address) {
        var account = state.account(address)
        guard let number = account.providerNumber else { return }
        let before = state.purse(number)
        var purse = before
        account.balance = account.balance.credited(purse.balance)
        account.credits = account.credits.credited(purse.credits)
        (purse.balance, purse.credits) = (.zero, .zero)
        if Ledger.isUnlockDue(purse, of: address, in: state, view) {
            for grant in Ledger.vesting(of: number, in: state) where grant.unlocked > .zero {
                account.balance = account.balance.credited(grant.unlocked)
                move(grant, of: number)
            }
            let isEmpty = state.grants(of: number).isEmpty
            purse.unlockEpoch = isEmpty ? 0 : Self.lastEpoch(ofDayOf: view.epoch.number, perDay) + 1
        }
        if purse == before { return }
        state.store(purse, number)
        state.store(account, of: address)
    }

    /// The unlocked part, out of what vests.
    private mutating func move(_ grant: VestingGrant, of number: ProviderNumber) {
        supply.balances = supply.balances.credited(grant.unlocked)
        supply.vesting = supply.vesting.debited(grant.unlocked)
        var record = Grant()
        (record.granted, record.paid) = (grant.granted, grant.paid.credited(grant.unlocked))
        state.store(record, number, granted: grant.epoch)
    }
}

extension Ledger {
    /// None unlock while slashes of the account wait.
    fileprivate static func isUnlockDue(
        _ purse: Purse, of address: Address, in state: WorkingState, _ view: LedgerView
    ) -> Bool {
        purse.unlockEpoch > 0 && purse.unlockEpoch <= view.epoch.number
            && state.bytes(StateKey.lock(address)) == nil
    }

    /// The account as its next transaction finds it.
    static func collected(
        _ account: Account, of address: Address, in state: WorkingState, _ view: LedgerView
    ) -> Account {
        guard let number = account.providerNumber else { return account }
        let purse = state.purse(number)
        var account = account.holding(purse)
        if isUnlockDue(purse, of: address, in: state, view) {
            for grant in vesting(of: number, in: state) {
                account.balance = account.balance.credited(grant.unlocked)
            }
        }
        return account
    }

    /// What its next transaction may spend.
    package static func spendable(_ address: Address, on snapshot: some Snapshot, _ view: LedgerView) -> Account {
        let state = WorkingState(snapshot)
        return collected(state.account(address), of: address, in: state, view)
    }
}
