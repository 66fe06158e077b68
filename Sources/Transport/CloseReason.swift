// Why a link ended or never came up: the rule book of this module, one case for each rule.
import Primitives

package enum CloseReason: Error, Equatable, Sendable {
    // The other side broke a rule or is not welcome.
    case certificate(CertificateError)
    case handshakeFailed(String)
    case wrongPeer(expected: PeerID, found: PeerID)
    case ownIdentity
    case banned
    case helloRefused(String)
    case frame(FrameError)
    case handshakeDeadline
    case helloDeadline
    /// No whole frame for `silenceDeadline`.
    case silent
    // Our limits.
    case halfOpenFull
    case halfOpenAddressFull
    case inboundFull
    // Order.
    /// Another link to the same peer is kept.
    case duplicate
    /// The owner asked for it.
    case owner(String)
    case shutdown
    // The outside.
    /// What the other side said in its close frame; printable, not trusted.
    case byPeer(String)
    case unreachable(String)
    case lost(String)

    /// Whether the other side is told: not when it is gone or spoke the last word.
    var isTold: Bool {
        switch self {
        case .byPeer, .unreachable, .lost, .handshakeFailed, .certificate: false
        default: true
        }
    }
}

extension CloseReason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .certificate(let error): "certificate refused: \(error)"
        case .handshakeFailed(let text): "TLS handshake failed: \(text)"
        case .wrongPeer(let expected, let found): "expected peer \(expected), found \(found)"
        case .ownIdentity: "this is the node itself"
        case .banned: "banned"
        case .helloRefused(let text): "hello refused: \(text)"
        case .frame(let error): "not a frame: \(error)"
        case .handshakeDeadline: "no TLS handshake in time"
        case .helloDeadline: "no accepted hello in time"
        case .silent: "silent for too long"
        case .halfOpenFull: "too many half-open connections"
        case .halfOpenAddressFull: "too many half-open connections from this address"
        case .inboundFull: "no place for another inbound peer"
        case .duplicate: "another link to this peer is kept"
        case .owner(let text): text
        case .shutdown: "shutting down"
        case .byPeer(let text): "closed by the peer: \(text)"
        case .unreachable(let text): "unreachable: \(text)"
        case .lost(let text): "connection lost: \(text)"
        }
    }

    /// The body of the close frame.
    var wireText: Bytes { Bytes(description.utf8.prefix(TransportLimits.closeTextBytesMax)) }

    /// The text of a received close frame with everything but printable ASCII replaced, so that it is safe in a log.
    static func received(_ body: Bytes) -> CloseReason {
        .byPeer(String(decoding: body.map { (0x20...0x7E).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self))
    }
}
