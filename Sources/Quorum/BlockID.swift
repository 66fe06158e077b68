// What a vote is for. CometBFT's BlockID: the header's hash and the header of the part set the block travels in.
// Invariant: a complete id has a 32-byte hash, total >= 1 and a 32-byte part hash; the empty id encodes as `12 00`.
package import Codec
package import Primitives

/// The number of parts a value travels in and the Merkle root over them.
package struct PartSetHeader: Hashable, Sendable, Message {
    package let total: UInt32
    /// nil encodes as empty bytes, as outside test data have it.
    package let hash: Digest?

    package init(total: UInt32, hash: Digest?) { (self.total, self.hash) = (total, hash) }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, UInt64(total))
        if let hash { encoder.data(2, hash) }
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        total = try decoder.unsigned32(1)
        hash = try decoder.optionalFixedBytes(2)
    }
}

package struct BlockID: Hashable, Sendable, Message {
    package let hash: Digest?
    package let parts: PartSetHeader

    package init(hash: Digest?, parts: PartSetHeader) { (self.hash, self.parts) = (hash, parts) }

    package static let empty = BlockID(hash: nil, parts: PartSetHeader(total: 0, hash: nil))

    package var isComplete: Bool { hash != nil && parts.total > 0 && parts.hash != nil }
    package var isEmpty: Bool { self == .empty }

    package func encode(into encoder: inout Encoder) {
        if let hash { encoder.data(1, hash) }
        encoder.message(2, parts)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        hash = try decoder.optionalFixedBytes(1)
        parts = try decoder.message(2)
    }

    /// `hash ‖ PartSetHeader bytes`, the order of the two votes of an equivocation (formats A8); nil sorts first.
    package var sortKey: Bytes { (hash?.bytes ?? []) + parts.encoded }
}

/// What consensus decides on, opaque to it: the block's id, and its header time, which every vote for it repeats.
package struct ProposalID: Hashable, Sendable {
    package let blockID: BlockID
    package let time: Timestamp

    /// The id must be complete: votes for anything else are votes for nil.
    package init(blockID: BlockID, time: Timestamp) {
        precondition(blockID.isComplete, "a proposal id needs a complete block id, got \(blockID)")
        (self.blockID, self.time) = (blockID, time)
    }
}
