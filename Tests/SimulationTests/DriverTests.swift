// The Driver with the smallest machine there is: a counter that must be durable before it is told to anyone.
import Chain
import Codec
import NodeCore
import Primitives
import Quorum
import Simulator
import Testing

/// Adds one per submitted item, stores the sum, and tells it to everybody.
private struct CounterMachine: CoreMachine {
    var nextDeadline: Instant?
    private var isTold = true

    init() {}

    mutating func step(_ event: Event, now: Instant, reading snapshot: some Snapshot, into output: inout Output) {
        switch event {
        case .itemSubmitted(_, let ticket):
            let stored = snapshot.load(.meta, key: [0]).flatMap { UInt64(bigEndian: $0) } ?? 0
            output.writes.put(.meta, key: [0], value: (stored + 1).bigEndianBytes)
            output.decided = Height(stored + 1)
            output.replies.append(Reply(ticket: ticket, answer: .admitted))
        case .committed(let height):
            nextDeadline = now.advanced(by: .milliseconds(10))
            output.sends.append(Send(.blockRequest(BlockRequest(height))))
        case .deadlineReached:
            nextDeadline = nil
        default: break
        }
    }
}

/// Records the order of effects.
private struct RecordingWorld: Environment {
    var store = MemoryStore()
    var log: [String] = []
    var reader: MemoryStore { store }

    mutating func commit(_ writes: WriteBatch) {
        store.commit(writes)
        log.append("commit")
    }
    mutating func journal(_ rows: [JournalRow], sync: Bool) { log.append("journal") }
    mutating func clearJournal(decided: Height) { log.append("clear \(decided)") }
    mutating func sign(_ intent: SignIntent) -> Event? { nil }
    mutating func send(_ send: Send) {
        if case .blockRequest(let request) = send.message { log.append("tell \(request.height)") }
    }
    mutating func verify(_ request: VerifyRequest) {}
    mutating func reply(_ reply: Reply) { log.append("reply") }
    mutating func penalise(_ penalty: Penalty) {}
    mutating func note(_ notice: Notice) {}
    mutating func fail(_ reason: String) {}
}

@Suite("Driver")
struct DriverTests {
    @Test("every sum is durable before it is told, and each step reads what the one before wrote")
    func counter() {
        var driver = Driver(core: CounterMachine(), world: RecordingWorld())
        driver.handle([.itemSubmitted([], 1), .itemSubmitted([], 2), .itemSubmitted([], 3)], now: .zero)
        // What follows a commit shares its pass with the next event: told later than it might be, never earlier.
        let first = ["commit", "clear 1", "reply"]
        let second = ["commit", "clear 2", "tell 1", "reply"]
        #expect(driver.world.log == first + second + ["commit", "clear 3", "tell 2", "reply", "tell 3"])
        #expect(driver.nextDeadline == Instant.zero.advanced(by: .milliseconds(10)))
        driver.handle([.deadlineReached], now: .zero)
        #expect(driver.nextDeadline == nil)
    }
}

@Suite("Event heap")
struct EventHeapTests {
    @Test("things come out by time, and in order of arrival at the same time")
    func order() {
        var heap = EventHeap<Int>()
        var random = Random(seed: 3)
        let times = (0..<500).map { _ in random.below(40) }
        for (index, time) in times.enumerated() { heap.push(index, at: Instant(nanoseconds: Int64(time))) }
        var out: [Int] = []
        while let element = heap.pop() { out.append(element) }
        #expect(out == times.indices.sorted { (times[$0], $0) < (times[$1], $1) })
    }
}
