// The event streams on their sockets. A stream holds a seat of its own and no place of the request gate; its bytes are
// bounded by one page, the channel's buffer and the socket's, and a subscriber that takes none of them in time is cut.
import HTTPTypes
import Hummingbird
import HummingbirdCore
import NIOCore
import Primitives
import RPC

/// A request with the connection that it came on.
struct ConnectionContext: RequestContext {
    var coreContext: CoreRequestContextStorage
    let channel: any Channel

    init(source: ApplicationRequestContextSource) {
        coreContext = CoreRequestContextStorage(source: source)
        channel = source.channel
    }
}

extension APIServer {
    static func isEvents(_ request: Request) -> Bool {
        let path = request.head.path ?? ""
        return path == EventQuestion.path || path.hasPrefix(EventQuestion.path + "?")
    }

    func events(_ request: Request, on channel: any Channel) -> Response {
        let target = request.head.path ?? ""
        guard target.utf8.count <= APILimits.targetBytesMax else {
            return Self.response(handler.failed(.invalidRequest("the target is too long"), status: 414))
        }
        let feed: EventFeed<Node>
        do throws(RPCError) {
            let lastEventID = HTTPField.Name("Last-Event-ID").flatMap { request.headers[$0] }
            feed = try handler.events(target, lastEventID: lastEventID)
        } catch {
            return Self.response(handler.failed(error, status: 400))
        }
        guard let seat = handler.events.seat(channel.remoteAddress?.ipAddress ?? "") else {
            return Self.response(handler.failed(.failed("too many subscribers"), status: 503))
        }
        let body = ResponseBody { writer in
            try await request.body.consumeWithCancellationOnInboundClose { _ in
                try await Self.stream(feed, seat, on: channel) { try await writer.write($0) }
            }
        }
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream", .cacheControl: "no-store"], body: body)
    }

    /// Ends by an error alone: a stream that stops is cut, so that nobody takes it for complete.
    private static func stream(
        _ first: EventFeed<Node>, _ seat: EventSeat, on channel: any Channel,
        _ write: (ByteBuffer) async throws -> Void
    ) async throws {
        var feed = first
        try await channel.setOption(.socketOption(.so_sndbuf), value: APILimits.eventSocketBytes).get()
        while let (bytes, count) = try await feed.following() {
            let late = Task {
                try await Task.sleep(for: seat.book.bounds.writeTimeout)
                seat.book.dropped()
                try await channel.close()
            }
            defer { late.cancel() }
            try await write(ByteBuffer(bytes: bytes))
            seat.book.sent(count)
        }
        throw CancellationError()
    }
}
