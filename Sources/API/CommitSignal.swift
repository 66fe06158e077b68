// Wakes those who wait for the next block. The node calls `advance` after each durable commit; it never waits for a
// waiter. Invariant: every continuation is resumed exactly once: by a commit, by its deadline, or by the end of its
// task.
package import Primitives
import Synchronization

package final class CommitSignal: Sendable {
    /// Who waits. Clients with a request are bounded here, subscribers by their seats: neither takes the other's place.
    package enum Role: Sendable { case client, subscriber }

    private struct Waiter {
        let role: Role
        let number: UInt64
        let after: Height
        let continuation: CheckedContinuation<Height?, Never>
    }

    private struct State {
        var tip: Height
        var waiters: [Waiter] = []
        var asked: UInt64 = 0
    }

    private let state: Mutex<State>

    package init(tip: Height) { state = Mutex(State(tip: tip)) }

    package var tip: Height { state.withLock { $0.tip } }
    /// How many wait.
    package var waiting: Int { state.withLock { $0.waiters.count } }

    package func advance(to height: Height) {
        let due = state.withLock { state -> [Waiter] in
            state.tip = max(state.tip, height)
            let due = state.waiters.filter { $0.after < height }
            state.waiters.removeAll { $0.after < height }
            return due
        }
        for waiter in due { waiter.continuation.resume(returning: height) }
    }

    /// The tip as soon as it is above `height`; nil when that takes longer than `limit`, when the task is cancelled, or
    /// when too many clients wait already.
    package func next(after height: Height, within limit: Duration, as role: Role = .client) async -> Height? {
        let number = state.withLock { state in
            state.asked += 1
            return state.asked
        }
        var timer: Task<Void, Never>?
        defer { timer?.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let answer = wait(Waiter(role: role, number: number, after: height, continuation: continuation))
                if let answer { return continuation.resume(returning: answer) }
                timer = Task { [weak self] in
                    try? await Task.sleep(for: limit)
                    self?.expire(number)
                }
            }
        } onCancel: {
            expire(number)
        }
    }

    /// The answer where there is no need to wait, or no room. A task that is cancelled before this looks is seen here,
    /// one that is cancelled later finds its waiter.
    private func wait(_ waiter: Waiter) -> Height?? {
        state.withLock { state in
            if state.tip > waiter.after { return .some(state.tip) }
            let isFull =
                waiter.role == .client
                && state.waiters.count { $0.role == .client } >= APILimits.commitWaitersMax
            if isFull || Task.isCancelled { return .some(nil) }
            state.waiters.append(waiter)
            return nil
        }
    }

    private func expire(_ number: UInt64) {
        let waiter = state.withLock { state -> Waiter? in
            guard let place = state.waiters.firstIndex(where: { $0.number == number }) else { return nil }
            return state.waiters.remove(at: place)
        }
        waiter?.continuation.resume(returning: nil)
    }
}
