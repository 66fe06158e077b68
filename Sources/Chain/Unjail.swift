// What validators do about their standing: return after a jail, say that an engine is at fault.
package import Codec
package import Primitives

/// "I am back": the operator's validator may hold a seat again from the next epoch on.
package struct Unjail: Hashable, Sendable, Message {
    package init() {}

    package func encode(into encoder: inout Encoder) {}
    package init(from decoder: inout Decoder) throws(DecodeError) {}
}

/// "Honest validators lose with this engine": more than 2/3 of the stake drops the slashes that wait for it.
package struct DeclareEngine: Hashable, Sendable, Message {
    package let engineID: Digest

    package init(engineID: Digest) { self.engineID = engineID }

    package func encode(into encoder: inout Encoder) { encoder.data(1, engineID) }
    package init(from decoder: inout Decoder) throws(DecodeError) { engineID = try decoder.fixedBytes(1) }
}
