// JSON as the node writes it: members in the order given, so that a file or an answer has one spelling.
package import Primitives

package enum JSONValue: Sendable {
    case object([(String, JSONValue)])
    case array([JSONValue])
    case text(String)
    case number(Int64)
    case flag(Bool)
    case null

    /// Two spaces a level, with a final line break.
    package var pretty: String { render("\n") + "\n" }
    /// One line.
    package var compact: String { render(nil) }
    package var bytes: Bytes { Bytes(pretty.utf8) }

    private func render(_ lineBreak: String?) -> String {
        switch self {
        case .object(let members):
            let colon = lineBreak == nil ? ":" : ": "
            return Self.list("{", "}", members.map { (Self.quoted($0.0) + colon, $0.1) }, lineBreak)
        case .array(let values): return Self.list("[", "]", values.map { ("", $0) }, lineBreak)
        case .text(let text): return Self.quoted(text)
        case .number(let number): return "\(number)"
        case .flag(let flag): return flag ? "true" : "false"
        case .null: return "null"
        }
    }

    private static func list(
        _ open: String, _ close: String, _ parts: [(String, JSONValue)], _ lineBreak: String?
    ) -> String {
        if parts.isEmpty { return open + close }
        guard let lineBreak else {
            return open + parts.map { $0.0 + $0.1.render(nil) }.joined(separator: ",") + close
        }
        let inner = lineBreak + "  "
        return open + inner + parts.map { $0.0 + $0.1.render(inner) }.joined(separator: "," + inner) + lineBreak + close
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case let control where control.value < 0x20:
                result += "\\u00" + Hex.lower([UInt8(control.value)])
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }
}
