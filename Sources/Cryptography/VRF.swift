// ECVRF-EDWARDS25519-SHA512-TAI (RFC 9381) from libsodium's group operations. Stricter than the RFC in one point, the
// same for all validators: a Gamma outside the main subgroup is refused (libsodium's scalar multiplication does it), as
// are c = 0 and s = 0. Variable time in alpha, which is public.
internal import CSodium
package import Primitives

/// The 80-byte proof: Gamma (32) ‖ c (16) ‖ s (32).
package struct VRFProof: FixedBytes {
    package static let count = 80
    package let bytes: Bytes

    package init?(memory: UnsafeRawBufferPointer) {
        guard memory.count == Self.count else { return nil }
        bytes = Bytes(memory)
    }

    package func write(to memory: UnsafeMutableRawBufferPointer) { memory.copyBytes(from: bytes) }

    package static func < (lhs: VRFProof, rhs: VRFProof) -> Bool { lhs.bytes.lexicographicallyPrecedes(rhs.bytes) }
}

package enum VRF {
    private static let suite: UInt8 = 0x03

    /// The proof for `alpha` under the key with this secret.
    package static func prove(_ alpha: Bytes, key: SigningKey) -> VRFProof {
        let hashed = Hash.sha512([key.seed])
        var scalar = Bytes(hashed[..<32])
        scalar[0] &= 248
        scalar[31] = scalar[31] & 127 | 64
        guard let point = encodeToCurve(alpha, key: key.publicKey),
            let gamma = Curve.multiply(point, by: scalar)
        else { preconditionFailure("no curve point for alpha after 256 tries") }
        // RFC 8032 nonce: SHA-512(second half of the hashed secret ‖ H), section 5.4.2.2 of RFC 9381.
        let nonce = Curve.reduce(Hash.sha512([Bytes(hashed[32...]), point]))
        guard let first = Curve.multiplyBase(by: nonce), let second = Curve.multiply(point, by: nonce) else {
            preconditionFailure("VRF nonce is zero")
        }
        let challenge = challenge([key.publicKey.bytes, point, gamma, first, second])
        let response = Curve.add(
            scalar: nonce, Curve.multiply(scalar: challenge + Bytes(repeating: 0, count: 16), scalar))
        guard let proof = VRFProof(gamma + challenge + response) else { preconditionFailure("VRF proof length") }
        return proof
    }

    /// The 64-byte output, or nil when the proof does not hold for this key and `alpha`.
    package static func verify(_ proof: VRFProof, _ alpha: Bytes, key: PublicKey) -> Bytes? {
        precondition(Ed25519.ready)
        let gamma = Bytes(proof.bytes[..<32])
        let challengeBytes = Bytes(proof.bytes[32..<48])
        let response = Bytes(proof.bytes[48...])
        let scalar = challengeBytes + Bytes(repeating: 0, count: 16)
        guard Curve.isCanonical(point: gamma), Curve.isCanonical(point: key.bytes), Curve.isReduced(response),
            let point = encodeToCurve(alpha, key: key),
            let base = Curve.multiplyBase(by: response), let keyed = Curve.multiply(key.bytes, by: scalar),
            let first = Curve.subtract(base, keyed),
            let hashed = Curve.multiply(point, by: response), let bound = Curve.multiply(gamma, by: scalar),
            let second = Curve.subtract(hashed, bound),
            challenge([key.bytes, point, gamma, first, second]) == challengeBytes
        else { return nil }
        return output(gamma: gamma)
    }

    /// The output of a proof that is known to hold (one's own).
    package static func output(of proof: VRFProof) -> Bytes? { output(gamma: Bytes(proof.bytes[..<32])) }

    private static func output(gamma: Bytes) -> Bytes? {
        guard let cleared = Curve.clearCofactor(gamma) else { return nil }
        return Hash.sha512([[suite, 0x03], cleared, [0x00]])
    }

    private static func challenge(_ points: [Bytes]) -> Bytes {
        Bytes(Hash.sha512([[suite, 0x02]] + points + [[0x00]])[..<16])
    }

    /// Try-and-increment, RFC 9381 section 5.4.1.1. Mean two tries; 256 failures have probability 2^-256.
    static func encodeToCurve(_ alpha: Bytes, key: PublicKey) -> Bytes? {
        for counter in UInt8.min...UInt8.max {
            let candidate = Bytes(Hash.sha512([[suite, 0x01], key.bytes, alpha, [counter, 0x00]])[..<32])
            guard Curve.isCanonical(point: candidate), let point = Curve.clearCofactor(candidate) else { continue }
            if point != Curve.identity { return point }
        }
        return nil
    }
}
