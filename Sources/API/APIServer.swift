// The HTTP/1.1 server around the handler: bounds on connections, requests at once, body size and body time. It reads
// the store through snapshots on its own threads; the core's thread is never touched.
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Primitives
import RPC
import Synchronization
import Transport

package struct APIServer<Node: NodeFacade>: Sendable {
    let handler: RPCHandler<Node>
    private let host: String
    private let port: Int
    private let gate = RequestGate(max: APILimits.requestsMax)

    /// Port 0 takes a free one, which `run` reports.
    package init(_ node: Node, host: String, port: Int, events: EventBounds = EventBounds()) {
        (handler, self.host, self.port) = (RPCHandler(node, events: events), host, port)
    }

    /// Serves until its task is cancelled; throws when the address is taken. `onListening` is given the bound port.
    package func run(onListening: @escaping @Sendable (Int) async -> Void) async throws {
        var logger = Logger(label: "merit.api")
        logger.logLevel = .critical
        let decoder = HTTP1Channel.Configuration.DecoderConfiguration(
            maxHeaderFieldSize: APILimits.headerBytesMax, maxHeaderListSize: APILimits.headerBytesMax,
            maxHeaderFieldCount: 100)
        let stop = ListenerStop()
        let application = Application(
            responder: CallbackResponder<ConnectionContext> { request, context in
                await respond(to: request, on: context.channel)
            },
            server: .http1(
                configuration: .init(idleTimeout: .seconds(APILimits.idleSecondsMax), httpDecoderConfiguration: decoder)
            ),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port), serverName: nil,
                availableConnectionsDelegate: MaximumAvailableConnections(APILimits.connectionsMax)),
            onServerRunning: { channel in
                stop.began(channel)
                await onListening(channel.localAddress?.port ?? 0)
            },
            logger: logger)
        try await stop.run { try await application.run() }
    }

    private func respond(to request: Request, on channel: any Channel) async -> Response {
        guard gate.enter() else {
            return Self.response(handler.failed(.failed("too many requests at once"), status: 503))
        }
        defer { gate.leave() }
        switch request.method {
        case .get where Self.isEvents(request): return events(request, on: channel)
        case .get: return Self.response(await handler.get(request.head.path ?? "/"))
        case .post:
            do {
                return Self.response(await handler.post(try await Self.body(of: request)))
            } catch {
                let refusal = handler.failed(.invalidRequest("the body is longer or slower than allowed"), status: 413)
                return Self.response(refusal, closing: true)
            }
        default: return Self.response(handler.failed(.invalidRequest("GET or POST"), status: 405))
        }
    }

    private static func body(of request: Request) async throws -> Bytes {
        try await withThrowingTaskGroup(of: Bytes?.self) { group in
            group.addTask {
                let buffer = try await request.body.collect(upTo: APILimits.bodyBytesMax)
                return Bytes(buffer.readableBytesView)
            }
            group.addTask {
                try await Task.sleep(for: APILimits.bodyTimeout)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let bytes = first else { throw CancellationError() }
            return bytes
        }
    }

    static func response(_ answer: HTTPAnswer, closing: Bool = false) -> Response {
        var headers: HTTPFields = [.contentType: answer.contentType]
        if closing { headers[.connection] = "close" }
        return Response(
            status: .init(code: answer.status), headers: headers,
            body: .init(byteBuffer: ByteBuffer(bytes: answer.body)))
    }
}

/// Counts the requests that are being worked on.
final class RequestGate: Sendable {
    private let open = Mutex(0)
    private let limit: Int

    init(max: Int) { limit = max }

    func enter() -> Bool {
        open.withLock { count in
            guard count < limit else { return false }
            count += 1
            return true
        }
    }

    func leave() { open.withLock { $0 -= 1 } }
}
