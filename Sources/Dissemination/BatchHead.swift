// What can be read of a batch without hashing it: enough to refuse repeats, strangers and floods before they cost a
// signature check.
package import Codec
package import Primitives
import Quorum

package struct BatchHead: Equatable, Sendable {
    package let author: Address
    package let sequence: UInt64
    package let expiry: Height

    package init(author: Address, sequence: UInt64, expiry: Height) {
        (self.author, self.sequence, self.expiry) = (author, sequence, expiry)
    }

    /// nil when the bytes do not begin like a batch.
    package static func peeked(_ bytes: Bytes) -> BatchHead? {
        do { return try BatchHead(peeking: bytes) } catch { return nil }
    }

    /// Reads the first fields of an encoded batch; the rest is judged by the batch's own decoder.
    package init(peeking bytes: Bytes) throws(DecodeError) {
        var decoder = Decoder(bytes)
        author = try decoder.fixedBytes(1)
        sequence = try decoder.unsigned(2)
        expiry = try decoder.height(3)
    }
}

/// "I hold every batch of this author up to this sequence, durably." Unsigned: it travels on an authenticated link.
package struct AcknowledgementMark: Hashable, Sendable, Message {
    package let author: Address
    package let sequence: UInt64

    package init(author: Address, sequence: UInt64) { (self.author, self.sequence) = (author, sequence) }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, author)
        encoder.unsigned(2, sequence)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        author = try decoder.fixedBytes(1)
        sequence = try decoder.unsigned(2)
    }
}
