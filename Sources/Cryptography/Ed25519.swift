// Ed25519 through libsodium. The acceptance rule is ours and written down: S < L, the key canonical and not of small
// order, R not of small order, and the cofactorless equation S·B = R + k·A. `AcceptanceProbe` refuses to start a node
// whose library decides otherwise. Key files and entropy live in the shell.
internal import CSodium
package import Primitives
import Synchronization

package enum Ed25519 {
    /// libsodium must be initialised once; a failure leaves no safe way on.
    static let ready: Bool = {
        precondition(sodium_init() >= 0, "libsodium cannot initialise")
        return true
    }()

    private static let counter = Atomic<UInt64>(0)

    /// How often this process asked libsodium to check a signature. For metrics: nothing depends on it.
    package static var checks: UInt64 { counter.load(ordering: .relaxed) }

    package static func isValid(_ signature: Signature, over message: Bytes, by key: PublicKey) -> Bool {
        precondition(ready)
        counter.add(1, ordering: .relaxed)
        return crypto_sign_verify_detached(signature.bytes, message, UInt64(message.count), key.bytes) == 0
    }

    /// A key that may be registered: canonical, on the curve, of the main subgroup, not the identity.
    package static func isRegistrable(_ key: PublicKey) -> Bool {
        precondition(ready)
        return crypto_core_ed25519_is_valid_point(key.bytes) == 1
    }
}

/// An Ed25519 secret in memory that is locked, guarded and wiped on release.
package final class SigningKey: Sendable {
    package let publicKey: PublicKey
    nonisolated(unsafe) private let secret: UnsafeMutableRawPointer

    /// `seed`: 32 bytes. nil for any other length.
    package init?(seed: Bytes) {
        precondition(Ed25519.ready)
        guard seed.count == Int(crypto_sign_SEEDBYTES) else { return nil }
        guard let memory = sodium_malloc(Int(crypto_sign_SECRETKEYBYTES)) else {
            preconditionFailure("no locked memory for a key; raise `ulimit -l`")
        }
        var key = Bytes(repeating: 0, count: Int(crypto_sign_PUBLICKEYBYTES))
        crypto_sign_seed_keypair(&key, memory.assumingMemoryBound(to: UInt8.self), seed)
        sodium_mprotect_readonly(memory)
        guard let publicKey = PublicKey(key) else { preconditionFailure("public key of \(key.count) bytes") }
        (self.publicKey, secret) = (publicKey, memory)
    }

    deinit { sodium_free(secret) }

    package var address: Address { Hash.address(of: publicKey) }

    package func sign(_ message: Bytes) -> Signature {
        var output = Bytes(repeating: 0, count: 64)
        let key = UnsafePointer(secret.assumingMemoryBound(to: UInt8.self))
        crypto_sign_detached(&output, nil, message, UInt64(message.count), key)
        guard let signature = Signature(output) else { preconditionFailure("signature of \(output.count) bytes") }
        return signature
    }

    /// The 32-byte seed, for a key file or a proof that is made from the secret.
    package var seed: Bytes { Bytes(UnsafeRawBufferPointer(start: secret, count: Int(crypto_sign_SEEDBYTES))) }
}
