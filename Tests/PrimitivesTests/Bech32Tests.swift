import Primitives
import Testing

@Suite("bech32")
struct Bech32Tests {
    @Test(
        "the published vectors of BIP 173 encode and decode",
        arguments: [
            ("a12uel5l", "a", ""),
            ("abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw", "abcdef", "00443214c74254b635cf84653a56d7c675be77df"),
            (
                "split1checkupstagehandshakeupstreamerranterredcaperred2y9e3w", "split",
                "c5f38b70305f519bf66d85fb6cf03058f3dde463ecd7918f2dc743918f2d"
            ),
        ])
    func published(text: String, prefix: String, hex: String) throws {
        let bytes = try #require(Hex.decode(hex))
        #expect(Bech32.encode(bytes, prefix: prefix) == text)
        #expect(Bech32.decode(text, prefix: prefix) == bytes)
    }

    @Test("an address reads back, and every other character in it is refused")
    func account() throws {
        let address = try #require(Address(Bytes(0..<20)))
        #expect(address.bech32.hasPrefix("merit1"))
        #expect(Address(bech32: address.bech32) == address)
        let text = Bytes(address.bech32.utf8)
        for place in text.indices {
            for other in Bytes("qpzry9x8gf2tvdw0s3jn54khce6mua7l1bioM ".utf8) where other != text[place] {
                var changed = text
                changed[place] = other
                #expect(Address(bech32: String(decoding: changed, as: UTF8.self)) == nil)
            }
        }
    }
}
