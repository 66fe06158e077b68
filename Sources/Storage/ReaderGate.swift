// Who is inside the store: any number of readers, at most one writer. The map may be resized only when nobody reads,
// which a writer in need can wait for: it closes the gate, so that readers leave and none come. Invariant: readers <=
// snapshotsMax; while `closed` runs, readers == 0.
import Foundation

final class ReaderGate: @unchecked Sendable {
    private let condition = NSCondition()
    private var readers = 0
    private var isWriting = false
    private var isClosed = false

    /// A writer waits for readers to leave.
    var isWaiting: Bool { condition.withLock { isClosed } }
    var readerCount: Int { condition.withLock { readers } }

    func enter() {
        condition.withLock {
            while isClosed || readers >= StorageLimits.snapshotsMax { condition.wait() }
            readers += 1
        }
    }

    /// `quiet` runs when neither a reader nor a writer is left.
    func leave(quiet: () -> Void) {
        condition.withLock {
            precondition(readers > 0, "a reader left that never entered")
            readers -= 1
            if readers == 0, !isWriting { quiet() }
            condition.broadcast()
        }
    }

    /// `quiet` runs first, when no reader is inside.
    func beginWriting(quiet: () -> Void) {
        condition.withLock {
            while isWriting { condition.wait() }
            isWriting = true
            if readers == 0 { quiet() }
        }
    }

    func endWriting() {
        condition.withLock {
            isWriting = false
            condition.broadcast()
        }
    }

    /// Runs the body of the one writer with nobody reading; nil when readers stayed for longer than `wait`.
    func closed<Result>(within wait: Duration, _ body: () -> Result) -> Result? {
        condition.withLock {
            precondition(isWriting, "only the writer closes the gate")
            isClosed = true
            defer {
                isClosed = false
                condition.broadcast()
            }
            let deadline = Date(timeIntervalSinceNow: wait / .seconds(1))
            while readers > 0 {
                if !condition.wait(until: deadline), readers > 0 { return nil }
            }
            return body()
        }
    }
}
