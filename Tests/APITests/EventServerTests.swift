import API
import Client
import Foundation
import Glibc
import Ledger
import NodeCore
import Primitives
import RPC
import Synchronization
import Testing

/// A node whose chain grows while it is asked.
final class GrowingNode: NodeFacade {
    private let chain: Mutex<TestChain>
    let commits: CommitSignal

    init(_ chain: TestChain) {
        self.chain = Mutex(chain)
        commits = CommitSignal(tip: chain.view.tip.height)
    }

    func snapshot() -> MemoryStore { chain.withLock { $0.store } }
    func submit(_ items: [Bytes]) async -> [Reply.Answer] { items.map { _ in .admitted } }
    var facts: NodeFacts { chain.withLock { TestNode($0).facts } }

    func advance() throws {
        let tip = try chain.withLock { chain in
            try chain.advance([])
            return chain.view.tip.height
        }
        commits.advance(to: tip)
    }

    func lengthen(to height: UInt64) {
        chain.withLock { $0.lengthen(to: height) }
        if let height = Height(height) { commits.advance(to: height) }
    }
}

/// A connection that says one thing and then reads as much as it is told to.
final class RawLine {
    private let line = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)

    init(port: Int, _ request: String, receiveBytes: Int32 = 65_536) throws {
        var size = receiveBytes
        setsockopt(line, SOL_SOCKET, SO_RCVBUF, &size, socklen_t(MemoryLayout<Int32>.size))
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(line, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let code = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(line, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        try #require(code == 0)
        let bytes = Bytes(request.utf8)
        try #require(send(line, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count)
    }

    deinit { close(line) }

    /// What came until it holds `text` or the line ends, at most for twenty seconds.
    func read(until text: String) -> String {
        var found = Bytes()
        var piece = Bytes(repeating: 0, count: 4_096)
        let deadline = ContinuousClock.now.advanced(by: .seconds(20))
        while ContinuousClock.now < deadline, !String(decoding: found, as: UTF8.self).contains(text) {
            let count = recv(line, &piece, piece.count, 0)
            if count <= 0 { break }
            found += piece[..<count]
        }
        return String(decoding: found, as: UTF8.self)
    }
}

@Suite("event streams", .serialized)
struct EventServerTests {
    struct Served: Sendable {
        let node: GrowingNode
        let url: NodeURL
        let port: Int

        /// The machine may be busy with every other test.
        func events(from: Height? = nil) throws -> EventReader { try EventReader(url, from: from, stepSeconds: 60) }

        /// Blocks until the next block event; nil when none comes.
        func height(_ reader: EventReader) throws -> UInt64? {
            guard case .block(let block)? = try reader.next(within: .seconds(20)) else { return nil }
            return block.height.value
        }

        func metric(_ name: String) throws -> UInt64? {
            let text = String(decoding: try url.get("/metrics", max: 1 << 20).body, as: UTF8.self)
            let line = text.split(separator: "\n").first { $0.hasPrefix("merit_\(name) ") }
            return line.flatMap { UInt64($0.split(separator: " ")[1]) }
        }

        /// Asks until it holds; false after 20 seconds.
        func eventually(_ condition: () throws -> Bool) throws -> Bool {
            let deadline = ContinuousClock.now.advanced(by: .seconds(20))
            while ContinuousClock.now < deadline {
                if try condition() { return true }
            }
            return false
        }
    }

    /// A served chain of three blocks; `scenario` blocks a thread of its own.
    private static func serve(
        _ bounds: EventBounds = EventBounds(), _ scenario: @escaping @Sendable (Served) throws -> Void
    ) async throws {
        let node = GrowingNode(try TestChain.small())
        let server = APIServer(node, host: "127.0.0.1", port: 0, events: bounds)
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let running = Task { try await server.run { continuation.yield($0) } }
        defer { running.cancel() }
        var iterator = ports.makeAsyncIterator()
        let port = try #require(await iterator.next())
        let served = Served(node: node, url: try #require(NodeURL("http://127.0.0.1:\(port)")), port: port)
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            Thread.detachNewThread { continuation.resume(with: Result { try scenario(served) }) }
        }
    }

    @Test("a subscriber is told of every block from the moment it is accepted, or from the height it asks for")
    func stream() async throws {
        try await Self.serve { served in
            let (live, replayed) = (try served.events(), try served.events(from: Height(2)))
            try served.node.advance()
            try served.node.advance()
            #expect(try (0..<2).map { _ in try served.height(live) } == [4, 5])
            #expect(try (0..<4).map { _ in try served.height(replayed) } == [2, 3, 4, 5])
            #expect(try served.metric("event_subscribers") == 2)
            #expect(try served.metric("events_sent_total") == 6)
        }
    }

    @Test("what a browser sends after a cut line is understood, and a quiet stream says that it lives")
    func reconnection() async throws {
        var bounds = EventBounds()
        bounds.heartbeat = .milliseconds(50)
        try await Self.serve(bounds) { served in
            let line = try RawLine(
                port: served.port, "GET /v1/events?from=1 HTTP/1.1\r\nHost: a\r\nLast-Event-ID: 2\r\n\r\n")
            let text = line.read(until: "\r\n:\n\n\r\n")
            #expect(text.hasPrefix("HTTP/1.1 200 OK\r\n") && text.lowercased().contains("text/event-stream"))
            #expect(text.contains("id: 3\n") && !text.contains("id: 2\n") && text.contains("\r\n:\n\n\r\n"))
        }
    }

    @Test("refused questions answer with a status and a text, and take no seat")
    func refusals() async throws {
        try await Self.serve { served in
            let answer = try served.url.get("/v1/events?from=0", max: 1_000)
            #expect(answer.status == 400 && String(decoding: answer.body, as: UTF8.self).contains("from must be"))
            #expect(try served.url.get("/v1/eventsx", max: 1_000).status == 500)
            #expect(try served.metric("event_subscribers") == 0)
        }
    }

    @Test(
        "subscribers are bounded in total and by address, a left seat is free again, and questions are still answered")
    func seats() async throws {
        for (total, own) in [(2, 9), (9, 2)] {
            var bounds = EventBounds()
            (bounds.subscribers, bounds.subscribersOfAddress) = (total, own)
            try await Self.serve(bounds) { served in
                var readers = [try served.events(), try served.events()]
                #expect(throws: EventStreamError.refused(status: 503)) { try served.events() }
                #expect(try served.metric("event_subscribers") == 2)
                #expect(try served.metric("event_subscribers_refused_total") == 1)
                readers.removeLast()
                #expect(try served.eventually { try served.metric("event_subscribers") == 1 })
                readers.append(try served.events())
                try served.node.advance()
                for reader in readers { #expect(try served.height(reader) == 4) }
            }
        }
    }

    @Test("open streams take no place of the request gate")
    func gate() async throws {
        var bounds = EventBounds()
        (bounds.subscribers, bounds.subscribersOfAddress) = (APILimits.requestsMax + 1, APILimits.requestsMax + 1)
        try await Self.serve(bounds) { served in
            let readers = try (0...APILimits.requestsMax).map { _ in try served.events() }
            #expect(try served.url.get("/health", max: 1_000).status == 200)
            #expect(readers.count == APILimits.requestsMax + 1)
        }
    }

    @Test("a subscriber that takes nothing is cut; others are told of blocks meanwhile")
    func slowReader() async throws {
        var bounds = EventBounds()
        bounds.writeTimeout = .seconds(2)
        try await Self.serve(bounds) { served in
            let quick = try served.events()
            let slow = try RawLine(
                port: served.port, "GET /v1/events?from=1 HTTP/1.1\r\nHost: a\r\n\r\n", receiveBytes: 4_096)
            #expect(try served.eventually { try served.metric("event_subscribers") == 2 })
            served.node.lengthen(to: 4_000)
            for height in 4...4_000 as ClosedRange<UInt64> { try #require(try served.height(quick) == height) }
            #expect(try served.eventually { try served.metric("event_subscribers_dropped_total") == 1 })
            #expect(try served.eventually { try served.metric("event_subscribers") == 1 })
            // What it had not taken is lost to it, and the stream has no end that it could take for one.
            #expect(!slow.read(until: "id: 4000\n").contains("id: 4000\n"))
        }
    }
}
