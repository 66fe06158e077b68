// The one thread that runs the core. It sleeps until something is in the mailbox or the core's deadline is due, takes
// what is there in one pass, and ends between two passes, so that a commit under way is always finished.
import Consensus
import Foundation
import NodeCore
import Primitives
import Sync
import Transport

final class CoreThread: @unchecked Sendable {
    /// Until the thread has it.
    private var driver: Driver<NodeCore, NodeWorld>?
    private let mailbox: CoreMailbox
    private let transport: Transport
    private let board: StatusBoard
    private var clock = WallClock()
    private let ended = DispatchSemaphore(value: 0)

    init(driver: Driver<NodeCore, NodeWorld>, mailbox: CoreMailbox) {
        (self.driver, self.mailbox) = (driver, mailbox)
        (transport, board) = (driver.world.shared.transport, driver.world.shared.board)
    }

    func start() {
        let thread = Thread { [self] in
            run()
            ended.signal()
        }
        thread.name = "core"
        thread.stackSize = 16 << 20
        thread.start()
    }

    /// Returns once the pass under way has ended.
    func stop() async {
        mailbox.stop()
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { [ended] in
                ended.wait()
                continuation.resume()
            }
        }
    }

    /// The driver, and with it the store, is let go before `stop` returns.
    private func run() {
        guard var driver else { preconditionFailure("the core's thread was started twice") }
        self.driver = nil
        while true {
            let deadline = driver.nextDeadline
            let span = deadline.map { $0.since(clock.read()) }
            var intake = mailbox.take(within: span)
            if intake.isStopping { return }
            if intake.events.isEmpty { intake.events = [.deadlineReached] }
            driver.handle(intake.events, now: clock.read())
            for receipt in intake.receipts { transport.consumed(receipt) }
            let (round, isBehind) = (driver.core.agreement.round, driver.core.sync.isBehind)
            let (open, waiting) = (driver.core.itemsOpen, driver.core.batchesWaiting)
            board.update { status in
                (status.round, status.isCatchingUp) = (round, isBehind)
                (status.itemsOpen, status.batchesWaiting) = (open, waiting)
                status.counters.passes += 1
                status.counters.events += UInt64(intake.events.count)
            }
        }
    }
}
