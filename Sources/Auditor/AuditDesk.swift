// Decides what an auditor executes and says. A value: the shell executes, signs and hands in.
// Invariant: a statement follows from the state, the auditor's key and the executions alone, so a restart repeats the
// same bytes; what was handed in is repeated unchanged until the state holds it; without an execution nothing is said.
package import Chain
import Cryptography
package import Primitives

package struct AuditDesk: Sendable {
    /// One execution: a task, and the salts whose digests of the final memory are asked for.
    package struct Run: Hashable, Sendable {
        package let task: TaskPlace
        package let salts: [Bytes]

        package init(task: TaskPlace, salts: [Bytes]) { (self.task, self.salts) = (task, salts) }
    }

    package struct Finding: Equatable, Sendable {
        package let result: TaskResult
        /// One for each salt of the run.
        package let digests: [Digest]

        package init(result: TaskResult, digests: [Digest]) { (self.result, self.digests) = (result, digests) }
    }

    package enum Ending: Equatable, Sendable {
        case found(Finding)
        /// This machine failed: tried again later, and never a verdict.
        case failed
        /// It cannot be executed here at all.
        case impossible
    }

    package struct Counters: Equatable, Sendable {
        /// Duties of the epochs that are not closed.
        package var duties = 0
        /// Tasks executed since the start.
        package var executed: UInt64 = 0
        /// Executions that failed.
        package var failed: UInt64 = 0
        /// Verdicts that the state holds under a commit, in the epochs that are not closed.
        package var committed = 0
        /// Votes in disputes that were handed in since the start.
        package var votes: UInt64 = 0
        /// Duties that others missed and that this auditor stated since the start.
        package var misses: UInt64 = 0
        /// Digests of others that were objected to since the start.
        package var objections: UInt64 = 0
        /// Commits that a new execution does not reproduce: they cannot be revealed.
        package var lost = 0

        package init() {}
    }

    /// What one statement is about; two of one subject would contradict each other.
    enum Subject: Hashable, Sendable {
        case commit(epoch: UInt64, round: AuditRound, part: UInt32)
        case disclosure(epoch: UInt64)
        case reveal(epoch: UInt64, round: AuditRound, part: UInt32)
        case vote(TaskPlace)
        case objection(epoch: UInt64, TaskPlace)
        case missed(epoch: UInt64, auditor: Address, round: AuditRound, first: TaskPlace)
    }

    struct Sent: Sendable {
        let content: AuditContent
        var height: Height
    }

    struct Attempt: Sendable {
        var count: UInt32
        var notBefore: Height
    }

    package internal(set) var counters = Counters()
    /// Secret: gives the nonces of an epoch.
    private let nonceSeed: @Sendable (UInt64) -> Digest
    /// Of the open epochs. One takes a curve multiplication, and every verdict of a reveal asks for it at every height.
    private(set) var nonceSeeds: [UInt64: Digest] = [:]
    /// Executions that may be under way at the same time.
    private let width: Int
    var findings: [Run: Finding] = [:]
    var attempts: [Run: Attempt] = [:]
    var sent: [Subject: Sent] = [:]
    /// Disputes first, then by epoch, then others' digests; each once.
    private(set) var waiting: [Run] = []
    private var running: Set<Run> = []
    private var startedAt: Height?
    private var tip = Height.zero

    /// `width`: executions at the same time.
    /// `nonceSeed`: of an epoch; the same in every life, and known to nobody else.
    package init(width: Int = 1, nonceSeed: @escaping @Sendable (UInt64) -> Digest) {
        precondition(width >= 1, "\(width) executions at the same time")
        (self.width, self.nonceSeed) = (width, nonceSeed)
    }

    // MARK: Executions

    /// Nothing is under way, and nothing waits.
    package var isIdle: Bool { running.isEmpty && waiting.isEmpty }

    /// The next execution; nil while as many as may be are under way, or none is due.
    package mutating func nextRun() -> Run? {
        guard running.count < width else { return nil }
        let next = waiting.first { run in
            !running.contains(run) && attempts[run].map { $0.notBefore <= tip } ?? true
        }
        if let next { running.insert(next) }
        return next
    }

    package mutating func finished(_ run: Run, _ ending: Ending) {
        precondition(running.remove(run) != nil, "an execution of \(run.task) that was not asked for ended")
        switch ending {
        case .found(let finding):
            precondition(finding.digests.count == run.salts.count, "\(finding.digests.count) digests")
            findings[run] = finding
            attempts[run] = nil
            counters.executed += 1
        case .failed:
            let count = (attempts[run]?.count ?? 0) + 1
            attempts[run] = Attempt(count: count, notBefore: tip.advanced(by: 1 << UInt64(min(count, 6))))
            counters.failed += 1
        case .impossible:
            attempts[run] = Attempt(count: AuditorLimits.attemptsMax, notBefore: tip)
            counters.failed += 1
        }
        if findings[run] != nil || isHopeless(run) { waiting.removeAll { $0 == run } }
    }

    func isHopeless(_ run: Run) -> Bool { attempts[run].map { $0.count >= AuditorLimits.attemptsMax } ?? false }

    // MARK: A height

    /// Takes in what the chain says after a height; returns what is to be signed and handed in now.
    package mutating func update(_ situation: AuditSituation) -> [AuditContent] {
        tip = situation.height
        startedAt = startedAt ?? tip
        let open = situation.epochs.filter { $0.window != .over }
        nonceSeeds = Dictionary(
            open.map { ($0.epoch, nonceSeeds[$0.epoch] ?? nonceSeed($0.epoch)) }, uniquingKeysWith: { $1 })
        plan(open, situation)
        forget(situation, open)
        counters.duties = open.reduce(0) { $0 + $1.duties.count }
        counters.committed = open.reduce(0) { $0 + $1.commits.reduce(0) { $0 + $1.tasks.count } }
        counters.lost = open.reduce(0) { $0 + lostCommits(of: $1) }
        var statements: [AuditContent] = []
        for dispute in situation.disputes { statements += vote(in: dispute) }
        for epoch in open { statements += self.statements(for: epoch) }
        for check in situation.checks { statements += object(check) }
        for missed in situation.misses { statements += state(missed) }
        return statements
    }

    /// Nothing new is begun while something from an earlier life may be on its way, unless it would be too late.
    func isSettled(_ epoch: AuditedEpoch) -> Bool {
        epoch.isUrgent || startedAt.map { tip.distance(from: $0) >= AuditorLimits.patience } ?? false
    }

    private mutating func plan(_ epochs: [AuditedEpoch], _ situation: AuditSituation) {
        var needed = situation.disputes.map(\.run)
        for epoch in epochs {
            let duties = epoch.duties.prefix(AuditorLimits.dutiesMax)
            needed += duties.filter { $0.isNeeded(in: epoch) }.map(\.run)
        }
        needed += situation.checks.map(\.run)
        var known: Set<Run> = []
        needed = needed.filter { known.insert($0).inserted }
        findings = findings.filter { known.contains($0.key) }
        attempts = attempts.filter { known.contains($0.key) }
        waiting = needed.filter { findings[$0] == nil && !isHopeless($0) }
    }

    /// What was said on subjects that nothing more can be said on.
    private mutating func forget(_ situation: AuditSituation, _ open: [AuditedEpoch]) {
        let epochs = Set(open.map(\.epoch))
        let votes = Set(situation.disputes.map(\.task))
        let misses = Set(situation.misses.compactMap(\.subject))
        let checks = Set(situation.checks.map(\.subject))
        sent = sent.filter { subject, _ in
            switch subject {
            case .commit(let epoch, _, _), .disclosure(let epoch), .reveal(let epoch, _, _): epochs.contains(epoch)
            case .vote(let task): votes.contains(task)
            case .missed: misses.contains(subject)
            case .objection: checks.contains(subject)
            }
        }
    }

    /// Hands in a statement, or the one on its subject that was handed in before; nothing while that is on its way.
    mutating func say(_ subject: Subject, _ content: () -> AuditContent?) -> [AuditContent] {
        if var earlier = sent[subject] {
            guard tip.distance(from: earlier.height) >= AuditorLimits.patience else { return [] }
            earlier.height = tip
            sent[subject] = earlier
            return [earlier.content]
        }
        guard let content = content() else { return [] }
        sent[subject] = Sent(content: content, height: tip)
        if case .vote = subject { counters.votes += 1 }
        return [content]
    }
}

extension DrawnTask {
    var run: AuditDesk.Run { AuditDesk.Run(task: task, salts: salts) }

    /// Its verdict can still be committed, or is committed and must be revealed.
    fileprivate func isNeeded(in epoch: AuditedEpoch) -> Bool {
        if let commit = epoch.commit(of: self) { return !commit.isRevealed }
        return epoch.window <= (round == .first ? .commit : .recheck)
    }
}

extension MissedDuties {
    var subject: AuditDesk.Subject? {
        tasks.first.map { .missed(epoch: epoch, auditor: auditor, round: round, first: $0) }
    }
}

extension CheckedTask {
    var run: AuditDesk.Run { AuditDesk.Run(task: task, salts: others.map(\.salt)) }
    var subject: AuditDesk.Subject { .objection(epoch: epoch, task) }
}

extension DisputedTask {
    var run: AuditDesk.Run { AuditDesk.Run(task: task, salts: salts) }
}
