// The name of a chain: 1 to 50 bytes of [A-Za-z0-9._-]. Bytes, never a String, because it is part of what is signed.
package import Primitives

package struct ChainID: Hashable, Sendable, CustomStringConvertible {
    package let bytes: Bytes

    /// nil for an empty or too long name, or one with another character.
    package init?(_ bytes: some Sequence<UInt8>) {
        let name = Bytes(bytes)
        guard (1...Limits.chainIDBytesMax).contains(name.count), name.allSatisfy(Self.isAllowed) else { return nil }
        self.bytes = name
    }

    private static func isAllowed(_ character: UInt8) -> Bool {
        switch character {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
            true
        default: false
        }
    }

    package var description: String { String(decoding: bytes, as: UTF8.self) }
}
