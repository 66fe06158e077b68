// A validator's record: keys, bond, and what is on its way in or out. Bonds move at epoch ends only, so that an epoch's
// rewards go to the stake that was there at its start; slashes take effect at once.
package import Chain
package import Codec
package import Primitives
package import Rewards

/// A validator, known by its operator's account.
package struct ValidatorRecord: Hashable, Sendable, Message {
    package var keys: ValidatorKeys
    /// All stake behind this validator; so far the operator's own.
    package var delegations = DelegationPool()
    /// The operator's position in `delegations`.
    package var own = Delegation()
    package var name: Bytes
    /// The epoch in which the keys were registered; an audit key counts one full epoch later, genesis keys at once.
    package var registeredEpoch: UInt64
    /// Excluded for good.
    package var isTombstoned = false
    /// Joins the bond at the end of the epoch.
    package var joining = Amount.zero
    /// Leaves the bond at the end of the epoch.
    package var leaving = Amount.zero

    package init(keys: ValidatorKeys, name: Bytes, registeredEpoch: UInt64) {
        (self.keys, self.name, self.registeredEpoch) = (keys, name, registeredEpoch)
    }

    package var bond: Amount { Amount(delegations.tokens) }

    /// What this record holds of the supply's bonds.
    package var held: Amount { bond.credited(joining).credited(Amount(delegations.owed)) }

    package func encode(into encoder: inout Encoder) {
        encoder.message(1, keys)
        encoder.message(2, delegations)
        encoder.message(3, own)
        encoder.data(4, name)
        encoder.unsigned(5, registeredEpoch)
        encoder.bool(6, isTombstoned)
        encoder.unsigned(7, joining.units)
        encoder.unsigned(8, leaving.units)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        keys = try decoder.message(1)
        delegations = try decoder.message(2)
        own = try decoder.message(3)
        name = try decoder.data(4, max: GenesisLimits.nameBytesMax)
        registeredEpoch = try decoder.unsigned(5)
        isTombstoned = try decoder.bool(6)
        joining = Amount(try decoder.unsigned(7))
        leaving = Amount(try decoder.unsigned(8))
    }
}

extension Encoder {
    /// 128 bits as two fields, the high half first.
    mutating func wide(_ field: UInt32, _ value: UInt128) {
        unsigned(field, UInt64(value >> 64))
        unsigned(field + 1, UInt64(truncatingIfNeeded: value))
    }
}

extension Decoder {
    mutating func wide(_ field: UInt32) throws(DecodeError) -> UInt128 {
        let high = try unsigned(field)
        return UInt128(high) << 64 | UInt128(try unsigned(field + 1))
    }
}

extension DelegationPool: Message {
    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, tokens)
        encoder.unsigned(2, shares)
        encoder.wide(3, accumulator)
        encoder.wide(5, remainder)
        encoder.unsigned(7, held)
        encoder.unsigned(8, owed)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        self.init()
        tokens = try decoder.unsigned(1)
        shares = try decoder.unsigned(2)
        accumulator = try decoder.wide(3)
        remainder = try decoder.wide(5)
        held = try decoder.unsigned(7)
        owed = try decoder.unsigned(8)
    }
}

extension Delegation: Message {
    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, shares)
        encoder.wide(2, accumulator)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        let shares = try decoder.unsigned(1)
        self.init(shares: shares, accumulator: try decoder.wide(2))
    }
}

/// Bond that left and can still be slashed until the epoch in its key begins.
package struct UnbondingRecord: Hashable, Sendable, Message {
    package var amount: Amount

    package init(amount: Amount) { self.amount = amount }

    package func encode(into encoder: inout Encoder) { encoder.unsigned(1, amount.units) }
    package init(from decoder: inout Decoder) throws(DecodeError) { amount = Amount(try decoder.unsigned(1)) }
}

/// An offence whose rate may still rise with later offenders of its window.
struct OffenderRecord: Hashable, Message {
    let epochPlusOne: UInt64
    /// At the offence, unbonding parts included.
    let stake: Amount
    var charged: Amount
    let evidence: Digest

    init(epoch: UInt64, stake: Amount, charged: Amount, evidence: Digest) {
        (epochPlusOne, self.stake, self.charged, self.evidence) = (epoch + 1, stake, charged, evidence)
    }

    func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, epochPlusOne)
        encoder.unsigned(2, stake.units)
        encoder.unsigned(3, charged.units)
        encoder.data(4, evidence)
    }

    init(from decoder: inout Decoder) throws(DecodeError) {
        epochPlusOne = try decoder.unsigned(1)
        stake = Amount(try decoder.unsigned(2))
        charged = Amount(try decoder.unsigned(3))
        evidence = try decoder.fixedBytes(4)
    }
}
