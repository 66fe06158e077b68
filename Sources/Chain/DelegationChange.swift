// The actions of those who put stake behind a validator of somebody else, and the validator's price for it. Each names
// the validator by its operator's address.
package import Codec
package import Primitives

/// An amount that joins or leaves the sender's delegation at the end of the epoch.
package struct DelegationChange: Hashable, Sendable, Message {
    package let validator: Address
    package let amount: Amount

    package init(validator: Address, amount: Amount) { (self.validator, self.amount) = (validator, amount) }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, validator)
        encoder.unsigned(2, amount.units)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        validator = try decoder.fixedBytes(1)
        amount = Amount(try decoder.unsigned(2))
    }
}

/// An amount that goes from one validator to another at the end of the epoch, without a time in which it earns nothing.
package struct Redelegation: Hashable, Sendable, Message {
    package let source: Address
    package let destination: Address
    package let amount: Amount

    package init(from source: Address, to destination: Address, amount: Amount) {
        (self.source, self.destination, self.amount) = (source, destination, amount)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, source)
        encoder.data(2, destination)
        encoder.unsigned(3, amount.units)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        source = try decoder.fixedBytes(1)
        destination = try decoder.fixedBytes(2)
        amount = Amount(try decoder.unsigned(3))
    }
}

/// Pays what the sender's delegation has earned.
package struct ClaimRewards: Hashable, Sendable, Message {
    package let validator: Address

    package init(validator: Address) { self.validator = validator }

    package func encode(into encoder: inout Encoder) { encoder.data(1, validator) }
    package init(from decoder: inout Decoder) throws(DecodeError) { validator = try decoder.fixedBytes(1) }
}

/// What the sender's validator keeps of its delegators' rewards from the next epoch on, in ppm.
package struct CommissionChange: Hashable, Sendable, Message {
    package let rate: UInt64

    package init(rate: UInt64) { self.rate = rate }

    package func encode(into encoder: inout Encoder) { encoder.unsigned(1, rate) }
    package init(from decoder: inout Decoder) throws(DecodeError) { rate = try decoder.unsigned(1) }
}
