// The bytes inside HTTP/1.1 chunks (RFC 9112, section 7.1), as they come. Invariant: what is kept between two calls is
// a few digits; extensions and trailers are refused, since no node sends them.
import Primitives

struct ChunkDecoder {
    private enum Stage {
        /// The digits of a size so far.
        case size(Int, digits: Int)
        case sizeEnd(Int)
        case content(Int)
        case contentEnd, contentLineFeed
        case lastEnd, lastLineFeed
        case ended
    }

    private var stage = Stage.size(0, digits: 0)

    /// The last chunk has come.
    var isEnded: Bool {
        if case .ended = stage { true } else { false }
    }

    /// Hexadecimal digits of one size.
    private static let digitsMax = 7
    private static let (carriageReturn, lineFeed) = (UInt8(ascii: "\r"), UInt8(ascii: "\n"))

    mutating func take(_ bytes: Bytes) throws(EventStreamError) -> Bytes {
        var content = Bytes()
        var rest = bytes[...]
        while let byte = rest.first {
            if case .content(let count) = stage {
                let piece = rest.prefix(count)
                content += piece
                rest = rest.dropFirst(piece.count)
                stage = piece.count == count ? .contentEnd : .content(count - piece.count)
            } else {
                stage = try next(byte)
                rest = rest.dropFirst()
            }
        }
        return content
    }

    private func next(_ byte: UInt8) throws(EventStreamError) -> Stage {
        switch stage {
        case .size(let size, let digits):
            if byte == Self.carriageReturn, digits > 0 { return .sizeEnd(size) }
            guard let digit = Self.digit(byte), digits < Self.digitsMax else { throw .malformed(.chunk) }
            return .size(size * 16 + digit, digits: digits + 1)
        case .sizeEnd(let size) where byte == Self.lineFeed: return size == 0 ? .lastEnd : .content(size)
        case .contentEnd where byte == Self.carriageReturn: return .contentLineFeed
        case .contentLineFeed where byte == Self.lineFeed: return .size(0, digits: 0)
        case .lastEnd where byte == Self.carriageReturn: return .lastLineFeed
        case .lastLineFeed where byte == Self.lineFeed: return .ended
        default: throw .malformed(.chunk)
        }
    }

    private static func digit(_ byte: UInt8) -> Int? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): Int(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): Int(byte - UInt8(ascii: "a")) + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): Int(byte - UInt8(ascii: "A")) + 10
        default: nil
        }
    }
}
