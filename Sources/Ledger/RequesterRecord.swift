// Since when an account asks for work, and who referred it. Invariant: written once, by the registration or by the
// first job, so nobody finds himself a referrer after he began to pay.
package import Codec
package import Primitives

package struct RequesterRecord: Hashable, Sendable, Message {
    private let epochPlusOne: UInt64
    package let referrer: Address?

    init(registeredEpoch: UInt64, referrer: Address? = nil) {
        (epochPlusOne, self.referrer) = (registeredEpoch + 1, referrer)
    }

    package var registeredEpoch: UInt64 { epochPlusOne - 1 }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, epochPlusOne)
        if let referrer { encoder.data(2, referrer) }
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        epochPlusOne = try decoder.unsigned(1)
        referrer = try decoder.optionalFixedBytes(2)
        if epochPlusOne == 0 { throw .missing(field: 1) }
    }
}

extension StateKey {
    package static func requester(_ account: Address) -> Bytes { [StateTag.requester.rawValue] + account.bytes }
}
