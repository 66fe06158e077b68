// What followers of the board may do while they are told of a height.
import Cryptography
import Foundation
import Ledger
import Primitives
import Quorum
import Synchronization
import Testing

@testable import Node

/// Runs a task's parts elsewhere, and asks the board at the very place where the board wakes the task.
private final class AskingExecutor: TaskExecutor {
    private let board: StatusBoard
    private let refusals = Mutex(0)
    private let queue = DispatchQueue(label: "asking")

    init(_ board: StatusBoard) { self.board = board }

    /// Questions that found the board locked.
    var unanswered: Int { refusals.withLock(\.self) }

    func enqueue(_ job: consuming ExecutorJob) {
        let part = UnownedJob(job)
        let answered = DispatchSemaphore(value: 0)
        DispatchQueue.global().async { [board] in
            _ = board.status
            answered.signal()
        }
        if answered.wait(timeout: .now() + 10) == .timedOut { refusals.withLock { $0 += 1 } }
        queue.async { part.runSynchronously(on: self.asUnownedTaskExecutor()) }
    }
}

@Suite("status board")
struct StatusBoardTests {
    private static func tip(_ height: Height) -> Tip {
        let hash = Hash.sha256(Bytes())
        return Tip(height: height, blockID: .empty, time: .zero, roots: (hash, hash))
    }

    /// A node that was stopped in the moment of a commit hung for good: the core woke a follower under the board's
    /// lock, and the follower's cancellation waited for that lock with the lock that waking it needs.
    @Test("a follower is woken without the board's lock, by a block and by the end", arguments: [false, true])
    func wakes(ends: Bool) async throws {
        let board = StatusBoard(tip: Self.tip(.zero))
        let executor = AskingExecutor(board)
        let heights = try #require(board.heights())
        let (ready, begun) = AsyncStream.makeStream(of: Void.self)
        let follower = Task(executorPreference: executor) { () -> Height? in
            begun.finish()
            for await height in heights { return height }
            return nil
        }
        for await _ in ready {}
        if ends { board.close() } else { board.committed(Self.tip(.first), items: 0) }
        #expect(await follower.value == (ends ? nil : .first))
        #expect(executor.unanswered == 0)
    }
}
