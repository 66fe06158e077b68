// Carries what the transport delivers to the core's mailbox and to the log, and remembers who is connected. It never
// blocks.
import Logging
import NodeCore
import Primitives
import Synchronization
package import Transport

package struct ConnectedPeer: Sendable {
    package let connection: PeerConnection
    /// Seconds since the link came up.
    package let age: Int64
}

final class Delivery: Sendable {
    private let mailbox: CoreMailbox
    private let logger: Logger
    private let transport = Mutex<Transport?>(nil)
    private let connections = Mutex<[PeerID: (connection: PeerConnection, since: Int64)]>([:])

    init(mailbox: CoreMailbox, logger: Logger) { (self.mailbox, self.logger) = (mailbox, logger) }

    /// To whom dropped frames are given back; before anything is delivered.
    func attach(_ transport: Transport) { self.transport.withLock { $0 = transport } }

    /// Ascending by peer.
    var connected: [ConnectedPeer] {
        let now = WallClock.monotonicSeconds
        return connections.withLock { connections in
            connections.values.map { ConnectedPeer(connection: $0.connection, age: now - $0.since) }
        }.sorted { $0.connection.peer < $1.connection.peer }
    }

    func take(_ event: TransportEvent) {
        switch event {
        case .connected(let connection):
            logger.info(
                "peer connected", metadata: ["peer": "\(connection.peer)", "address": "\(connection.address)"])
            connections.withLock { $0[connection.peer] = (connection, WallClock.monotonicSeconds) }
            mailbox.post(.peerConnected(connection.peer))
        case .frame(let frame):
            if !mailbox.post(frame) { transport.withLock { $0 }?.consumed(frame.receipt) }
        case .disconnected(let peer, let reason):
            logger.info("peer disconnected", metadata: ["peer": "\(peer)", "reason": "\(reason)"])
            connections.withLock { _ = $0.removeValue(forKey: peer) }
            mailbox.post(.peerDisconnected(peer))
        case .refused(let address, let reason):
            logger.debug("connection refused", metadata: ["address": "\(address)", "reason": "\(reason)"])
        }
    }
}
