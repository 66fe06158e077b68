// Registering, bonding, unbonding of the operator's own stake. Requests are taken at once and change the bond at the
// end of the epoch, after its settlement: joins first, then leaves, then what has waited long enough goes back to its
// account; what others delegate moves in the same steps.
import Chain
import Cryptography
import Primitives
import Rewards

extension BlockExecution {
    mutating func perform(_ registration: RegisterValidator, by content: TransactionContent) throws(Rule) {
        let sender = Hash.address(of: content.sender)
        let key = StateKey.validator(sender)
        let stakeMin = view.parameters.rewards.validation.stakeMin
        guard state.load(key, as: ValidatorRecord.self) == nil else { throw .validatorExists }
        guard registration.stake >= stakeMin else { throw .stakeBelowMinimum }
        let keys = registration.keys.all
        guard keys.allSatisfy(Ed25519.isRegistrable) else { throw .keyNotRegistrable }
        guard Set(keys + [content.sender]).count == keys.count + 1 else { throw .keyTaken }
        for key in keys where state.bytes(StateKey.keyAddress(Hash.address(of: key))) != nil { throw .keyTaken }
        try checkNotExcluded(sender)
        try pay(registration.stake, from: sender)
        var record = ValidatorRecord(
            keys: registration.keys, name: registration.name, registeredEpoch: view.epoch.number)
        record.joining = registration.stake
        state.store(record, at: key)
        for key in keys {
            state.store(OperatorReference(sender), at: StateKey.keyAddress(Hash.address(of: key)))
        }
    }

    mutating func performBond(_ amount: Amount, by sender: Address) throws(Rule) {
        guard amount > .zero else { throw .zeroAmount }
        let key = StateKey.validator(sender)
        guard var record: ValidatorRecord = state.load(key) else { throw .notAValidator }
        if record.isTombstoned { throw .tombstoned }
        let total = record.ownBond.debited(min(record.leaving, record.ownBond)).credited(record.joining)
        let (sum, overflow) = total.units.addingReportingOverflow(amount.units)
        guard overflow || sum >= view.parameters.rewards.validation.stakeMin.units else { throw .stakeBelowMinimum }
        try pay(amount, from: sender)
        record.joining = record.joining.credited(amount)
        state.store(record, at: key)
    }

    mutating func performUnbond(_ amount: Amount, by sender: Address) throws(Rule) {
        guard amount > .zero else { throw .zeroAmount }
        let key = StateKey.validator(sender)
        guard var record: ValidatorRecord = state.load(key) else { throw .notAValidator }
        if isLocked(sender) { throw .bondLocked }
        let free = record.ownBond.debited(min(record.leaving, record.ownBond))
        guard amount <= free else { throw .bondTooSmall }
        let rest = free.debited(amount).credited(record.joining)
        guard rest == .zero || rest >= view.parameters.rewards.validation.stakeMin else { throw .stakeBelowMinimum }
        if !record.isTombstoned {
            let bonded = count.totalStake.debited(min(count.leaving, count.totalStake))
            guard Rewards.Rule.unbondingIsAllowed(amount, bonded: bonded, bondedAtStart: count.totalStake) else {
                throw .unbondingLimit
            }
            count.leaving = count.leaving.credited(amount)
        }
        record.leaving = record.leaving.credited(amount)
        state.store(record, at: key)
    }

    /// From an account into bonds.
    mutating func pay(_ amount: Amount, from sender: Address) throws(Rule) {
        var account = state.account(sender)
        guard account.balance >= amount else { throw .insufficientBalance }
        account.balance = account.balance.debited(amount)
        state.store(account, of: sender)
        supply.balances = supply.balances.debited(amount)
        supply.bonds = supply.bonds.credited(amount)
    }

    /// Out of bonds, to an account.
    mutating func release(_ amount: Amount, to address: Address) {
        var account = state.account(address)
        account.balance = account.balance.credited(amount)
        state.store(account, of: address)
        supply.bonds = supply.bonds.debited(amount)
        supply.balances = supply.balances.credited(amount)
    }

    // MARK: The end of an epoch

    mutating func moveBonds() {
        let moves = redelegations()
        let targets = Dictionary(grouping: moves, by: \.source)
        for (operatorAddress, before) in validators() {
            var record = before
            join(&record, of: operatorAddress)
            joinDelegations(&record, of: operatorAddress)
            leave(&record, of: operatorAddress)
            leaveDelegations(&record, of: operatorAddress, moving: targets[operatorAddress] ?? [])
            if record != before { state.store(record, at: StateKey.validator(operatorAddress)) }
        }
        for move in moves { arrive(move) }
        let next = view.epoch.number + 1
        for (id, record) in state.range(
            .unbonding, upTo: next.bigEndianBytes, limit: .max, as: UnbondingRecord.self)
        {
            guard let owner = Address(id.dropFirst(8)) else { preconditionFailure("unbonding key \(Hex.lower(id))") }
            if isLocked(owner) { continue }
            release(record.amount, to: owner)
            state.remove([StateTag.unbonding.rawValue] + id)
        }
        releaseDelegations()
    }

    /// A pool slashed so far that shares have no price gives the amount back.
    private mutating func join(_ record: inout ValidatorRecord, of operatorAddress: Address) {
        let amount = record.joining
        record.joining = .zero
        if amount == .zero { return }
        do throws(DelegationError) {
            let paid = try record.delegations.join(amount, &record.own)
            if paid > .zero { release(paid, to: operatorAddress) }
        } catch {
            release(amount, to: operatorAddress)
        }
    }

    private mutating func leave(_ record: inout ValidatorRecord, of operatorAddress: Address) {
        let amount = min(record.leaving, record.ownBond)
        record.leaving = .zero
        if amount == .zero { return }
        do {
            let all = amount == record.ownBond
            let shares =
                all
                ? record.own.shares
                : try amount.units.scaled(by: record.delegations.shares, over: record.delegations.tokens)
            let (paid, unbonded) = try record.delegations.leave(&record.own, shares: shares)
            if paid > .zero { release(paid, to: operatorAddress) }
            let key = StateKey.unbonding(operatorAddress, free: freeEpoch)
            let before = state.load(key, as: UnbondingRecord.self)?.amount ?? .zero
            if unbonded > .zero { state.store(UnbondingRecord(amount: before.credited(unbonded)), at: key) }
        } catch {
            preconditionFailure("\(operatorAddress) cannot leave with \(amount): \(error)")
        }
    }

    /// Every validator, ascending by operator.
    func validators() -> [(operatorAddress: Address, record: ValidatorRecord)] {
        state.scan(.validator, as: ValidatorRecord.self).map { id, record in
            guard let operatorAddress = Address(id) else { preconditionFailure("validator key \(Hex.lower(id))") }
            return (operatorAddress, record)
        }
    }
}
