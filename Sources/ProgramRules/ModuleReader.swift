// A cursor over hostile bytes: every read is checked against the end of the enclosing section or body, and LEB128
// integers against their length and range. Padded forms are accepted, because linkers write them.

import Primitives

struct ModuleReader {
    private let bytes: Bytes
    private(set) var offset: Int
    private let end: Int

    init(_ bytes: Bytes) { self.init(bytes, 0, bytes.count) }

    private init(_ bytes: Bytes, _ offset: Int, _ end: Int) {
        (self.bytes, self.offset, self.end) = (bytes, offset, end)
    }

    var isAtEnd: Bool { offset == end }

    mutating func byte() throws(ScanError) -> UInt8 {
        if offset >= end { throw .truncated(offset: offset) }
        defer { offset += 1 }
        return bytes[offset]
    }

    /// The next `count` bytes as a reader of their own; this one continues behind them.
    mutating func part(_ count: UInt32) throws(ScanError) -> ModuleReader {
        let start = offset
        try skip(count)
        return ModuleReader(bytes, start, offset)
    }

    mutating func skip(_ count: UInt32) throws(ScanError) {
        if Int(count) > end - offset { throw .truncated(offset: end) }
        offset += Int(count)
    }

    /// True and moved on when the next bytes are `expected`.
    mutating func take(_ expected: some Collection<UInt8>) -> Bool {
        guard expected.count <= end - offset, bytes[offset..<(offset + expected.count)].elementsEqual(expected) else {
            return false
        }
        offset += expected.count
        return true
    }

    mutating func u32() throws(ScanError) -> UInt32 {
        let start = offset
        var value: UInt64 = 0
        for shift in stride(from: UInt64(0), to: 35, by: 7) {
            let byte = try byte()
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 {
                guard let result = UInt32(exactly: value) else { throw .integerTooLong(offset: start) }
                return result
            }
        }
        throw .integerTooLong(offset: start)
    }

    mutating func s32() throws(ScanError) -> Int32 {
        let start = offset
        guard let value = Int32(exactly: try signed(bits: 32)) else { throw .integerTooLong(offset: start) }
        return value
    }

    mutating func s64() throws(ScanError) -> Int64 { try signed(bits: 64) }

    /// Signed LEB128 of at most ceil(bits / 7) bytes; the last byte's unused bits must extend the sign.
    private mutating func signed(bits: Int) throws(ScanError) -> Int64 {
        let start = offset
        let lengthMax = (bits + 6) / 7
        var value: UInt64 = 0
        for index in 0..<lengthMax {
            let byte = try byte()
            let shift = UInt64(index * 7)
            value |= UInt64(byte & 0x7F) << shift
            if byte >= 0x80 { continue }
            if index == 9 && byte != 0 && byte != 0x7F { throw .integerTooLong(offset: start) }
            if byte & 0x40 != 0 && shift + 7 < 64 { value |= ~0 << (shift + 7) }
            return Int64(bitPattern: value)
        }
        throw .integerTooLong(offset: start)
    }
}
