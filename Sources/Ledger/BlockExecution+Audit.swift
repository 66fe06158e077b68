// What auditors' statements change. A reveal is judged at once: each leaf that is a duty of its auditor is compared
// with the receipt and with what other auditors say; whatever differs calls all validators (rewards design, 7.5).
import Chain
import Primitives
import Quorum
import Rewards

extension BlockExecution {
    private var auditing: AuditCheck { AuditCheck(state, view: view, calendar: calendar) }

    mutating func execute(_ statement: AuditStatement) throws(Rule) {
        let check = auditing
        let auditor = try check.auditor(statement.auditor)
        switch statement.content {
        case .commit(let commit):
            try check.check(commit, by: auditor)
            store(commit, by: auditor)
        case .disclosure(let disclosure):
            let key = try check.check(disclosure, by: auditor, statement.auditor)
            let record = DisclosureRecord(disclosure, key: key)
            state.store(record, at: StateKey.disclosure(disclosure.epoch, of: auditor))
        case .reveal(let reveal):
            try check.check(reveal, by: auditor)
            judge(reveal, by: auditor)
        case .vote(let vote):
            _ = try check.check(vote, by: auditor)
            state.store(VoteRecord(vote), at: StateKey.vote(vote.task, of: auditor))
        }
    }

    private mutating func store(_ commit: VerdictCommit, by auditor: Address) {
        state.store(
            CommitRecord(commit), at: StateKey.commit(commit.epoch, of: auditor, commit.round, part: commit.part))
        for place in commit.tasks {
            let key = StateKey.taskAudits(commit.epoch, place)
            var audits: TaskAudits = state.load(key) ?? TaskAudits()
            audits.entries.append(AuditEntry(auditor, commit.round))
            state.store(audits, at: key)
        }
    }

    // MARK: Reveals

    private mutating func judge(_ reveal: VerdictReveal, by auditor: Address) {
        let key = StateKey.commit(reveal.epoch, of: auditor, reveal.round, part: reveal.part)
        let place = StateKey.disclosure(reveal.epoch, of: auditor)
        guard var commit: CommitRecord = state.load(key), var disclosure: DisclosureRecord = state.load(place) else {
            preconditionFailure("a checked reveal has a commit and a key")
        }
        commit.isRevealed = true
        state.store(commit, at: key)
        let duty = RevealedDuty(
            epoch: reveal.epoch, round: reveal.round, auditor: auditor, key: disclosure.key,
            set: auditing.epochSet(reveal.epoch))
        for verdict in reveal.verdicts {
            let units = judge(verdict, duty)
            disclosure.revealed += units
            disclosure.done += units
        }
        state.store(disclosure, at: place)
    }

    private struct RevealedDuty {
        let epoch: UInt64
        let round: AuditRound
        let auditor: Address
        let key: Digest
        let set: EpochSet
    }

    /// Compute units of the verdict if it was the auditor's duty, else 0.
    private mutating func judge(_ verdict: Verdict, _ duty: RevealedDuty) -> UInt64 {
        let place = verdict.task
        let key = StateKey.taskAudits(duty.epoch, place)
        guard var audits: TaskAudits = state.load(key), let index = audits.index(of: duty.auditor, duty.round) else {
            preconditionFailure("a committed task has a record: \(place)")
        }
        var task = requireTask(place)
        var entry = audits.entries[index]
        entry.first = duty.round == .first ? nil : recheckTarget(of: duty.auditor, place, audits)
        if isDuty(duty, place, task, entry.first) && (duty.round == .first || verdict.firstDigest != nil) {
            entry.state = verdict.result == task.result ? .agrees : .differs
            entry.result = verdict.result == task.result ? nil : verdict.result
            entry.digest = verdict.digest
            entry.firstDigest = duty.round == .first ? nil : verdict.firstDigest
        } else {
            entry.state = .ignored
        }
        audits.entries[index] = entry
        state.store(audits, at: key)
        if !entry.state.counts { return 0 }
        if !task.isAudited {
            task.isAudited = true
            state.store(task, at: StateKey.task(place))
        }
        let cause = entry.state == .differs ? duty.auditor : audits.contradiction
        note(audits, of: place, task, epoch: duty.epoch, cause: cause)
        return task.computeUnits
    }

    private func recheckTarget(of auditor: Address, _ place: TaskPlace, _ audits: TaskAudits) -> Address? {
        calendar.recheckBeacon.flatMap { audits.first(for: auditor, place, beacon: $0) }
    }

    private func isDuty(_ duty: RevealedDuty, _ place: TaskPlace, _ task: TaskRecord, _ first: Address?) -> Bool {
        let beacon = duty.round == .first ? drawBeacon(of: task) : calendar.recheckBeacon
        guard let beacon, duty.round == .first || first != nil else { return false }
        return duty.set.isDrawn(
            duty.auditor, word: duty.round.word(key: duty.key, beacon: beacon, place),
            rate: duty.round == .first ? task.auditRate : view.parameters.rewards.audit.recheck,
            provider: task.provider, first: first)
    }

    /// R of the block after the one that includes the receipt.
    func drawBeacon(of task: TaskRecord) -> Digest? {
        task.delivered.flatMap { state.load(StateKey.drawBeacon($0), as: BeaconRecord.self)?.value }
    }

    /// Opens a dispute where there is a cause, and keeps the list of an open one.
    private mutating func note(
        _ audits: TaskAudits, of place: TaskPlace, _ task: TaskRecord, epoch: UInt64, cause: Address?
    ) {
        var dispute: DisputeRecord? = state.load(StateKey.dispute(place))
        if dispute == nil, let cause { dispute = newDispute(of: task, epoch: epoch, reporter: cause, claim: nil) }
        guard var dispute else { return }
        dispute.verdicts = Self.verdicts(audits)
        state.store(dispute, at: StateKey.dispute(place))
    }

    static func verdicts(_ audits: TaskAudits?) -> [AuditEntry] {
        Array((audits?.entries ?? []).filter(\.state.counts).prefix(AuditLimits.digestsMax))
    }

    func newDispute(
        of task: TaskRecord, epoch: UInt64, reporter: Address, claim: (result: TaskResult, deposit: Amount)?
    ) -> DisputeRecord {
        guard let beacon = drawBeacon(of: task) else { preconditionFailure("a judged task has no draw: \(task)") }
        return DisputeRecord(
            epoch: epoch, reporter: reporter, claim: claim, beacons: (beacon, calendar.recheckBeacon))
    }

    // MARK: The end of a block

    /// Keeps the beacon that draws the tasks of the block before, and closes a window whose time is over.
    mutating func moveCalendar(lastReceipt: Height, beacon: Digest) {
        if lastReceipt > .zero && lastReceipt == view.tip.height {
            state.store(BeaconRecord(beacon), at: StateKey.drawBeacon(lastReceipt))
        }
        calendar.close(
            at: view.height, time: block.header.time, beacon: beacon, view.parameters.rewards.calendar)
    }
}
