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

// Every hash, key and address of the chain passes here many times, and callers of other modules reach these generic
// initialisers unspecialised: so the bytes are looked at as one buffer, word by word.

/// The result of `body` on the bytes as one buffer; nil unless there are exactly `count`.
private func withBuffer<Value>(
    _ bytes: some Collection<UInt8>, count: Int, _ body: (UnsafeRawBufferPointer) -> Value
) -> Value? {
    let found = bytes.withContiguousStorageIfAvailable { buffer in
        buffer.count == count ? body(UnsafeRawBufferPointer(buffer)) : nil
    }
    if let found { return found }
    let copy = Bytes(bytes)
    return copy.count == count ? copy.withUnsafeBytes(body) : nil
}

extension UnsafeRawBufferPointer {
    fileprivate func word<Word: FixedWidthInteger>(at offset: Int) -> Word {
        Word(bigEndian: loadUnaligned(fromByteOffset: offset, as: Word.self))
    }
}

extension UnsafeMutableBufferPointer<UInt8> {
    fileprivate func store(_ word: some FixedWidthInteger, at offset: Int) {
        UnsafeMutableRawBufferPointer(self).storeBytes(of: word.bigEndian, toByteOffset: offset, as: type(of: word))
    }
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
        let value = withBuffer(bytes, count: 32) { Digest($0, at: 0) }
        guard let value else { return nil }
        self = value
    }

    fileprivate init(_ buffer: UnsafeRawBufferPointer, at offset: Int) {
        w0 = buffer.word(at: offset)
        w1 = buffer.word(at: offset + 8)
        w2 = buffer.word(at: offset + 16)
        w3 = buffer.word(at: offset + 24)
    }

    package var bytes: Bytes {
        Bytes(unsafeUninitializedCapacity: 32) { buffer, count in
            write(to: buffer, at: 0)
            count = 32
        }
    }

    fileprivate func write(to buffer: UnsafeMutableBufferPointer<UInt8>, at offset: Int) {
        buffer.store(w0, at: offset)
        buffer.store(w1, at: offset + 8)
        buffer.store(w2, at: offset + 16)
        buffer.store(w3, at: offset + 24)
    }

    /// A tag and two digests, as inner nodes of trees are hashed: 65 bytes.
    package static func joined(_ tag: UInt8, _ left: Digest, _ right: Digest) -> Bytes {
        Bytes(unsafeUninitializedCapacity: 65) { buffer, count in
            buffer[0] = tag
            left.write(to: buffer, at: 1)
            right.write(to: buffer, at: 33)
            count = 65
        }
    }

    /// The first 8 bytes as a big-endian number: the uniform draw of every beacon rule.
    package var leadingWord: UInt64 { w0 }

    package static func < (lhs: Digest, rhs: Digest) -> Bool {
        (lhs.w0, lhs.w1, lhs.w2, lhs.w3) < (rhs.w0, rhs.w1, rhs.w2, rhs.w3)
    }

    /// Bit `index` counted from the most significant one; `index` in 0..<256.
    package func bit(_ index: Int) -> Bool {
        precondition((0..<256).contains(index), "bit \(index) of a digest")
        let word = index < 128 ? (index < 64 ? w0 : w1) : (index < 192 ? w2 : w3)
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
        let value = withBuffer(bytes, count: 20) { Address($0) }
        guard let value else { return nil }
        self = value
    }

    private init(_ buffer: UnsafeRawBufferPointer) {
        (w0, w1, w2) = (buffer.word(at: 0), buffer.word(at: 8), buffer.word(at: 16))
    }

    package var bytes: Bytes {
        Bytes(unsafeUninitializedCapacity: 20) { buffer, count in
            buffer.store(w0, at: 0)
            buffer.store(w1, at: 8)
            buffer.store(w2, at: 16)
            count = 20
        }
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
        let value = withBuffer(bytes, count: 64) { Signature(high: Digest($0, at: 0), low: Digest($0, at: 32)) }
        guard let value else { return nil }
        self = value
    }

    package var bytes: Bytes {
        Bytes(unsafeUninitializedCapacity: 64) { buffer, count in
            high.write(to: buffer, at: 0)
            low.write(to: buffer, at: 32)
            count = 64
        }
    }
    package static func < (lhs: Signature, rhs: Signature) -> Bool { (lhs.high, lhs.low) < (rhs.high, rhs.low) }
}
