// Peers in, frames out: mutually authenticated TLS 1.3 links with bounded queues. It knows no message, no chain and no
// disk. Every method may be called from any thread and never blocks; a slow peer costs only its own frames.
//
// Locks: `state` guards seats, links and dials; `counted` the counters. Neither is held while the owner's closures run.
package import Primitives
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization

package final class Transport: Sendable {
    /// The owner's side. All three are called on event loops or the delivery thread and must not block.
    package struct Owner: Sendable {
        /// The bytes every new peer is greeted with, at most `TransportLimits.helloBytesMax`.
        package let hello: @Sendable () -> Bytes
        /// Whether a proven peer with this hello is welcome.
        package let judge: @Sendable (PeerID, Bytes) -> HelloVerdict
        /// Called on one thread, in order.
        package let delivery: @Sendable (TransportEvent) -> Void

        package init(
            hello: @escaping @Sendable () -> Bytes,
            judge: @escaping @Sendable (PeerID, Bytes) -> HelloVerdict,
            delivery: @escaping @Sendable (TransportEvent) -> Void
        ) {
            (self.hello, self.judge, self.delivery) = (hello, judge, delivery)
        }
    }

    struct State {
        var roster: Roster
        /// Every open connection, half-open ones included.
        var links: [LinkID: Link] = [:]
        var upSince: [LinkID: NIODeadline] = [:]
        var dials: [DialID: Dial] = [:]
        var listeners: [any Channel] = []
        var nextNumber: UInt64 = 1
        var isShutDown = false

        mutating func number() -> UInt64 {
            defer { nextNumber += 1 }
            return nextNumber
        }
    }

    package let peer: PeerID
    let configuration: TransportConfiguration
    let owner: Owner
    let serverContext: NIOSSLContext
    let clientContext: NIOSSLContext
    let group: MultiThreadedEventLoopGroup
    let mailbox: Mailbox
    let state: Mutex<State>
    let counted = Mutex(TransportCounters())

    /// Throws if the TLS contexts cannot be made. `shutdown` must be called in the end.
    package init(identity: TransportIdentity, configuration: TransportConfiguration, owner: Owner) throws {
        precondition(configuration.silenceDeadline >= configuration.pingInterval * 2, "silence before the second ping")
        peer = identity.peer
        (self.configuration, self.owner) = (configuration, owner)
        serverContext = try identity.serverContext()
        clientContext = try identity.clientContext()
        group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.threads)
        mailbox = Mailbox(delivery: owner.delivery)
        state = Mutex(State(roster: Roster(own: identity.peer, configuration: configuration)))
    }

    func hello() -> Bytes {
        let hello = owner.hello()
        precondition(hello.count <= TransportLimits.helloBytesMax, "hello of \(hello.count) bytes")
        return hello
    }

    // MARK: Frames

    /// Queues a frame of 1...`kind.bytesMax` bytes; false when the peer is not connected.
    @discardableResult
    package func send(_ body: Bytes, _ kind: FrameClass, to peer: PeerID) -> Bool {
        let link = state.withLock { state -> Link? in
            guard let seat = state.roster.seat(of: peer), seat.isUp else { return nil }
            return state.links[seat.link]
        }
        guard let link else { return false }
        enqueue(body, kind, on: link)
        return true
    }

    /// Queues a frame for every connected peer but `excluded`.
    package func broadcast(_ body: Bytes, _ kind: FrameClass, except excluded: PeerID? = nil) {
        let links = state.withLock { state in
            state.roster.upLinks.compactMap { $0.peer == excluded ? nil : state.links[$0.seat.link] }
        }
        for link in links { enqueue(body, kind, on: link) }
    }

    private func enqueue(_ body: Bytes, _ kind: FrameClass, on link: Link) {
        precondition((1...kind.bytesMax).contains(body.count), "\(body.count) bytes in a frame of \(kind)")
        let dropped = link.enqueue(body, kind)
        if dropped.isEmpty { return }
        counted.withLock { counters in
            for kind in dropped { counters.dropped[kind].frames &+= 1 }
        }
    }

    /// Gives the memory of a delivered frame back to its peer's budget. Exactly once for each frame.
    package func consumed(_ receipt: FrameReceipt) {
        state.withLock { $0.links[receipt.link] }?.consumed(receipt.cost)
    }

    // MARK: Peers

    /// The connected peers in ascending order.
    package var peers: [PeerID] { state.withLock { $0.roster.upLinks.map(\.peer) } }

    /// Ends the link to a peer; `reason` is told to it. A dial of ours will come back.
    package func disconnect(_ peer: PeerID, reason: String) { close(peer, .owner(reason)) }

    /// Ends the link to a peer and refuses it from now on, inside the TLS handshake.
    package func ban(_ peer: PeerID) {
        state.withLock { $0.roster.ban(peer) }
        close(peer, .banned)
    }

    package func unban(_ peer: PeerID) { state.withLock { $0.roster.unban(peer) } }

    /// Refuses inbound connections from an IP address before TLS. Honest peers may share an address: the owner decides.
    package func ban(address: String) { state.withLock { $0.roster.ban(address: address) } }
    package func unban(address: String) { state.withLock { $0.roster.unban(address: address) } }

    private func close(_ peer: PeerID, _ reason: CloseReason) {
        let link = state.withLock { state in state.roster.seat(of: peer).flatMap { state.links[$0.link] } }
        link?.command(.close(reason))
    }

    package var counters: TransportCounters {
        var counters = counted.withLock { $0 }
        state.withLock { state in
            let up = state.roster.upLinks
            counters.peersOutbound = up.count { $0.seat.outbound }
            counters.peersInbound = up.count - counters.peersOutbound
            counters.halfOpen = state.roster.halfOpenCount
            counters.outboundBytesQueued = up.reduce(0) { $0 + (state.links[$1.seat.link]?.bytesQueued ?? 0) }
        }
        return counters
    }

    // MARK: The end

    /// Tells all peers, closes everything, delivers the last events. Idempotent.
    package func shutdown() async {
        let (isFirst, listeners, links) = state.withLock { state in
            defer { state.isShutDown = true }
            for dial in state.dials.values { dial.timer?.cancel() }
            state.dials = [:]
            return (!state.isShutDown, state.listeners, Array(state.links.values))
        }
        if !isFirst { return }
        for listener in listeners { try? await listener.close() }
        for link in links { link.command(.close(.shutdown)) }
        for link in links { try? await link.channel.closeFuture.get() }
        try? await group.shutdownGracefully()
        await mailbox.finish()
    }
}
