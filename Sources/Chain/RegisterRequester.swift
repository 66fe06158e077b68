// The actions of those who ask for work beside asking: naming who referred them, prepaying fees as credits; and of
// those who work: how they are paid.
package import Codec
package import Primitives

/// Once, before the account's first job.
package struct RegisterRequester: Hashable, Sendable, Message {
    /// Gets a part of the treasury's part of the sender's fees for a time.
    package let referrer: Address

    package init(referrer: Address) { self.referrer = referrer }

    package func encode(into encoder: inout Encoder) { encoder.data(1, referrer) }
    package init(from decoder: inout Decoder) throws(DecodeError) { referrer = try decoder.fixedBytes(1) }
}

/// Turns MRT into as many credits, for good: they pay fees of jobs and nothing else.
package struct BuyCredits: Hashable, Sendable, Message {
    package let amount: Amount

    package init(amount: Amount) { self.amount = amount }

    package func encode(into encoder: inout Encoder) { encoder.unsigned(1, amount.units) }
    package init(from decoder: inout Decoder) throws(DecodeError) { amount = Amount(try decoder.unsigned(1)) }
}

/// How a provider gets its part of fees from the next settlement on.
package struct ElectPay: Hashable, Sendable, Message {
    package let takesCredits: Bool

    package init(takesCredits: Bool) { self.takesCredits = takesCredits }

    package func encode(into encoder: inout Encoder) { encoder.bool(1, takesCredits) }
    package init(from decoder: inout Decoder) throws(DecodeError) { takesCredits = try decoder.bool(1) }
}
