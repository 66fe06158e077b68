// Byte strings whose length is part of the type. They compare bytewise (as an unsigned big-endian number), which is the
// order of every sorted list on the chain. No heap, no String: canonically equal strings can differ in bytes.

package typealias Bytes = [UInt8]

/// A value made of exactly `Self.count` bytes.
package protocol FixedBytes: Hashable, Comparable, Sendable, CustomStringConvertible {
    static var count: Int { get }
    /// nil unless `bytes.count == Self.count`.
    init?(_ bytes: some Collection<UInt8>)
    var bytes: Bytes { get }
}

extension FixedBytes {
    /// Lower-case hex.
    package var description: String { Hex.lower(bytes) }
    package init?(hex: String) {
        guard let bytes = Hex.decode(hex) else { return nil }
        self.init(bytes)
    }
}

/// Reads big-endian words out of exactly `count` bytes; nil for any other length.
private func words(_ bytes: some Collection<UInt8>, count: Int) -> [UInt64]? {
    guard bytes.count == count else { return nil }
    var result: [UInt64] = []
    result.reserveCapacity((count + 7) / 8)
    var word: UInt64 = 0
    var filled = 0
    for byte in bytes {
        word = word << 8 | UInt64(byte)
        filled += 1
        if filled == 8 {
            result.append(word)
            word = 0
            filled = 0
        }
    }
    if filled > 0 { result.append(word) }
    return result
}

private func append(_ word: UInt64, count: Int = 8, to bytes: inout Bytes) {
    for index in (0..<count).reversed() { bytes.append(UInt8(truncatingIfNeeded: word >> UInt64(index * 8))) }
}

/// 32 bytes: a SHA-256 value, a Merkle root, a content id.
package struct Digest: FixedBytes {
    private let w0, w1, w2, w3: UInt64
    package static let count = 32
    package static let zero = Digest(w0: 0, w1: 0, w2: 0, w3: 0)

    private init(w0: UInt64, w1: UInt64, w2: UInt64, w3: UInt64) {
        (self.w0, self.w1, self.w2, self.w3) = (w0, w1, w2, w3)
    }

    package init?(_ bytes: some Collection<UInt8>) {
        guard let word = words(bytes, count: 32) else { return nil }
        self.init(w0: word[0], w1: word[1], w2: word[2], w3: word[3])
    }

    package var bytes: Bytes {
        var result = Bytes()
        result.reserveCapacity(32)
        for word in [w0, w1, w2, w3] { append(word, to: &result) }
        return result
    }

    /// The first 8 bytes as a big-endian number: the uniform draw of every beacon rule.
    package var leadingWord: UInt64 { w0 }

    package static func < (lhs: Digest, rhs: Digest) -> Bool {
        (lhs.w0, lhs.w1, lhs.w2, lhs.w3) < (rhs.w0, rhs.w1, rhs.w2, rhs.w3)
    }

    /// Bit `index` counted from the most significant one; `index` in 0..<256.
    package func bit(_ index: Int) -> Bool {
        precondition((0..<256).contains(index), "bit \(index) of a digest")
        let word = [w0, w1, w2, w3][index / 64]
        return word >> UInt64(63 - index % 64) & 1 == 1
    }

    /// Half-byte `index` counted from the most significant one; `index` in 0..<64.
    package func nibble(_ index: Int) -> UInt8 {
        precondition((0..<64).contains(index), "nibble \(index) of a digest")
        let word = index < 32 ? (index < 16 ? w0 : w1) : (index < 48 ? w2 : w3)
        return UInt8(truncatingIfNeeded: word >> UInt64(60 - index % 16 * 4) & 0xF)
    }
}

/// 20 bytes: the first bytes of SHA-256 of a public key.
package struct Address: FixedBytes {
    private let w0, w1: UInt64
    private let w2: UInt32
    package static let count = 20

    package init?(_ bytes: some Collection<UInt8>) {
        guard let word = words(bytes, count: 20) else { return nil }
        (w0, w1, w2) = (word[0], word[1], UInt32(truncatingIfNeeded: word[2]))
    }

    package var bytes: Bytes {
        var result = Bytes()
        result.reserveCapacity(20)
        append(w0, to: &result)
        append(w1, to: &result)
        append(UInt64(w2), count: 4, to: &result)
        return result
    }

    package static func < (lhs: Address, rhs: Address) -> Bool { (lhs.w0, lhs.w1, lhs.w2) < (rhs.w0, rhs.w1, rhs.w2) }
}

/// 32 bytes of an Ed25519 public key. Holding one says nothing about its validity as a curve point.
package struct PublicKey: FixedBytes {
    private let content: Digest
    package static let count = 32

    package init?(_ bytes: some Collection<UInt8>) {
        guard let content = Digest(bytes) else { return nil }
        self.content = content
    }

    package var bytes: Bytes { content.bytes }
    package static func < (lhs: PublicKey, rhs: PublicKey) -> Bool { lhs.content < rhs.content }
}

/// 64 bytes of an Ed25519 signature.
package struct Signature: FixedBytes {
    private let high, low: Digest
    package static let count = 64
    package static let zero = Signature(high: .zero, low: .zero)

    private init(high: Digest, low: Digest) { (self.high, self.low) = (high, low) }

    package init?(_ bytes: some Collection<UInt8>) {
        guard bytes.count == 64, let high = Digest(bytes.prefix(32)), let low = Digest(bytes.dropFirst(32)) else {
            return nil
        }
        self.init(high: high, low: low)
    }

    package var bytes: Bytes { high.bytes + low.bytes }
    package static func < (lhs: Signature, rhs: Signature) -> Bool { (lhs.high, lhs.low) < (rhs.high, rhs.low) }
}
