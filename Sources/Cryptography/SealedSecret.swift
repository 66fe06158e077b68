// A secret under a passphrase: Argon2id makes the key, XSalsa20-Poly1305 seals. Salt and nonce come from the shell,
// which has the entropy. Invariant: open(seal(s, p), p) = s, and any other passphrase or any changed byte is refused.
internal import CSodium
package import Primitives

package struct SealedSecret: Hashable, Sendable {
    /// What Argon2id spends: passes over the memory, and bytes of memory.
    package struct Cost: Hashable, Sendable {
        package let passes: UInt64
        package let memory: Int

        /// nil outside 1...10 passes and 8 KiB...1 GiB: a key file must not be able to stall or kill the node.
        package init?(passes: UInt64, memory: Int) {
            guard (1...10).contains(passes), (8 << 10...1 << 30).contains(memory) else { return nil }
            (self.passes, self.memory) = (passes, memory)
        }

        private init() { (passes, memory) = (3, 128 << 20) }
        package static let standard = Cost()
    }

    package static let saltBytes = Int(crypto_pwhash_SALTBYTES)
    package static let nonceBytes = Int(crypto_secretbox_NONCEBYTES)
    /// Bytes of a secret.
    package static let secretBytesMax = 4_096

    package let cost: Cost
    package let salt: Bytes
    package let nonce: Bytes
    package let box: Bytes

    /// nil for a salt, nonce or box of the wrong length.
    package init?(cost: Cost, salt: Bytes, nonce: Bytes, box: Bytes) {
        let overhead = Int(crypto_secretbox_MACBYTES)
        guard salt.count == Self.saltBytes, nonce.count == Self.nonceBytes,
            (overhead...overhead + Self.secretBytesMax).contains(box.count)
        else { return nil }
        (self.cost, self.salt, self.nonce, self.box) = (cost, salt, nonce, box)
    }

    /// nil for a salt, nonce or secret of the wrong length, or when there is no memory for this cost.
    package static func seal(
        _ secret: Bytes, passphrase: Bytes, salt: Bytes, nonce: Bytes, cost: Cost = .standard
    ) -> SealedSecret? {
        guard salt.count == saltBytes, nonce.count == nonceBytes, secret.count <= secretBytesMax,
            let key = key(passphrase, salt: salt, cost: cost)
        else { return nil }
        var box = Bytes(repeating: 0, count: secret.count + Int(crypto_secretbox_MACBYTES))
        crypto_secretbox_easy(&box, secret, UInt64(secret.count), nonce, key)
        return SealedSecret(cost: cost, salt: salt, nonce: nonce, box: box)
    }

    /// nil for a wrong passphrase, changed bytes, or when there is no memory for this cost.
    package func open(passphrase: Bytes) -> Bytes? {
        guard let key = Self.key(passphrase, salt: salt, cost: cost) else { return nil }
        var secret = Bytes(repeating: 0, count: box.count - Int(crypto_secretbox_MACBYTES))
        return crypto_secretbox_open_easy(&secret, box, UInt64(box.count), nonce, key) == 0 ? secret : nil
    }

    private static func key(_ passphrase: Bytes, salt: Bytes, cost: Cost) -> Bytes? {
        precondition(Ed25519.ready)
        var key = Bytes(repeating: 0, count: Int(crypto_secretbox_KEYBYTES))
        let characters = passphrase.map { CChar(bitPattern: $0) }
        let code = crypto_pwhash(
            &key, UInt64(key.count), characters, UInt64(characters.count), salt, cost.passes, cost.memory,
            crypto_pwhash_ALG_ARGON2ID13)
        return code == 0 ? key : nil
    }
}
