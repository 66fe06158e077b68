import Client
import Dispatch
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
}
