// What validators do about their standing: return after a jail.
package import Codec

/// "I am back": the operator's validator may hold a seat again from the next epoch on.
package struct Unjail: Hashable, Sendable, Message {
    package init() {}

    package func encode(into encoder: inout Encoder) {}
    package init(from decoder: inout Decoder) throws(DecodeError) {}
}
