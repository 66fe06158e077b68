import Client
import Dispatch
import Glibc
import Primitives
import Provider
import Testing

@Suite("look pace")
struct LookPaceTests {
    private static let start = ContinuousClock.now

    private static func at(_ milliseconds: Int) -> ContinuousClock.Instant {
        start.advanced(by: .milliseconds(milliseconds))
    }

    /// The times at which a look began, of those at which it was offered.
    private static func looks(_ pace: inout LookPace, _ times: [Int]) -> [Int] {
        times.filter { pace.begin(at: at($0)) }
    }

    @Test("without news the agent looks every two seconds")
    func quiet() {
        var pace = LookPace(now: Self.start)
        let looks = Self.looks(&pace, Array(stride(from: 0, through: 6_000, by: 10)))
        #expect(looks == [0, 2_000, 4_000, 6_000])
        #expect(pace.rest(at: Self.at(6_500)) == .milliseconds(1_500))
    }

    @Test("a block makes it look at once, many blocks not more often than the gap allows")
    func hurried() {
        var pace = LookPace(now: Self.start)
        var looks = Self.looks(&pace, [0])
        pace.hurry()
        #expect(pace.rest(at: Self.at(40)) == .milliseconds(20))
        for time in 0...300 {
            pace.hurry()
            looks += Self.looks(&pace, [time])
        }
        #expect(pace.rest(at: Self.at(300)) == .seconds(2))
        pace.hurry()
        looks += Self.looks(&pace, [500])
        #expect(looks == [0, 60, 120, 180, 240, 300, 500])
    }

    @Test("after a failure it waits, however many blocks are told of, and then looks without one")
    func failures() {
        var pace = LookPace(now: Self.start)
        var looks = Self.looks(&pace, [0])
        pace.failed(at: Self.at(100))
        pace.hurry()
        looks += Self.looks(&pace, [110, 499, 500])
        pace.failed(at: Self.at(600))
        looks += Self.looks(&pace, [999, 1_000])
        #expect(looks == [0, 500, 1_000])
    }

    @Test("streams that fail are tried at growing pauses, until one tells of a block")
    func pauses() {
        var pause = StreamPause()
        let milliseconds = (0..<8).map { _ in pause.take() }
        #expect(milliseconds == [200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000].map { .milliseconds($0) })
        pause.reset()
        let first = pause.take()
        #expect(first == .milliseconds(200))
    }
}

/// A node that is connected to and says nothing.
private final class MuteNode {
    private let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    let url: NodeURL

    init() throws {
        var limit = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let line = listener
        let isListening = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(line, $0, size) == 0 && listen(line, 8) == 0 && getsockname(line, $0, &size) == 0
            }
        }
        url = try #require(NodeURL("http://127.0.0.1:\(UInt16(bigEndian: address.sin_port))"))
        try #require(isListening)
    }

    deinit { close(listener) }

    /// The next connection; fails after 20 seconds without one.
    func connection() throws -> Int32 {
        let line = accept(listener, nil, nil)
        try #require(line >= 0)
        return line
    }
}

@Suite("block watch")
struct BlockWatchTests {
    @Test("each node that cannot be listened to is reported, and promises no block")
    func unreachable() throws {
        let (first, second) = (try #require(NodeURL("http://127.0.0.1:1")), try #require(NodeURL("http://127.0.0.1:2")))
        let woken = DispatchSemaphore(value: 0)
        let watch = BlockWatch(first) { woken.signal() }
        watch.start()
        defer { watch.stop() }
        for node in [first, second, first] {
            watch.follow(node)
            var news = watch.news()
            let deadline = DispatchTime.now() + .seconds(20)
            while news.loss == nil, DispatchTime.now() < deadline {
                try #require(woken.wait(timeout: deadline) == .success)
                news = watch.news()
            }
            #expect(news.loss?.contains("unreachable") == true && !news.hasBlock)
        }
    }

    @Test("what is heard of a node that is followed no more is passed on to nobody, and news are told once")
    func earlier() throws {
        let (first, second) = (try MuteNode(), try MuteNode())
        let woken = DispatchSemaphore(value: 0)
        let watch = BlockWatch(first.url) { woken.signal() }
        watch.start()
        defer { watch.stop() }
        let line = try first.connection()
        watch.follow(second.url)
        close(line)
        // The end of the first one was heard before the second one is asked.
        let next = try second.connection()
        let early = watch.news()
        #expect(!early.hasBlock && early.loss == nil)
        close(next)
        try #require(woken.wait(timeout: .now() + .seconds(20)) == .success)
        let news = watch.news()
        #expect(news.loss != nil && !news.hasBlock && watch.news().loss == nil)
    }
}
