// Reads what FrameWriter wrote, bounded. Both ends are the same executable, so there is no version; a frame that does
// not parse ends the child, or the parent's trust in it.

import Primitives

package enum ExecutorFrameError: Error, Equatable, Sendable {
    case truncated
    case trailing
    case unknownTag(UInt8)
    case tooLarge(Int)
}

struct FrameReader {
    private var rest: ArraySlice<UInt8>

    init(_ bytes: Bytes) { rest = bytes[...] }

    mutating func take(_ count: Int) throws(ExecutorFrameError) -> Bytes {
        if count > rest.count { throw .truncated }
        defer { rest = rest.dropFirst(count) }
        return Bytes(rest.prefix(count))
    }

    mutating func number<T: FixedWidthInteger & UnsignedInteger>(_: T.Type) throws(ExecutorFrameError) -> T {
        var value: T = 0
        for byte in try take(T.bitWidth / 8).reversed() { value = value << 8 | T(byte) }
        return value
    }

    mutating func field(max: Int) throws(ExecutorFrameError) -> Bytes {
        let count = Int(try number(UInt32.self))
        if count > max { throw .tooLarge(count) }
        return try take(count)
    }

    mutating func digest() throws(ExecutorFrameError) -> Digest {
        guard let digest = Digest(try take(Digest.count)) else { throw .truncated }
        return digest
    }

    func finish() throws(ExecutorFrameError) { if !rest.isEmpty { throw .trailing } }
}
