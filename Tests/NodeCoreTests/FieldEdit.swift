// Changes the bytes of one record by a line of text: what a stranger could do with an editor. It knows tags and lengths
// and nothing of what they mean; lengths around a change are mended, so that the change itself is what is refused.
import Primitives
import Testing

enum FieldEdit {
    struct Field {
        let number: UInt64
        let wireType: UInt64
        /// Without the tag and, for wire type 2, without the length.
        var payload: Bytes
    }

    struct EditError: Error { let line: String }

    static func changed(_ bytes: Bytes, by line: String) throws -> Bytes {
        let words = line.split(separator: " ").map(String.init)
        switch words[0] {
        case "none": return bytes
        case "cut": return Bytes(bytes.dropLast(try #require(Int(words[1]))))
        case "add": return bytes + (try #require(Hex.decode(words[1])))
        default:
            let path = words[1].split(separator: ".").compactMap { UInt64($0) }
            return try edited(bytes, path[...], line) { try apply(words, to: $0, line) }
        }
    }

    /// What stands in place of one field.
    private static func apply(_ words: [String], to field: Field, _ line: String) throws -> [Field] {
        func with(_ payload: Bytes) -> [Field] {
            [Field(number: field.number, wireType: field.wireType, payload: payload)]
        }
        let value = words.count > 2 ? words[2] : ""
        switch words[0] {
        case "drop", "last": return []
        case "double": return [field, field]
        case "set", "raw": return with(try #require(Hex.decode(value)))
        case "number": return with(varint(try #require(UInt64(value))))
        case "plain":
            return [Field(number: field.number, wireType: 0, payload: varint(try #require(UInt64(value))))]
        case "zeros": return with(Bytes(repeating: 0, count: try #require(Int(value))))
        case "many": return [Field](repeating: field, count: try #require(Int(value)))
        case "flip":
            var payload = field.payload
            payload[payload.count / 2] ^= 1
            return with(payload)
        default: throw EditError(line: line)
        }
    }

    private static func edited(
        _ bytes: Bytes, _ path: ArraySlice<UInt64>, _ line: String, _ change: (Field) throws -> [Field]
    ) throws -> Bytes {
        var fields = try parsed(bytes)
        let number = try #require(path.first)
        // The first field of that number; a missing number may be written where it belongs.
        guard let place = fields.firstIndex(where: { $0.number == number }) else {
            let new = Field(number: number, wireType: 0, payload: [])
            fields.insert(
                contentsOf: try change(new), at: fields.firstIndex { $0.number > number } ?? fields.endIndex)
            return joined(fields)
        }
        let found = fields[place]
        if path.count == 1 {
            fields.replaceSubrange(place...place, with: try change(found))
            if line.hasPrefix("last") { fields.append(found) }
        } else {
            fields[place].payload = try edited(found.payload, path.dropFirst(), line, change)
        }
        return joined(fields)
    }

    static func varint(_ value: UInt64) -> Bytes {
        var (rest, bytes) = (value, Bytes())
        while rest > 127 {
            bytes.append(UInt8(truncatingIfNeeded: rest) | 128)
            rest >>= 7
        }
        return bytes + [UInt8(rest)]
    }

    private static func joined(_ fields: [Field]) -> Bytes {
        fields.flatMap { field in
            let length = field.wireType == 2 ? varint(UInt64(field.payload.count)) : []
            return varint(field.number << 3 | field.wireType) + length + field.payload
        }
    }

    private static func parsed(_ bytes: Bytes) throws -> [Field] {
        var (fields, rest): ([Field], ArraySlice<UInt8>) = ([], bytes[...])
        func number() throws -> (value: UInt64, bytes: Bytes) {
            let last = try #require(rest.firstIndex { $0 < 128 })
            let own = Bytes(rest[rest.startIndex...last])
            rest = rest[(last + 1)...]
            return (own.reversed().reduce(0) { $0 << 7 | UInt64($1 & 127) }, own)
        }
        while !rest.isEmpty {
            let tag = try number().value
            var payload: Bytes
            switch tag & 7 {
            case 0: payload = try number().bytes
            case 1:
                payload = Bytes(rest.prefix(8))
                rest = rest.dropFirst(8)
            default:
                let count = Int(try number().value)
                payload = Bytes(rest.prefix(count))
                rest = rest.dropFirst(count)
            }
            fields.append(Field(number: tag >> 3, wireType: tag & 7, payload: payload))
        }
        return fields
    }
}
