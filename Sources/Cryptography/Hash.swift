// SHA-256, the only hash of the chain, by swift-crypto: it uses the processor's instructions for it where there are
// some. SHA-512 is for the curve's standards alone.
internal import CSodium
internal import struct Crypto.SHA256
package import Primitives

package enum Hash {
    package static func sha256(_ bytes: Bytes) -> Digest {
        var hasher = SHA256()
        hasher.update(bytes)
        return hasher.finish()
    }

    package static func sha256(_ memory: UnsafeRawBufferPointer) -> Digest {
        var hasher = SHA256()
        hasher.update(memory)
        return hasher.finish()
    }

    /// SHA-256 of the concatenation of `parts`.
    package static func sha256(_ parts: [Bytes]) -> Digest {
        var hasher = SHA256()
        for part in parts { hasher.update(part) }
        return hasher.finish()
    }

    /// The address of a public key: the first 20 bytes of its SHA-256.
    package static func address(of key: PublicKey) -> Address {
        guard let address = Address(sha256(key.bytes).bytes[..<20]) else { preconditionFailure("20 bytes of 32") }
        return address
    }

    static func sha512(_ parts: [Bytes]) -> Bytes {
        var output = Bytes(repeating: 0, count: 64)
        let input = parts.flatMap { $0 }
        crypto_hash_sha512(&output, input, UInt64(input.count))
        return output
    }
}

/// SHA-256 over parts that arrive one after the other.
package struct SHA256 {
    private var state = Crypto.SHA256()

    package init() {}

    package mutating func update(_ bytes: Bytes) { bytes.withUnsafeBytes { update($0) } }
    package mutating func update(_ memory: UnsafeRawBufferPointer) { state.update(bufferPointer: memory) }

    /// What is hashed further is added to it.
    package func finish() -> Digest {
        state.finalize().withUnsafeBytes { output in
            guard let digest = Digest(memory: output) else { preconditionFailure("SHA-256 gave \(output.count) bytes") }
            return digest
        }
    }

    /// SHA-256(prefix ‖ memory), without a copy of the memory.
    package static func hash(_ prefix: Bytes, _ memory: UnsafeRawBufferPointer) -> Digest {
        var hasher = SHA256()
        hasher.update(prefix)
        hasher.update(memory)
        return hasher.finish()
    }
}
