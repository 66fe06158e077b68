// The node's own end of the TLS handshake. libsodium signs inside the handshake: the secret never enters BoringSSL.
package import Cryptography
import NIOCore
import NIOSSL
package import Primitives

package struct TransportIdentity: Sendable {
    package let peer: PeerID
    private let certificate: NIOSSLCertificate
    private let key: NIOSSLPrivateKey

    /// Throws only if BoringSSL cannot read the certificate that we wrote.
    package init(signingKey: SigningKey) throws {
        try self.init(certificate: IdentityCertificate.der(for: signingKey), signingKey: signingKey)
    }

    /// An identity with a certificate made elsewhere. If it is not of this key, every handshake fails.
    package init(certificate: Bytes, signingKey: SigningKey) throws {
        peer = signingKey.address
        self.certificate = try NIOSSLCertificate(bytes: certificate, format: .der)
        key = NIOSSLPrivateKey(customPrivateKey: HandshakeKey(signingKey: signingKey))
    }

    func serverContext() throws -> NIOSSLContext {
        var settings = TLSConfiguration.makeServerConfigurationWithMTLS(
            certificateChain: [.certificate(certificate)], privateKey: .privateKey(key), trustRoots: .certificates([])
        )
        Self.restrict(&settings)
        return try NIOSSLContext(configuration: settings)
    }

    func clientContext() throws -> NIOSSLContext {
        var settings = TLSConfiguration.makeClientConfiguration()
        settings.certificateChain = [.certificate(certificate)]
        settings.privateKey = .privateKey(key)
        settings.trustRoots = .certificates([])
        Self.restrict(&settings)
        return try NIOSSLContext(configuration: settings)
    }

    private static func restrict(_ settings: inout TLSConfiguration) {
        settings.minimumTLSVersion = .tlsv13
        settings.maximumTLSVersion = .tlsv13
        // With the default list BoringSSL refuses Ed25519.
        settings.verifySignatureAlgorithms = [.ed25519]
        settings.signingSignatureAlgorithms = [.ed25519]
        // `.none` would skip the callback and let anybody in.
        settings.certificateVerification = .noHostnameVerification
        settings.shutdownTimeout = .seconds(1)
    }
}

private struct HandshakeKey: NIOSSLCustomPrivateKey, Hashable {
    let signingKey: SigningKey

    static func == (lhs: HandshakeKey, rhs: HandshakeKey) -> Bool {
        lhs.signingKey.publicKey == rhs.signingKey.publicKey
    }

    func hash(into hasher: inout Hasher) { hasher.combine(signingKey.publicKey) }

    var signatureAlgorithms: [SignatureAlgorithm] { [.ed25519] }

    func sign(channel: any Channel, algorithm: SignatureAlgorithm, data: ByteBuffer) -> EventLoopFuture<ByteBuffer> {
        let signature = signingKey.sign(Bytes(data.readableBytesView))
        return channel.eventLoop.makeSucceededFuture(ByteBuffer(bytes: signature.bytes))
    }

    func decrypt(channel: any Channel, data: ByteBuffer) -> EventLoopFuture<ByteBuffer> {
        preconditionFailure("Ed25519 keys do not decrypt")
    }
}
