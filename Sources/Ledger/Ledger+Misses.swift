// What an auditor's node asks of the state about duties that were missed: which it must do in another's place, and
// which others missed in the judged epoch.
package import Chain
import Codec
package import Primitives
import Quorum
import Rewards

extension Ledger {
    /// Tasks of earlier epochs that are drawn again and must be audited by `operatorAddress` with the judged epoch's.
    package static func redrawDuties(
        of operatorAddress: Address, on snapshot: some Snapshot, view: LedgerView
    ) -> [AuditDuty] {
        let check = AuditCheck(WorkingState(snapshot), view: view)
        return check.state.scan(.redraw, as: RedrawRecord.self).compactMap { id, redraw in
            let place = TaskPlace(keySuffix: id)
            guard redraw.epoch == check.judgedEpoch, redraw.auditor == operatorAddress else { return nil }
            let (task, job) = records(place, check.state)
            guard let delivered = task.delivered, task.state == .delivered else { return nil }
            return AuditDuty(
                place: place, round: .first, job: job, computeUnits: task.computeUnits, delivered: delivered,
                salt: Verdict.salt(beacon: redraw.beacon, auditor: operatorAddress, task: place), firstSalts: [])
        }
    }

    /// Duties of the judged epoch that auditors with a disclosed key missed and that nobody has proven: at most `limit`
    /// of them, by auditor and round. Empty before the reveals are over.
    package static func missedDuties(
        besides own: Address, limit: Int, on snapshot: some Snapshot, view: LedgerView
    ) -> [MissedDuties] {
        let check = AuditCheck(WorkingState(snapshot), view: view)
        guard let epoch = check.judgedEpoch, check.calendar.phase >= .open else { return [] }
        let auditors = knownAuditors(epoch, check).filter { $0.operatorAddress != own }
        var missed = [[TaskPlace]](repeating: [], count: auditors.count)
        var count = 0
        for receipt in DueReader(epoch, from: .zero, on: snapshot).lazy.flatMap(\.receipts) where count < limit {
            guard let judged = check.judged(receipt.place, with: epoch) else { continue }
            for (index, auditor) in auditors.enumerated() where isMissed(judged, by: auditor, check) {
                missed[index].append(judged.place)
                count += 1
            }
        }
        return zip(auditors, missed).flatMap { auditor, places in
            parts(places.sorted { ($0.job, $0.index) < ($1.job, $1.index) }).map {
                MissedDuties(epoch: epoch, auditor: auditor.operatorAddress, round: auditor.round, tasks: $0)
            }
        }
    }

    private static func parts(_ places: [TaskPlace]) -> [[TaskPlace]] {
        stride(from: 0, to: places.count, by: AuditLimits.verdictsMax).map {
            Array(places[$0..<min($0 + AuditLimits.verdictsMax, places.count)])
        }
    }

    private static func isMissed(_ judged: JudgedTask, by auditor: KnownAuditor, _ check: AuditCheck) -> Bool {
        do throws(Rule) { _ = try check.missedUnits(judged, by: auditor) } catch { return false }
        let proof = StateKey.missed(auditor.set.epoch, by: auditor.operatorAddress, auditor.round, judged.place)
        return check.state.bytes(proof) == nil
    }

    private static func knownAuditors(_ epoch: UInt64, _ check: AuditCheck) -> [KnownAuditor] {
        let set = check.epochSet(epoch)
        return set.members.flatMap { member -> [KnownAuditor] in
            guard let key = check.disclosedKey(epoch, of: member.operatorAddress) else { return [] }
            return AuditRound.allCases.map {
                KnownAuditor(operatorAddress: member.operatorAddress, key: key, round: $0, set: set)
            }
        }
    }

    /// Without the tasks that somebody has proven.
    package static func unproven(_ list: [MissedDuties], on snapshot: some Snapshot) -> [MissedDuties] {
        let state = WorkingState(snapshot)
        return list.compactMap { missed in
            let open = missed.tasks.filter {
                state.bytes(StateKey.missed(missed.epoch, by: missed.auditor, missed.round, $0)) == nil
            }
            if open.isEmpty { return nil }
            return MissedDuties(epoch: missed.epoch, auditor: missed.auditor, round: missed.round, tasks: open)
        }
    }
}
