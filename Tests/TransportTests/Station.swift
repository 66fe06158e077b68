// One real transport on loopback with a log of its events, and a peer made of raw bytes that breaks rules.
import Cryptography
import NIOCore
import NIOPosix
import NIOSSL
import Primitives
import Synchronization
import Testing

@testable import Transport

func key(_ seed: UInt8) throws -> SigningKey {
    try #require(SigningKey(seed: Bytes(repeating: seed, count: 32)))
}

extension TransportConfiguration {
    static var test: TransportConfiguration {
        var configuration = TransportConfiguration()
        configuration.threads = 1
        configuration.redialDelayMin = .milliseconds(5)
        configuration.redialDelayMax = .milliseconds(50)
        return configuration
    }
}

final class Station: Sendable {
    let transport: Transport
    let log = Log<TransportEvent>()
    let port: Int
    var peer: PeerID { transport.peer }

    struct Options: Sendable {
        var configuration = TransportConfiguration.test
        var port = 0
        var identity: TransportIdentity?
        var judge: @Sendable (PeerID, Bytes) -> HelloVerdict = { _, _ in .accept }
        /// Whether frames are consumed as they arrive.
        var consumes = true
    }

    init(_ seed: UInt8, _ options: Options = Options()) async throws {
        let shared = Shared()
        let owner = Transport.Owner(hello: { Bytes("hello \(seed)".utf8) }, judge: options.judge) { [log] event in
            if options.consumes, case .frame(let frame) = event { shared.transport?.consumed(frame.receipt) }
            log.append(event)
        }
        let identity = try options.identity ?? TransportIdentity(signingKey: key(seed))
        transport = try Transport(identity: identity, configuration: options.configuration, owner: owner)
        shared.set(transport)
        port = try await transport.listen(host: "127.0.0.1", port: options.port)
    }

    private final class Shared: Sendable {
        private let box = Mutex<Transport?>(nil)
        var transport: Transport? { box.withLock { $0 } }
        func set(_ transport: Transport?) { box.withLock { $0 = transport } }
    }

    func dial(_ other: Station, expecting: PeerID? = nil) {
        transport.dial(host: "127.0.0.1", port: other.port, expecting: expecting)
    }

    // MARK: Waiting

    @discardableResult
    func connected(_ peer: PeerID, times: Int = 1) async throws -> PeerConnection {
        try await log.wait("\(times) connections with \(peer)") { events in
            let all = events.compactMap { if case .connected(let connection) = $0 { connection } else { nil } }
                .filter { $0.peer == peer }
            return all.count >= times ? all.last : nil
        }
    }

    @discardableResult
    func disconnected(_ peer: PeerID) async throws -> CloseReason {
        try await log.wait("the end of \(peer)") { events in
            events.lazy.compactMap { if case .disconnected(peer, let reason) = $0 { reason } else { nil } }.first
        }
    }

    @discardableResult
    func refusal(_ what: String, where matches: @escaping @Sendable (CloseReason) -> Bool) async throws -> CloseReason {
        try await log.wait("a refusal: \(what)") { events in
            events.lazy.compactMap { event -> CloseReason? in
                if case .refused(_, let reason) = event, matches(reason) { reason } else { nil }
            }.first
        }
    }

    @discardableResult
    func frames(_ count: Int, from peer: PeerID) async throws -> [InboundFrame] {
        try await log.wait("\(count) frames from \(peer)") { events in
            let all = events.compactMap { if case .frame(let frame) = $0 { frame } else { nil } }
                .filter { $0.peer == peer }
            return all.count >= count ? all : nil
        }
    }

    var isConnectedToAnybody: Bool {
        log.entries.contains { if case .connected = $0 { true } else { false } }
    }
}

/// Starts stations, runs the test, stops them all however it ends.
func withStations(
    _ stations: [Station], _ body: ([Station]) async throws -> Void
) async throws {
    do {
        try await body(stations)
    } catch {
        for station in stations { await station.transport.shutdown() }
        throw error
    }
    for station in stations { await station.transport.shutdown() }
}

/// A peer of raw bytes, with or without TLS under them.
final class RawPeer: Sendable {
    let channel: any Channel
    let frames: Log<Frame>

    private init(channel: any Channel, frames: Log<Frame>) { (self.channel, self.frames) = (channel, frames) }

    static func connect(port: Int, identity: TransportIdentity? = nil) async throws -> RawPeer {
        let frames = Log<Frame>()
        let context = try identity?.clientContext()
        // With small buffers in the kernel, a peer that stops reading is noticed at the first frame.
        let bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelOption(ChannelOptions.socketOption(.so_rcvbuf), value: 8_192)
        let prepared = bootstrap.channelInitializer { channel in
            channel.eventLoop.makeCompletedFuture {
                if let context {
                    let check: NIOSSLCustomVerificationCallback = { $1.succeed(.certificateVerified) }
                    let security = try NIOSSLClientHandler(
                        context: context, serverHostname: nil, customVerificationCallback: check
                    )
                    try channel.pipeline.syncOperations.addHandler(security)
                }
                try channel.pipeline.syncOperations.addHandler(FrameRecorder(frames))
            }
        }
        let channel = try await prepared.connect(host: "127.0.0.1", port: port).get()
        return RawPeer(channel: channel, frames: frames)
    }

    /// A raw peer whose link is up.
    static func greeted(port: Int, identity: TransportIdentity) async throws -> RawPeer {
        let raw = try await connect(port: port, identity: identity)
        try await raw.frames.wait("a hello") { $0.first { $0.wireClass == .control(.hello) } }
        let greeting = [(WireClass.control(.hello), Bytes("raw".utf8)), (.control(.accept), [])]
        try await raw.send(FrameDecoderTests.wire(greeting))
        try await raw.frames.wait("an acceptance") { $0.first { $0.wireClass == .control(.accept) } }
        return raw
    }

    func send(_ bytes: Bytes) async throws { try await channel.writeAndFlush(ByteBuffer(bytes: bytes)).get() }
    func read(_ isOn: Bool) async throws { try await channel.setOption(ChannelOptions.autoRead, value: isOn).get() }
    func close() async throws { try await channel.close().get() }
    func closed() async throws { try await channel.closeFuture.get() }
}

private final class FrameRecorder: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let frames: Log<Frame>
    private var decoder = FrameDecoder()

    init(_ frames: Log<Frame>) { self.frames = frames }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        decoder.append(&bytes)
        while let frame = try? decoder.next() {
            if frame.wireClass == .control(.accept) { decoder.phase = .up }
            frames.append(frame)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {}
}
