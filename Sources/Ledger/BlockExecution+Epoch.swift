// The last block H of an epoch, in the order of the rewards design, section 9: top-ups, settlement, tables, then the
// bonds move, and the validator set that decides from H + 2 on is drawn from them (formats A3).
import Chain
import Codec
import Cryptography
import Primitives
import Quorum
import Rewards

extension BlockExecution {
    /// Counts this block for the epoch it belongs to.
    mutating func countBlock() {
        guard let proposer = block.header.proposerAddress, let seat = view.seating.seat(of: proposer) else {
            preconditionFailure("a checked block has a proposer in the set")
        }
        let included = zip(view.tipSeating.seats, block.lastCommit.signatures)
            .filter { $0.1.flag == .commit }.map(\.0.operatorAddress)
        count.count(proposer: seat.operatorAddress, included: included)
    }

    /// The seating that this block created; nil when the set stays as it is.
    mutating func endEpochIfDue() -> Seating? {
        // Its time is over, and so are the windows of its judgement: after a halt nobody is paid unaudited, or absent
        // from a vote for which there was no block.
        let isOver = view.parameters.rewards.calendar.epochEnds(
            started: view.epoch.startTime, now: block.header.time, blocks: count.blocks)
        guard isOver && calendar.phase == .closed else {
            state.store(count, .epochCount)
            return nil
        }
        closeDeferred()
        closeDisputes()
        closeAdmissions()
        topUpOffenders()
        judgeDuties()
        judgeAttendance()
        jailOffenders()
        drawAgain()
        settle()
        moveBonds()
        releaseProviderBonds()
        forgetOldEvidence()
        turnAudits()
        turnChallenges()
        turnGovernance()
        state.store(
            EpochRecord(
                number: view.epoch.number + 1, startHeight: view.height.advanced(), startTime: block.header.time),
            .epoch)
        let members = eligible()
        state.store(
            EpochCount(
                members: members.map { EpochCount.Member(operatorAddress: $0.operatorAddress, stake: $0.stake) },
                burnedBefore: supply.burned,
                bonded: validators().reduce(.zero) { $0.credited($1.record.bond) }), .epochCount)
        storeEpochSet(members)
        guard let seating = seating(members), seating.seats != view.nextSeating.seats else { return nil }
        state.store(seating, at: StateKey.seating(since: seating.activeSince))
        return seating
    }

    // MARK: Settlement

    private mutating func settle() {
        let parameters = view.parameters.rewards
        let outcome: SettlementOutcome
        let providers: SettledProviders
        do throws(SettlementError) {
            var tally = try tally()
            providers = try settleTasks(into: &tally)
            // What checked panels take is taken there.
            tally.slashes = state.scan(.pendingSlash, as: SlashRow.self).map(\.record)
            // Refunds of settled tasks may have moved the credit pool.
            let pools = state.require(.pools, as: PoolRecord.self).state(supply, parameters)
            outcome = try Settlement.settle(tally, pools, parameters)
        } catch {
            preconditionFailure("epoch \(view.epoch.number) cannot be settled: \(error)")
        }
        let tables = outcome.tables
        pay(tables.rewards, vesting: outcome.providers, to: providers.all)
        apply(outcome.providers, moving: providers.moving)
        holdPanelPay()
        for validator in outcome.validators { store(validator) }
        let record = PoolRecord(outcome.pools)
        state.store(record, .pools)
        (supply.minted, supply.burned) = (outcome.pools.mintedTotal, outcome.pools.burnedTotal)
        (supply.reserve, supply.pools) = (outcome.pools.reserve, record.held)
        let stored = tables.stored(epoch: view.epoch.number, on: snapshot)
        rows = stored.writes
        let summary = EpochSummary(
            tables, roots: stored.roots, height: view.height,
            issued: (outcome.minted, supply.burned.debited(count.burnedBefore)))
        state.store(summary, at: StateKey.epochSummary(view.epoch.number))
        for row in tables.slashes { state.remove(StateKey.pendingSlash(row.key)) }
    }

    private mutating func store(_ outcome: ValidatorOutcome) {
        let key = StateKey.validator(outcome.account)
        guard var record: ValidatorRecord = state.load(key) else {
            preconditionFailure("settled validator \(outcome.account) has no record")
        }
        supply.bonds = supply.bonds.debited(Amount(record.delegations.owed))
            .credited(Amount(outcome.delegations.owed))
        (record.delegations, record.own) = (outcome.delegations, outcome.own)
        state.store(record, at: key)
    }

    private func tally() throws(SettlementError) -> EpochTally {
        var tally = EpochTally()
        (tally.blocks, tally.totalStake) = (count.blocks, count.totalStake)
        let perDay = view.parameters.rewards.calendar.epochsPerDay
        tally.endsDay = (view.epoch.number + 1) % perDay == 0
        for (_, record) in validators() { tally.bondedNow = tally.bondedNow.credited(record.bond) }
        let judged = judgedSet()
        for member in count.members {
            guard let record: ValidatorRecord = state.load(StateKey.validator(member.operatorAddress)) else {
                preconditionFailure("counted validator \(member.operatorAddress) has no record")
            }
            var validator = ValidatorTally(account: member.operatorAddress, stake: member.stake)
            (validator.blocksProposed, validator.precommitsIncluded) = (
                member.blocksProposed, member.precommitsIncluded
            )
            (validator.includedStake, validator.delegations) = (member.includedStake, record.delegations)
            validator.own = record.own
            validator.commission = min(
                stakeTerms(member.operatorAddress).commission(in: view.epoch.number),
                view.parameters.rewards.validation.commissionMax)
            if record.isTombstoned { validator.withhold(.tombstoned) }
            countAudits(of: &validator, judged)
            try tally.add(validator)
        }
        for member in judged?.members ?? [] where count.index(of: member.operatorAddress) == nil {
            try tally.add(former(member, judged))
        }
        for prisoner in idlePrisoners(besides: judged) {
            try tally.add(former(EpochSet.Member(operatorAddress: prisoner, stake: .zero, mayAudit: false), judged))
        }
        tally.dues = judgement.rows
        return tally
    }

    // MARK: The next set

    /// Who may hold a seat, ascending by operator: the largest stakes where there are more than seats.
    private func eligible() -> [SetMember] {
        let least = view.parameters.rewards.validation.stakeToStay
        var all = validators().filter { !$0.record.isTombstoned && !isJailed($0.operatorAddress) }
            .map { SetMember(operatorAddress: $0.operatorAddress, record: $0.record, stake: selfBonded($0.record)) }
            .filter { $0.stake >= least }
        if all.count > Limits.validatorsMax {
            all.sort { left, right in
                left.stake == right.stake ? left.operatorAddress < right.operatorAddress : left.stake > right.stake
            }
            all = all.prefix(Limits.validatorsMax).sorted { $0.operatorAddress < $1.operatorAddress }
        }
        return effective(all)
    }

    /// nil when nobody may validate, and then the old set goes on.
    private func seating(_ members: [SetMember]) -> Seating? {
        if members.isEmpty { return nil }
        let seats = members.map {
            Seat(operatorAddress: $0.operatorAddress, keys: $0.record.keys, power: $0.stake.votingPower)
        }
        do { return try Seating(seats, activeSince: view.height.advanced(by: 2)) } catch {
            preconditionFailure("the bonds make no validator set: \(error)")
        }
    }

    /// Committed evidence that is too old to be taken again, and sets that only such evidence could need.
    private mutating func forgetOldEvidence() {
        let seatings = state.scan(.seating, as: Seating.self).map(\.record.activeSince)
        for (old, successor) in zip(seatings, seatings.dropFirst()) {
            guard let header = Ledger.header(at: successor, on: snapshot),
                Ledger.isExpired(height: header.height, time: header.time, on: view)
            else { break }
            state.remove(StateKey.seating(since: old))
        }
        for (id, record) in state.scan(.evidence, as: EvidenceRecord.self)
        where Ledger.isExpired(height: record.offence, time: record.offenceTime, on: view) {
            state.remove([StateTag.evidence.rawValue] + id)
        }
    }
}
