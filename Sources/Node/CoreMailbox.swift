// What waits for the core's thread. Verdicts, connections and signatures' answers come first, then frames by class with
// votes first, then clients' items. Invariant: every lane has a bound; a full lane drops the newest of the one peer
// that filled it, and never another's.
import Foundation
import NodeCore
import Primitives
import Transport

final class CoreMailbox: @unchecked Sendable {
    /// What one pass of the core takes.
    struct Intake {
        var events: [Event] = []
        /// To be consumed once the events are handled.
        var receipts: [FrameReceipt] = []
        var isStopping = false
    }

    private let condition = NSCondition()
    private var urgent: [Event] = []
    private var lanes = PerClass<[InboundFrame]>(repeating: [])
    private var waiting: [PeerID: PerClass<Int>] = [:]
    private var items: [Event] = []
    private var isStopping = false
    private var droppedFrames: UInt64 = 0

    private func locked<Result>(_ body: () -> Result) -> Result {
        condition.lock()
        defer { condition.unlock() }
        let result = body()
        condition.signal()
        return result
    }

    /// Connections and the answers to requests of the core, whose number the core itself bounds.
    func post(_ event: Event) { locked { urgent.append(event) } }

    /// False when its peer has too many of this class waiting: the frame is dropped.
    func post(_ frame: InboundFrame) -> Bool {
        locked {
            var counts = waiting[frame.peer] ?? PerClass(repeating: 0)
            guard counts[frame.kind] < RuntimeLimits.framesPerPeer(frame.kind) else {
                droppedFrames += 1
                return false
            }
            counts[frame.kind] += 1
            waiting[frame.peer] = counts
            lanes[frame.kind].append(frame)
            return true
        }
    }

    /// Clients' items; the tickets bound how many wait.
    func post(_ submitted: [(item: Bytes, ticket: Ticket)]) {
        if submitted.isEmpty { return }
        locked {
            for (item, ticket) in submitted { items.append(.itemSubmitted(item, ticket)) }
        }
    }

    func stop() { locked { isStopping = true } }

    /// Frames dropped so far.
    var dropped: UInt64 { locked { droppedFrames } }

    /// Waits until something is there or `span` has passed; nil waits without end.
    func take(within span: Span?) -> Intake {
        condition.lock()
        defer { condition.unlock() }
        let limit = span.map { Date(timeIntervalSinceNow: TimeInterval(max(0, $0.nanoseconds)) / 1e9) }
        while !isStopping, isEmpty {
            guard let limit else {
                condition.wait()
                continue
            }
            if !condition.wait(until: limit) { break }
        }
        var intake = Intake(isStopping: isStopping)
        intake.events = urgent
        urgent = []
        for kind in FrameClass.allCases { drain(kind, into: &intake) }
        let count = min(items.count, max(0, RuntimeLimits.eventsPerPass - intake.events.count))
        intake.events += items.prefix(count)
        items.removeFirst(count)
        return intake
    }

    private var isEmpty: Bool {
        urgent.isEmpty && items.isEmpty && FrameClass.allCases.allSatisfy { lanes[$0].isEmpty }
    }

    private func drain(_ kind: FrameClass, into intake: inout Intake) {
        let count = min(lanes[kind].count, max(0, RuntimeLimits.eventsPerPass - intake.events.count))
        for frame in lanes[kind].prefix(count) {
            intake.events.append(.frameReceived(frame.peer, frame.body))
            intake.receipts.append(frame.receipt)
            waiting[frame.peer]?[kind] -= 1
            if let left = waiting[frame.peer], FrameClass.allCases.allSatisfy({ left[$0] == 0 }) {
                waiting[frame.peer] = nil
            }
        }
        lanes[kind].removeFirst(count)
    }
}
