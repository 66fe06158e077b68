// What an offence costs (rewards design, section 8). An equivocation burns a part of the stake, unbonding parts
// included, that grows with the stake of all offenders of the window, and excludes for good; once per validator.
import Chain
import Codec
import Primitives
import Quorum
import Rewards

extension BlockExecution {
    mutating func punish(_ evidence: Evidence) {
        switch evidence {
        case .duplicateVote(let votes):
            let offence = EvidenceRecord(
                committed: view.height, offence: votes.voteA.height, offenceTime: votes.timestamp)
            state.store(offence, at: StateKey.evidence(evidence.id))
            punishEquivocation(of: votes.voteA.validatorAddress, evidence: evidence.id)
        }
    }

    mutating func punishEquivocation(of consensusAddress: Address, evidence: Digest) {
        guard let reference: OperatorReference = state.load(StateKey.keyAddress(consensusAddress)),
            let record: ValidatorRecord = state.load(StateKey.validator(reference.operatorAddress))
        else { preconditionFailure("no operator for validator \(consensusAddress), which was in a set") }
        if record.isTombstoned { return }
        exclude(reference.operatorAddress)
        let stake = slashableStake(of: reference.operatorAddress, record)
        let offender = OffenderRecord(epoch: view.epoch.number, stake: stake, charged: .zero, evidence: evidence)
        state.store(offender, at: StateKey.offender(.equivocation, reference.operatorAddress, epoch: view.epoch.number))
        charge(.equivocation, only: reference.operatorAddress)
    }

    /// Tops earlier offenders of the window up to the common rate, and forgets those outside it.
    mutating func topUpOffenders() {
        let days = view.parameters.rewards.periods.correlation
        for offence in [SlashOffence.equivocation, .approvedWrongResult] {
            for (id, record) in offenders(offence) {
                let (end, overflow) = record.epochPlusOne.addingReportingOverflow(view.parameters.epochs(days: days))
                if !overflow && end <= view.epoch.number {
                    state.remove(StateKey.offender(offence, id, epoch: record.epochPlusOne - 1))
                }
            }
            charge(offence, only: nil)
        }
    }

    private func offenders(_ offence: SlashOffence) -> [(operatorAddress: Address, record: OffenderRecord)] {
        state.scan(.offender, as: OffenderRecord.self).compactMap { id, record in
            guard id.first == UInt8(offence.rawValue), let address = Address(id.dropFirst().prefix(20)) else {
                return nil
            }
            return (address, record)
        }
    }

    private mutating func charge(_ offence: SlashOffence, only operatorAddress: Address?) {
        let slashing = view.parameters.rewards.slashing
        let all = offenders(offence)
        let due: [Amount]
        do throws(ArithmeticError) {
            due = try Rewards.Rule.slashTopUp(
                all.map { Offender(stake: $0.record.stake, charged: $0.record.charged) },
                base: offence.baseRate(slashing) ?? 0, totalStake: max(count.bonded, Amount(1)),
                multiplier: slashing.correlationMultiplier)
        } catch {
            preconditionFailure("the slash rate of \(offence): \(error)")
        }
        for ((offender, record), amount) in zip(all, due)
        where amount > .zero && (operatorAddress == nil || operatorAddress == offender) {
            var record = record
            record.charged = record.charged.credited(amount)
            state.store(record, at: StateKey.offender(offence, offender, epoch: record.epochPlusOne - 1))
            let isNew = offence == .approvedWrongResult && record.epochPlusOne == view.epoch.number + 1
            let claim = isNew ? judgement.claims.removeValue(forKey: offender) : nil
            take(amount, from: SlashKey(account: offender, offence: offence, evidence: record.evidence), claim)
        }
    }

    /// A row of this epoch's slash table; what is not the reporter's or the injured ones' is burned. A second charge
    /// for one offence joins the first.
    mutating func addSlash(
        _ key: SlashKey, _ amount: Amount, reporter: Amount = .zero, injured: Amount = .zero
    ) {
        let place = StateKey.pendingSlash(key)
        let before: SlashRow? = state.load(place)
        do throws(ArithmeticError) {
            let row = try SlashRow(
                key: key, amount: amount.credited(before?.amount ?? .zero),
                reporter: reporter.credited(before?.reporter ?? .zero),
                injured: injured.credited(before?.injured ?? .zero))
            state.store(row, at: place)
        } catch {
            preconditionFailure("a slash row with parts above its amount: \(error)")
        }
    }
}
