// SHA-256 through libsodium: the only hash of the chain.
internal import CSodium
package import Primitives

package enum Hash {
    package static func sha256(_ bytes: Bytes) -> Digest {
        withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { output in
            crypto_hash_sha256(output.baseAddress!, bytes, UInt64(bytes.count))
            return digest(output)
        }
    }

    /// SHA-256 of the concatenation of `parts`.
    package static func sha256(_ parts: [Bytes]) -> Digest {
        var hasher = SHA256()
        for part in parts { hasher.update(part) }
        return hasher.finish()
    }

    /// The address of a public key: the first 20 bytes of its SHA-256.
    package static func address(of key: PublicKey) -> Address {
        guard let address = Address(sha256(key.bytes).bytes.prefix(20)) else { preconditionFailure("20 bytes of 32") }
        return address
    }

    static func sha512(_ parts: [Bytes]) -> Bytes {
        var output = Bytes(repeating: 0, count: 64)
        let input = parts.flatMap { $0 }
        crypto_hash_sha512(&output, input, UInt64(input.count))
        return output
    }

    fileprivate static func digest(_ output: some Collection<UInt8>) -> Digest {
        guard let digest = Digest(output) else { preconditionFailure("SHA-256 gave \(output.count) bytes") }
        return digest
    }
}

/// SHA-256 over parts that arrive one after the other.
package struct SHA256 {
    private var state = crypto_hash_sha256_state()

    package init() { crypto_hash_sha256_init(&state) }
    package mutating func update(_ bytes: Bytes) { crypto_hash_sha256_update(&state, bytes, UInt64(bytes.count)) }

    package mutating func finish() -> Digest {
        var output = Bytes(repeating: 0, count: 32)
        crypto_hash_sha256_final(&state, &output)
        return Hash.digest(output)
    }
}
