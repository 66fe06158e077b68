// Delegating, undelegating, redelegating, claiming, and the commission. Requests take effect at the end of the epoch;
// whoever is touched is paid what he earned. Each action checks all its rules before it changes anything.
import Chain
import Primitives
import Rewards

/// A delegation while one action works on it, with the validator's record that its rewards come from.
struct TouchedDelegation {
    let operatorAddress: Address
    let delegator: Address
    var validator: ValidatorRecord
    var record: DelegationRecord
    /// Earned, to be paid to the delegator.
    var paid = Amount.zero
}

extension BlockExecution {
    mutating func performDelegate(_ change: DelegationChange, by sender: Address) throws(Rule) {
        guard change.amount > .zero else { throw .zeroAmount }
        let terms = try checkTarget(change.validator, for: change.amount, by: sender)
        try pay(change.amount, from: sender)
        storeArrival(change.amount, at: change.validator, terms)
        var touched = touch(change.validator, by: sender)
        let id = TrancheID(.join, of: change.validator, epoch: view.epoch.number)
        enter(id, with: change.amount.units, &touched.record.joins)
        close(touched)
    }

    mutating func performUndelegate(_ change: DelegationChange, by sender: Address) throws(Rule) {
        let shares = try checkSource(change.validator, for: change.amount, by: sender)
        let before = delegation(to: change.validator, by: sender)
        let isNew = !before.exits.contains { $0.epoch == view.epoch.number }
        guard !isNew || before.exits.count < DelegationRecord.entriesMax else { throw .tooManyEntries }
        try checkLeaving(change.amount, from: change.validator)
        countLeaving(change.amount, from: change.validator)
        var touched = touch(change.validator, by: sender)
        touched.record.position.shares -= shares
        let id = TrancheID(.exit, of: change.validator, epoch: view.epoch.number)
        enter(id, with: shares, &touched.record.exits, touched.validator)
        close(touched)
        state.store(
            DueRecord(epoch: view.epoch.number),
            at: StateKey.delegatorUnbonding(free: freeEpoch, of: change.validator, by: sender))
    }

    mutating func perform(_ change: Redelegation, by sender: Address) throws(Rule) {
        guard change.source != change.destination else { throw .sameValidator }
        let shares = try checkSource(change.source, for: change.amount, by: sender)
        let terms = try checkTarget(change.destination, for: change.amount, by: sender)
        let held = delegation(to: change.source, by: sender)
        guard held.arrivals.allSatisfy({ isOpen($0, at: change.source) }) else { throw .redelegationMaturing }
        var arriving = delegation(to: change.destination, by: sender)
        let isNew = !arriving.arrivals.contains { $0.source == change.source && $0.epoch == view.epoch.number }
        guard !isNew || arriving.arrivals.count < DelegationRecord.entriesMax else { throw .tooManyEntries }
        let isLeaving = count.index(of: change.destination) == nil
        if isLeaving {
            try checkLeaving(change.amount, from: change.source)
            countLeaving(change.amount, from: change.source)
        }
        storeArrival(change.amount, at: change.destination, terms)
        var touched = touch(change.source, by: sender)
        touched.record.position.shares -= shares
        let id = TrancheID(
            .redelegation, of: change.source, epoch: view.epoch.number, to: change.destination)
        enter(id, with: shares, &arriving.arrivals, touched.validator)
        state.store(arriving, at: StateKey.delegation(to: change.destination, by: sender))
        let key = StateKey.redelegation(view.epoch.number, from: change.source, to: change.destination)
        state.store(DueRecord(epoch: view.epoch.number), at: key)
        close(touched)
    }

    mutating func perform(_ claim: ClaimRewards, by sender: Address) throws(Rule) {
        guard state.bytes(StateKey.delegation(to: claim.validator, by: sender)) != nil else { throw .notADelegator }
        close(touch(claim.validator, by: sender))
    }

    mutating func perform(_ change: CommissionChange, by sender: Address) throws(Rule) {
        guard let validator: ValidatorRecord = state.load(StateKey.validator(sender)) else { throw .notAValidator }
        let rules = view.parameters.rewards.validation
        let (epoch, perDay) = (view.epoch.number, view.parameters.rewards.calendar.epochsPerDay)
        var terms = stakeTerms(sender)
        guard change.rate <= rules.commissionMax else { throw .commissionTooHigh }
        // Whoever has no delegator yet may name any first price.
        let isFirst =
            terms.commissionSince == 0 && validator.own.shares == validator.delegations.shares
            && terms.arrived(in: epoch) == .zero
        if !isFirst {
            // A maximum that was lowered since is the rate that counts.
            let current = min(terms.commission, rules.commissionMax)
            guard Rewards.Rule.commissionIsAllowed(change.rate, from: current, rules: rules) else {
                throw .commissionStepTooLarge
            }
            guard terms.commissionSince == 0 || (terms.commissionSince - 1) / perDay != epoch / perDay else {
                throw .commissionTooSoon
            }
        }
        terms.commissionBefore = terms.commission(in: epoch)
        (terms.commission, terms.commissionSince) = (change.rate, epoch + 1)
        state.store(terms, at: StateKey.stakeTerms(sender))
    }

    // MARK: Rules

    /// What a validator must be to take in stake of others.
    private func checkTarget(
        _ operatorAddress: Address, for amount: Amount, by sender: Address
    ) throws(Rule) -> StakeTerms {
        guard let validator: ValidatorRecord = state.load(StateKey.validator(operatorAddress)) else {
            throw .unknownValidator
        }
        guard sender != operatorAddress else { throw .ownValidator }
        guard !validator.isTombstoned else { throw .tombstoned }
        guard validator.isPriced else { throw .poolDiluted }
        let terms = stakeTerms(operatorAddress)
        let own = validator.ownBond.debited(min(validator.leaving, validator.ownBond)).credited(validator.joining)
        let total =
            UInt128(validator.bond.units) + UInt128(validator.joining.units)
            + UInt128(terms.arrived(in: view.epoch.number).units) + UInt128(amount.units)
        let least = UInt128(view.parameters.rewards.validation.selfBondMin)
        guard UInt128(own.units) * UInt128(Rewards.Rule.million) >= total * least else { throw .selfBondTooSmall }
        return terms
    }

    /// The shares that stand for an amount which may leave the sender's delegation.
    private func checkSource(
        _ operatorAddress: Address, for amount: Amount, by sender: Address
    ) throws(Rule) -> UInt64 {
        guard amount > .zero else { throw .zeroAmount }
        guard let validator: ValidatorRecord = state.load(StateKey.validator(operatorAddress)) else {
            throw .unknownValidator
        }
        let key = StateKey.delegation(to: operatorAddress, by: sender)
        guard let record: DelegationRecord = state.load(key) else { throw .notADelegator }
        let (free, pool) = (freeShares(of: record, at: operatorAddress), validator.delegations)
        let worth = free == 0 ? 0 : exactly(pool.tokens, times: free, over: pool.shares)
        guard amount.units <= worth else {
            let isAll = record.arrivals.allSatisfy { isOpen($0, at: operatorAddress) }
            throw isAll ? .delegationTooSmall : .redelegationMaturing
        }
        let shares = amount.units == worth ? free : exactly(amount.units, times: pool.shares, over: pool.tokens)
        guard shares > 0 else { throw .delegationTooSmall }
        return shares
    }

    /// The last third of the stake stays within one epoch, whoever it belongs to.
    private func checkLeaving(_ amount: Amount, from operatorAddress: Address) throws(Rule) {
        guard countsForSet(operatorAddress) else { return }
        let bonded = count.totalStake.debited(min(count.leaving, count.totalStake))
        guard Rewards.Rule.unbondingIsAllowed(amount, bonded: bonded, bondedAtStart: count.totalStake) else {
            throw .unbondingLimit
        }
    }

    private mutating func countLeaving(_ amount: Amount, from operatorAddress: Address) {
        if countsForSet(operatorAddress) { count.leaving = count.leaving.credited(amount) }
    }

    private func countsForSet(_ operatorAddress: Address) -> Bool {
        let record: ValidatorRecord? = state.load(StateKey.validator(operatorAddress))
        return record?.isTombstoned == false
    }

    // MARK: Parts of a delegation

    func delegation(to operatorAddress: Address, by delegator: Address) -> DelegationRecord {
        state.load(StateKey.delegation(to: operatorAddress, by: delegator)) ?? DelegationRecord()
    }

    func stakeTerms(_ operatorAddress: Address) -> StakeTerms {
        state.load(StateKey.stakeTerms(operatorAddress)) ?? StakeTerms()
    }

    private mutating func storeArrival(_ amount: Amount, at operatorAddress: Address, _ terms: StakeTerms) {
        var terms = terms
        terms.arrive(amount, in: view.epoch.number)
        state.store(terms, at: StateKey.stakeTerms(operatorAddress))
    }

    /// Where stake that leaves at this epoch's end is free.
    var freeEpoch: UInt64 {
        let days = view.parameters.rewards.periods.unbond
        let (free, overflow) = (view.epoch.number + 1).addingReportingOverflow(view.parameters.epochs(days: days))
        return overflow ? .max : free
    }

    func requireTranche(_ id: TrancheID) -> TrancheRecord {
        guard let tranche: TrancheRecord = state.load(StateKey.tranche(id)) else {
            preconditionFailure("no tranche \(id)")
        }
        return tranche
    }

    private func arrivalID(_ entry: Membership, at operatorAddress: Address) -> TrancheID {
        guard let source = entry.source else { preconditionFailure("an arrival at \(operatorAddress) without source") }
        return TrancheID(.redelegation, of: source, epoch: entry.epoch, to: operatorAddress)
    }

    private func isOpen(_ arrival: Membership, at operatorAddress: Address) -> Bool {
        let id = arrivalID(arrival, at: operatorAddress)
        return isOpen(requireTranche(id), id)
    }

    /// Shares of the validator that the delegation may move now; what `touch` then gathers in its position.
    private func freeShares(of record: DelegationRecord, at operatorAddress: Address) -> UInt64 {
        var ids = record.joins.map {
            (TrancheID(.join, of: operatorAddress, epoch: $0.epoch), $0.position.shares)
        }
        ids += record.arrivals.map { (arrivalID($0, at: operatorAddress), $0.position.shares) }
        return ids.reduce(record.position.shares) { sum, entry in
            let tranche = requireTranche(entry.0)
            guard tranche.isShares, isOpen(tranche, entry.0) else { return sum }
            return sum + exactly(tranche.pool.tokens, times: entry.1, over: tranche.pool.shares)
        }
    }

    /// Its members may take their parts.
    private func isOpen(_ tranche: TrancheRecord, _ id: TrancheID) -> Bool {
        if id.kind == .redelegation && isLocked(id.validator) { return false }
        return id.epoch < view.epoch.number && tranche.matures <= view.epoch.number
    }

    private func exactly(_ value: UInt64, times numerator: UInt64, over denominator: UInt64) -> UInt64 {
        expecting("\(value) * \(numerator) / \(denominator)") { () throws(ArithmeticError) in
            try value.scaled(by: numerator, over: denominator)
        }
    }

    // MARK: Settling one delegation

    /// Brings a delegation up to date: pays what it earned, takes its part of tranches that have matured.
    mutating func touch(_ operatorAddress: Address, by delegator: Address) -> TouchedDelegation {
        guard let validator: ValidatorRecord = state.load(StateKey.validator(operatorAddress)) else {
            preconditionFailure("no validator \(operatorAddress)")
        }
        var touched = TouchedDelegation(
            operatorAddress: operatorAddress, delegator: delegator, validator: validator,
            record: delegation(to: operatorAddress, by: delegator))
        touched.paid = expecting("rewards of \(delegator)") { () throws(ArithmeticError) in
            try touched.validator.delegations.claim(&touched.record.position)
        }
        let (joins, arrivals) = (touched.record.joins, touched.record.arrivals)
        (touched.record.joins, touched.record.arrivals) = ([], [])
        for var entry in joins {
            let id = TrancheID(.join, of: operatorAddress, epoch: entry.epoch)
            if !settle(&entry, id, &touched) { touched.record.joins.append(entry) }
        }
        for var entry in arrivals where !settle(&entry, arrivalID(entry, at: operatorAddress), &touched) {
            touched.record.arrivals.append(entry)
        }
        return touched
    }

    /// True when the member took its part and left the tranche.
    private mutating func settle(
        _ entry: inout Membership, _ id: TrancheID, _ touched: inout TouchedDelegation
    ) -> Bool {
        if id.epoch == view.epoch.number { return false }
        var tranche = requireTranche(id)
        tranche.pull(from: &touched.validator.delegations)
        guard isOpen(tranche, id) else {
            touched.paid = touched.paid.credited(
                expecting("rewards of a part") { () throws(ArithmeticError) in
                    try tranche.pool.claim(&entry.position)
                })
            state.store(tranche, at: StateKey.tranche(id))
            return false
        }
        let part = take(&entry.position, of: &tranche, id, &touched.validator)
        touched.paid = touched.paid.credited(part.paid)
        if tranche.isShares {
            touched.record.position.shares += part.unbonded.units
        } else {
            touched.paid = touched.paid.credited(part.unbonded)
        }
        return true
    }

    /// One member leaves; the last one leaves what divisions left behind to the validator's pool.
    mutating func take(
        _ position: inout Delegation, of tranche: inout TrancheRecord, _ id: TrancheID,
        _ validator: inout ValidatorRecord
    ) -> (paid: Amount, unbonded: Amount) {
        let part = expecting("a part of \(id)") { () throws(DelegationError) in
            try tranche.pool.leave(&position, shares: position.shares)
        }
        if tranche.pool.shares > 0 {
            state.store(tranche, at: StateKey.tranche(id))
        } else {
            validator.delegations.owed += tranche.pool.owed
            state.remove(StateKey.tranche(id))
        }
        return part
    }

    /// Adds to this epoch's tranche and to the delegation's part of it. `host`: whose shares come in.
    private mutating func enter(
        _ id: TrancheID, with amount: UInt64, _ entries: inout [Membership], _ host: ValidatorRecord? = nil
    ) {
        var tranche =
            state.load(StateKey.tranche(id))
            ?? TrancheRecord(isShares: host != nil, matures: id.kind == .join ? view.epoch.number + 1 : freeEpoch)
        if let host { tranche.accumulator = host.delegations.accumulator }
        let place = entries.firstIndex { $0.epoch == id.epoch && ($0.source == nil || $0.source == id.validator) }
        var entry =
            place.map { entries[$0] }
            ?? Membership(epoch: id.epoch, source: id.kind == .redelegation ? id.validator : nil)
        _ = expecting("joining \(id)") { () throws(DelegationError) in
            try tranche.pool.join(Amount(amount), &entry.position)
        }
        if let place { entries[place] = entry } else { entries.append(entry) }
        state.store(tranche, at: StateKey.tranche(id))
    }

    /// Stores what `touch` changed and pays.
    mutating func close(_ touched: TouchedDelegation) {
        state.store(touched.validator, at: StateKey.validator(touched.operatorAddress))
        let key = StateKey.delegation(to: touched.operatorAddress, by: touched.delegator)
        if touched.record.isVoid { state.remove(key) } else { state.store(touched.record, at: key) }
        if touched.paid > .zero { release(touched.paid, to: touched.delegator) }
    }
}
