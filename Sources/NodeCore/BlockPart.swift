// A decided block travels in parts, because it may be longer than any frame: the asker asks for part 0, learns how many
// there are, and asks the same peer for one after the other. Nothing is believed before the whole block is checked.
import Chain
package import Codec
package import Primitives
import Quorum

package struct BlockRequest: Hashable, Sendable, Message {
    package let height: Height
    package let part: UInt32

    package init(_ height: Height, part: UInt32 = 0) { (self.height, self.part) = (height, part) }

    package func encode(into encoder: inout Encoder) {
        encoder.signed(1, height.signed)
        encoder.unsigned(2, UInt64(part))
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        height = try decoder.height(1)
        part = try decoder.unsigned32(2)
    }
}

/// Bytes of an encoded `CommittedBlock`: every part but the last has `NodeLimits.blockPartBytes`.
package struct BlockPart: Hashable, Sendable, Message {
    package let height: Height
    package let part: UInt32
    /// How many there are; `part` is below.
    package let parts: UInt32
    package let bytes: Bytes

    /// The asked part of an encoded block; nil when it has no such part.
    package init?(_ request: BlockRequest, of block: Bytes) {
        let size = NodeLimits.blockPartBytes
        let count = (block.count + size - 1) / size
        guard Int(request.part) < count else { return nil }
        let start = Int(request.part) * size
        (height, part, parts) = (request.height, request.part, UInt32(count))
        bytes = Bytes(block[start..<min(start + size, block.count)])
    }

    var isLast: Bool { part + 1 == parts }

    package func encode(into encoder: inout Encoder) {
        encoder.signed(1, height.signed)
        encoder.unsigned(2, UInt64(part))
        encoder.unsigned(3, UInt64(parts))
        encoder.data(4, bytes)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        height = try decoder.height(1)
        part = try decoder.unsigned32(2)
        parts = try decoder.unsigned32(3)
        bytes = try decoder.data(4, max: NodeLimits.blockPartBytes)
        guard (1...NodeLimits.blockPartsMax).contains(parts), part < parts else { throw .outOfRange(field: 3) }
        guard isLast ? !bytes.isEmpty : bytes.count == NodeLimits.blockPartBytes else { throw .invalid(field: 4) }
    }
}

/// What one peer has sent of one block so far: whole parts, in order.
struct PartialBlock: Sendable {
    let peer: PeerID
    let height: Height
    private(set) var parts: UInt32?
    private(set) var next: UInt32 = 0
    private(set) var bytes: Bytes = []

    init(peer: PeerID, height: Height) { (self.peer, self.height) = (peer, height) }

    var isComplete: Bool { next == parts }

    enum Step: Equatable {
        case taken
        /// A repeat, which a network may make of an honest answer.
        case ignored
        /// The peer says now that there is another number of parts.
        case contradicted
    }

    mutating func append(_ part: BlockPart) -> Step {
        guard part.part == next else { return .ignored }
        if let parts, parts != part.parts { return .contradicted }
        (parts, next) = (part.parts, next + 1)
        bytes += part.bytes
        return .taken
    }
}
