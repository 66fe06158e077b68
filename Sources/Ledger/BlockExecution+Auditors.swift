// The turn of an epoch for auditors: what they are paid by, what is forgotten, and who audits the epoch that begins.
import Chain
import Primitives
import Rewards

extension BlockExecution {
    /// The set of the epoch that is settled now; nil at the end of epoch 0.
    func judgedSet() -> EpochSet? {
        view.epoch.number == 0
            ? nil : AuditCheck(state, view: view, calendar: calendar).epochSet(view.epoch.number - 1)
    }

    /// Duties of the judged epoch; in epoch 0, where none is judged, the audit pool goes by stake.
    /// A key must be disclosed if there was a receipt that it could draw, and a window to do so.
    func countAudits(of validator: inout ValidatorTally, _ judged: EpochSet?) {
        if judgement.absent.contains(validator.account) { validator.withhold(.absentFromVote) }
        guard let judged else {
            validator.mayAudit = true
            return
        }
        guard let member = judged.member(validator.account), member.mayAudit else { return }
        (validator.mayAudit, validator.auditStake) = (true, member.stake)
        let isDisclosed = state.bytes(StateKey.disclosure(judged.epoch, of: validator.account)) != nil
        if !isDisclosed && isKeyOverdue {
            validator.withhold(.auditKeyUndisclosed)
            return
        }
        // Without a duty in this epoch the last ones decide: else a missed one would cost one epoch's part, where all
        // the epochs up to the next one pay for it.
        let count: DutyCountRecord? = state.load(StateKey.dutyCount(validator.account))
        (validator.duty, validator.done) = (count?.duty ?? 0, count?.done ?? 0)
        if isDisclosed { validator.proofs = proofs(of: validator.account, epoch: judged.epoch) }
    }

    /// A member of the judged set that is none of the running one; its audits are paid.
    func former(_ member: EpochSet.Member, _ judged: EpochSet?) -> ValidatorTally {
        guard let record: ValidatorRecord = state.load(StateKey.validator(member.operatorAddress)) else {
            preconditionFailure("former validator \(member.operatorAddress) has no record")
        }
        var validator = ValidatorTally(account: member.operatorAddress, stake: .zero)
        (validator.delegations, validator.own) = (record.delegations, record.own)
        if record.isTombstoned { validator.withhold(.tombstoned) }
        if isJailed(member.operatorAddress) { validator.withhold(.jailed) }
        countAudits(of: &validator, judged)
        return validator
    }

    /// Forgets what was said about the judged epoch, and begins to judge the one that ends.
    mutating func turnAudits() {
        let epoch = view.epoch.number
        if epoch > 0 {
            for tag in [StateTag.auditCommit, .taskAudits, .disclosure, .missedDuty] {
                for key in state.keys(prefix: [tag.rawValue] + (epoch - 1).bigEndianBytes) { state.remove(key) }
            }
            let last = view.epoch.startHeight.lowered()
            for (id, _) in state.range(
                .drawBeacon, upTo: last.value.bigEndianBytes, limit: .max, as: BeaconRecord.self)
            {
                state.remove([StateTag.drawBeacon.rawValue] + id)
            }
        }
        // A dispute that is extended now is voted on by the set of the epoch before.
        if epoch > 1 { state.remove(StateKey.epochSet(epoch - 2)) }
        calendar.turn(at: view.height, time: block.header.time, start: view.epoch.startHeight)
    }

    /// Keys count one full epoch after their registration; the first ones at once.
    mutating func storeEpochSet(_ members: [SetMember]) {
        let epoch = view.epoch.number + 1
        let before = AuditCheck(state, view: view, calendar: calendar).epochSet(epoch - 1)
        let set = EpochSet(
            epoch: epoch,
            members: members.map { member in
                EpochSet.Member(
                    operatorAddress: member.operatorAddress, stake: member.stake,
                    mayAudit: before.member(member.operatorAddress)?.mayAudit == true
                        || (epoch >= 2 && member.record.registeredEpoch <= epoch - 2))
            })
        state.store(set, at: StateKey.epochSet(epoch))
    }
}
