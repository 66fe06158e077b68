// The strict reader of JSON from outside (RFC 8259): bounded in size and depth, UTF-8 only, no name twice in one
// object, nothing after the value. Hostile bytes cost at most one pass over them.
package import Primitives

package enum JSONLimits {
    /// Objects and arrays inside each other.
    package static let depthMax = 24
    /// Digits, sign, point and exponent of one number.
    static let numberBytesMax = 64
    /// Members of one object.
    static let membersMax = 256
}

package enum JSONError: Error, Equatable, Sendable {
    case tooLong
    case tooDeep
    case tooManyMembers
    case duplicateName
    case badUTF8
    /// No JSON from this byte on.
    case malformed(at: Int)
}

extension JSON {
    /// Throws unless `bytes` are one JSON value of at most `max` bytes.
    package init(parsing bytes: Bytes, max: Int) throws(JSONError) {
        guard bytes.count <= max else { throw .tooLong }
        var parser = JSONParser(bytes)
        self = try parser.document()
    }
}

private struct JSONParser {
    private let bytes: Bytes
    private var place = 0
    private var depth = 0

    init(_ bytes: Bytes) { self.bytes = bytes }

    private var next: UInt8? { place < bytes.count ? bytes[place] : nil }

    mutating func document() throws(JSONError) -> JSON {
        let result = try value()
        skipSpace()
        guard place == bytes.count else { throw .malformed(at: place) }
        return result
    }

    private mutating func skipSpace() {
        while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { place += 1 }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard next == byte else { return false }
        place += 1
        return true
    }

    private mutating func expect(_ text: StaticString, _ result: JSON) throws(JSONError) -> JSON {
        for byte in "\(text)".utf8 {
            guard take(byte) else { throw .malformed(at: place) }
        }
        return result
    }

    private mutating func value() throws(JSONError) -> JSON {
        skipSpace()
        switch next {
        case UInt8(ascii: "{"): return try object()
        case UInt8(ascii: "["): return try array()
        case UInt8(ascii: "\""): return .string(try string())
        case UInt8(ascii: "t"): return try expect("true", .bool(true))
        case UInt8(ascii: "f"): return try expect("false", .bool(false))
        case UInt8(ascii: "n"): return try expect("null", .null)
        default: return .number(try number())
        }
    }

    private mutating func enter() throws(JSONError) {
        place += 1
        depth += 1
        guard depth <= JSONLimits.depthMax else { throw .tooDeep }
    }

    private mutating func object() throws(JSONError) -> JSON {
        try enter()
        defer { depth -= 1 }
        var members: [JSON.Member] = []
        var names: Set<String> = []
        skipSpace()
        if take(UInt8(ascii: "}")) { return .object(members) }
        repeat {
            skipSpace()
            guard next == UInt8(ascii: "\"") else { throw .malformed(at: place) }
            let name = try string()
            guard names.insert(name).inserted else { throw .duplicateName }
            guard members.count < JSONLimits.membersMax else { throw .tooManyMembers }
            skipSpace()
            guard take(UInt8(ascii: ":")) else { throw .malformed(at: place) }
            members.append(JSON.Member(name, try value()))
            skipSpace()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw .malformed(at: place) }
        return .object(members)
    }

    private mutating func array() throws(JSONError) -> JSON {
        try enter()
        defer { depth -= 1 }
        var elements: [JSON] = []
        skipSpace()
        if take(UInt8(ascii: "]")) { return .array(elements) }
        repeat {
            elements.append(try value())
            skipSpace()
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw .malformed(at: place) }
        return .array(elements)
    }

    // MARK: Numbers

    private mutating func number() throws(JSONError) -> String {
        let start = place
        _ = take(UInt8(ascii: "-"))
        if !take(UInt8(ascii: "0")) { try digits() }
        if take(UInt8(ascii: ".")) { try digits() }
        if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
            if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
            try digits()
        }
        guard place - start <= JSONLimits.numberBytesMax else { throw .malformed(at: start) }
        return String(decoding: bytes[start..<place], as: UTF8.self)
    }

    private mutating func digits() throws(JSONError) {
        let start = place
        while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { place += 1 }
        if place == start { throw .malformed(at: place) }
    }

    // MARK: Strings

    private mutating func string() throws(JSONError) -> String {
        place += 1
        var content = Bytes()
        while let byte = next {
            switch byte {
            case UInt8(ascii: "\""):
                place += 1
                guard let text = String(validating: content, as: UTF8.self) else { throw .badUTF8 }
                return text
            case UInt8(ascii: "\\"):
                place += 1
                try escape(into: &content)
            case 0..<0x20: throw .malformed(at: place)
            default:
                content.append(byte)
                place += 1
            }
        }
        throw .malformed(at: place)
    }

    private mutating func escape(into content: inout Bytes) throws(JSONError) {
        guard let byte = next else { throw .malformed(at: place) }
        place += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
        case UInt8(ascii: "b"): content.append(0x08)
        case UInt8(ascii: "f"): content.append(0x0C)
        case UInt8(ascii: "n"): content.append(0x0A)
        case UInt8(ascii: "r"): content.append(0x0D)
        case UInt8(ascii: "t"): content.append(0x09)
        case UInt8(ascii: "u"): content += String(Character(try scalar())).utf8
        default: throw .malformed(at: place - 1)
        }
    }

    /// One escaped scalar; two escapes when it is beyond the basic plane.
    private mutating func scalar() throws(JSONError) -> Unicode.Scalar {
        let start = place
        var code = try hexDigits()
        if (0xD800..<0xDC00).contains(code) {
            guard take(UInt8(ascii: "\\")), take(UInt8(ascii: "u")) else { throw .malformed(at: place) }
            let low = try hexDigits()
            guard (0xDC00..<0xE000).contains(low) else { throw .malformed(at: start) }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw .malformed(at: start) }
        return scalar
    }

    private mutating func hexDigits() throws(JSONError) -> UInt32 {
        let end = place + 4
        guard end <= bytes.count, let pair = Hex.decode(String(decoding: bytes[place..<end], as: UTF8.self)) else {
            throw .malformed(at: place)
        }
        place = end
        return pair.reduce(0) { $0 << 8 | UInt32($1) }
    }
}
