// The parameters of one call, by name or by place, from a POST body or from a request target (formats A11). Reading
// says which parameter is wrong; a missing one and a null are the same.
import Primitives
import RPC

struct Arguments: Sendable {
    private enum Value: Sendable {
        case json(JSON)
        /// As it stands in the target, without percent signs.
        case uri(String)
    }

    private let values: [(name: String, value: Value)]

    static let none = Arguments(values: [])

    private init(values: [(name: String, value: Value)]) { self.values = values }

    /// `params` of a POST: an object, an array in the order of `names`, or nothing.
    init(json: JSON?, names: [String]) throws(RPCError) {
        switch json {
        case nil, .null?: values = []
        case .object(let members)?: values = members.map { ($0.name, .json($0.value)) }
        case .array(let elements)?:
            guard elements.count <= names.count else {
                throw .badParameters("expected at most \(names.count) parameters, got \(elements.count)")
            }
            values = zip(names, elements).map { ($0, .json($1)) }
        default: throw .badParameters("params is an object or an array")
        }
    }

    /// The part of a target behind the question mark.
    init(query: Substring) throws(RPCError) {
        var values: [(name: String, value: Value)] = []
        for pair in query.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.unescaped(parts[0]), let value = Self.unescaped(parts.count > 1 ? parts[1] : "")
            else {
                throw .badParameters("a broken percent escape")
            }
            values.append((name, .uri(value)))
        }
        self.values = values
    }

    private static func unescaped(_ text: Substring) -> String? {
        var output = Bytes()
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            switch byte {
            case UInt8(ascii: "%"):
                guard rest.count >= 2, let decoded = Hex.decode(String(decoding: rest.prefix(2), as: UTF8.self)) else {
                    return nil
                }
                output += decoded
                rest = rest.dropFirst(2)
            case UInt8(ascii: "+"): output.append(UInt8(ascii: " "))
            default: output.append(byte)
            }
        }
        return String(validating: output, as: UTF8.self)
    }

    private subscript(name: String) -> Value? {
        switch values.first(where: { $0.name == name })?.value {
        case nil, .json(.null)?: nil
        case .uri("")?: nil
        case let value?: value
        }
    }

    private static func unquoted(_ text: String) -> String? {
        guard text.count >= 2, text.hasPrefix("\""), text.hasSuffix("\"") else { return nil }
        return String(text.dropFirst().dropLast())
    }

    /// An int64, as a string or as a number.
    func integer(_ name: String) throws(RPCError) -> Int64? {
        guard let value = self[name] else { return nil }
        let text =
            switch value {
            case .json(.string(let text)), .json(.number(let text)): text
            case .uri(let text): Self.unquoted(text) ?? text
            default: ""
            }
        guard let number = Int64(text) else { throw .badParameters("\(name) is not an integer") }
        return number
    }

    func flag(_ name: String) throws(RPCError) -> Bool {
        switch self[name] {
        case nil: return false
        case .json(.bool(let value))?: return value
        case .uri("true")?: return true
        case .uri("false")?: return false
        default: throw .badParameters("\(name) is not a boolean")
        }
    }

    /// Quoted in a target.
    func text(_ name: String) throws(RPCError) -> String {
        switch self[name] {
        case nil: return ""
        case .json(.string(let text))?: return text
        case .uri(let text)?:
            if let inner = Self.unquoted(text) { return inner }
            throw .badParameters("\(name) is not a quoted string")
        default: throw .badParameters("\(name) is not a string")
        }
    }

    /// A word that needs no quotes in a target; nil where nothing stands.
    func word(_ name: String) throws(RPCError) -> String? {
        switch self[name] {
        case nil: return nil
        case .json(.string(let text))?: return text
        case .uri(let text)?: return Self.unquoted(text) ?? text
        default: throw .badParameters("\(name) is not a string")
        }
    }

    enum Encoding { case base64, hex }

    /// Bytes: in the given encoding in a body, `0x…` in a target.
    func bytes(_ name: String, _ encoding: Encoding) throws(RPCError) -> Bytes? {
        guard let value = self[name] else { return nil }
        let decoded: Bytes? =
            switch value {
            case .json(.string(let text)): encoding == .base64 ? Base64.decode(text) : Hex.decode(text)
            case .uri(let text): Self.targetBytes(text, encoding)
            default: nil
            }
        guard let decoded else {
            throw .badParameters("\(name) is not \(encoding == .base64 ? "base64" : "hex") (0x and hex in a target)")
        }
        return decoded
    }

    private static func targetBytes(_ text: String, _ encoding: Encoding) -> Bytes? {
        if text.hasPrefix("0x") { return Hex.decode(String(text.dropFirst(2))) }
        guard encoding == .hex, let inner = unquoted(text) else { return nil }
        return Hex.decode(inner)
    }
}
