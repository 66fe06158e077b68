// Which links there are: limits before TLS, crossing dials, redial, bans, shutdown.
import Cryptography
import Primitives
import Testing

@testable import Transport

@Suite("Peering", .serialized)
struct PeeringTests {
    @Test("half-open connections beyond the limit are closed at once and a place is given back")
    func halfOpen() async throws {
        var options = Station.Options()
        options.configuration.halfOpenPerAddressMax = 3
        // The idle ones must stay half-open for as long as a busy machine takes.
        options.configuration.handshakeDeadline = .seconds(300)
        try await withStations([Station(1, options), Station(2)]) { stations in
            let node = stations[0]
            var idle: [RawPeer] = []
            for _ in 0..<3 { idle.append(try await RawPeer.connect(port: node.port)) }
            let surplus = try await RawPeer.connect(port: node.port)
            try await node.refusal("per address") { $0 == .halfOpenAddressFull }
            try await surplus.closed()
            #expect(node.transport.counters.halfOpen == 3)
            try await idle[0].close()
            stations[1].dial(node)
            try await node.connected(stations[1].peer)
            #expect(node.transport.counters.halfOpen == 2)
            for peer in idle.dropFirst() { try await peer.close() }
        }
    }

    @Test("of two crossing dials the one of the smaller id stays", arguments: 0..<6)
    func crossing(round: Int) async throws {
        try await withStations([Station(1), Station(2)]) { stations in
            let sorted = stations.sorted { $0.peer < $1.peer }
            let (small, large) = (sorted[0], sorted[1])
            for station in round % 2 == 0 ? [small, large] : [large, small] {
                station.dial(station === small ? large : small)
            }
            try await small.log.wait("the kept link at the small end") { outbound(of: $0, true) }
            try await large.log.wait("the kept link at the large end") { outbound(of: $0, false) }
            // The other dial ends on both sides: refused, or replaced after it was up.
            try await large.log.wait("the end of the other dial") { events in
                events.contains {
                    switch $0 {
                    case .refused(_, .duplicate), .refused(_, .byPeer), .disconnected(_, .duplicate),
                        .disconnected(_, .byPeer), .refused(_, .lost), .refused(_, .handshakeFailed):
                        true
                    default: false
                    }
                } ? true : nil
            }
            #expect(small.transport.send([1], .votes, to: large.peer))
            #expect(large.transport.send([2], .votes, to: small.peer))
            try await small.frames(1, from: large.peer)
            try await large.frames(1, from: small.peer)
            for station in sorted {
                let counters = station.transport.counters
                #expect(counters.connections - counters.disconnections == 1)
                #expect(counters.peersOutbound == (station === small ? 1 : 0))
            }
        }
    }

    private func outbound(of events: [TransportEvent], _ isOutbound: Bool) -> Bool? {
        for case .connected(let connection) in events where connection.outbound == isOutbound { return true }
        return nil
    }

    @Test("a dial comes back after its peer restarts, and knows when the peer came by itself")
    func redial() async throws {
        try await withStations([Station(1)]) { stations in
            let node = stations[0]
            let before = try await Station(2)
            let peer = before.peer
            node.dial(before, expecting: peer)
            try await node.connected(peer)
            await before.transport.shutdown()
            #expect(try await node.disconnected(peer) == .byPeer("shutting down"))
            try await node.refusal("nobody there") { if case .unreachable = $0 { true } else { false } }
            var options = Station.Options()
            options.port = before.port
            let after = try await Station(2, options)
            try await node.connected(peer, times: 2)
            node.transport.send([5], .votes, to: peer)
            try await after.frames(1, from: node.peer)
            await after.transport.shutdown()
        }
    }

    @Test("a disconnected peer may come back, a banned one not")
    func bans() async throws {
        try await withStations([Station(1), Station(2)]) { stations in
            let (node, other) = (stations[0], stations[1])
            other.dial(node)
            try await node.connected(other.peer)
            node.transport.disconnect(other.peer, reason: "try again")
            #expect(try await other.disconnected(node.peer) == .byPeer("try again"))
            try await node.connected(other.peer, times: 2)
            try await other.connected(node.peer, times: 2)
            node.transport.ban(other.peer)
            try await node.refusal("banned in TLS") { $0 == .banned }
            #expect(node.transport.peers.isEmpty)
            node.transport.unban(other.peer)
            try await node.connected(other.peer, times: 3)
        }
    }

    @Test("a banned address is refused before TLS")
    func bannedAddress() async throws {
        try await withStations([Station(1)]) { stations in
            let node = stations[0]
            node.transport.ban(address: "127.0.0.1")
            let raw = try await RawPeer.connect(port: node.port)
            try await raw.closed()
            try await node.refusal("banned") { $0 == .banned }
            #expect(node.transport.counters.halfOpen == 0)
            node.transport.unban(address: "127.0.0.1")
            _ = try await RawPeer.greeted(port: node.port, identity: TransportIdentity(signingKey: key(7)))
            try await node.connected(try key(7).address)
        }
    }

    @Test("a node that dials itself finds out and stops")
    func ownIdentity() async throws {
        try await withStations([Station(1)]) { stations in
            let node = stations[0]
            node.dial(node)
            try await node.refusal("itself") { $0 == .ownIdentity }
            #expect(!node.isConnectedToAnybody)
        }
    }

    @Test("shutdown tells the peers, delivers the last events and may be repeated")
    func shutdown() async throws {
        try await withStations([Station(1), Station(2)]) { stations in
            stations[0].dial(stations[1])
            try await stations[0].connected(stations[1].peer)
            try await stations[1].connected(stations[0].peer)
            await stations[0].transport.shutdown()
            #expect(try await stations[0].disconnected(stations[1].peer) == .shutdown)
            #expect(try await stations[1].disconnected(stations[0].peer) == .byPeer("shutting down"))
            #expect(stations[0].transport.dial(host: "127.0.0.1", port: stations[1].port) == nil)
            await stations[0].transport.shutdown()
        }
    }
}
