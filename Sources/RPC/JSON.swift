// JSON as RPC speaks it: members keep their order, numbers keep their text, so that every byte of an answer is under
// control and a strict reader can tell two spellings apart. Invariant: parse(encode(v)) = v for every value whose
// numbers are JSON numbers.
package import Primitives

package enum JSON: Hashable, Sendable {
    case null
    case bool(Bool)
    /// The text of the number as it stands.
    case number(String)
    case string(String)
    case array([JSON])
    case object([Member])

    package struct Member: Hashable, Sendable {
        package let name: String
        package let value: JSON

        package init(_ name: String, _ value: JSON) { (self.name, self.value) = (name, value) }
    }
}

extension JSON: ExpressibleByStringLiteral, ExpressibleByDictionaryLiteral, ExpressibleByArrayLiteral,
    ExpressibleByBooleanLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }
    package init(booleanLiteral value: Bool) { self = .bool(value) }
    package init(arrayLiteral elements: JSON...) { self = .array(elements) }
    package init(dictionaryLiteral elements: (String, JSON)...) {
        self = .object(elements.map { Member($0.0, $0.1) })
    }
}

extension JSON {
    /// int32, uint32 and enums travel as numbers.
    package static func number(_ value: some BinaryInteger) -> JSON { .number(String(value)) }
    /// int64, uint64 and counts travel as decimal strings.
    package static func decimal(_ value: some BinaryInteger) -> JSON { .string(String(value)) }
    package static func decimal(_ height: Height) -> JSON { .string(height.description) }
    /// Hashes and addresses travel in upper-case hex; nothing is the empty string.
    package static func hex(_ bytes: Bytes?) -> JSON { .string(Hex.upper(bytes ?? [])) }
    package static func hex(_ value: (some FixedBytes)?) -> JSON { hex(value?.bytes) }
    /// Signatures, keys and contents travel in base64; nothing is null.
    package static func base64(_ bytes: Bytes?) -> JSON {
        guard let bytes, !bytes.isEmpty else { return .null }
        return .string(Base64.encode(bytes))
    }
    package static func time(_ time: Timestamp) -> JSON { .string(time.description) }
    /// Durations are nanoseconds in a string.
    package static func nanoseconds(_ span: Span) -> JSON { decimal(span.nanoseconds) }

    /// An object from members as they are listed.
    package static func object(_ members: [(String, JSON)]) -> JSON { .object(members.map { Member($0.0, $0.1) }) }

    /// The first member of an object with this name; nil for every other value.
    package subscript(name: String) -> JSON? {
        guard case .object(let members) = self else { return nil }
        return members.first { $0.name == name }?.value
    }

    /// An object with this member put after the others.
    package func adding(_ name: String, _ value: JSON) -> JSON {
        guard case .object(let members) = self else { return self }
        return .object(members + [Member(name, value)])
    }
}

extension JSON {
    /// Compact: no white space anywhere.
    package var encoded: Bytes {
        var output = Bytes()
        encode(into: &output)
        return output
    }

    package var text: String { String(decoding: encoded, as: UTF8.self) }

    /// For files that people read: two spaces a level, with a final line break.
    package var pretty: String { rendered(lineBreak: "\n") + "\n" }

    private func rendered(lineBreak: String) -> String {
        let inner = lineBreak + "  "
        func list(_ open: String, _ close: String, _ parts: [String]) -> String {
            parts.isEmpty ? open + close : open + inner + parts.joined(separator: "," + inner) + lineBreak + close
        }
        return switch self {
        case .object(let members):
            list(
                "{", "}",
                members.map { "\(JSON.string($0.name).text): \($0.value.rendered(lineBreak: inner))" })
        case .array(let elements): list("[", "]", elements.map { $0.rendered(lineBreak: inner) })
        default: text
        }
    }

    private func encode(into output: inout Bytes) {
        switch self {
        case .null: output += "null".utf8
        case .bool(let value): output += (value ? "true" : "false").utf8
        case .number(let text): output += text.utf8
        case .string(let text): Self.encode(text, into: &output)
        case .array(let elements):
            output.append(UInt8(ascii: "["))
            for (index, element) in elements.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                element.encode(into: &output)
            }
            output.append(UInt8(ascii: "]"))
        case .object(let members):
            output.append(UInt8(ascii: "{"))
            for (index, member) in members.enumerated() {
                if index > 0 { output.append(UInt8(ascii: ",")) }
                Self.encode(member.name, into: &output)
                output.append(UInt8(ascii: ":"))
                member.value.encode(into: &output)
            }
            output.append(UInt8(ascii: "}"))
        }
    }

    private static func encode(_ text: String, into output: inout Bytes) {
        output.append(UInt8(ascii: "\""))
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): output += "\\\"".utf8
            case UInt8(ascii: "\\"): output += "\\\\".utf8
            case 0x0A: output += "\\n".utf8
            case 0x0D: output += "\\r".utf8
            case 0x09: output += "\\t".utf8
            case 0..<0x20: output += ("\\u00" + Hex.lower([byte])).utf8
            default: output.append(byte)
            }
        }
        output.append(UInt8(ascii: "\""))
    }
}
