// Which tasks are an auditor's duty, and what proves that it missed one: a draw by its disclosed key, and no verdict of
// it in the state (rewards design, section 7.5).
import Chain
import Primitives
import Quorum
import Rewards

/// An auditor whose key of an epoch is known.
struct KnownAuditor {
    let operatorAddress: Address
    let key: Digest
    let round: AuditRound
    let set: EpochSet
}

/// A task that is judged now and what the state holds of it: read once, however many auditors it is asked about.
struct JudgedTask {
    let place: TaskPlace
    let task: TaskRecord
    let audits: TaskAudits?
    let redraw: RedrawRecord?
    /// What draws the task's first auditors and makes their salts: R of the block after the receipt's, or of the block
    /// that drew it again.
    let beacon: Digest?
}

extension AuditCheck {
    /// Heights during which a repeated proof may still have been on its way.
    static let proofGrace: UInt64 = 16

    // MARK: Tasks

    /// The redraw of a task that is judged with `epoch`'s.
    func redraw(of place: TaskPlace, with epoch: UInt64) -> RedrawRecord? {
        state.load(StateKey.redraw(place), as: RedrawRecord.self).flatMap { $0.epoch == epoch ? $0 : nil }
    }

    /// A receipt of the epoch, or a task that was drawn again into it.
    func isJudged(_ place: TaskPlace, _ task: TaskRecord, with epoch: UInt64) -> Bool {
        guard let delivered = task.delivered else { return false }
        return self.epoch(ofReceipt: delivered) == epoch || redraw(of: place, with: epoch) != nil
    }

    /// As `JudgedTask` has it, for those who need nothing else.
    func drawBeacon(of place: TaskPlace, _ task: TaskRecord, with epoch: UInt64) -> Digest? {
        drawBeacon(task, redraw(of: place, with: epoch))
    }

    private func drawBeacon(_ task: TaskRecord, _ redraw: RedrawRecord?) -> Digest? {
        if let redraw { return redraw.beacon }
        return task.delivered.flatMap { state.load(StateKey.drawBeacon($0), as: BeaconRecord.self)?.value }
    }

    func judged(_ place: TaskPlace, _ task: TaskRecord, _ audits: TaskAudits?, with epoch: UInt64) -> JudgedTask {
        let redraw = redraw(of: place, with: epoch)
        return JudgedTask(
            place: place, task: task, audits: audits, redraw: redraw, beacon: drawBeacon(task, redraw))
    }

    /// nil for a task that nobody has to audit with this epoch's.
    func judged(_ place: TaskPlace, with epoch: UInt64) -> JudgedTask? {
        guard let task: TaskRecord = state.load(StateKey.task(place)), task.state == .delivered,
            isJudged(place, task, with: epoch)
        else { return nil }
        return judged(place, task, state.load(StateKey.taskAudits(epoch, place)), with: epoch)
    }

    // MARK: Draws

    /// `first`: in a re-check, whose digest is repeated first, and who leaves W for it.
    func isDuty(_ auditor: KnownAuditor, _ judged: JudgedTask, first: Address?) -> Bool {
        let (place, task) = (judged.place, judged.task)
        let beacon: Digest?
        switch auditor.round {
        case .first:
            if let redraw = judged.redraw { return redraw.auditor == auditor.operatorAddress }
            beacon = judged.beacon
        case .recheck: beacon = first == nil ? nil : calendar.recheckBeacon
        }
        guard let beacon else { return false }
        return auditor.set.isDrawn(
            auditor.operatorAddress, word: auditor.round.word(key: auditor.key, beacon: beacon, place),
            rate: auditor.round == .first ? task.auditRate : view.parameters.rewards.audit.recheck,
            provider: task.provider, first: first)
    }

    func recheckTargets(of auditor: Address, _ place: TaskPlace, _ audits: TaskAudits?) -> [Address] {
        guard let audits, let beacon = calendar.recheckBeacon else { return [] }
        return audits.firsts(for: auditor, place, beacon: beacon)
    }

    // MARK: Misses

    /// The tasks that nobody proved before, with their compute units.
    func check(_ missed: MissedDuties) throws(Rule) -> [(place: TaskPlace, computeUnits: UInt64)] {
        guard missed.epoch == judgedEpoch else { throw .epochNotJudged }
        guard calendar.phase >= .open else { throw .auditWindowClosed }
        let set = try auditingSet(missed.epoch, missed.auditor)
        guard let key = disclosedKey(missed.epoch, of: missed.auditor) else { throw .keyUndisclosed }
        let auditor = KnownAuditor(operatorAddress: missed.auditor, key: key, round: missed.round, set: set)
        var fresh: [(TaskPlace, UInt64)] = []
        var isRecent = false
        for place in missed.tasks {
            guard let judged = judged(place, with: missed.epoch) else { throw .taskNotJudged }
            let units = try missedUnits(judged, by: auditor)
            let proven: MissedRecord? = state.load(
                StateKey.missed(missed.epoch, by: missed.auditor, missed.round, place))
            if let proven {
                isRecent = isRecent || view.height.distance(from: proven.height) <= Self.proofGrace
            } else {
                fresh.append((place, units))
            }
        }
        if fresh.isEmpty { throw isRecent ? .dutyProven : .dutyProvenBefore }
        return fresh
    }

    func disclosedKey(_ epoch: UInt64, of operatorAddress: Address) -> Digest? {
        state.load(StateKey.disclosure(epoch, of: operatorAddress), as: DisclosureRecord.self)?.key
    }

    /// It has done as much as an auditor may say in one epoch: whoever buys more audits than that makes nobody miss
    /// them.
    private func hasSaidAll(_ auditor: KnownAuditor) -> Bool {
        let key = StateKey.disclosure(auditor.set.epoch, of: auditor.operatorAddress)
        return state.load(key, as: DisclosureRecord.self)?.verdicts ?? 0 >= AuditLimits.dutiesMax
    }

    /// Who must do a missed duty in its place is named by the state: nobody need prove that it is missed again.
    func missedUnits(_ judged: JudgedTask, by auditor: KnownAuditor) throws(Rule) -> UInt64 {
        if let entry = judged.audits?.entry(of: auditor.operatorAddress, auditor.round), entry.state.counts {
            throw .dutyDone
        }
        if auditor.round == .first && judged.redraw != nil { throw .notDrawn }
        let isFirst = auditor.round == .first
        let firsts = isFirst ? [] : recheckTargets(of: auditor.operatorAddress, judged.place, judged.audits)
        guard isDuty(auditor, judged, first: firsts.first), !hasSaidAll(auditor) else { throw .notDrawn }
        return judged.task.computeUnits
    }
}
