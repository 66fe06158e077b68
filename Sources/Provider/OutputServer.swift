// Serves `GET /outputs/<sha256 in hex>` to requesters, who compare the digest themselves. Nothing else is answered.
import HTTPTypes
import Hummingbird
import HummingbirdCore
import Logging
import NIOCore
import Primitives
import Transport

package struct OutputServer: Sendable {
    private let outputs: OutputStore
    private let host: String
    private let port: Int

    /// Port 0 takes a free one, which `run` reports.
    package init(_ outputs: OutputStore, host: String, port: Int) {
        (self.outputs, self.host, self.port) = (outputs, host, port)
    }

    /// Serves until its task is cancelled; throws when the address is taken. `onListening` is given the bound port.
    package func run(onListening: @escaping @Sendable (Int) async -> Void) async throws {
        var logger = Logger(label: "merit.outputs")
        logger.logLevel = .critical
        let stop = ListenerStop()
        let application = Application(
            responder: CallbackResponder<BasicRequestContext> { request, _ in respond(to: request) },
            server: .http1(configuration: .init(idleTimeout: .seconds(30))),
            configuration: ApplicationConfiguration(
                address: .hostname(host, port: port), serverName: nil,
                availableConnectionsDelegate: MaximumAvailableConnections(ProviderLimits.connectionsMax)),
            onServerRunning: { channel in
                stop.began(channel)
                await onListening(channel.localAddress?.port ?? 0)
            },
            logger: logger)
        try await stop.run { try await application.run() }
    }

    private func respond(to request: Request) -> Response {
        let prefix = "/outputs/"
        guard request.method == .get, let path = request.head.path, path.hasPrefix(prefix),
            let digest = Digest(hex: String(path.dropFirst(prefix.count))), let output = outputs.load(digest)
        else { return Self.response(.notFound, "text/plain", Bytes("no such output\n".utf8)) }
        return Self.response(.ok, "application/octet-stream", output)
    }

    private static func response(_ status: HTTPResponse.Status, _ type: String, _ body: Bytes) -> Response {
        Response(
            status: status, headers: [.contentType: type, .connection: "close"],
            body: .init(byteBuffer: ByteBuffer(bytes: body)))
    }
}
