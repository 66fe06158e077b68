// Wakes those who wait for the next block. The node calls `advance` after each durable commit; it never waits for a
// waiter. Invariant: every continuation is resumed exactly once, by a commit or by its deadline.
package import Primitives
import Synchronization

package final class CommitSignal: Sendable {
    private struct Waiter {
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

    package func advance(to height: Height) {
        let due = state.withLock { state -> [Waiter] in
            state.tip = max(state.tip, height)
            let due = state.waiters.filter { $0.after < height }
            state.waiters.removeAll { $0.after < height }
            return due
        }
        for waiter in due { waiter.continuation.resume(returning: height) }
    }

    /// The tip as soon as it is above `height`; nil when that takes longer than `limit`, or too many wait already.
    package func next(after height: Height, within limit: Duration) async -> Height? {
        let number = state.withLock { state in
            state.asked += 1
            return state.asked
        }
        let timer = Task { [weak self] in
            try? await Task.sleep(for: limit)
            self?.expire(number)
        }
        defer { timer.cancel() }
        return await withCheckedContinuation { continuation in
            let answer = state.withLock { state -> Height?? in
                if state.tip > height { return .some(state.tip) }
                if state.waiters.count >= APILimits.commitWaitersMax { return .some(nil) }
                state.waiters.append(Waiter(number: number, after: height, continuation: continuation))
                return nil
            }
            if let answer { continuation.resume(returning: answer) }
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
