// What an auditor's node asks of the state. It knows no rule: it executes what these list, hashes with their salts,
// commits in the windows that `auditStatus` names, and votes on what `disputes` lists.
import Chain
import Codec
package import Primitives
import Quorum
import Rewards

extension Ledger {
    /// The window that is open now.
    package static func auditPhase(on snapshot: some Snapshot) -> AuditPhase {
        WorkingState(snapshot).require(.auditCalendar, as: AuditCalendar.self).phase
    }

    /// Tasks with a receipt of an epoch (the running one or the one before) that `key` (k_e) draws for the auditor, in
    /// the order of their receipts, from a block on; of at most `limit` receipts looked at. `next` is the first
    /// height that was not looked at: ask again from there. Receipts of the tip are drawn by the next block.
    package static func auditDuties(
        key: Digest, of operatorAddress: Address, from start: (epoch: UInt64, height: Height), limit: Int,
        on snapshot: some Snapshot
    ) -> (duties: [AuditDuty], next: Height) {
        let (epoch, height) = start
        let state = WorkingState(snapshot)
        guard let set: EpochSet = state.load(StateKey.epochSet(epoch)) else { return ([], height) }
        var duties: [AuditDuty] = []
        var (looked, reached, beacon): (Int, Height, Digest?) = (0, height, nil)
        for list in DueReader(epoch, from: height, on: snapshot) {
            if beacon == nil || list.height != reached {
                if looked >= limit { return (duties, list.height) }
                reached = list.height
                beacon = state.load(StateKey.drawBeacon(reached), as: BeaconRecord.self)?.value
            }
            guard let beacon else { return (duties, reached) }
            duties += list.receipts.compactMap {
                duty(key, operatorAddress, $0.place, beacon: beacon, set, state)
            }
            looked += list.receipts.count
        }
        return (duties, looked == 0 ? height : reached.advanced())
    }

    private static func duty(
        _ key: Digest, _ operatorAddress: Address, _ place: TaskPlace, beacon: Digest, _ set: EpochSet,
        _ state: WorkingState
    ) -> AuditDuty? {
        let (task, job) = records(place, state)
        guard let delivered = task.delivered,
            set.isDrawn(
                operatorAddress, word: AuditRound.first.word(key: key, beacon: beacon, place), rate: task.auditRate,
                provider: task.provider)
        else { return nil }
        return AuditDuty(
            place: place, round: .first, job: job, computeUnits: task.computeUnits, delivered: delivered,
            salt: Verdict.salt(beacon: beacon, auditor: operatorAddress, task: place), firstSalts: [],
            admissionSalt: admissionSalt(place, epoch: set.epoch, state))
    }

    static func records(_ place: TaskPlace, _ state: WorkingState) -> (task: TaskRecord, job: JobRecord) {
        guard let task: TaskRecord = state.load(StateKey.task(place)),
            let job: JobRecord = state.load(StateKey.job(place.job))
        else { preconditionFailure("no task \(place)") }
        return (task, job)
    }

    /// Audits of others that `key` (k_e of the judged epoch) draws for the auditor to repeat, ascending by task; at
    /// most `limit`. Empty before the commit window closed.
    package static func recheckDuties(
        key: Digest, of operatorAddress: Address, limit: Int, on snapshot: some Snapshot, view: LedgerView
    ) -> [AuditDuty] {
        let check = AuditCheck(WorkingState(snapshot), view: view)
        guard let epoch = check.judgedEpoch, let beacon = check.calendar.recheckBeacon else { return [] }
        let (state, set) = (check.state, check.epochSet(epoch))
        let rate = view.parameters.rewards.audit.recheck
        var duties: [AuditDuty] = []
        for (place, audits) in AuditedTasks(epoch, on: snapshot) {
            if duties.count >= limit { break }
            let firsts = audits.firsts(for: operatorAddress, place, beacon: beacon)
            if firsts.isEmpty { continue }
            let (task, job) = records(place, state)
            guard let delivered = task.delivered,
                let firstBeacon = check.drawBeacon(of: place, task, with: epoch),
                set.isDrawn(
                    operatorAddress, word: AuditRound.recheck.word(key: key, beacon: beacon, place), rate: rate,
                    provider: task.provider, first: firsts[0])
            else { continue }
            duties.append(
                AuditDuty(
                    place: place, round: .recheck, job: job, computeUnits: task.computeUnits, delivered: delivered,
                    salt: Verdict.salt(beacon: beacon, auditor: operatorAddress, task: place),
                    firstSalts: firsts.map { Verdict.salt(beacon: firstBeacon, auditor: $0, task: place) },
                    admissionSalt: admissionSalt(place, epoch: epoch, state)))
        }
        return duties
    }

    /// Digests of second auditors on tasks of the auditor's own revealed verdicts, ascending by task; at most `limit`
    /// tasks. A second auditor checks the first ones, and who is left to check it are they. A task comes when all that
    /// committed to it have revealed, and at the latest when objections are taken; no task on which all vote anyway.
    package static func digestDuties(
        of operatorAddress: Address, limit: Int, on snapshot: some Snapshot, view: LedgerView
    ) -> [DigestDuty] {
        let check = AuditCheck(WorkingState(snapshot), view: view)
        let phase = check.calendar.phase
        guard let epoch = check.judgedEpoch, phase == .reveal || phase == .open else { return [] }
        var duties: [DigestDuty] = []
        for (place, audits) in AuditedTasks(epoch, on: snapshot) {
            if duties.count >= limit { break }
            guard audits.entries.count > 1,
                phase == .open || !audits.entries.contains(where: { $0.state == .committed }),
                check.state.bytes(StateKey.dispute(place)) == nil
            else { continue }
            let verdicts = BlockExecution.verdicts(audits)
            let own = verdicts.filter { $0.operatorAddress == operatorAddress }
            let others = verdicts.filter { $0.operatorAddress != operatorAddress && $0.round == .recheck }
            guard let beacon = check.calendar.recheckBeacon, !own.isEmpty, !others.isEmpty else { continue }
            let salts = others.map { Verdict.salt(beacon: beacon, auditor: $0.operatorAddress, task: place) }
            duties.append(
                DigestDuty(place: place, epoch: epoch, others: others, salts: salts, isOpen: phase == .open))
        }
        return duties
    }

    /// Open disputes on which the validator may vote and has not; at most `limit`. Those in their last epoch come
    /// first, else ascending by task: whoever opens many of them does not hide others behind what was voted on.
    package static func disputes(
        open operatorAddress: Address, limit: Int, on snapshot: some Snapshot, view: LedgerView
    ) -> [DisputeDuty] {
        let check = AuditCheck(WorkingState(snapshot), view: view)
        var (last, others): ([DisputeDuty], [DisputeDuty]) = ([], [])
        let prefix = [StateTag.dispute.rawValue]
        var next = snapshot.first(.state, from: prefix)
        while let found = next, found.key.starts(with: prefix), last.count < limit {
            next = snapshot.first(.state, from: found.key + [0])
            let place = TaskPlace(keySuffix: found.key)
            guard let dispute: DisputeRecord = check.state.load(found.key),
                dispute.isExtended || others.count < limit,
                check.epochSet(dispute.epoch).member(operatorAddress) != nil,
                check.state.bytes(StateKey.vote(place, of: operatorAddress)) == nil
            else { continue }
            let duty = DisputeDuty(
                place: place, job: records(place, check.state).job, epoch: dispute.epoch,
                salt: Verdict.salt(beacon: dispute.beacon, auditor: operatorAddress, task: place),
                salts: dispute.salts(place), isVoting: dispute.isExtended || check.calendar.phase == .vote)
            if dispute.isExtended { last.append(duty) } else { others.append(duty) }
        }
        return last + others.prefix(limit - last.count)
    }

    /// Where the calendar stands and what the auditor said, so that a node that starts again says nothing twice.
    package static func auditStatus(
        of operatorAddress: Address, on snapshot: some Snapshot, view: LedgerView
    ) -> AuditStatus {
        let check = AuditCheck(WorkingState(snapshot), view: view)
        let (state, running, judged) = (check.state, view.epoch.number, check.judgedEpoch)
        func may(_ epoch: UInt64) -> Bool { check.epochSet(epoch).member(operatorAddress)?.mayAudit == true }
        return AuditStatus(
            phase: check.calendar.phase, runningEpoch: running, judgedEpoch: judged,
            judgedStart: check.calendar.judgedStart, runningStart: view.epoch.startHeight,
            judgedReceipts: check.calendar.judgedReceipts, mayAuditJudged: judged.map(may) ?? false,
            mayAuditRunning: may(running),
            parts: [judged, running].compactMap(\.self).flatMap { parts(of: operatorAddress, epoch: $0, state) },
            isDisclosed: judged.map { state.bytes(StateKey.disclosure($0, of: operatorAddress)) != nil } ?? false)
    }

    private static func parts(
        of operatorAddress: Address, epoch: UInt64, _ state: WorkingState
    ) -> [AuditStatus.Part] {
        state.scan(prefix: StateKey.commits(epoch, of: operatorAddress), as: CommitRecord.self).map { id, record in
            guard let round = AuditRound(rawValue: UInt32(id[0])), let part = UInt32(bigEndian: id.dropFirst()) else {
                preconditionFailure("commit key \(Hex.lower(id))")
            }
            return AuditStatus.Part(
                epoch: epoch, round: round, part: part, root: record.root, isRevealed: record.isRevealed)
        }
    }
}

/// The tasks of an epoch that auditors committed to, ascending, each read when it is asked for.
private struct AuditedTasks<Source: Snapshot>: Sequence, IteratorProtocol {
    private let snapshot: Source
    private let prefix: Bytes
    private var from: Bytes

    init(_ epoch: UInt64, on snapshot: Source) {
        self.snapshot = snapshot
        prefix = [StateTag.taskAudits.rawValue] + epoch.bigEndianBytes
        from = prefix
    }

    mutating func next() -> (place: TaskPlace, audits: TaskAudits)? {
        guard let found = snapshot.first(.state, from: from), found.key.starts(with: prefix),
            let audits: TaskAudits = WorkingState(snapshot).load(found.key)
        else { return nil }
        from = found.key + [0]
        return (TaskPlace(keySuffix: found.key), audits)
    }
}
