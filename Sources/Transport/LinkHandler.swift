// The life of one connection, on its event loop: TLS, hello, up, closed; phases only advance. The link is up when we
// have accepted the peer's hello and the peer has accepted ours. Every end goes through `finish`, once.
import NIOCore
import NIOTLS
import Primitives

final class LinkHandler: ChannelDuplexHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private enum Phase: Equatable {
        case securing
        /// TLS is done and our hello is out; `hello` is the peer's, once we have accepted it.
        case greeting(PeerID, hello: Bytes?)
        case up(PeerID)
        case closed
    }

    private let link: Link
    private let transport: Transport
    private let configuration: TransportConfiguration
    private var phase = Phase.securing
    private var decoder = FrameDecoder()
    private var isDraining = false
    private var context: ChannelHandlerContext?
    private var deadline: Scheduled<Void>?
    private var heartbeat: Scheduled<Void>?
    private var lastSignOfLife = NIODeadline.uptimeNanoseconds(0)

    init(link: Link, transport: Transport) {
        (self.link, self.transport, configuration) = (link, transport, transport.configuration)
    }

    // MARK: Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { startDeadline(configuration.handshakeDeadline, .handshakeDeadline) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        stopTimers()
        self.context = nil
    }

    func channelActive(context: ChannelHandlerContext) {
        startDeadline(configuration.handshakeDeadline, .handshakeDeadline)
        context.fireChannelActive()
    }

    func channelInactive(context: ChannelHandlerContext) {
        finish(link.identity.failure ?? .lost("closed by the other side"))
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let text = String("\(error)".prefix(TransportLimits.closeTextBytesMax))
        switch phase {
        case .securing: finish(link.identity.failure ?? .handshakeFailed(text))
        // In TLS 1.3 the client is done before the server has judged it, so a refusal arrives only now.
        case .greeting: finish(.handshakeFailed(text))
        case .up: finish(.lost(text))
        case .closed: break
        }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        if case .handshakeCompleted? = event as? TLSUserEvent { secured() }
        context.fireUserInboundEventTriggered(event)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if phase == .closed { return }
        var bytes = unwrapInboundIn(data)
        decoder.append(&bytes)
        var delivered: [InboundFrame] = []
        do throws(FrameError) {
            while phase != .closed, let frame = try decoder.next() {
                lastSignOfLife = .now()
                if let inbound = receive(frame) { delivered.append(inbound) }
            }
        } catch {
            deliver(delivered)
            finish(.frame(error))
            return
        }
        deliver(delivered)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { drain() }
        context.fireChannelWritabilityChanged()
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard let command = event as? LinkCommand else {
            context.triggerUserOutboundEvent(event, promise: promise)
            return
        }
        switch command {
        case .drain: drain()
        case .resume:
            lastSignOfLife = .now()
            context.channel.setOption(ChannelOptions.autoRead, value: true).whenFailure { _ in }
        case .close(let reason): finish(reason)
        }
        promise?.succeed(())
    }

    // MARK: Greeting

    private func secured() {
        guard phase == .securing else { return }
        guard let peer = link.identity.peer else { return finish(.certificate(.notExactlyOne(0))) }
        phase = .greeting(peer, hello: nil)
        startDeadline(configuration.helloDeadline, .helloDeadline)
        write(.control(.hello), transport.hello())
    }

    /// The frame to hand to the owner, if it is one.
    private func receive(_ frame: Frame) -> InboundFrame? {
        switch (phase, frame.wireClass) {
        case (.greeting(let peer, hello: nil), .control(.hello)): greeted(peer, frame.body)
        case (.greeting(let peer, hello: let hello?), .control(.accept)): accepted(peer, hello)
        case (_, .control(.close)): finish(.received(frame.body))
        case (.up, .control(.ping)): break
        case (.up(let peer), .data(let kind)):
            let cost = frame.body.count + TransportLimits.frameOverheadBytes
            let receipt = FrameReceipt(link: link.id, cost: cost)
            return InboundFrame(peer: peer, kind: kind, body: frame.body, receipt: receipt)
        default: finish(.frame(.outOfPhase(class: frame.wireClass.byte)))
        }
        return nil
    }

    private func greeted(_ peer: PeerID, _ hello: Bytes) {
        if let reason = transport.claim(link, for: peer, hello: hello) { return finish(reason) }
        phase = .greeting(peer, hello: hello)
        write(.control(.accept), [])
    }

    private func accepted(_ peer: PeerID, _ hello: Bytes) {
        let connection = PeerConnection(peer: peer, outbound: link.isOutbound, hello: hello, address: link.address)
        guard transport.raise(link, connection) else { return finish(.duplicate) }
        phase = .up(peer)
        decoder.phase = .up
        deadline?.cancel()
        beat()
        drain()
    }

    private func deliver(_ frames: [InboundFrame]) {
        if frames.isEmpty { return }
        let mustPause = link.charge(frames.reduce(0) { $0 + $1.receipt.cost })
        if mustPause { context?.channel.setOption(ChannelOptions.autoRead, value: false).whenFailure { _ in } }
        transport.deliver(frames, from: link, pausing: mustPause)
    }

    // MARK: Writing

    private func write(_ wireClass: WireClass, _ body: Bytes) {
        guard let context else { return }
        var buffer = context.channel.allocator.buffer(capacity: Frame.headerBytes + body.count)
        Frame.write(wireClass, body, into: &buffer)
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }

    /// Writes the most urgent frames while the channel takes them.
    private func drain() {
        // A flush that empties the channel reports writability from inside `writeAndFlush`: the loop below goes on.
        guard let context, case .up = phase, !isDraining else { return }
        isDraining = true
        defer { isDraining = false }
        for _ in 0..<TransportLimits.drainRoundsMax {
            guard context.channel.isWritable else { return }
            let frames = link.take(upTo: TransportLimits.drainBytes)
            if frames.isEmpty { return }
            var buffer = context.channel.allocator.buffer(capacity: TransportLimits.drainBytes)
            for frame in frames { Frame.write(.data(frame.kind), frame.body, into: &buffer) }
            transport.countSent(frames)
            context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
        }
        // The other links of this loop have their turn first.
        let again = link
        context.eventLoop.execute { again.command(.drain) }
    }

    // MARK: Time

    private func startDeadline(_ duration: Duration, _ reason: CloseReason) {
        guard let context else { return }
        deadline?.cancel()
        deadline = context.eventLoop.assumeIsolated().scheduleTask(in: TimeAmount(duration)) { self.finish(reason) }
    }

    private func beat() {
        guard let context, case .up = phase else { return }
        if link.isPaused {
            lastSignOfLife = .now()
        } else if NIODeadline.now() - lastSignOfLife > TimeAmount(configuration.silenceDeadline) {
            return finish(.silent)
        }
        // An unwritable channel has signs of life under way already.
        if context.channel.isWritable { write(.control(.ping), []) }
        let interval = TimeAmount(configuration.pingInterval)
        heartbeat = context.eventLoop.assumeIsolated().scheduleTask(in: interval) { self.beat() }
    }

    private func stopTimers() {
        deadline?.cancel()
        heartbeat?.cancel()
        (deadline, heartbeat) = (nil, nil)
    }

    // MARK: The end

    private func finish(_ reason: CloseReason) {
        let last = phase
        if last == .closed { return }
        phase = .closed
        stopTimers()
        switch last {
        case .securing: transport.finished(link, peer: nil, wasUp: false, reason)
        case .greeting(let peer, _): transport.finished(link, peer: peer, wasUp: false, reason)
        case .up(let peer): transport.finished(link, peer: peer, wasUp: true, reason)
        case .closed: return
        }
        if last != .securing, reason.isTold { write(.control(.close), reason.wireText) }
        context?.close(promise: nil)
    }
}
