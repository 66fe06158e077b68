// What links ask and report: places, seats, frames, ends. Events are posted while `state` is held, so their order is
// the order of the changes they tell.
import NIOCore
import NIOPosix
import NIOSSL
import Primitives
import Synchronization

/// Where a connection comes from.
struct LinkOrigin: Sendable {
    var dial: DialID?
    var expected: PeerID?
    /// For inbound links the IP alone, which limits and bans go by.
    var host: String
    var address: String
}

extension Transport {
    /// Listens for peers; port 0 takes a free one. Returns the bound port.
    package func listen(host: String, port: Int) async throws -> Int {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(ChannelOptions.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(ChannelOptions.backlog, value: 256)
            .serverChannelInitializer { channel in
                // Out of file descriptors: wait, instead of spinning on accept.
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptBackoffHandler())
                }
            }
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let host = channel.remoteAddress?.ipAddress ?? "unknown"
                    let port = channel.remoteAddress?.port ?? 0
                    try self.attach(channel, LinkOrigin(host: host, address: "\(host):\(port)"))
                }
            }
        let listener = try await bootstrap.bind(host: host, port: port).get()
        let isLate = state.withLock { state in
            if !state.isShutDown { state.listeners.append(listener) }
            return state.isShutDown
        }
        if isLate {
            try await listener.close()
            throw CloseReason.shutdown
        }
        return listener.localAddress?.port ?? port
    }

    /// Gives a new connection its place and its handlers; throws to have it closed at once. On the channel's loop.
    func attach(_ channel: any Channel, _ origin: LinkOrigin) throws {
        let identity = IdentityCheck(own: peer, expected: origin.expected) { peer in
            self.state.withLock { $0.roster.isBanned(peer) }
        }
        let admitted = state.withLock { state -> Result<Link, CloseReason> in
            if state.isShutDown { return .failure(.shutdown) }
            let id = LinkID(value: state.number())
            if origin.dial == nil, let reason = state.roster.admit(id, address: origin.host) {
                return .failure(reason)
            }
            let link = Link(
                id: id, channel: channel, origin: (origin.dial, origin.address), identity: identity,
                configuration: configuration
            )
            state.links[id] = link
            return .success(link)
        }
        switch admitted {
        case .failure(let reason):
            refused(origin.address, reason)
            throw reason
        case .success(let link):
            channel.closeFuture.whenComplete { _ in self.closed(link) }
            let security = try secure(identity, dialled: link.isOutbound)
            try channel.pipeline.syncOperations.addHandlers([security, LinkHandler(link: link, transport: self)])
            tune(channel)
        }
    }

    private func secure(_ identity: IdentityCheck, dialled: Bool) throws -> any ChannelHandler {
        let check: NIOSSLCustomVerificationCallback = { $1.succeed(identity.judge($0)) }
        if !dialled {
            return NIOSSLServerHandler(
                context: serverContext, customVerificationCallback: check, configuration: .init()
            )
        }
        return try NIOSSLClientHandler(context: clientContext, serverHostname: nil, customVerificationCallback: check)
    }

    private func tune(_ channel: any Channel) {
        let mark = ChannelOptions.Types.WriteBufferWaterMark(
            low: TransportLimits.channelBytesLow, high: TransportLimits.channelBytesHigh
        )
        guard let options = channel.syncOptions else { return }
        // A system without one of these options is only less quick.
        try? options.setOption(ChannelOptions.writeBufferWaterMark, value: mark)
        try? options.setOption(ChannelOptions.tcpOption(.tcp_nodelay), value: 1)
        // TCP_NOTSENT_LOWAT, which the socket library does not name.
        let unsent = ChannelOptions.Types.SocketOption(level: .tcp, name: NIOBSDSocket.Option(rawValue: 25))
        try? options.setOption(unsent, value: SocketOptionValue(TransportLimits.kernelUnsentBytesMax))
    }

    // MARK: Seats

    /// Seats a peer whose hello the owner accepts, or says why not.
    func claim(_ link: Link, for peer: PeerID, hello: Bytes) -> CloseReason? {
        if case .refuse(let text) = owner.judge(peer, hello) { return .helloRefused(text) }
        let (refusal, replaced) = state.withLock { state -> (CloseReason?, Link?) in
            if let dial = link.dial { state.dials[dial]?.known = peer }
            switch state.roster.claim(link.id, for: peer, outbound: link.isOutbound) {
            case .refused(let reason): return (reason, nil)
            case .seated(replacing: nil): return (nil, nil)
            case .seated(replacing: let seat?):
                if seat.isUp { post(.disconnected(peer, .duplicate)) }
                return (nil, state.links[seat.link])
            }
        }
        replaced?.command(.close(.duplicate))
        return refusal
    }

    /// The link is up; false when another one has taken its seat.
    func raise(_ link: Link, _ connection: PeerConnection) -> Bool {
        state.withLock { state in
            guard state.roster.raise(link.id, for: connection.peer) else { return false }
            state.upSince[link.id] = .now()
            post(.connected(connection))
            return true
        }
    }

    func deliver(_ frames: [InboundFrame], from link: Link, pausing: Bool) {
        counted.withLock { counters in
            if pausing { counters.pauses &+= 1 }
            for frame in frames { counters.received[frame.kind].add(bytes: frame.body.count) }
        }
        state.withLock { state in
            guard let peer = frames.first?.peer, state.roster.seat(of: peer)?.link == link.id else { return }
            mailbox.post(frames.map { .frame($0) })
        }
    }

    func countSent(_ frames: [(kind: FrameClass, body: Bytes)]) {
        counted.withLock { counters in
            for frame in frames { counters.sent[frame.kind].add(bytes: frame.body.count) }
        }
    }

    // MARK: Ends

    /// The link is over for the owner, though its socket may still say goodbye.
    func finished(_ link: Link, peer: PeerID?, wasUp: Bool, _ reason: CloseReason) {
        let woken = state.withLock { state -> [DialID] in
            if reason == .ownIdentity, let dial = link.dial { state.dials[dial] = nil }
            if let dial = link.dial, let since = state.upSince[link.id],
                .now() - since >= TimeAmount(configuration.stableAfter)
            {
                state.dials[dial]?.schedule.reset()
            }
            guard let peer, let seat = state.roster.release(link.id, of: peer) else { return [] }
            if seat.isUp { post(.disconnected(peer, reason)) }
            return state.dials.values.filter { $0.phase == .satisfied(peer) }.map(\.id)
        }
        if !wasUp { refused(link.address, reason) }
        for dial in woken { redial(dial) }
    }

    /// The socket is gone.
    private func closed(_ link: Link) {
        state.withLock { state in
            state.links[link.id] = nil
            state.upSince[link.id] = nil
            state.roster.leaveHalfOpen(link.id)
        }
    }

    /// A link that never came up.
    func refused(_ address: String, _ reason: CloseReason) {
        let isReported = mailbox.post([.refused(address: address, reason)])
        counted.withLock { counters in
            counters.refusals &+= 1
            if !isReported { counters.refusalsUnreported &+= 1 }
        }
    }

    private func post(_ event: TransportEvent) {
        counted.withLock { counters in
            if case .connected = event { counters.connections &+= 1 } else { counters.disconnections &+= 1 }
        }
        mailbox.post([event])
    }
}
