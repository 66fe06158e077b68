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
        case .missed(let missed): try prove(missed, by: auditor)
        case .objection(let objection):
            let verdicts = try check.check(objection, by: auditor)
            var dispute = newDispute(of: objection.task, epoch: objection.epoch, reporter: auditor, claim: nil)
            dispute.verdicts = verdicts
            dispute.objection = objection
            state.store(dispute, at: StateKey.dispute(objection.task))
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
        let duty = KnownAuditor(
            operatorAddress: auditor, key: disclosure.key, round: reveal.round, set: auditing.epochSet(reveal.epoch))
        for verdict in reveal.verdicts {
            guard let units = judge(verdict, duty) else { continue }
            disclosure.revealed += units
            disclosure.done += units
            disclosure.verdicts += 1
        }
        state.store(disclosure, at: place)
    }

    /// Compute units of the verdict if it was the auditor's duty.
    private mutating func judge(_ verdict: Verdict, _ duty: KnownAuditor) -> UInt64? {
        let (place, epoch, auditor) = (verdict.task, duty.set.epoch, duty.operatorAddress)
        let key = StateKey.taskAudits(epoch, place)
        guard var audits: TaskAudits = state.load(key), let index = audits.index(of: auditor, duty.round) else {
            preconditionFailure("a committed task has a record: \(place)")
        }
        var task = requireTask(place)
        var entry = audits.entries[index]
        let check = auditing
        let firsts = duty.round == .first ? [] : check.recheckTargets(of: auditor, place, audits)
        let isDuty = check.isDuty(duty, check.judged(place, task, audits, with: epoch), first: firsts.first)
        let answer = admissionAnswer(place, judgedWith: epoch, by: auditor)
        let isWhole =
            verdict.firstDigests.count == firsts.count && (answer == nil || verdict.admissionDigest != nil)
        if isDuty && isWhole {
            entry.state = verdict.result == task.result ? .agrees : .differs
            entry.result = verdict.result == task.result ? nil : verdict.result
            entry.digest = verdict.digest
            (entry.firsts, entry.firstDigests) = (firsts, verdict.firstDigests)
            entry.admissionDigest = answer == nil ? nil : verdict.admissionDigest
        } else {
            entry.state = .ignored
        }
        audits.entries[index] = entry
        state.store(audits, at: key)
        if !entry.state.counts { return nil }
        if !task.isAudited {
            task.isAudited = true
            state.store(task, at: StateKey.task(place))
        }
        let isRefuted = answer.map { judge($0, entry.admissionDigest, place) } ?? false
        note(
            audits, of: place, epoch: epoch,
            cause: entry.state == .differs || isRefuted ? auditor : audits.contradiction)
        return task.computeUnits
    }

    /// Opens a dispute where there is a cause, and keeps the list of an open one.
    private mutating func note(_ audits: TaskAudits, of place: TaskPlace, epoch: UInt64, cause: Address?) {
        var dispute: DisputeRecord? = state.load(StateKey.dispute(place))
        if dispute == nil, let cause { dispute = newDispute(of: place, epoch: epoch, reporter: cause, claim: nil) }
        guard var dispute else { return }
        dispute.verdicts = Self.verdicts(audits)
        state.store(dispute, at: StateKey.dispute(place))
    }

    static func verdicts(_ audits: TaskAudits?) -> [AuditEntry] {
        // One of the digests that a vote has room for may be that of an answer of admission.
        Array((audits?.entries ?? []).filter(\.state.counts).prefix(AuditLimits.digestsMax - 1))
    }

    func newDispute(
        of place: TaskPlace, epoch: UInt64, reporter: Address, claim: (result: TaskResult, deposit: Amount)?
    ) -> DisputeRecord {
        guard let beacon = auditing.drawBeacon(of: place, requireTask(place), with: epoch) else {
            preconditionFailure("a judged task has no draw: \(place)")
        }
        var dispute = DisputeRecord(
            epoch: epoch, reporter: reporter, claim: claim, beacons: (beacon, calendar.recheckBeacon))
        dispute.answer = disputedAnswer(place, epoch: epoch)
        return dispute
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
