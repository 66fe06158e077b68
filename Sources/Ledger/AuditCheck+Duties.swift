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

    /// What draws the task's first auditors and makes their salts: R of the block after the receipt's, or of the block
    /// that drew it again.
    func drawBeacon(of place: TaskPlace, _ task: TaskRecord, with epoch: UInt64) -> Digest? {
        if let redraw = redraw(of: place, with: epoch) { return redraw.beacon }
        return task.delivered.flatMap { state.load(StateKey.drawBeacon($0), as: BeaconRecord.self)?.value }
    }

    // MARK: Draws

    /// `first`: in a re-check, whose digest is repeated.
    func isDuty(_ auditor: KnownAuditor, _ place: TaskPlace, _ task: TaskRecord, first: Address?) -> Bool {
        let beacon: Digest?
        switch auditor.round {
        case .first:
            if let redraw = redraw(of: place, with: auditor.set.epoch) {
                return redraw.auditor == auditor.operatorAddress
            }
            beacon = drawBeacon(of: place, task, with: auditor.set.epoch)
        case .recheck: beacon = first == nil ? nil : calendar.recheckBeacon
        }
        guard let beacon else { return false }
        return auditor.set.isDrawn(
            auditor.operatorAddress, word: auditor.round.word(key: auditor.key, beacon: beacon, place),
            rate: auditor.round == .first ? task.auditRate : view.parameters.rewards.audit.recheck,
            provider: task.provider, first: first)
    }

    func recheckTarget(of auditor: Address, _ place: TaskPlace, _ audits: TaskAudits?) -> Address? {
        guard let audits, let beacon = calendar.recheckBeacon else { return nil }
        return audits.first(for: auditor, place, beacon: beacon)
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
            let units = try missedUnits(place, by: auditor)
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

    /// Who must do a missed duty in its place is named by the state: nobody need prove that it is missed again.
    func missedUnits(_ place: TaskPlace, by auditor: KnownAuditor) throws(Rule) -> UInt64 {
        guard let task: TaskRecord = state.load(StateKey.task(place)), task.state == .delivered,
            isJudged(place, task, with: auditor.set.epoch)
        else { throw .taskNotJudged }
        let audits: TaskAudits? = state.load(StateKey.taskAudits(auditor.set.epoch, place))
        if let entry = audits?.entry(of: auditor.operatorAddress, auditor.round), entry.state.counts {
            throw .dutyDone
        }
        if auditor.round == .first && redraw(of: place, with: auditor.set.epoch) != nil { throw .notDrawn }
        let first = auditor.round == .first ? nil : recheckTarget(of: auditor.operatorAddress, place, audits)
        guard isDuty(auditor, place, task, first: first) else { throw .notDrawn }
        return task.computeUnits
    }
}
