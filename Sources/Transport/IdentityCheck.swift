// Judges the certificate of one connection inside the handshake and keeps the verdict: TLS itself reports every refusal
// as the same alert. The identity is to be believed only after the handshake is complete, which proves the key.
import NIOSSL
import Primitives
import Synchronization
import Cryptography

final class IdentityCheck: Sendable {
    private struct State {
        var peer: PeerID?
        var failure: CloseReason?
    }

    private let own: PeerID
    private let expected: PeerID?
    private let isBanned: @Sendable (PeerID) -> Bool
    private let state = Mutex(State())

    init(own: PeerID, expected: PeerID?, isBanned: @escaping @Sendable (PeerID) -> Bool) {
        (self.own, self.expected, self.isBanned) = (own, expected, isBanned)
    }

    var peer: PeerID? { state.withLock { $0.peer } }
    var failure: CloseReason? { state.withLock { $0.failure } }

    func judge(_ chain: [NIOSSLCertificate]) -> NIOSSLVerificationResult {
        do throws(CertificateError) {
            let peer = Hash.address(of: try IdentityCertificate.key(in: chain))
            if let failure = refusal(of: peer) { return refuse(failure) }
            state.withLock { $0.peer = peer }
            return .certificateVerified
        } catch {
            return refuse(.certificate(error))
        }
    }

    private func refusal(of peer: PeerID) -> CloseReason? {
        if peer == own { return .ownIdentity }
        if let expected, expected != peer { return .wrongPeer(expected: expected, found: peer) }
        return isBanned(peer) ? .banned : nil
    }

    private func refuse(_ reason: CloseReason) -> NIOSSLVerificationResult {
        state.withLock { $0.failure = reason }
        return .failed
    }
}
