// What one account has behind one validator, as of the tip: what a claim would pay, what may move, and what is on its
// way. Reading only.
package import Primitives
import Rewards

package struct DelegationEntry: Hashable, Sendable {
    /// What it may undelegate or redelegate.
    package var free = Amount.zero
    /// Joins at the end of the epoch, or goes back with the next claim because the validator was excluded before.
    package var joining = Amount.zero
    /// Came from another validator and stays until it cannot be slashed for that one.
    package var maturing = Amount.zero
    /// Leaves, or has left and waits for the unbonding time, with what it earned until it left.
    package var unbonding = Amount.zero
    /// What a claim pays of rewards.
    package var earned = Amount.zero
}

extension Ledger {
    /// nil where the account has nothing behind this validator.
    package static func delegation(
        to operatorAddress: Address, by delegator: Address, on snapshot: some Snapshot
    ) -> DelegationEntry? {
        let state = WorkingState(snapshot)
        guard let validator: ValidatorRecord = state.load(StateKey.validator(operatorAddress)),
            let record: DelegationRecord = state.load(StateKey.delegation(to: operatorAddress, by: delegator))
        else { return nil }
        let epoch = state.require(.epoch, as: EpochRecord.self).number
        var reading = DelegationReading(state, validator.delegations, record.position)
        for entry in record.joins {
            let part = reading.part(entry, TrancheID(.join, of: operatorAddress, epoch: entry.epoch))
            if part.isShares { reading.shares += part.amount } else { reading.entry.joining.add(part.amount) }
        }
        for entry in record.arrivals {
            guard let source = entry.source else { continue }
            let id = TrancheID(.redelegation, of: source, epoch: entry.epoch, to: operatorAddress)
            let part = reading.part(entry, id, of: entry.epoch == epoch ? source : nil)
            // As a claim does it: what waits for deferred slashes of its source is not free.
            let isLocked = state.bytes(StateKey.lock(source)) != nil
            if part.matures <= epoch && part.isShares && !isLocked {
                reading.shares += part.amount
            } else {
                reading.entry.maturing.add(reading.tokens(part, of: entry.epoch == epoch ? source : nil))
            }
        }
        for entry in record.exits {
            // What it earned until it left is paid with it, and not by a claim.
            let earned = reading.entry.earned
            let part = reading.part(entry, TrancheID(.exit, of: operatorAddress, epoch: entry.epoch))
            let own = reading.entry.earned.debited(earned)
            reading.entry.earned = earned
            reading.entry.unbonding.add(reading.tokens(part, of: nil) + own.units)
        }
        reading.entry.free = Amount(worth(of: reading.shares, in: validator.delegations))
        return reading.entry
    }

    fileprivate static func worth(of shares: UInt64, in pool: DelegationPool) -> UInt64 {
        if shares == 0 { return 0 }
        return expecting("the worth of shares") { () throws(ArithmeticError) in
            try pool.tokens.scaled(by: shares, over: pool.shares)
        }
    }
}

/// A member's part of a tranche.
private struct TranchePart {
    /// Shares of a validator, or tokens.
    let amount: UInt64
    let isShares: Bool
    let matures: UInt64
}

private struct DelegationReading {
    let state: WorkingState
    var pool: DelegationPool
    var shares: UInt64
    var entry = DelegationEntry()

    init(_ state: WorkingState, _ pool: DelegationPool, _ position: Delegation) {
        (self.state, self.pool, shares) = (state, pool, position.shares)
        entry.earned = expecting("the rewards of a delegation") { () throws(ArithmeticError) in
            try pool.earned(position)
        }
    }

    /// Counts what the part earned. `source`: where the shares are that have not moved yet; they earned nothing there
    /// since they left the delegation.
    mutating func part(_ member: Membership, _ id: TrancheID, of source: Address? = nil) -> TranchePart {
        guard var tranche: TrancheRecord = state.load(StateKey.tranche(id)) else {
            preconditionFailure("no tranche \(id)")
        }
        if source == nil { tranche.pull(from: &pool) }
        return expecting("a part of \(id)") { () throws(ArithmeticError) in
            entry.earned.add(try tranche.pool.earned(member.position).units)
            let amount = try tranche.pool.tokens.scaled(by: member.position.shares, over: tranche.pool.shares)
            return TranchePart(amount: amount, isShares: tranche.isShares, matures: tranche.matures)
        }
    }

    func tokens(_ part: TranchePart, of source: Address?) -> UInt64 {
        guard part.isShares else { return part.amount }
        let record: ValidatorRecord? = source.flatMap { state.load(StateKey.validator($0)) }
        return Ledger.worth(of: part.amount, in: record?.delegations ?? pool)
    }
}

extension Amount {
    fileprivate mutating func add(_ units: UInt64) { self = credited(Amount(units)) }
}
