// A loose reader of the vectors' JSON for tests: numbers and decimal strings are both text.

import Foundation

indirect enum JSONValue: Decodable, Equatable, CustomStringConvertible {
    case null
    case text(String)
    case list([JSONValue])
    case object([String: JSONValue])

    init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        if container.decodeNil() {
            self = .null
        } else if let value = try? container.decode(Bool.self) {
            self = .text(String(value))
        } else if let value = try? container.decode(UInt64.self) {
            self = .text(String(value))
        } else if let value = try? container.decode(Decimal.self) {
            self = .text("\(value)")
        } else if let value = try? container.decode(String.self) {
            self = .text(value)
        } else if let value = try? container.decode([JSONValue].self) {
            self = .list(value)
        } else {
            self = .object(try container.decode([String: JSONValue].self))
        }
    }

    init(_ value: some BinaryInteger) { self = .text(String(value)) }
    init(_ value: Bool) { self = .text(String(value)) }
    init(_ values: [UInt64]) { self = .list(values.map { JSONValue($0) }) }

    var description: String {
        switch self {
        case .null: "null"
        case .text(let text): text
        case .list(let values): "[" + values.map(\.description).joined(separator: ", ") + "]"
        case .object(let fields):
            "{" + fields.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }.joined(separator: ", ") + "}"
        }
    }

    /// The member of an object; null where it is absent.
    subscript(_ name: String) -> JSONValue {
        if case .object(let fields) = self { fields[name] ?? .null } else { .null }
    }

    var text: String? { if case .text(let text) = self { text } else { nil } }
    var list: [JSONValue] { if case .list(let values) = self { values } else { [] } }
    var fields: [String: JSONValue] { if case .object(let fields) = self { fields } else { [:] } }

    func number() throws -> UInt64 {
        guard let text, let value = UInt64(text) else { throw RowError.notANumber(description) }
        return value
    }

    func numbers() throws -> [UInt64] { try list.map { try $0.number() } }
}

enum RowError: Error {
    case notANumber(String)
    case unknownRule(String)
    case unknownOperation(String)
}
