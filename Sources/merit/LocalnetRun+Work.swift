// What became of the work: counted from the chain's own records, never from what the agents say.
import Codec
import Foundation
import Chain
import Ledger
import Node
import Primitives
import Rewards

/// One task as the chain knows it.
struct TaskEntry {
    let place: TaskPlace
    let record: TaskRecord
    let job: JobRecord
}

extension LocalnetRun {
    private func load<Record: Message>(_ key: Bytes) throws -> Record? {
        try NodeClient(nodes[nodes.count - 1].rpc).state(key).flatMap { Record.decoded($0) }
    }

    /// `epoch 1 [#####-----]`: how much of the epoch's time has passed.
    func epochBar() throws -> String {
        guard let epoch: EpochRecord = try load(StateKey.singleton(.epoch)) else { return "epoch ?" }
        let passed = Date().timeIntervalSince1970 - Double(epoch.startTime.seconds)
        let part = min(1, max(0, passed / Double(plan.secondsPerEpoch)))
        let full = Int(part * 10)
        return "epoch \(epoch.number) ["
            + String(repeating: "#", count: full) + String(repeating: "-", count: 10 - full) + "]"
    }

    /// `tasks 40/48 attested, 24 closed`, and what auditors do.
    func workLine() throws -> String {
        guard let requester else { return "" }
        let submissions = requester.submissions
        var (asked, done, closed): (UInt32, UInt32, UInt32) = (0, 0, 0)
        var (panels, majorities): (UInt32, UInt32) = (0, 0)
        for submission in submissions {
            guard let job: JobRecord = try load(StateKey.job(submission.job)) else { continue }
            if submission.isPanel {
                (panels, majorities) = (panels + submission.tasks, majorities + job.done)
                continue
            }
            asked += submission.tasks
            done += job.done
            closed += job.closed
        }
        let audits = try nodes.reduce(into: (executed: UInt64(0), votes: UInt64(0))) { sums, node in
            let metrics = try NodeClient(node.rpc).metrics()
            sums.executed += metrics["merit_audits_executed_total"] ?? 0
            sums.votes += metrics["merit_dispute_votes_total"] ?? 0
        }
        let judged = panels == 0 ? "" : "panels \(majorities)/\(panels) with a majority  "
        return "tasks \(done)/\(asked) attested, \(closed) closed  \(judged)audits \(audits.executed)  "
            + "dispute votes \(audits.votes)"
    }

    /// Every assigned task of the requester's jobs of class D.
    func tasks() throws -> [TaskEntry] {
        var entries: [TaskEntry] = []
        let epoch = try (load(StateKey.singleton(.epoch)) as EpochRecord?)?.number ?? 0
        for submission in requester?.submissions ?? [] where !submission.isPanel {
            guard let job: JobRecord = try load(StateKey.job(submission.job)) else { continue }
            for index in 0..<job.next {
                let place = TaskPlace(job: submission.job, index: index)
                guard let record: TaskRecord = try load(StateKey.task(place)) else { continue }
                entries.append(TaskEntry(place: place, record: record.seen(in: epoch), job: job))
            }
        }
        return entries
    }

    /// v: what the provider of a delivered task is due.
    func providerPart(_ task: TaskEntry) throws -> Amount {
        let limits = task.job.request.limits
        let terms = TaskTerms(limit: limits.computeUnits, bid: task.job.request.bid, escrow: task.job.escrow)
        let fees = Parameters.local.fees
        let charge = try Rewards.Rule.taskCharge(computeUnits: task.record.computeUnits, terms: terms, rules: fees)
        return try Rewards.Rule.feeSplit(charge.fee, rules: fees).provider
    }

    /// Every panel of the requester's jobs of class Q.
    func panels() throws -> [PanelRecord] {
        var panels: [PanelRecord] = []
        for submission in requester?.submissions ?? [] where submission.isPanel {
            guard let job: JobRecord = try load(StateKey.job(submission.job)) else { continue }
            for index in 0..<job.next {
                let place = TaskPlace(job: submission.job, index: index)
                guard let record: PanelRecord = try load(StateKey.panel(place)) else { continue }
                panels.append(record)
            }
        }
        return panels
    }
}
