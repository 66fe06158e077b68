// The one canonical encoding: proto3 wire format, fields ascending, defaults omitted, minimal varints.
// Invariant: for every message m, decode(encode(m)) == m, and no other byte string decodes to m.
// The caller writes fields in ascending order; a precondition holds it to that.
package import Primitives

package struct Encoder: Sendable {
    @usableFromInline package private(set) var bytes: Bytes = []
    private var lastField: UInt32 = 0

    @usableFromInline package init() {}

    @usableFromInline
    package init(capacity: Int) { bytes.reserveCapacity(capacity) }

    @usableFromInline
    mutating func tag(_ field: UInt32, wireType: UInt8) {
        enter(field)
        Self.append(varint: UInt64(field) << 3 | UInt64(wireType), to: &bytes)
    }

    private mutating func enter(_ field: UInt32) {
        precondition(field >= lastField && field > 0, "field \(field) written after field \(lastField)")
        lastField = field
    }

    /// Begins another message in the same memory.
    package mutating func restart() {
        bytes.removeAll(keepingCapacity: true)
        lastField = 0
    }

    /// uint32, uint64, enum and count fields. Zero is omitted.
    package mutating func unsigned(_ field: UInt32, _ value: UInt64) {
        if value == 0 { return }
        enter(field)
        // In one piece: an array asks for its room at each append.
        withUnsafeTemporaryAllocation(byteCount: 15, alignment: 1) { memory in
            let start = Self.write(varint: UInt64(field) << 3, to: memory, at: 0)
            let end = Self.write(varint: value, to: memory, at: start)
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: memory[..<end]))
        }
    }

    /// int32 and int64 fields: negative values take ten bytes. Zero is omitted.
    package mutating func signed(_ field: UInt32, _ value: Int64) { unsigned(field, UInt64(bitPattern: value)) }

    package mutating func bool(_ field: UInt32, _ value: Bool) { unsigned(field, value ? 1 : 0) }

    /// sfixed64: eight bytes, little-endian. Zero is omitted.
    package mutating func fixed(_ field: UInt32, _ value: Int64) {
        if value == 0 { return }
        tag(field, wireType: 1)
        let pattern = UInt64(bitPattern: value)
        for index in 0..<8 { bytes.append(UInt8(truncatingIfNeeded: pattern >> UInt64(index * 8))) }
    }

    /// bytes and string fields. Empty is omitted.
    package mutating func data(_ field: UInt32, _ value: some Collection<UInt8>) { data(field, Bytes(value)) }

    package mutating func data(_ field: UInt32, _ value: Bytes) {
        if value.isEmpty { return }
        element(field, value)
    }

    /// Fixed-length byte strings: always written.
    @inlinable
    package mutating func data<Value: FixedBytes>(_ field: UInt32, _ value: Value) {
        withUnsafeTemporaryAllocation(byteCount: Value.count, alignment: 1) { memory in
            value.write(to: memory)
            element(field, UnsafeRawBufferPointer(memory))
        }
    }

    @usableFromInline
    mutating func element(_ field: UInt32, _ memory: UnsafeRawBufferPointer) {
        tag(field, wireType: 2)
        Self.append(varint: UInt64(memory.count), to: &bytes)
        bytes.append(contentsOf: memory)
    }

    /// One element of a repeated bytes field: written even when empty.
    @usableFromInline
    package mutating func element(_ field: UInt32, _ value: Bytes) {
        tag(field, wireType: 2)
        Self.append(varint: UInt64(value.count), to: &bytes)
        bytes.append(contentsOf: value)
    }

    /// An embedded message that is always present: written even when it is empty.
    @inlinable
    package mutating func message(_ field: UInt32, _ value: some Message) {
        let start = open(field)
        value.encode(into: &self)
        close(field, from: start)
    }

    /// An embedded message that may be absent.
    @inlinable
    package mutating func message(_ field: UInt32, optional value: (some Message)?) {
        if let value { message(field, value) }
    }

    @inlinable
    package mutating func messages(_ field: UInt32, _ values: [some Message]) {
        for value in values { message(field, value) }
    }

    /// Begins an embedded message, in place: where its content starts, behind one byte for its length.
    @usableFromInline
    package mutating func open(_ field: UInt32) -> Int {
        tag(field, wireType: 2)
        bytes.append(0)
        lastField = 0
        return bytes.count
    }

    /// Ends the embedded message that starts at `start`; a longer length moves its content.
    @usableFromInline
    package mutating func close(_ field: UInt32, from start: Int) {
        let length = bytes.count - start
        if length < 0x80 {
            bytes[start - 1] = UInt8(length)
        } else {
            var varint = Bytes()
            Self.append(varint: UInt64(length), to: &varint)
            bytes.replaceSubrange(start - 1..<start, with: varint)
        }
        lastField = field
    }

    /// Bytes that are a finished encoding of their own, such as a signed part in front of its signature.
    /// The caller vouches that they end with a field below the next one it writes.
    package mutating func append(encoded part: Bytes) { bytes += part }

    package static func append(varint value: UInt64, to bytes: inout Bytes) {
        if value < 0x80 {
            bytes.append(UInt8(truncatingIfNeeded: value))
            return
        }
        withUnsafeTemporaryAllocation(byteCount: 10, alignment: 1) { memory in
            let end = write(varint: value, to: memory, at: 0)
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: memory[..<end]))
        }
    }

    /// Where it ends.
    private static func write(varint value: UInt64, to memory: UnsafeMutableRawBufferPointer, at start: Int) -> Int {
        var (rest, end) = (value, start)
        while rest >= 0x80 {
            memory[end] = UInt8(truncatingIfNeeded: rest) | 0x80
            rest >>= 7
            end += 1
        }
        memory[end] = UInt8(truncatingIfNeeded: rest)
        return end + 1
    }

    /// `varint length ‖ message`, the form that is signed.
    package static func delimited(_ message: Bytes) -> Bytes {
        var result = Bytes()
        append(varint: UInt64(message.count), to: &result)
        return result + message
    }
}
