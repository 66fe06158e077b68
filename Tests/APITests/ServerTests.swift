import API
import Foundation
import Primitives
import RPC
import Synchronization
import Testing

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

@Suite("server")
struct ServerTests {
    /// Once a connection that was accepted in the moment of the end ended the process, deep inside NIO.
    @Test("a server ends while strangers go on connecting", .timeLimit(.minutes(2)))
    func endsUnderConnections() async throws {
        let chain = try TestChain.small()
        for _ in 0..<20 {
            let server = APIServer(TestNode(chain), host: "127.0.0.1", port: 0)
            let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
            let running = Task { try await server.run { continuation.yield($0) } }
            var iterator = ports.makeAsyncIterator()
            let port = try #require(await iterator.next())
            let hasEnded = Flag()
            let (knocks, knocked) = AsyncStream.makeStream(of: Void.self)
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<2 {
                    group.addTask { await Self.knock(port, until: hasEnded) { knocked.yield() } }
                }
                let url = URL(string: "http://127.0.0.1:\(port)/status")
                let isServing = await (try? Self.send(URLRequest(url: url ?? URL(filePath: "/"))))?.code == 200
                // Both are at it when the server ends.
                var arrivals = knocks.makeAsyncIterator()
                for _ in 0..<2 { await arrivals.next() }
                running.cancel()
                _ = await running.result
                hasEnded.value.store(true, ordering: .relaxed)
                #expect(isServing)
            }
        }
    }

    private final class Flag: Sendable {
        let value = Atomic(false)
    }

    /// Again and again, on a thread of its own; says when it was let in for the first time.
    private static func knock(_ port: Int, until hasEnded: Flag, _ wasLetIn: @escaping @Sendable () -> Void) async {
        await withCheckedContinuation { done in
            Thread.detachNewThread {
                var isFirst = true
                while !hasEnded.value.load(ordering: .relaxed) {
                    guard Self.knock(port), isFirst else { continue }
                    isFirst = false
                    wasLetIn()
                }
                done.resume()
            }
        }
    }

    /// Connects and leaves; false where nobody listens.
    private static func knock(_ port: Int) -> Bool {
        let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(socket) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }

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
