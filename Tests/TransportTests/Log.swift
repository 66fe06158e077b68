// Things that happened, and waiting for them: a test waits for a condition with a deadline and never for time to pass.
import NIOCore
import NIOPosix
import Synchronization

struct DeadlineMissed: Error, CustomStringConvertible {
    let description: String
}

final class Log<Entry: Sendable>: Sendable {
    private struct Waiter {
        let check: @Sendable ([Entry]) -> Bool
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State {
        var entries: [Entry] = []
        var waiters: [Int: Waiter] = [:]
        var nextWaiter = 0
    }

    private let state = Mutex(State())

    var entries: [Entry] { state.withLock { $0.entries } }

    func append(_ entry: Entry) {
        let ready = state.withLock { state in
            state.entries.append(entry)
            let entries = state.entries
            let ready = state.waiters.filter { $0.value.check(entries) }
            for key in ready.keys { state.waiters[key] = nil }
            return ready.values.map(\.continuation)
        }
        for continuation in ready { continuation.resume() }
    }

    /// Returns the first answer of `find` over all entries so far; throws after `seconds`.
    @discardableResult
    func wait<Answer: Sendable>(
        _ what: String, seconds: Int64 = 20, find: @escaping @Sendable ([Entry]) -> Answer?
    ) async throws -> Answer {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let number = state.withLock { state -> Int? in
                if find(state.entries) != nil { return nil }
                state.nextWaiter += 1
                state.waiters[state.nextWaiter] = Waiter(check: { find($0) != nil }, continuation: continuation)
                return state.nextWaiter
            }
            guard let number else { return continuation.resume() }
            MultiThreadedEventLoopGroup.singleton.next().scheduleTask(in: .seconds(seconds)) {
                let late = self.state.withLock { $0.waiters.removeValue(forKey: number) }
                late?.continuation.resume(throwing: DeadlineMissed(description: "\(what); seen: \(self.entries)"))
            }
        }
        guard let answer = find(entries) else { throw DeadlineMissed(description: "\(what) did not stay true") }
        return answer
    }
}
