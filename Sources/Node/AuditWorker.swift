// The thread that re-executes tasks for the auditor: one at a time, in a child process that can be killed. The child
// ends with the thread that started it, so the thread lives as long as the auditor.
import Auditor
import Chain
import Cryptography
import Execution
import Foundation
import Primitives

final class AuditWorker: @unchecked Sendable {
    struct Work: Sendable {
        let run: AuditDesk.Run
        let request: RunRequest
    }

    private let process: ExecutorProcess
    private let deliver: @Sendable (AuditDesk.Run, Outcome) -> Void
    private let complain: @Sendable (String) -> Void
    private let condition = NSCondition()
    private var next: Work?
    private var isStopping = false

    /// `complain` is called at most once, when this machine cannot execute anything.
    init(
        _ command: ExecutorProcess.Command, complain: @escaping @Sendable (String) -> Void,
        deliver: @escaping @Sendable (AuditDesk.Run, Outcome) -> Void
    ) {
        process = ExecutorProcess(command)
        (self.deliver, self.complain) = (deliver, complain)
        let thread = Thread { [self] in run() }
        thread.name = "audit-worker"
        thread.start()
    }

    /// One at a time: the next only after the answer to the last.
    func start(_ work: Work) {
        condition.lock()
        precondition(next == nil, "an execution of \(work.run.task) over another one")
        next = work
        condition.signal()
        condition.unlock()
    }

    /// An execution under way is given up.
    func stop() {
        condition.lock()
        isStopping = true
        condition.signal()
        condition.unlock()
        process.stop()
    }

    private func run() {
        // No program at all: a machine that executes refuses it, and one that cannot says why.
        let nothing = RunRequest(program: [], input: [], taskIndex: 0, fuelLimit: 1)
        if case .abstained(.unavailable(let reason)) = process.run(nothing) { complain(reason) }
        while let work = take() { deliver(work.run, process.run(work.request)) }
    }

    private func take() -> Work? {
        condition.lock()
        defer { condition.unlock() }
        while next == nil, !isStopping { condition.wait() }
        if isStopping { return nil }
        defer { next = nil }
        return next
    }
}

extension AuditDesk.Ending {
    /// An abstention is never a verdict. What the rules of execution refuse is refused everywhere and for good.
    init(_ outcome: Outcome) {
        switch outcome {
        case .result(let result):
            self = .found(AuditDesk.Finding(result: TaskResult(result), digests: result.saltedMemory))
        case .abstained(.refused), .abstained(.inputTooLarge), .abstained(.unavailable): self = .impossible
        case .abstained: self = .failed
        }
    }
}

extension TaskResult {
    /// As a receipt holds it.
    init(_ run: RunResult) {
        self.init(
            output: Hash.sha256(run.output), finalState: run.finalMemory, fuel: run.fuel, peakPages: run.peakPages,
            outputBytes: UInt32(clamping: run.output.count))
    }
}
