import Cryptography
import Primitives
import Testing

@Suite("sealed secret")
struct SealedSecretTests {
    static let cost = SealedSecret.Cost(passes: 1, memory: 8 << 10)!
    static let (salt, nonce) = (
        Bytes(repeating: 1, count: SealedSecret.saltBytes), Bytes(repeating: 2, count: SealedSecret.nonceBytes)
    )
    static let secret = Bytes(0..<32)

    static func seal() -> SealedSecret {
        SealedSecret.seal(secret, passphrase: [7, 0x80, 0], salt: salt, nonce: nonce, cost: cost)!
    }

    @Test("a sealed secret opens with its passphrase and with no other")
    func passphrases() {
        let sealed = Self.seal()
        #expect(sealed.open(passphrase: [7, 0x80, 0]) == Self.secret)
        for other in [[], [7], [7, 0x80], [7, 0x80, 1], [7, 0x80, 0, 0]] as [Bytes] {
            #expect(sealed.open(passphrase: other) == nil)
        }
    }

    @Test("one flipped bit of salt, nonce or box is refused")
    func flips() {
        let sealed = Self.seal()
        func flipped(_ bytes: Bytes) -> Bytes { [bytes[0] ^ 1] + bytes.dropFirst() }
        let changed = [
            SealedSecret(cost: Self.cost, salt: flipped(sealed.salt), nonce: sealed.nonce, box: sealed.box),
            SealedSecret(cost: Self.cost, salt: sealed.salt, nonce: flipped(sealed.nonce), box: sealed.box),
            SealedSecret(cost: Self.cost, salt: sealed.salt, nonce: sealed.nonce, box: flipped(sealed.box)),
        ]
        for other in changed { #expect(other?.open(passphrase: [7, 0x80, 0]) == nil && other != nil) }
    }

    @Test("wrong lengths and costs outside the bounds make no value")
    func bounds() {
        #expect(SealedSecret(cost: Self.cost, salt: [], nonce: Self.nonce, box: Self.secret) == nil)
        #expect(SealedSecret(cost: Self.cost, salt: Self.salt, nonce: [], box: Self.secret) == nil)
        #expect(SealedSecret(cost: Self.cost, salt: Self.salt, nonce: Self.nonce, box: Bytes(0..<15)) == nil)
        #expect(SealedSecret.Cost(passes: 0, memory: 8 << 10) == nil)
        #expect(SealedSecret.Cost(passes: 11, memory: 8 << 10) == nil)
        #expect(SealedSecret.Cost(passes: 1, memory: (8 << 10) - 1) == nil)
        #expect(SealedSecret.Cost(passes: 1, memory: (1 << 30) + 1) == nil)
    }
}
