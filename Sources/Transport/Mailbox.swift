// Carries events from the event loops to the owner on one thread of its own, in the order they were posted. It is
// bounded by its sources: frames by the inbound budgets, connections by the seats, refusals by `refusalsPendingMax`.
import NIOCore
import NIOPosix
import Synchronization

final class Mailbox: Sendable {
    private struct State {
        var events: [TransportEvent] = []
        var refusals = 0
        var isScheduled = false
        var isFinished = false
    }

    private let group = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    private let delivery: @Sendable (TransportEvent) -> Void
    private let state = Mutex(State())

    init(delivery: @escaping @Sendable (TransportEvent) -> Void) { self.delivery = delivery }

    /// False when a refusal was not taken, because too many wait.
    @discardableResult
    func post(_ events: [TransportEvent]) -> Bool {
        let (isTaken, mustWake) = state.withLock { state in
            if state.isFinished { return (false, false) }
            if events.count == 1, case .refused = events[0] {
                if state.refusals >= TransportLimits.refusalsPendingMax { return (false, false) }
                state.refusals += 1
            }
            state.events += events
            defer { state.isScheduled = true }
            return (true, !state.isScheduled)
        }
        if mustWake { group.next().execute { self.drain() } }
        return isTaken
    }

    private func drain() {
        while true {
            let events = state.withLock { state in
                let events = state.events
                state.events = []
                state.refusals = 0
                state.isScheduled = !events.isEmpty
                return events
            }
            if events.isEmpty { return }
            for event in events { delivery(event) }
        }
    }

    /// Delivers what was posted, then ends the thread. Later events are ignored.
    func finish() async {
        state.withLock { state in state.isFinished = true }
        try? await group.next().submit { self.drain() }.get()
        try? await group.shutdownGracefully()
    }
}
