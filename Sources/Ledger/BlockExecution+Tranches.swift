// What an epoch's end does to the stake of delegators: one step for each tranche of the epoch, and one for each
// delegation whose unbonding time is over. What counts of a validator's stake is decided here too.
import Primitives
import Rewards

/// A validator of the next set with the stake that counts.
struct SetMember {
    let operatorAddress: Address
    let record: ValidatorRecord
    var stake: Amount
}

/// Stake that goes from one validator to another at an epoch's end.
struct RedelegationMove {
    let source: Address
    let destination: Address

    func tranche(_ epoch: UInt64) -> TrancheID {
        TrancheID(.redelegation, of: source, epoch: epoch, to: destination)
    }
}

extension BlockExecution {
    /// The tranche of a tombstoned validator, or of one whose shares have no price, stays tokens: its members take them
    /// back.
    mutating func joinDelegations(_ record: inout ValidatorRecord, of operatorAddress: Address) {
        let key = StateKey.tranche(TrancheID(.join, of: operatorAddress, epoch: view.epoch.number))
        guard !record.isTombstoned, var tranche: TrancheRecord = state.load(key) else { return }
        tranche.becomeShares(in: &record.delegations)
        state.store(tranche, at: key)
    }

    mutating func leaveDelegations(
        _ record: inout ValidatorRecord, of operatorAddress: Address, moving: [RedelegationMove]
    ) {
        let epoch = view.epoch.number
        let exit = TrancheID(.exit, of: operatorAddress, epoch: epoch)
        for id in [exit] + moving.map({ $0.tranche(epoch) }) {
            guard var tranche: TrancheRecord = state.load(StateKey.tranche(id)) else { continue }
            tranche.becomeTokens(from: &record.delegations)
            state.store(tranche, at: StateKey.tranche(id))
        }
    }

    /// Those of this epoch, ascending by source and destination.
    func redelegations() -> [RedelegationMove] {
        let prefix = [StateTag.redelegation.rawValue] + view.epoch.number.bigEndianBytes
        return state.keys(prefix: prefix).map { key in
            guard let source = Address(key.dropFirst(9).prefix(20)), let destination = Address(key.dropFirst(29)) else {
                preconditionFailure("redelegation key \(Hex.lower(key))")
            }
            return RedelegationMove(source: source, destination: destination)
        }
    }

    /// After every validator's leaves. Where nobody may join, the tranche waits as tokens, slashable for the source,
    /// until the unbonding time is over.
    mutating func arrive(_ move: RedelegationMove) {
        let epoch = view.epoch.number
        state.remove(StateKey.redelegation(epoch, from: move.source, to: move.destination))
        guard var record: ValidatorRecord = state.load(StateKey.validator(move.destination)) else {
            preconditionFailure("a redelegation to \(move.destination), who is no validator")
        }
        if record.isTombstoned { return }
        var tranche = requireTranche(move.tranche(epoch))
        tranche.becomeShares(in: &record.delegations)
        state.store(tranche, at: StateKey.tranche(move.tranche(epoch)))
        state.store(record, at: StateKey.validator(move.destination))
    }

    /// Pays every delegation whose unbonding time is over.
    mutating func releaseDelegations() {
        let next = view.epoch.number + 1
        for (id, _) in state.range(.delegatorUnbonding, upTo: next.bigEndianBytes, limit: .max, as: DueRecord.self) {
            guard let operatorAddress = Address(id.dropFirst(8).prefix(20)), let delegator = Address(id.dropFirst(28)),
                let validator: ValidatorRecord = state.load(StateKey.validator(operatorAddress))
            else { preconditionFailure("unbonding key \(Hex.lower(id))") }
            if isLocked(operatorAddress) { continue }
            state.remove([StateTag.delegatorUnbonding.rawValue] + id)
            var touched = TouchedDelegation(
                operatorAddress: operatorAddress, delegator: delegator, validator: validator,
                record: delegation(to: operatorAddress, by: delegator))
            let exits = touched.record.exits
            touched.record.exits = []
            for var entry in exits {
                let place = TrancheID(.exit, of: operatorAddress, epoch: entry.epoch)
                var tranche = requireTranche(place)
                if tranche.matures > next {
                    touched.record.exits.append(entry)
                    continue
                }
                let part = take(&entry.position, of: &tranche, place, &touched.validator)
                touched.paid = touched.paid.credited(part.paid).credited(part.unbonded)
            }
            close(touched)
        }
    }

    // MARK: The stake that counts

    /// All stake behind a validator, up to what its operator's own part carries.
    func selfBonded(_ record: ValidatorRecord) -> Amount {
        let least = view.parameters.rewards.validation.selfBondMin
        if least == 0 { return record.bond }
        let carried = UInt128(record.ownBond.units) * UInt128(Rewards.Rule.million) / UInt128(least)
        return min(record.bond, Amount(UInt64(clamping: carried)))
    }

    /// Stake above `effective_stake_max_ppm` averages of the set counts for nothing.
    func effective(_ members: [SetMember]) -> [SetMember] {
        if members.isEmpty { return [] }
        let total = members.reduce(UInt128(0)) { $0 + UInt128($1.stake.units) }
        let multiple = UInt128(view.parameters.rewards.validation.effectiveStakeMax)
        let most = total * multiple / UInt128(members.count) / UInt128(Rewards.Rule.million)
        return members.map { member in
            var member = member
            member.stake = min(member.stake, Amount(UInt64(clamping: most)))
            return member
        }
    }
}
