import API
import Foundation
import Primitives
import RPC
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

@Suite("server")
struct ServerTests {
    @Test("a real socket gets the same answers, and other methods are refused")
    func server() async throws {
        let chain = try TestChain.small()
        let server = APIServer(TestNode(chain), host: "127.0.0.1", port: 0)
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let running = Task { try await server.run { continuation.yield($0) } }
        defer { running.cancel() }
        var iterator = ports.makeAsyncIterator()
        let port = try #require(await iterator.next())
        let base = "http://127.0.0.1:\(port)"
        let status = try await Self.send(URLRequest(url: try #require(URL(string: base + "/status"))))
        #expect(status.code == 200)
        #expect(status.body["result"] == (try await Answers().get("/status"))["result"])
        var post = URLRequest(url: try #require(URL(string: base + "/")))
        post.httpMethod = "POST"
        post.httpBody = Data("{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"method\":\"health\"}".utf8)
        #expect(try await Self.send(post).body.text == "{\"jsonrpc\":\"2.0\",\"id\":\"a\",\"result\":{}}")
        post.httpMethod = "DELETE"
        #expect(try await Self.send(post).code == 405)
    }

    private static func send(_ request: URLRequest) async throws -> (code: Int, body: JSON) {
        let (data, response) = try await URLSession.shared.data(for: request)
        let code = (response as? HTTPURLResponse)?.statusCode ?? 0
        return (code, try JSON(parsing: Bytes(data), max: 1 << 20))
    }
}
