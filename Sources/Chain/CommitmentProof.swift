// The words of ICS-23 as they travel (formats A10): an existence proof, or an absence proof made of one or two
// existence proofs of the neighbours. Batch and compressed forms are not words of ours: field 3 and 4 do not decode.
// Decoding says nothing about truth; `CommitmentProof+Verification.swift` does.
package import Codec
package import Primitives

/// Bounds on a state proof from outside.
package enum StateProofLimits {
    /// Inner steps of one path: one per bit of SHA-256.
    package static let depthMax = 256
    /// Bytes of a state key.
    package static let keyBytesMax = 1024
    /// Bytes of a state value: a program and room for its record.
    package static let valueBytesMax = 1 << 22
    /// Bytes of a prefix or suffix; the rules allow at most 33, a longer one is refused by its own rule.
    package static let affixBytesMax = 64
}

package enum CommitmentProof: Hashable, Sendable {
    case exist(ExistenceProof)
    case nonexist(NonExistenceProof)
}

package struct ExistenceProof: Hashable, Sendable {
    package let key: Bytes
    package let value: Bytes
    package let leaf: LeafOp
    /// From the leaf's parent up to the root.
    package let path: [InnerOp]

    package init(key: Bytes, value: Bytes, leaf: LeafOp = .smt, path: [InnerOp]) {
        (self.key, self.value, self.leaf, self.path) = (key, value, leaf, path)
    }
}

/// Order is that of the hashed keys; a side is absent when nothing lies on it.
package struct NonExistenceProof: Hashable, Sendable {
    /// The absent key, or its SHA-256 as the published vectors have it.
    package let key: Bytes
    package let left: ExistenceProof?
    package let right: ExistenceProof?

    package init(key: Bytes, left: ExistenceProof?, right: ExistenceProof?) {
        (self.key, self.left, self.right) = (key, left, right)
    }
}

/// How a leaf is hashed. The numbers are ICS-23's enums: 1 is SHA-256, length 0 is "no prefix".
package struct LeafOp: Hashable, Sendable {
    package let hash: UInt32
    package let prehashKey: UInt32
    package let prehashValue: UInt32
    package let length: UInt32
    package let prefix: Bytes

    package init(hash: UInt32, prehashKey: UInt32, prehashValue: UInt32, length: UInt32, prefix: Bytes) {
        (self.hash, self.prehashKey, self.prehashValue) = (hash, prehashKey, prehashValue)
        (self.length, self.prefix) = (length, prefix)
    }

    /// The only leaf op of `SmtSpec`: `08 01 10 01 18 01 2A 01 00`.
    package static let smt = LeafOp(hash: 1, prehashKey: 1, prehashValue: 1, length: 0, prefix: [0])
}

/// One step up: SHA-256(prefix ‖ child ‖ suffix).
package struct InnerOp: Hashable, Sendable {
    package let hash: UInt32
    package let prefix: Bytes
    package let suffix: Bytes

    package init(hash: UInt32, prefix: Bytes, suffix: Bytes) {
        (self.hash, self.prefix, self.suffix) = (hash, prefix, suffix)
    }

    /// The step of a left child whose right neighbour is `sibling`, or of a right child whose left one is.
    package init(sibling: Digest, isRight: Bool) {
        self.init(hash: 1, prefix: isRight ? [1] + sibling.bytes : [1], suffix: isRight ? [] : sibling.bytes)
    }
}

extension CommitmentProof: Message {
    package func encode(into encoder: inout Encoder) {
        switch self {
        case .exist(let proof): encoder.message(1, proof)
        case .nonexist(let proof): encoder.message(2, proof)
        }
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        switch try decoder.nextField() {
        case 2: self = .nonexist(try decoder.message(2))
        case 1, nil: self = .exist(try decoder.message(1))
        case let field?: throw .unexpectedField(field)
        }
    }
}

extension ExistenceProof: Message {
    package func encode(into encoder: inout Encoder) {
        encoder.data(1, key)
        encoder.data(2, value)
        encoder.message(3, leaf)
        encoder.messages(4, path)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        key = try decoder.data(1, max: StateProofLimits.keyBytesMax)
        value = try decoder.data(2, max: StateProofLimits.valueBytesMax)
        leaf = try decoder.message(3)
        path = try decoder.messages(4, count: StateProofLimits.depthMax)
    }
}

extension NonExistenceProof: Message {
    package func encode(into encoder: inout Encoder) {
        encoder.data(1, key)
        encoder.message(2, optional: left)
        encoder.message(3, optional: right)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        key = try decoder.data(1, max: StateProofLimits.keyBytesMax)
        left = try decoder.optionalMessage(2)
        right = try decoder.optionalMessage(3)
    }
}

extension LeafOp: Message {
    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, UInt64(hash))
        encoder.unsigned(2, UInt64(prehashKey))
        encoder.unsigned(3, UInt64(prehashValue))
        encoder.unsigned(4, UInt64(length))
        encoder.data(5, prefix)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        hash = try decoder.unsigned32(1)
        prehashKey = try decoder.unsigned32(2)
        prehashValue = try decoder.unsigned32(3)
        length = try decoder.unsigned32(4)
        prefix = try decoder.data(5, max: StateProofLimits.affixBytesMax)
    }
}

extension InnerOp: Message {
    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, UInt64(hash))
        encoder.data(2, prefix)
        encoder.data(3, suffix)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        hash = try decoder.unsigned32(1)
        prefix = try decoder.data(2, max: StateProofLimits.affixBytesMax)
        suffix = try decoder.data(3, max: StateProofLimits.affixBytesMax)
    }
}
