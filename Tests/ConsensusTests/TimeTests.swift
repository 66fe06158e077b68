import Consensus
import Primitives
import Quorum
import Testing

@Suite("Time in consensus")
struct TimeTests {
    private static let second: Int64 = 1_000_000_000

    @Test("a timeout grows by its delta with each round and saturates")
    func timeouts() {
        let timeout = Timeout(base: .milliseconds(300), delta: .milliseconds(50))
        #expect(timeout.duration(round: 0) == .milliseconds(300))
        #expect(timeout.duration(round: 7) == .milliseconds(650))
        let long = Timeout(base: .seconds(1), delta: Span(nanoseconds: .max / 2))
        #expect(long.duration(round: .max) == Span(nanoseconds: .max))
    }

    @Test("the message delay is DELAY * 11^r / 10^r, exactly while that fits, and saturates above")
    func delay() {
        let bounds = Timeliness(precision: .zero, messageDelay: Span(nanoseconds: 1_234_567_891))
        var (numerator, denominator) = (Int128(1_234_567_891), Int128(1))
        for round in Round(0)...12 {
            #expect(bounds.delay(round: round).nanoseconds == Int64(numerator / denominator), "round \(round)")
            (numerator, denominator) = (numerator * 11, denominator * 10)
        }
        let whole = Timeliness(precision: .zero, messageDelay: Span(nanoseconds: 1000))
        #expect((Round(0)...3).map { whole.delay(round: $0).nanoseconds } == [1000, 1100, 1210, 1331])
        #expect(bounds.delay(round: .max) == Span(nanoseconds: .max))
        #expect(Timeliness(precision: .zero, messageDelay: Span(nanoseconds: 1)).delay(round: .max).nanoseconds == .max)
        #expect(Timeliness(precision: .zero, messageDelay: .zero).delay(round: .max) == .zero)
    }

    @Test(
        "a proposal is timely exactly between t - PRECISION and t + DELAY * 1.1^r + PRECISION",
        arguments: [
            (0, -500, true), (0, -501, false), (0, 2500, true), (0, 2501, false), (1, 2700, true), (1, 2701, false),
            (2, 2920, true), (2, 2921, false),
        ] as [(Round, Int64, Bool)])
    func window(round: Round, offset: Int64, expected: Bool) throws {
        let bounds = Timeliness(precision: .milliseconds(500), messageDelay: .milliseconds(2000))
        let time = try #require(Timestamp(seconds: 1_700_000_000, nanoseconds: 999_999_999))
        let received = time.instant.advanced(by: .milliseconds(offset))
        #expect(bounds.isTimely(time, receivedAt: received, round: round) == expected)
    }

    @Test("times at the ends of the calendar and of the clock are judged without a trap")
    func ends() throws {
        let bounds = Timeliness(precision: Span(nanoseconds: .max), messageDelay: Span(nanoseconds: .max))
        let last = try #require(Timestamp(seconds: Timestamp.secondsMax, nanoseconds: 999_999_999))
        #expect(!bounds.isTimely(last, receivedAt: Instant(nanoseconds: .min), round: .max))
        #expect(!bounds.isTimely(.zero, receivedAt: Instant(nanoseconds: .max), round: .max))
        #expect(bounds.isTimely(.epoch1970, receivedAt: Instant(nanoseconds: .max), round: .max))
    }
}
