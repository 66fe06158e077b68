// How a client reads members of an answer: by exact form. What our encoder would not write is refused, so no byte of a
// hash, a number or a signature can change unseen.
package import Primitives

/// The member that is missing or has another form than the format demands.
package enum ShapeError: Error, Equatable, Sendable {
    case missing(String)
    case wrongForm(String)
}

extension JSON {
    package func member(_ name: String) throws(ShapeError) -> JSON {
        guard let value = self[name] else { throw .missing(name) }
        return value
    }

    package func text(_ name: String) throws(ShapeError) -> String {
        guard case .string(let text) = try member(name) else { throw .wrongForm(name) }
        return text
    }

    package func elements(_ name: String, max: Int) throws(ShapeError) -> [JSON] {
        guard case .array(let elements) = try member(name), elements.count <= max else { throw .wrongForm(name) }
        return elements
    }

    package func flag(_ name: String) throws(ShapeError) -> Bool {
        guard case .bool(let value) = try member(name) else { throw .wrongForm(name) }
        return value
    }

    /// A decimal string in its only spelling.
    package func decimal<Value: FixedWidthInteger>(_ name: String) throws(ShapeError) -> Value {
        let text = try text(name)
        guard let value = Value(text), String(value) == text else { throw .wrongForm(name) }
        return value
    }

    package func number<Value: FixedWidthInteger>(_ name: String) throws(ShapeError) -> Value {
        guard case .number(let text) = try member(name), let value = Value(text), String(value) == text else {
            throw .wrongForm(name)
        }
        return value
    }

    package func height(_ name: String) throws(ShapeError) -> Height {
        let value: Int64 = try decimal(name)
        guard let height = Height(signed: value) else { throw .wrongForm(name) }
        return height
    }

    /// Upper-case hex.
    package func hex(_ name: String) throws(ShapeError) -> Bytes {
        let text = try text(name)
        guard let bytes = Hex.decode(text), Hex.upper(bytes) == text else { throw .wrongForm(name) }
        return bytes
    }

    package func fixedHex<Value: FixedBytes>(_ name: String) throws(ShapeError) -> Value {
        guard let value = Value(try hex(name)) else { throw .wrongForm(name) }
        return value
    }

    /// The empty string is nothing.
    package func optionalHex<Value: FixedBytes>(_ name: String) throws(ShapeError) -> Value? {
        let bytes = try hex(name)
        if bytes.isEmpty { return nil }
        guard let value = Value(bytes) else { throw .wrongForm(name) }
        return value
    }

    /// Null is no bytes, and no bytes are null.
    package func base64(_ name: String) throws(ShapeError) -> Bytes {
        switch try member(name) {
        case .null: return []
        case .string(let text):
            guard let bytes = Base64.decode(text), !bytes.isEmpty else { throw .wrongForm(name) }
            return bytes
        default: throw .wrongForm(name)
        }
    }

    package func time(_ name: String) throws(ShapeError) -> Timestamp {
        let text = try text(name)
        guard let time = Timestamp(rfc3339: text), time.description == text else { throw .wrongForm(name) }
        return time
    }
}
