// The stake that answers for a validator's offence: its pool, what its operator lets join, what is unbonding, and what
// was redelegated to others and has not matured. A slash takes the same part of each, to within one unit, and walks
// over tranches, never over delegators.
import Primitives
import Rewards

/// One part of the stake behind a validator.
private enum StakePart {
    case pool
    case joining
    case ownUnbonding(Bytes)
    /// Tokens of a tranche.
    case waiting(Bytes)
    /// Shares of another validator's pool.
    case redelegated(Bytes, to: Address)
}

extension BlockExecution {
    /// nil where there is no validator.
    func slashableStake(of operatorAddress: Address) -> Amount? {
        let record: ValidatorRecord? = state.load(StateKey.validator(operatorAddress))
        return record.map { slashableStake(of: operatorAddress, $0) }
    }

    func slashableStake(of operatorAddress: Address, _ record: ValidatorRecord) -> Amount {
        parts(of: operatorAddress, record).reduce(.zero) { $0.credited($1.value) }
    }

    private func parts(of operatorAddress: Address, _ record: ValidatorRecord) -> [(part: StakePart, value: Amount)] {
        var parts: [(StakePart, Amount)] = [(.pool, record.bond), (.joining, record.joining)]
        parts += ownUnbonding(of: operatorAddress, at: StateKey.unbonding).map {
            (.ownUnbonding($0.key), $0.record.amount)
        }
        let exits = StateKey.tranches(.exit, of: operatorAddress)
        for (id, tranche) in state.scan(prefix: exits, as: TrancheRecord.self) where !tranche.isShares {
            parts.append((.waiting(exits + id), Amount(tranche.pool.tokens)))
        }
        let prefix = StateKey.tranches(.redelegation, of: operatorAddress)
        for (id, tranche) in state.scan(prefix: prefix, as: TrancheRecord.self)
        where tranche.matures > view.epoch.number || isLocked(operatorAddress) {
            // Those of this epoch are shares of the validator itself.
            if id.starts(with: view.epoch.number.bigEndianBytes) && tranche.isShares { continue }
            guard let destination = Address(id.dropFirst(8)) else {
                preconditionFailure("a redelegation from \(operatorAddress) to \(Hex.lower(id))")
            }
            if tranche.isShares {
                let value = worth(of: tranche.pool.tokens, at: destination)
                parts.append((.redelegated(prefix + id, to: destination), value))
            } else {
                parts.append((.waiting(prefix + id), Amount(tranche.pool.tokens)))
            }
        }
        return parts
    }

    private func worth(of shares: UInt64, at operatorAddress: Address) -> Amount {
        guard let record: ValidatorRecord = state.load(StateKey.validator(operatorAddress)),
            record.delegations.shares > 0
        else { return .zero }
        return expecting("shares of \(operatorAddress)") { () throws(ArithmeticError) in
            Amount(try record.delegations.tokens.scaled(by: shares, over: record.delegations.shares))
        }
    }

    /// Burns up to `amount` of the stake behind a validator. Returns what was burned.
    @discardableResult
    mutating func burnStake(of operatorAddress: Address, atMost amount: Amount) -> Amount {
        let taken = takeStake(of: operatorAddress, atMost: amount)
        supply.burned = supply.burned.credited(taken)
        return taken
    }

    /// Takes up to `amount` of the stake behind a validator, the same part of each kind. It leaves the bonds; where it
    /// goes is the caller's to say.
    mutating func takeStake(of operatorAddress: Address, atMost amount: Amount) -> Amount {
        guard let record: ValidatorRecord = state.load(StateKey.validator(operatorAddress)) else { return .zero }
        let parts = parts(of: operatorAddress, record)
        let total = parts.reduce(Amount.zero) { $0.credited($1.value) }
        if total == .zero { return .zero }
        let due = min(amount, total)
        var shares = parts.map { part in
            expecting("a part of a slash") { () throws(ArithmeticError) in
                try part.value.scaled(by: due.units, over: total.units)
            }
        }
        var rest = shares.reduce(due) { $0.debited($1) }
        for index in parts.indices where rest > .zero {
            let more = min(rest, parts[index].value.debited(shares[index]))
            shares[index] = shares[index].credited(more)
            rest = rest.debited(more)
        }
        var taken = Amount.zero
        for (part, share) in zip(parts, shares) where share > .zero {
            taken = taken.credited(take(share, of: part.part, behind: operatorAddress))
        }
        supply.bonds = supply.bonds.debited(taken)
        return taken
    }

    private mutating func take(_ amount: Amount, of part: StakePart, behind operatorAddress: Address) -> Amount {
        switch part {
        case .pool, .joining:
            guard var record: ValidatorRecord = state.load(StateKey.validator(operatorAddress)) else { return .zero }
            if case .pool = part {
                record.delegations.tokens = record.bond.debited(amount).units
            } else {
                record.joining = record.joining.debited(amount)
            }
            state.store(record, at: StateKey.validator(operatorAddress))
        case .ownUnbonding(let key):
            guard let entry: UnbondingRecord = state.load(key) else { return .zero }
            let rest = entry.amount.debited(amount)
            if rest == .zero { state.remove(key) } else { state.store(UnbondingRecord(amount: rest), at: key) }
        case .waiting(let key):
            guard var tranche: TrancheRecord = state.load(key) else { return .zero }
            tranche.pool.tokens = Amount(tranche.pool.tokens).debited(amount).units
            state.store(tranche, at: key)
        case .redelegated(let key, let destination): return take(amount, ofTrancheAt: key, in: destination)
        }
        return amount
    }

    /// The tranche's shares leave the other validator's pool, rounded up, so that nobody else in it loses.
    private mutating func take(_ amount: Amount, ofTrancheAt key: Bytes, in operatorAddress: Address) -> Amount {
        guard var tranche: TrancheRecord = state.load(key),
            var record: ValidatorRecord = state.load(StateKey.validator(operatorAddress))
        else { return .zero }
        tranche.pull(from: &record.delegations)
        let pool = record.delegations
        let shares = min(tranche.pool.tokens, Self.sharesAbove(amount, in: pool))
        record.delegations.shares -= shares
        record.delegations.tokens = Amount(pool.tokens).debited(amount).units
        tranche.pool.tokens -= shares
        state.store(record, at: StateKey.validator(operatorAddress))
        state.store(tranche, at: key)
        return amount
    }

    /// The fewest shares that are worth the amount.
    private static func sharesAbove(_ amount: Amount, in pool: DelegationPool) -> UInt64 {
        let (whole, rest) = (UInt128(amount.units) * UInt128(pool.shares))
            .quotientAndRemainder(dividingBy: UInt128(max(1, pool.tokens)))
        return UInt64(clamping: rest == 0 ? whole : whole + 1)
    }

    /// Burns up to `amount` of the operator's own stake: what delegators have behind it pays no fee.
    mutating func burnOwnStake(of operatorAddress: Address, atMost amount: Amount) {
        guard var record: ValidatorRecord = state.load(StateKey.validator(operatorAddress)) else { return }
        let fromBond = min(record.ownBond, amount)
        if record.own.shares < record.delegations.shares {
            let shares = min(record.own.shares, Self.sharesAbove(fromBond, in: record.delegations))
            record.own.shares -= shares
            record.delegations.shares -= shares
        }
        record.delegations.tokens = record.bond.debited(fromBond).units
        let fromJoining = min(record.joining, amount.debited(fromBond))
        record.joining = record.joining.debited(fromJoining)
        state.store(record, at: StateKey.validator(operatorAddress))
        var burned = fromBond.credited(fromJoining)
        for (key, entry) in burned < amount ? ownUnbonding(of: operatorAddress, at: StateKey.unbonding) : [] {
            let part = min(entry.amount, amount.debited(burned))
            if part == .zero { continue }
            burned = burned.credited(take(part, of: .ownUnbonding(key), behind: operatorAddress))
        }
        supply.bonds = supply.bonds.debited(burned)
        supply.burned = supply.burned.credited(burned)
    }
}
