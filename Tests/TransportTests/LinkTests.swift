// Two real transports, or one and a hostile peer, over loopback sockets.
import Cryptography
import Primitives
import Testing

@testable import Transport

@Suite("Links", .serialized)
struct LinkTests {
    @Test("two nodes greet each other and exchange frames of every class")
    func exchange() async throws {
        try await withStations([Station(1), Station(2)]) { stations in
            let (first, second) = (stations[0], stations[1])
            first.dial(second, expecting: second.peer)
            let out = try await first.connected(second.peer)
            let inward = try await second.connected(first.peer)
            #expect(out.outbound && !inward.outbound)
            #expect(out.hello == Bytes("hello 2".utf8) && inward.hello == Bytes("hello 1".utf8))
            for (from, to) in [(first, second), (second, first)] {
                for kind in FrameClass.allCases {
                    let body = Bytes(repeating: kind.rawValue, count: kind.bytesMax)
                    #expect(from.transport.send(body, kind, to: to.peer))
                }
                let frames = try await to.frames(5, from: from.peer)
                #expect(Set(frames.map(\.kind)) == Set(FrameClass.allCases))
                #expect(frames.allSatisfy { $0.body == Bytes(repeating: $0.kind.rawValue, count: $0.kind.bytesMax) })
                for kind in FrameClass.allCases {
                    let expected = TrafficCount(frames: 1, bytes: UInt64(kind.bytesMax))
                    #expect(to.transport.counters.received[kind] == expected)
                    #expect(from.transport.counters.sent[kind] == expected)
                }
            }
            first.transport.broadcast([1], .votes)
            second.transport.broadcast([1], .votes, except: first.peer)
            try await second.frames(6, from: first.peer)
            #expect(first.transport.counters.peersOutbound == 1 && second.transport.counters.peersInbound == 1)
            #expect(first.transport.counters.sent[.votes].frames == 2)
            #expect(second.transport.counters.sent[.votes].frames == 1)
            #expect(!first.transport.send([1], .votes, to: first.peer))
        }
    }

    @Test("a node with another id than expected is refused by the dialler")
    func wrongPeer() async throws {
        try await withStations([Station(1), Station(2)]) { stations in
            let expected = try key(3).address
            stations[0].dial(stations[1], expecting: expected)
            let found = stations[1].peer
            try await stations[0].refusal("wrong peer") { $0 == .wrongPeer(expected: expected, found: found) }
            try await stations[1].refusal("TLS alert") { if case .handshakeFailed = $0 { true } else { false } }
            #expect(!stations[0].isConnectedToAnybody && !stations[1].isConnectedToAnybody)
        }
    }

    @Test("a certificate without its key is refused on either side")
    func stolenCertificate() async throws {
        let stolen = IdentityCertificate.der(for: try key(1))
        var options = Station.Options()
        options.identity = try TransportIdentity(certificate: stolen, signingKey: key(9))
        try await withStations([Station(2), Station(9, options)]) { stations in
            let (honest, thief) = (stations[0], stations[1])
            thief.dial(honest)
            try await honest.refusal("bad signature") { if case .handshakeFailed = $0 { true } else { false } }
            honest.dial(thief, expecting: try key(1).address)
            try await honest.log.wait("a refusal of the thief as server") { events in
                for case .refused(let address, .handshakeFailed) in events where address.hasSuffix(":\(thief.port)") {
                    return true
                }
                return nil
            }
            #expect(!honest.isConnectedToAnybody && !thief.isConnectedToAnybody)
        }
    }

    @Test("a refused hello is explained on both sides")
    func refusedHello() async throws {
        var options = Station.Options()
        options.judge = { _, hello in hello == Bytes("hello 1".utf8) ? .refuse("another chain") : .accept }
        try await withStations([Station(1), Station(2, options)]) { stations in
            stations[0].dial(stations[1])
            try await stations[1].refusal("judge") { $0 == .helloRefused("another chain") }
            try await stations[0].refusal("told") { $0 == .byPeer("hello refused: another chain") }
            #expect(!stations[0].isConnectedToAnybody && !stations[1].isConnectedToAnybody)
        }
    }

    @Test("an over-long frame ends its own link and no other")
    func overLong() async throws {
        try await withStations([Station(1), Station(2)]) { stations in
            let (node, honest) = (stations[0], stations[1])
            honest.dial(node)
            try await node.connected(honest.peer)
            let raw = try await RawPeer.greeted(port: node.port, identity: TransportIdentity(signingKey: key(7)))
            let hostile = try key(7).address
            try await node.connected(hostile)
            try await raw.send(FrameDecoderTests.wire([(.data(.votes), [1, 2, 3])]))
            try await node.frames(1, from: hostile)
            try await raw.send(FrameDecoderTests.header(65_537, FrameClass.votes.rawValue))
            #expect(try await node.disconnected(hostile) == .frame(.tooLong(class: 0x10, length: 65_537)))
            try await raw.closed()
            honest.transport.send([1], .votes, to: node.peer)
            try await node.frames(1, from: honest.peer)
            #expect(node.transport.peers == [honest.peer])
        }
    }

    @Test("what is no TLS or no greeting never gets in")
    func garbage() async throws {
        try await withStations([Station(1), Station(2)]) { stations in
            let node = stations[0]
            let plain = try await RawPeer.connect(port: node.port)
            try await plain.send(Bytes("GET / HTTP/1.1\r\n\r\n".utf8))
            try await node.refusal("garbage") { if case .handshakeFailed = $0 { true } else { false } }
            try await plain.closed()
            let early = try await RawPeer.connect(port: node.port, identity: TransportIdentity(signingKey: key(7)))
            try await early.send(FrameDecoderTests.wire([(.data(.votes), [1])]))
            try await node.refusal("early frame") { $0 == .frame(.outOfPhase(class: 0x10)) }
            let unheard = try await RawPeer.connect(port: node.port, identity: TransportIdentity(signingKey: key(8)))
            try await unheard.send(FrameDecoderTests.wire([(.control(.accept), [])]))
            try await node.refusal("accept before hello") { $0 == .frame(.outOfPhase(class: 0x02)) }
            stations[1].dial(node)
            try await node.connected(stations[1].peer)
        }
    }

    @Test("a slow reader loses its own least urgent frames; votes and other peers do not suffer")
    func slowReader() async throws {
        var options = Station.Options()
        options.configuration.outboundBytesMax = PerClass { $0.bytesMax + 64 * 1_024 }
        try await withStations([Station(1, options), Station(2)]) { stations in
            let (node, quick) = (stations[0], stations[1])
            quick.dial(node)
            try await node.connected(quick.peer)
            let slow = try key(7).address
            let raw = try await RawPeer.greeted(port: node.port, identity: TransportIdentity(signingKey: key(7)))
            try await node.connected(slow)
            try await raw.read(false)
            // The first frame fills the channel and every buffer of the kernel on the way, two more the queue.
            let total = 40
            for number in 0..<total {
                let body = Bytes(repeating: UInt8(number), count: 1_024 * 1_024)
                node.transport.send(body, .transactions, to: slow)
            }
            for number in 0..<10 as Range<UInt8> { node.transport.send([number], .votes, to: slow) }
            let dropped = node.transport.counters.dropped[.transactions].frames
            #expect(dropped > 0)
            #expect(node.transport.counters.dropped[.votes].frames == 0)
            node.transport.send([1], .transactions, to: quick.peer)
            try await quick.frames(1, from: node.peer)
            try await raw.read(true)
            let expected = total - Int(dropped) + 10
            let frames = try await raw.frames.wait("all that was kept") { frames -> [Frame]? in
                let data = frames.filter { if case .data = $0.wireClass { true } else { false } }
                return data.count >= expected ? data : nil
            }
            let votes = frames.filter { $0.wireClass == .data(.votes) }
            #expect(votes.map(\.body) == (0..<10).map { [$0] })
            // The votes were sent last and overtook what still waited.
            let lastVote = try #require(frames.lastIndex { $0.wireClass == .data(.votes) })
            #expect(frames.count - 1 - lastVote >= 2)
            #expect(frames.last?.body.first == UInt8(total - 1))
            #expect(node.transport.peers.count == 2)
        }
    }

    @Test("a peer is not read while the owner is behind, and nothing is lost by it")
    func backPressure() async throws {
        var options = Station.Options()
        options.consumes = false
        options.configuration.inboundBytesMax = 512 * 1_024
        try await withStations([Station(1), Station(2, options)]) { stations in
            let (sender, owner) = (stations[0], stations[1])
            sender.dial(owner)
            try await sender.connected(owner.peer)
            let total = 28
            for number in 0..<total {
                let body = Bytes(repeating: UInt8(number), count: 1_024 * 1_024)
                sender.transport.send(body, .blocks, to: owner.peer)
            }
            var consumed = 0
            while consumed < total {
                let frames = try await owner.frames(consumed + 1, from: sender.peer)
                for frame in frames[consumed...] { owner.transport.consumed(frame.receipt) }
                consumed = frames.count
            }
            let bodies = try await owner.frames(total, from: sender.peer).map { $0.body[0] }
            #expect(bodies == (0..<28).map { UInt8($0) })
            #expect(owner.transport.counters.pauses >= 5)
            #expect(sender.transport.counters.dropped[.blocks].frames == 0)
        }
    }

    @Test("silence, a stalled handshake and a stalled greeting meet their deadlines")
    func deadlines() async throws {
        var options = Station.Options()
        options.configuration.handshakeDeadline = .milliseconds(300)
        options.configuration.helloDeadline = .milliseconds(300)
        options.configuration.pingInterval = .milliseconds(50)
        options.configuration.silenceDeadline = .milliseconds(300)
        try await withStations([Station(1, options), Station(2, options)]) { stations in
            let node = stations[0]
            stations[1].dial(node)
            try await node.connected(stations[1].peer)
            let idle = try await RawPeer.connect(port: node.port)
            try await node.refusal("no handshake") { $0 == .handshakeDeadline }
            try await idle.closed()
            let mute = try await RawPeer.connect(port: node.port, identity: TransportIdentity(signingKey: key(7)))
            try await node.refusal("no hello") { $0 == .helloDeadline }
            try await mute.closed()
            let silent = try await RawPeer.greeted(port: node.port, identity: TransportIdentity(signingKey: key(8)))
            #expect(try await node.disconnected(try key(8).address) == .silent)
            try await silent.closed()
            // Pings alone have kept this one up all the while.
            #expect(node.transport.peers == [stations[1].peer])
        }
    }
}
