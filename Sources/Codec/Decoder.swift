// The strict, bounded decoder of the canonical encoding. A message asks for its fields in ascending order; whatever was
// not asked for is still there at `finish()` and refused. So unknown, repeated and disordered fields need no rule of
// their own. Bytes from outside can make it throw, never trap: every index is checked against `end`.
// What is generic asks the runtime for its types at every call from another module: the fields and lists that a node
// reads most have forms without generics.
package import Primitives

package struct Decoder: Sendable {
    @usableFromInline let bytes: Bytes
    private var position: Int
    private let end: Int
    private let depth: Int

    @usableFromInline
    package init(_ bytes: Bytes) {
        self.init(bytes: bytes, range: bytes.startIndex..<bytes.endIndex, depth: 0)
    }

    private init(bytes: Bytes, range: Range<Int>, depth: Int) {
        (self.bytes, position, end, self.depth) = (bytes, range.lowerBound, range.upperBound, depth)
    }

    /// Refuses anything that was not read.
    @usableFromInline
    package func finish() throws(DecodeError) {
        if let field = try peek()?.field { throw .unexpectedField(field) }
    }

    private func peek() throws(DecodeError) -> (field: UInt32, wireType: UInt8, next: Int)? {
        if position == end { return nil }
        let (tag, next) = try varint(at: position)
        let field = tag >> 3
        guard field > 0, field < 1 << 29 else { throw .malformedTag }
        let wireType = UInt8(tag & 7)
        guard wireType <= 2 else { throw .malformedTag }
        return (UInt32(field), wireType, next)
    }

    private func varint(at start: Int) throws(DecodeError) -> (UInt64, Int) {
        var value: UInt64 = 0
        var index = start
        var shift: UInt64 = 0
        while true {
            if index >= end { throw .truncated }
            let byte = bytes[index]
            index += 1
            if shift == 63, byte > 1 { throw .varintNotMinimal }
            value |= UInt64(byte & 0x7F) << shift
            if byte & 0x80 == 0 {
                if byte == 0, shift > 0 { throw .varintNotMinimal }
                return (value, index)
            }
            shift += 7
            if shift > 63 { throw .varintNotMinimal }
        }
    }

    /// Moves past the tag of `field` and is true when the next field is that one.
    private mutating func enter(_ field: UInt32, wireType: UInt8) throws(DecodeError) -> Bool {
        guard let next = try peek(), next.field == field else { return false }
        if next.wireType != wireType { throw .wrongWireType(field: field) }
        position = next.next
        return true
    }

    package mutating func unsigned(_ field: UInt32) throws(DecodeError) -> UInt64 {
        guard try enter(field, wireType: 0) else { return 0 }
        let (value, next) = try varint(at: position)
        if value == 0 { throw .explicitDefault(field: field) }
        position = next
        return value
    }

    /// An unsigned field that must fit `UInt32`.
    package mutating func unsigned32(_ field: UInt32) throws(DecodeError) -> UInt32 {
        guard let value = UInt32(exactly: try unsigned(field)) else { throw .outOfRange(field: field) }
        return value
    }

    package mutating func signed(_ field: UInt32) throws(DecodeError) -> Int64 {
        Int64(bitPattern: try unsigned(field))
    }

    /// A signed field that must fit `Int32`.
    package mutating func signed32(_ field: UInt32) throws(DecodeError) -> Int32 {
        guard let value = Int32(exactly: try signed(field)) else { throw .outOfRange(field: field) }
        return value
    }

    package mutating func bool(_ field: UInt32) throws(DecodeError) -> Bool {
        switch try unsigned(field) {
        case 0: return false
        case 1: return true
        default: throw .outOfRange(field: field)
        }
    }

    package mutating func fixed(_ field: UInt32) throws(DecodeError) -> Int64 {
        guard try enter(field, wireType: 1) else { return 0 }
        guard end - position >= 8 else { throw .truncated }
        var pattern: UInt64 = 0
        for index in (0..<8).reversed() { pattern = pattern << 8 | UInt64(bytes[position + index]) }
        position += 8
        if pattern == 0 { throw .explicitDefault(field: field) }
        return Int64(bitPattern: pattern)
    }

    /// The bounds of a length-delimited field; nil when it is absent.
    @usableFromInline
    mutating func range(_ field: UInt32, max: Int) throws(DecodeError) -> Range<Int>? {
        guard try enter(field, wireType: 2) else { return nil }
        let (length, start) = try varint(at: position)
        guard length <= UInt64(end - start) else { throw .truncated }
        guard length <= UInt64(max) else { throw .tooLong(field: field) }
        position = start + Int(length)
        return start..<position
    }

    /// A bytes field of at most `max` bytes; empty when absent.
    package mutating func data(_ field: UInt32, max: Int) throws(DecodeError) -> Bytes {
        guard let range = try range(field, max: max) else { return [] }
        if range.isEmpty { throw .explicitDefault(field: field) }
        return Bytes(bytes[range])
    }

    /// A fixed-length byte string that is always present.
    @inlinable
    package mutating func fixedBytes<Value: FixedBytes>(_ field: UInt32) throws(DecodeError) -> Value {
        guard let value: Value = try optionalFixedBytes(field) else { throw .missing(field: field) }
        return value
    }

    @inlinable
    package mutating func optionalFixedBytes<Value: FixedBytes>(_ field: UInt32) throws(DecodeError) -> Value? {
        guard let range = try range(field, max: Value.count) else { return nil }
        let value = bytes.withUnsafeBytes { Value(memory: UnsafeRawBufferPointer(rebasing: $0[range])) }
        guard let value else { throw .invalid(field: field) }
        return value
    }

    package mutating func optionalFixedBytes(_ field: UInt32) throws(DecodeError) -> Digest? {
        guard let range = try range(field, max: Digest.count) else { return nil }
        guard let value = Digest(bytes[range]) else { throw .invalid(field: field) }
        return value
    }

    package mutating func optionalFixedBytes(_ field: UInt32) throws(DecodeError) -> Address? {
        guard let range = try range(field, max: Address.count) else { return nil }
        guard let value = Address(bytes[range]) else { throw .invalid(field: field) }
        return value
    }

    package mutating func fixedBytes(_ field: UInt32) throws(DecodeError) -> Digest {
        guard let value: Digest = try optionalFixedBytes(field) else { throw .missing(field: field) }
        return value
    }

    package mutating func fixedBytes(_ field: UInt32) throws(DecodeError) -> Address {
        guard let value: Address = try optionalFixedBytes(field) else { throw .missing(field: field) }
        return value
    }

    /// A repeated bytes field of at most `count` elements of at most `max` bytes.
    package mutating func elements(_ field: UInt32, count: Int, max: Int) throws(DecodeError) -> [Bytes] {
        var result: [Bytes] = []
        while let range = try range(field, max: max) {
            if result.count == count { throw .tooLong(field: field) }
            result.append(Bytes(bytes[range]))
        }
        return result
    }

    /// An embedded message that is always present.
    @inlinable
    package mutating func message<Value: Message>(_ field: UInt32) throws(DecodeError) -> Value {
        guard let value: Value = try optionalMessage(field) else { throw .missing(field: field) }
        return value
    }

    @inlinable
    package mutating func optionalMessage<Value: Message>(_ field: UInt32) throws(DecodeError) -> Value? {
        guard let range = try range(field, max: .max) else { return nil }
        return try decode(range)
    }

    /// A repeated embedded message of at most `count` elements.
    @inlinable
    package mutating func messages<Value: Message>(_ field: UInt32, count: Int) throws(DecodeError) -> [Value] {
        var result: [Value] = []
        while let range = try range(field, max: .max) {
            if result.count == count { throw .tooLong(field: field) }
            result.append(try decode(range))
        }
        return result
    }

    /// The next element of a repeated embedded message; its caller reads and finishes it. nil after the last.
    package mutating func element(_ field: UInt32) throws(DecodeError) -> Decoder? {
        guard let range = try range(field, max: .max) else { return nil }
        return try nested(range)
    }

    @usableFromInline
    func nested(_ range: Range<Int>) throws(DecodeError) -> Decoder {
        if depth >= Limits.messageDepthMax { throw .tooDeep }
        return Decoder(bytes: bytes, range: range, depth: depth + 1)
    }

    @inlinable
    func decode<Value: Message>(_ range: Range<Int>) throws(DecodeError) -> Value {
        var inner = try nested(range)
        let value = try Value(from: &inner)
        try inner.finish()
        return value
    }

    /// The number of the next field, without reading it: for a oneof.
    package func nextField() throws(DecodeError) -> UInt32? { try peek()?.field }
}
