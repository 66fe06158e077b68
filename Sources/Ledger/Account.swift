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
    /// Of a provider, whose purse settlements fill: what lies there is not in `balance` and `credits`.
    package var providerNumber: ProviderNumber?

    package init(nonce: UInt64 = 1, balance: Amount = .zero) { (self.nonce, self.balance) = (nonce, balance) }

    package var nextSequence: UInt64 { nonce - 1 }
    package var isVoid: Bool { self == Account() }

    /// With what lies in its purse.
    package func holding(_ purse: Purse) -> Account {
        var account = self
        account.balance = account.balance.credited(purse.balance)
        account.credits = account.credits.credited(purse.credits)
        return account
    }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, nonce)
        encoder.unsigned(2, balance.units)
        encoder.unsigned(3, credits.units)
        encoder.unsigned(6, providerNumber.map { $0.value + 1 } ?? 0)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        nonce = try decoder.unsigned(1)
        balance = Amount(try decoder.unsigned(2))
        credits = Amount(try decoder.unsigned(3))
        let numberPlusOne = try decoder.unsigned(6)
        providerNumber = numberPlusOne == 0 ? nil : ProviderNumber(numberPlusOne - 1)
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
    /// Where its purse and its reputation lie.
    package let number: ProviderNumber
    /// Its part of fees comes as credits.
    package var takesCredits = false

    package init(_ number: ProviderNumber, registeredEpoch: UInt64, bond: Amount) {
        (self.number, epochPlusOne, self.bond) = (number, registeredEpoch + 1, bond)
    }

    package var lastFraud: UInt64? {
        get { fraudPlusOne == 0 ? nil : fraudPlusOne - 1 }
        set { fraudPlusOne = newValue.map { $0 + 1 } ?? 0 }
    }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, epochPlusOne)
        encoder.unsigned(2, bond.units)
        encoder.unsigned(3, fraudPlusOne)
        encoder.bool(4, isTombstoned)
        encoder.unsigned(5, number.value)
        encoder.bool(6, takesCredits)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        epochPlusOne = try decoder.unsigned(1)
        bond = Amount(try decoder.unsigned(2))
        fraudPlusOne = try decoder.unsigned(3)
        isTombstoned = try decoder.bool(4)
        number = ProviderNumber(try decoder.unsigned(5))
        takesCredits = try decoder.bool(6)
        if epochPlusOne == 0 { throw .missing(field: 1) }
    }
}
