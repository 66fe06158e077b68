// What the owner is told, in order: a peer's frames lie between its `connected` and its `disconnected`, and those two
// alternate for each peer.
package import Primitives

package enum TransportEvent: Sendable {
    case connected(PeerConnection)
    case frame(InboundFrame)
    case disconnected(PeerID, CloseReason)
    /// A link that never came up. Under a flood the surplus is only counted (`TransportCounters.refusals`).
    case refused(address: String, CloseReason)
}

package struct PeerConnection: Sendable, Equatable {
    package let peer: PeerID
    /// Whether we dialled.
    package let outbound: Bool
    /// The peer's hello, which `judge` accepted.
    package let hello: Bytes
    /// `ip:port` for inbound links, the dialled `host:port` for outbound ones.
    package let address: String
}

package struct InboundFrame: Sendable, Equatable {
    package let peer: PeerID
    package let kind: FrameClass
    package let body: Bytes
    /// To be handed to `Transport.consumed` exactly once, when the owner needs no more memory for this frame.
    package let receipt: FrameReceipt
}

/// What a delivered frame holds of its link's inbound budget.
package struct FrameReceipt: Sendable, Equatable {
    let link: LinkID
    /// Body bytes and overhead.
    package let cost: Int
}

/// What the owner says about a hello.
package enum HelloVerdict: Sendable, Equatable {
    case accept
    /// The reason goes back to the peer.
    case refuse(String)
}

/// A number for each connection of this process; a peer that comes back comes with another one.
package struct LinkID: Hashable, Sendable {
    let value: UInt64
}
