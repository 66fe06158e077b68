// Byte strings whose length is part of the type. They compare bytewise (as an unsigned big-endian number), which is the
// order of every sorted list on the chain. No heap, no String: canonically equal strings can differ in bytes.

@usableFromInline
package typealias Bytes = [UInt8]

extension Bytes {
    /// `count` bytes, all of which `fill` writes.
    @usableFromInline
    init(count: Int, _ fill: (UnsafeMutableRawBufferPointer) -> Void) {
        self.init(unsafeUninitializedCapacity: count) { buffer, written in
            fill(UnsafeMutableRawBufferPointer(buffer))
            written = count
        }
    }
}

/// A value made of exactly `Self.count` bytes.
package protocol FixedBytes: Hashable, Comparable, Sendable, CustomStringConvertible {
    static var count: Int { get }
    /// nil unless `memory.count == Self.count`.
    init?(memory: UnsafeRawBufferPointer)
    /// Fills the first `Self.count` bytes of `memory`, which has them.
    func write(to memory: UnsafeMutableRawBufferPointer)
}

extension FixedBytes {
    /// Lower-case hex.
    package var description: String { Hex.lower(bytes) }
    package init?(hex: String) {
        guard let bytes = Hex.decode(hex) else { return nil }
        self.init(bytes)
    }
}

// Every hash, key and address of the chain passes here many times, and generic code that another module calls runs
// unspecialised: it asks the runtime for its types at every call. So values are made from memory, word by word, arrays
// and slices of bytes have initialisers of their own, and the two types that are everywhere have them for themselves.

extension FixedBytes {
    /// nil unless `bytes.count == Self.count`.
    @inlinable
    package init?(_ bytes: Bytes) {
        guard let value = bytes.withUnsafeBytes({ Self(memory: $0) }) else { return nil }
        self = value
    }

    /// nil unless `bytes.count == Self.count`.
    @inlinable
    package init?(_ bytes: ArraySlice<UInt8>) {
        guard let value = bytes.withUnsafeBytes({ Self(memory: $0) }) else { return nil }
        self = value
    }

    /// nil unless `bytes.count == Self.count`.
    @inlinable
    package init?(_ bytes: some Collection<UInt8>) { self.init(Bytes(bytes)) }

    @inlinable
    package var bytes: Bytes { Bytes(count: Self.count) { write(to: $0) } }
}

extension UnsafeRawBufferPointer {
    fileprivate func word(at offset: Int) -> UInt64 {
        UInt64(bigEndian: loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    }
}

extension UnsafeMutableRawBufferPointer {
    fileprivate func store(_ word: UInt64, at offset: Int) {
        storeBytes(of: word.bigEndian, toByteOffset: offset, as: UInt64.self)
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

    package init?(memory: UnsafeRawBufferPointer) {
        guard memory.count == Self.count else { return nil }
        self.init(memory, at: 0)
    }

    fileprivate init(_ buffer: UnsafeRawBufferPointer, at offset: Int) {
        w0 = buffer.word(at: offset)
        w1 = buffer.word(at: offset + 8)
        w2 = buffer.word(at: offset + 16)
        w3 = buffer.word(at: offset + 24)
    }

    package func write(to memory: UnsafeMutableRawBufferPointer) { write(to: memory, at: 0) }

    package init?(_ bytes: Bytes) {
        guard let value = bytes.withUnsafeBytes({ Digest(memory: $0) }) else { return nil }
        self = value
    }

    package init?(_ bytes: ArraySlice<UInt8>) {
        guard let value = bytes.withUnsafeBytes({ Digest(memory: $0) }) else { return nil }
        self = value
    }

    package var bytes: Bytes { Bytes(count: Digest.count) { write(to: $0) } }

    fileprivate func write(to buffer: UnsafeMutableRawBufferPointer, at offset: Int) {
        buffer.store(w0, at: offset)
        buffer.store(w1, at: offset + 8)
        buffer.store(w2, at: offset + 16)
        buffer.store(w3, at: offset + 24)
    }

    /// `body` of a tag and two digests, as nodes of trees are hashed: 65 bytes.
    package static func withJoined(
        _ tag: UInt8, _ left: Digest, _ right: Digest, _ body: (UnsafeRawBufferPointer) -> Digest
    ) -> Digest {
        withUnsafeTemporaryAllocation(byteCount: 65, alignment: 1) { buffer in
            buffer[0] = tag
            left.write(to: buffer, at: 1)
            right.write(to: buffer, at: 33)
            return body(UnsafeRawBufferPointer(buffer))
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

    package init?(memory: UnsafeRawBufferPointer) {
        guard memory.count == Self.count else { return nil }
        (w0, w1) = (memory.word(at: 0), memory.word(at: 8))
        w2 = UInt32(bigEndian: memory.loadUnaligned(fromByteOffset: 16, as: UInt32.self))
    }

    package func write(to memory: UnsafeMutableRawBufferPointer) {
        memory.store(w0, at: 0)
        memory.store(w1, at: 8)
        memory.storeBytes(of: w2.bigEndian, toByteOffset: 16, as: UInt32.self)
    }

    package init?(_ bytes: Bytes) {
        guard let value = bytes.withUnsafeBytes({ Address(memory: $0) }) else { return nil }
        self = value
    }

    package init?(_ bytes: ArraySlice<UInt8>) {
        guard let value = bytes.withUnsafeBytes({ Address(memory: $0) }) else { return nil }
        self = value
    }

    package var bytes: Bytes { Bytes(count: Address.count) { write(to: $0) } }

    /// The first 8 bytes as a big-endian number: it nearly always decides an order.
    package var leadingWord: UInt64 { w0 }

    package static func < (lhs: Address, rhs: Address) -> Bool { (lhs.w0, lhs.w1, lhs.w2) < (rhs.w0, rhs.w1, rhs.w2) }
}

/// 32 bytes of an Ed25519 public key. Holding one says nothing about its validity as a curve point.
package struct PublicKey: FixedBytes {
    private let content: Digest
    package static let count = 32

    package init?(memory: UnsafeRawBufferPointer) {
        guard let content = Digest(memory: memory) else { return nil }
        self.content = content
    }

    package func write(to memory: UnsafeMutableRawBufferPointer) { content.write(to: memory) }
    package static func < (lhs: PublicKey, rhs: PublicKey) -> Bool { lhs.content < rhs.content }
}

/// 64 bytes of an Ed25519 signature.
package struct Signature: FixedBytes {
    private let high, low: Digest
    package static let count = 64
    package static let zero = Signature(high: .zero, low: .zero)

    private init(high: Digest, low: Digest) { (self.high, self.low) = (high, low) }

    package init?(memory: UnsafeRawBufferPointer) {
        guard memory.count == Self.count else { return nil }
        (high, low) = (Digest(memory, at: 0), Digest(memory, at: 32))
    }

    package func write(to memory: UnsafeMutableRawBufferPointer) {
        high.write(to: memory, at: 0)
        low.write(to: memory, at: 32)
    }
    package static func < (lhs: Signature, rhs: Signature) -> Bool { (lhs.high, lhs.low) < (rhs.high, rhs.low) }
}
