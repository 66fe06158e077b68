// Stake of many delegators that moves together. A tranche gathers what joins, leaves or changes one validator within
// one epoch; an epoch's end and a slash move the tranche, and each of its members is settled when he is touched, so
// that neither ever walks over delegators. A tranche is a pool inside a validator's pool: units of its members, rewards
// by F1. Invariant: what the supply's bonds hold of a tranche is its tokens while they are outside a pool, and what it
// owes.
package import Codec
package import Primitives
package import Rewards

package enum TrancheKind: UInt8, CaseIterable, Sendable {
    /// Tokens that become shares of the validator at the epoch's end.
    case join = 1
    /// Shares that become tokens at the epoch's end, free after the unbonding time.
    case exit = 2
    /// Shares that become shares of another validator at the epoch's end, and can be slashed for both until the
    /// unbonding time is over.
    case redelegation = 3
}

package struct TrancheID: Hashable, Sendable {
    /// For whose offences the tranche stands.
    package let validator: Address
    package let kind: TrancheKind
    package let epoch: UInt64
    /// Of a redelegation.
    package let destination: Address?

    package init(_ kind: TrancheKind, of validator: Address, epoch: UInt64, to destination: Address? = nil) {
        (self.kind, self.validator, self.epoch, self.destination) = (kind, validator, epoch, destination)
    }
}

package struct TrancheRecord: Hashable, Sendable, Message {
    /// Its members' units as `shares`; as `tokens` what they stand for: shares of a validator, or tokens.
    package var pool = DelegationPool()
    /// `tokens` are shares of a validator.
    package var isShares: Bool
    /// The validator's accumulator when its rewards were last passed on.
    package var accumulator: UInt128 = 0
    /// The epoch from which its members may take their part.
    package let matures: UInt64

    package init(isShares: Bool, matures: UInt64) { (self.isShares, self.matures) = (isShares, matures) }

    /// What this record holds of the supply's bonds.
    package var held: Amount { Amount(isShares ? 0 : pool.tokens).credited(Amount(pool.owed)) }

    /// Passes on to the members what the shares have earned in the validator's pool.
    mutating func pull(from host: inout DelegationPool) {
        guard isShares else { return }
        expecting("a tranche's rewards") { () throws(ArithmeticError) in
            var position = Delegation(shares: pool.tokens, accumulator: accumulator)
            let paid = try host.claim(&position)
            _ = try pool.reward(paid, commission: 0)
            accumulator = position.accumulator
        }
    }

    /// Out of the validator's pool.
    mutating func becomeTokens(from host: inout DelegationPool) {
        pull(from: &host)
        var position = Delegation(shares: pool.tokens, accumulator: accumulator)
        let left = expecting("a tranche that leaves") { () throws(DelegationError) in
            try host.leave(&position, shares: position.shares)
        }
        (pool.tokens, isShares, accumulator) = (left.unbonded.units, false, 0)
    }

    /// Into a validator's pool; stays tokens where shares have no price.
    mutating func becomeShares(in host: inout DelegationPool) {
        var position = Delegation()
        do throws(DelegationError) {
            _ = try host.join(Amount(pool.tokens), &position)
            (pool.tokens, isShares, accumulator) = (position.shares, true, position.accumulator)
        } catch {
            return
        }
    }

    package func encode(into encoder: inout Encoder) {
        encoder.message(1, pool)
        encoder.bool(2, isShares)
        encoder.wide(3, accumulator)
        encoder.unsigned(5, matures)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        pool = try decoder.message(1)
        isShares = try decoder.bool(2)
        accumulator = try decoder.wide(3)
        matures = try decoder.unsigned(5)
    }
}

/// A delegator's part of a tranche.
package struct Membership: Hashable, Sendable, Message {
    package let epoch: UInt64
    /// Where a redelegation came from.
    package let source: Address?
    /// In the tranche's pool.
    package var position: Delegation

    init(epoch: UInt64, source: Address? = nil) {
        (self.epoch, self.source, position) = (epoch, source, Delegation())
    }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, epoch + 1)
        if let source { encoder.data(2, source) }
        encoder.message(3, position)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        let epochPlusOne = try decoder.unsigned(1)
        if epochPlusOne == 0 { throw .missing(field: 1) }
        epoch = epochPlusOne - 1
        source = try decoder.optionalFixedBytes(2)
        position = try decoder.message(3)
    }
}

/// What one account has behind one validator of somebody else.
package struct DelegationRecord: Hashable, Sendable, Message {
    /// Shares that it may move.
    package var position = Delegation()
    /// The joins of the epoch in which it was touched last.
    package var joins: [Membership] = []
    /// What came from other validators and can still be slashed for them.
    package var arrivals: [Membership] = []
    /// What is unbonding.
    package var exits: [Membership] = []

    /// Parts on their way of one delegation, in each direction.
    package static let entriesMax = 8

    package init() {}

    var isVoid: Bool { position.shares == 0 && joins.isEmpty && arrivals.isEmpty && exits.isEmpty }

    package func encode(into encoder: inout Encoder) {
        encoder.message(1, position)
        encoder.messages(2, joins)
        encoder.messages(3, arrivals)
        encoder.messages(4, exits)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        position = try decoder.message(1)
        joins = try decoder.messages(2, count: Self.entriesMax)
        arrivals = try decoder.messages(3, count: Self.entriesMax)
        exits = try decoder.messages(4, count: Self.entriesMax)
    }
}

/// What is due, and asked for in which epoch.
struct DueRecord: Hashable, Message {
    let epoch: UInt64

    init(epoch: UInt64) { self.epoch = epoch }

    func encode(into encoder: inout Encoder) { encoder.unsigned(1, epoch + 1) }

    init(from decoder: inout Decoder) throws(DecodeError) {
        let epochPlusOne = try decoder.unsigned(1)
        if epochPlusOne == 0 { throw .missing(field: 1) }
        epoch = epochPlusOne - 1
    }
}

/// A validator's commission, and what has asked to join it in one epoch.
package struct StakeTerms: Hashable, Sendable, Message {
    package var arrivalEpoch: UInt64 = 0
    /// Delegated and redelegated to it in `arrivalEpoch`.
    package var arrived = Amount.zero
    /// In force from epoch `commissionSince` on; 0: never announced.
    package var commission: UInt64 = 0
    package var commissionSince: UInt64 = 0
    package var commissionBefore: UInt64 = 0

    package init() {}

    package func commission(in epoch: UInt64) -> UInt64 { epoch >= commissionSince ? commission : commissionBefore }

    func arrived(in epoch: UInt64) -> Amount { epoch == arrivalEpoch ? arrived : .zero }

    mutating func arrive(_ amount: Amount, in epoch: UInt64) {
        arrived = arrived(in: epoch).credited(amount)
        arrivalEpoch = epoch
    }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, arrivalEpoch + 1)
        encoder.unsigned(2, arrived.units)
        encoder.unsigned(3, commission)
        encoder.unsigned(4, commissionSince)
        encoder.unsigned(5, commissionBefore)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        let epochPlusOne = try decoder.unsigned(1)
        if epochPlusOne == 0 { throw .missing(field: 1) }
        arrivalEpoch = epochPlusOne - 1
        arrived = Amount(try decoder.unsigned(2))
        commission = try decoder.unsigned(3)
        commissionSince = try decoder.unsigned(4)
        commissionBefore = try decoder.unsigned(5)
    }
}

/// For arithmetic on parts of the supply, which cannot fail: a failure is our bug.
func expecting<Value, Failure: Error>(
    _ what: @autoclosure () -> String, _ work: () throws(Failure) -> Value
) -> Value {
    do throws(Failure) { return try work() } catch { preconditionFailure("\(what()): \(error)") }
}

extension StateKey {
    package static func delegation(to validator: Address, by delegator: Address) -> Bytes {
        [StateTag.delegation.rawValue] + validator.bytes + delegator.bytes
    }
    package static func tranche(_ id: TrancheID) -> Bytes {
        tranches(id.kind, of: id.validator) + id.epoch.bigEndianBytes + (id.destination?.bytes ?? [])
    }
    static func tranches(_ kind: TrancheKind, of validator: Address) -> Bytes {
        [StateTag.tranche.rawValue] + validator.bytes + [kind.rawValue]
    }
    static func redelegation(_ epoch: UInt64, from source: Address, to destination: Address) -> Bytes {
        [StateTag.redelegation.rawValue] + epoch.bigEndianBytes + source.bytes + destination.bytes
    }
    static func delegatorUnbonding(free epoch: UInt64, of validator: Address, by delegator: Address) -> Bytes {
        [StateTag.delegatorUnbonding.rawValue] + epoch.bigEndianBytes + validator.bytes + delegator.bytes
    }
    package static func stakeTerms(_ operatorAddress: Address) -> Bytes {
        [StateTag.stakeTerms.rawValue] + operatorAddress.bytes
    }
}

extension ValidatorRecord {
    /// What the operator's own position is worth.
    package var ownBond: Amount {
        if own.shares == delegations.shares { return bond }
        return expecting("the own bond") { () throws(ArithmeticError) in
            Amount(try delegations.tokens.scaled(by: own.shares, over: delegations.shares))
        }
    }

    /// Shares have a price that a join may use.
    var isPriced: Bool {
        delegations.shares == 0
            || (delegations.tokens > 0 && UInt128(delegations.tokens) * 1000 >= UInt128(delegations.shares))
    }
}
