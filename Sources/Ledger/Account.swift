// The records of accounts and providers. Invariant of every state record: its first field never
// has the default value, because an empty value cannot be proved to an outside verifier (formats A10).
package import Codec
package import Primitives

/// An account that does not exist is the one with nonce 1 and no balance; it is not stored.
package struct Account: Hashable, Sendable, Message {
    /// 1 + the number of its transactions that counted, so the next sequence is `nonce - 1`.
    package var nonce: UInt64
    package var balance: Amount
    /// Prepaid fees of jobs.
    package var credits = Amount.zero
    /// A provider's part of fees comes as credits.
    package var takesCredits = false
    /// The first epoch in which more of its subsidies is unlocked; 0 where none vest.
    package var unlockEpoch: UInt64 = 0

    package init(nonce: UInt64 = 1, balance: Amount = .zero) { (self.nonce, self.balance) = (nonce, balance) }

    package var nextSequence: UInt64 { nonce - 1 }
    package var isVoid: Bool { self == Account() }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, nonce)
        encoder.unsigned(2, balance.units)
        encoder.unsigned(3, credits.units)
        encoder.bool(4, takesCredits)
        encoder.unsigned(5, unlockEpoch)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        nonce = try decoder.unsigned(1)
        balance = Amount(try decoder.unsigned(2))
        credits = Amount(try decoder.unsigned(3))
        takesCredits = try decoder.bool(4)
        unlockEpoch = try decoder.unsigned(5)
        if nonce == 0 { throw .missing(field: 1) }
    }
}

/// Which operator a consensus, audit or transport key belongs to; kept after the validator left, so that evidence finds
/// its bond and no key comes back in another role.
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
    /// 1 + the epoch in which it last lost a dispute over a wrong result.
    private var fraudPlusOne: UInt64 = 0
    /// Excluded for good.
    package var isTombstoned = false

    package init(registeredEpoch: UInt64, bond: Amount) { (epochPlusOne, self.bond) = (registeredEpoch + 1, bond) }

    package var lastFraud: UInt64? {
        get { fraudPlusOne == 0 ? nil : fraudPlusOne - 1 }
        set { fraudPlusOne = newValue.map { $0 + 1 } ?? 0 }
    }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, epochPlusOne)
        encoder.unsigned(2, bond.units)
        encoder.unsigned(3, fraudPlusOne)
        encoder.bool(4, isTombstoned)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        epochPlusOne = try decoder.unsigned(1)
        bond = Amount(try decoder.unsigned(2))
        fraudPlusOne = try decoder.unsigned(3)
        isTombstoned = try decoder.bool(4)
        if epochPlusOne == 0 { throw .missing(field: 1) }
    }
}
