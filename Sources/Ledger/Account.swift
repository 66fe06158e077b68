// The records of participants: accounts, validators, providers. Invariant of every state record: its first field never
// has the default value, because an empty value cannot be proved to an outside verifier (formats A10).
package import Chain
package import Codec
package import Primitives

/// An account that does not exist is the one with nonce 1 and no balance; it is not stored.
package struct Account: Hashable, Sendable, Message {
    /// 1 + the number of its transactions that counted, so the next sequence is `nonce - 1`.
    package var nonce: UInt64
    package var balance: Amount

    package init(nonce: UInt64 = 1, balance: Amount = .zero) { (self.nonce, self.balance) = (nonce, balance) }

    package var nextSequence: UInt64 { nonce - 1 }
    package var isVoid: Bool { nonce == 1 && balance == .zero }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, nonce)
        encoder.unsigned(2, balance.units)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        nonce = try decoder.unsigned(1)
        balance = Amount(try decoder.unsigned(2))
        if nonce == 0 { throw .missing(field: 1) }
    }
}

/// A validator, known by its operator's account.
package struct ValidatorRecord: Hashable, Sendable, Message {
    package var keys: ValidatorKeys
    /// The operator's own stake.
    package var bond: Amount
    package var name: Bytes
    /// The epoch in which the keys were registered; an audit key counts one full epoch later, genesis keys at once.
    package var registeredEpoch: UInt64
    /// Excluded for good.
    package var isTombstoned: Bool

    package init(keys: ValidatorKeys, bond: Amount, name: Bytes, registeredEpoch: UInt64) {
        (self.keys, self.bond, self.name, self.registeredEpoch) = (keys, bond, name, registeredEpoch)
        isTombstoned = false
    }

    package func encode(into encoder: inout Encoder) {
        encoder.message(1, keys)
        encoder.unsigned(2, bond.units)
        encoder.data(3, name)
        encoder.unsigned(4, registeredEpoch)
        encoder.bool(5, isTombstoned)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        keys = try decoder.message(1)
        bond = Amount(try decoder.unsigned(2))
        name = try decoder.data(3, max: GenesisLimits.nameBytesMax)
        registeredEpoch = try decoder.unsigned(4)
        isTombstoned = try decoder.bool(5)
    }
}

/// Which operator a consensus address belongs to; kept after the validator left, so that evidence finds its bond.
struct OperatorReference: Hashable, Message {
    let operatorAddress: Address

    init(_ operatorAddress: Address) { self.operatorAddress = operatorAddress }

    func encode(into encoder: inout Encoder) { encoder.data(1, operatorAddress) }
    init(from decoder: inout Decoder) throws(DecodeError) { operatorAddress = try decoder.fixedBytes(1) }
}

/// A provider of compute, known by its account.
package struct ProviderRecord: Hashable, Sendable, Message {
    /// 1 + the epoch in which it registered.
    package var epochPlusOne: UInt64
    package var bond: Amount

    package init(registeredEpoch: UInt64, bond: Amount) { (epochPlusOne, self.bond) = (registeredEpoch + 1, bond) }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, epochPlusOne)
        encoder.unsigned(2, bond.units)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        epochPlusOne = try decoder.unsigned(1)
        bond = Amount(try decoder.unsigned(2))
        if epochPlusOne == 0 { throw .missing(field: 1) }
    }
}
