// Why bytes were refused. One case per rule of the canonical encoding; the list is the rule book.

package enum DecodeError: Error, Equatable, Sendable {
    /// The bytes end inside a field.
    case truncated
    /// A varint is longer than it needs to be, longer than ten bytes, or exceeds 64 bits.
    case varintNotMinimal
    /// A field number outside 1..2^29-1, or a wire type that the encoding never uses.
    case malformedTag
    /// A field that the message does not have, has twice, or has out of order.
    case unexpectedField(UInt32)
    /// The field is there with another wire type.
    case wrongWireType(field: UInt32)
    /// A default value was written out; the canonical encoding omits it.
    case explicitDefault(field: UInt32)
    /// A field that is always written is missing.
    case missing(field: UInt32)
    /// A length or a count above its bound.
    case tooLong(field: UInt32)
    /// A number outside the range of its type.
    case outOfRange(field: UInt32)
    /// The bytes are well-formed but break the field's own rule (length of a hash, unknown enum value).
    case invalid(field: UInt32)
    /// Messages are nested deeper than `Limits.messageDepthMax`.
    case tooDeep
}
