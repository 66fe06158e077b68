// The certificate of a transport key: a fixed frame of DER around one Ed25519 key and its own signature (RFC 5280 and
// RFC 8410). Nobody reads anything in it but the key, so it has no extensions and never expires.
package import Cryptography
import NIOSSL
package import Primitives

/// Why a peer's certificates do not name an identity.
package enum CertificateError: Error, Equatable, Sendable {
    case notExactlyOne(Int)
    /// The subject key is not the 44 bytes of an Ed25519 key.
    case notEd25519
    /// Not a canonical point of the main subgroup, so more than one party might sign for it.
    case weakKey
}

package enum IdentityCertificate {
    /// `SEQUENCE { SEQUENCE { OID 1.3.101.112 } BIT STRING of 32 bytes }` without those bytes.
    static let keyPrefix: Bytes = [0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00]
    private static let algorithm: Bytes = [0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70]

    /// Self-signed, deterministic for a key.
    package static func der(for key: SigningKey) -> Bytes {
        let name = sequence([element(0x31, sequence([[0x06, 0x03, 0x55, 0x04, 0x03], text(0x0C, "merit")]))])
        let validity = sequence([text(0x17, "700101000000Z"), text(0x18, "99991231235959Z")])
        let statement = sequence([
            [0xA0, 0x03, 0x02, 0x01, 0x02],
            [0x02, 0x01, 0x01],
            algorithm, name, validity, name,
            keyPrefix + key.publicKey.bytes,
        ])
        return sequence([statement, algorithm, element(0x03, [0x00] + key.sign(statement).bytes)])
    }

    /// The key the peer has to prove: exactly one certificate, and of it only the 44 bytes of the subject key.
    static func key(in chain: [NIOSSLCertificate]) throws(CertificateError) -> PublicKey {
        guard chain.count == 1, let certificate = chain.first else { throw .notExactlyOne(chain.count) }
        guard let subject = try? certificate.extractPublicKey().toSPKIBytes(), subject.starts(with: keyPrefix),
            let key = PublicKey(subject.dropFirst(keyPrefix.count))
        else { throw .notEd25519 }
        guard Ed25519.isRegistrable(key) else { throw .weakKey }
        return key
    }

    private static func sequence(_ parts: [Bytes]) -> Bytes { element(0x30, parts.flatMap { $0 }) }
    private static func text(_ tag: UInt8, _ value: String) -> Bytes { element(tag, Bytes(value.utf8)) }

    private static func element(_ tag: UInt8, _ content: Bytes) -> Bytes {
        precondition(content.count < 256, "\(content.count) bytes in a fixed certificate")
        let length = UInt8(content.count)
        return [tag] + (length < 0x80 ? [length] : [0x81, length]) + content
    }
}
