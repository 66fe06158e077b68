// A value with exactly one encoding.
package import Primitives

package protocol Message: Sendable {
    /// Writes the fields in ascending order.
    func encode(into encoder: inout Encoder)
    /// Reads the fields in ascending order; the caller of `init(decoding:)` refuses what is left over.
    init(from decoder: inout Decoder) throws(DecodeError)
}

extension Message {
    @inlinable package var encoded: Bytes {
        // Most records fit, so that they do not grow byte by byte.
        var encoder = Encoder(capacity: 96)
        encode(into: &encoder)
        return encoder.bytes
    }

    /// The value behind all of `bytes`; nil where the reason of a refusal does not matter.
    @inlinable
    package static func decoded(_ bytes: Bytes) -> Self? {
        do { return try Self(decoding: bytes) } catch { return nil }
    }

    /// Decodes all of `bytes` or throws.
    @inlinable
    package init(decoding bytes: Bytes) throws(DecodeError) {
        var decoder = Decoder(bytes)
        try self.init(from: &decoder)
        try decoder.finish()
    }
}

extension Timestamp: Message {
    package func encode(into encoder: inout Encoder) {
        encoder.signed(1, seconds)
        encoder.signed(2, Int64(nanoseconds))
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        let seconds = try decoder.signed(1)
        let nanoseconds = try decoder.signed32(2)
        guard let value = Timestamp(seconds: seconds, nanoseconds: nanoseconds) else { throw .outOfRange(field: 1) }
        self = value
    }
}
