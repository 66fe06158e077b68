// The auditor of a running validator: after each height it reads its situation from a short snapshot, lets the desk
// decide, has tasks executed, signs what the desk says and hands it to the own node. It holds no lock of the core and
// the core never waits for it; heights that come while it works count as one.
import Auditor
import Chain
import Codec
import Cryptography
import Execution
import Foundation
import Ledger
import Logging
import NodeCore
import Primitives
import Quorum
import Storage
import Synchronization

final class AuditThread: @unchecked Sendable {
    /// What it needs of the node.
    struct Surroundings: Sendable {
        let chainID: ChainID
        let snapshot: @Sendable () -> StoreSnapshot
        let submit: @Sendable (Bytes) async -> Reply.Answer
        let logger: Logger
    }

    private struct Ending {
        let worker: Int
        let run: AuditDesk.Run
        let outcome: Outcome
    }

    private struct Intake {
        var hasNewHeight = false
        var endings: [Ending] = []
    }

    private let key: SigningKey
    private let around: Surroundings
    private let workers = Mutex<[AuditWorker]>([])
    private let condition = NSCondition()
    private var intake = Intake()
    private var isStopping = false
    private let ended = DispatchSemaphore(value: 0)
    private let published = Mutex(AuditDesk.Counters())
    /// Of the auditor's own thread alone.
    private var desk: AuditDesk
    private var reader: AuditReader
    private var claims: [AuditDesk.Run: TaskResult] = [:]
    private var idle: [Int] = []

    /// A machine keeps half of its cores for the node itself.
    private static var width: Int {
        max(1, min(AuditorLimits.executorsMax, ProcessInfo.processInfo.activeProcessorCount / 2))
    }

    init(key: SigningKey, around: Surroundings) {
        (self.key, self.around) = (key, around)
        let chainID = around.chainID
        reader = AuditReader(key: key, chainID: chainID)
        desk = AuditDesk(width: Self.width) { AuditReader.nonceSeed(epoch: $0, key: key, chainID: chainID) }
    }

    var counters: AuditDesk.Counters { published.withLock { $0 } }

    /// Begins, and looks again after each height that the board tells of.
    func start(_ command: ExecutorProcess.Command, following board: StatusBoard) {
        let logger = around.logger
        idle = Array(0..<Self.width)
        let workers = idle.map { number in
            AuditWorker(
                command,
                // What one cannot do, none can.
                complain: { if number == 0 { logger.error("this validator cannot audit: \($0)") } },
                deliver: { [weak self] run, outcome in
                    self?.wake { $0.endings.append(Ending(worker: number, run: run, outcome: outcome)) }
                })
        }
        self.workers.withLock { $0 = workers }
        let thread = Thread { [self] in
            run()
            ended.signal()
        }
        thread.name = "auditor"
        thread.start()
        guard let heights = board.heights() else { preconditionFailure("an early follower of a fresh node") }
        advance()
        Task { [weak self] in
            for await _ in heights { self?.advance() }
        }
    }

    /// A height is committed. Never blocks.
    private func advance() { wake { $0.hasNewHeight = true } }

    /// Returns once the thread has ended, and with it the last use of the store. An execution under way is given up.
    func stop() async {
        condition.withLock {
            isStopping = true
            condition.signal()
        }
        for worker in workers.withLock(\.self) { worker.stop() }
        await withCheckedContinuation { continuation in
            DispatchQueue.global().async { [ended] in
                ended.wait()
                continuation.resume()
            }
        }
    }

    private func wake(_ change: (inout Intake) -> Void) {
        condition.lock()
        change(&intake)
        condition.signal()
        condition.unlock()
    }

    private func take() -> Intake? {
        condition.lock()
        defer { condition.unlock() }
        while !isStopping, !intake.hasNewHeight, intake.endings.isEmpty { condition.wait() }
        if isStopping { return nil }
        defer { intake = Intake() }
        return intake
    }

    // MARK: The loop

    private func run() {
        while let intake = take() {
            for ending in intake.endings {
                idle.append(ending.worker)
                note(ending.run, ending.outcome)
            }
            // A window may be short: the last execution speaks at once.
            if intake.hasNewHeight || desk.isIdle { look() }
            executeNext()
            let counters = desk.counters
            published.withLock { $0 = counters }
        }
    }

    private func look() {
        let lost = desk.counters.lost
        guard let situation = reader.situation(on: around.snapshot()) else { return }
        for content in desk.update(situation) { say(content) }
        if desk.counters.lost > lost {
            let advice = "compare the engines of two machines"
            around.logger.error("a verdict of this auditor does not come out again and is not revealed: \(advice)")
        }
    }

    private func say(_ content: AuditContent) {
        around.logger.info("audit \(content.summary)")
        let item = Item.audit(AuditStatement(signing: content, by: key, chainID: around.chainID)).encoded
        let (around, summary) = (around, content.summary)
        Task {
            switch await around.submit(item) {
            case .admitted: break
            case .busy, .unready:
                around.logger.debug("audit statement is handed in later", metadata: ["what": "\(summary)"])
            case .refused(_, let reason):
                around.logger.warning(
                    "an audit statement is refused", metadata: ["what": "\(summary)", "reason": "\(reason)"])
            }
        }
    }

    private func executeNext() {
        while let worker = idle.last, let run = desk.nextRun() {
            let snapshot = around.snapshot()
            guard let work = TaskWork(run.task, on: snapshot) else {
                // Its bytes are gone: nothing to judge.
                desk.finished(run, .impossible)
                continue
            }
            claims[run] = work.claim
            var request = RunRequest(
                program: work.program, input: work.input, taskIndex: run.task.index, fuelLimit: work.limits.fuel)
            (request.outputLimit, request.salts) = (Int(work.limits.outputBytes), run.salts)
            idle.removeLast()
            workers.withLock { $0[worker] }.start(AuditWorker.Work(run: run, request: request))
        }
    }

    private func note(_ run: AuditDesk.Run, _ outcome: Outcome) {
        let claim = claims.removeValue(forKey: run)
        let facts: Logger.Metadata = ["job": "\(run.task.job)", "task": "\(run.task.index)"]
        switch outcome {
        case .result(let result):
            if let claim, claim != TaskResult(result) {
                around.logger.warning("a task gives another result here than its receipt says", metadata: facts)
            } else {
                around.logger.debug("audited a task", metadata: facts)
            }
        case .abstained(.unavailable): break
        case .abstained(let reason):
            around.logger.warning("an audit gave no result", metadata: facts.merging(["reason": "\(reason)"]) { $1 })
        }
        desk.finished(run, AuditDesk.Ending(outcome))
    }
}

extension AuditContent {
    /// For the log: no salts, nonces or digests.
    fileprivate var summary: String {
        switch self {
        case .commit(let commit):
            "commits to \(commit.tasks.count) verdicts of epoch \(commit.epoch), \(commit.round) round, part "
                + "\(commit.part)"
        case .disclosure(let key): "discloses its key of epoch \(key.epoch): \(key.duties) duties"
        case .reveal(let reveal):
            "reveals \(reveal.verdicts.count) verdicts of epoch \(reveal.epoch), \(reveal.round) round, part "
                + "\(reveal.part)"
        case .missed(let missed):
            "proves that \(missed.auditor) missed \(missed.tasks.count) duties of epoch \(missed.epoch), "
                + "\(missed.round) round"
        case .objection(let objection):
            "objects to the digest of \(objection.auditor) on task \(objection.task.index) of job \(objection.task.job)"
        case .vote(let vote): "votes in the dispute over task \(vote.task.index) of job \(vote.task.job)"
        }
    }
}
