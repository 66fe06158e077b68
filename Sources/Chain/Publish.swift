// Bytes that jobs name: programs and input blobs, published once, known by their SHA-256, reusable by everyone.
// Whether a program may run is a rule of the ledger; here is only what travels.
package import Codec
package import Primitives

/// What published bytes may be used for. The raw value is its number on the chain.
package enum BlobKind: UInt32, CaseIterable, Sendable {
    case program = 1
    case input = 2

    /// The name in every machine-readable answer.
    package var label: String {
        switch self {
        case .program: "program"
        case .input: "input"
        }
    }
}

package struct Publish: Hashable, Sendable, Message {
    package let kind: BlobKind
    /// 1...`JobLimits.blobBytesMax`.
    package let bytes: Bytes

    package init(kind: BlobKind, bytes: Bytes) { (self.kind, self.bytes) = (kind, bytes) }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, UInt64(kind.rawValue))
        encoder.data(2, bytes)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        guard let kind = BlobKind(rawValue: try decoder.unsigned32(1)) else { throw .invalid(field: 1) }
        self.kind = kind
        bytes = try decoder.data(2, max: JobLimits.blobBytesMax)
        if bytes.isEmpty { throw .missing(field: 2) }
    }
}
