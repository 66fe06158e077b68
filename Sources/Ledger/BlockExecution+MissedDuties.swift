// Duties that were missed (rewards design, sections 7.5 and 8): proofs as they come, and at the end of the epoch what
// they cost and who audits the tasks instead.
// Invariant: only what is proven costs anything; a claim in a disclosure alone never does.
import Chain
import Cryptography
import Primitives
import Quorum
import Rewards

extension BlockExecution {
    private var auditing: AuditCheck { AuditCheck(state, view: view, calendar: calendar) }

    /// Proven by an account, which pays for the bytes itself.
    mutating func perform(_ missed: MissedDuties, by sender: Address) throws(Rule) {
        do throws(Rule) { try prove(missed, by: sender) } catch {
            if error == .dutyProvenBefore { throw .dutyProven }
            throw error.isChargedToAuthor ? .dutyUnproven : error
        }
    }

    mutating func prove(_ missed: MissedDuties, by reporter: Address) throws(Rule) {
        let fresh = try auditing.check(missed)
        for entry in fresh {
            state.store(
                MissedRecord(reporter: reporter, height: view.height),
                at: StateKey.missed(missed.epoch, by: missed.auditor, missed.round, entry.place))
        }
        let units = fresh.reduce(UInt64(0)) { $0 + $1.computeUnits }
        countMissed(UInt32(fresh.count), units: units, by: missed.auditor, epoch: missed.epoch)
    }

    private mutating func countMissed(_ duties: UInt32, units: UInt64, by auditor: Address, epoch: UInt64) {
        let key = StateKey.disclosure(epoch, of: auditor)
        guard var record: DisclosureRecord = state.load(key) else { return }
        record.missed += duties
        record.missedUnits += units
        state.store(record, at: key)
    }

    // MARK: The end of an epoch

    mutating func judgeDuties() {
        guard let judged = judgedSet() else { return }
        judgeRedraws(judged.epoch)
        for member in judged.members where member.mayAudit {
            if let record: DisclosureRecord = state.load(StateKey.disclosure(judged.epoch, of: member.operatorAddress))
            {
                judgeMisses(of: member.operatorAddress, record, epoch: judged.epoch)
                countDuties(of: member.operatorAddress, record, epoch: judged.epoch)
            } else if isKeyOverdue {
                judgement.undisclosed.insert(member.operatorAddress)
                judgement.jailings.insert(member.operatorAddress)
            }
        }
    }

    /// The judged epoch had a receipt that a key could draw, and there was a window to disclose the key.
    var isKeyOverdue: Bool { calendar.judgedReceipts > 0 && calendar.phase >= .open }

    /// A duty in another's place that was not done either is missed without a proof: the state names who has it.
    private mutating func judgeRedraws(_ epoch: UInt64) {
        for (id, redraw) in state.scan(.redraw, as: RedrawRecord.self) where redraw.epoch == epoch {
            let place = TaskPlace(keySuffix: id)
            let audits: TaskAudits? = state.load(StateKey.taskAudits(epoch, place))
            let isDone = audits?.entry(of: redraw.auditor, .first)?.state.counts == true
            if isDone || state.bytes(StateKey.dispute(place)) != nil || calendar.phase < .open { continue }
            countMissed(1, units: requireTask(place).computeUnits, by: redraw.auditor, epoch: epoch)
            judgement.missed[place, default: []].formUnion(redraw.missed + [redraw.auditor])
        }
    }

    /// Tasks whose first audit was missed are drawn again.
    private mutating func judgeMisses(of auditor: Address, _ record: DisclosureRecord, epoch: UInt64) {
        if record.missed == 0 { return }
        let first = StateKey.missed(epoch, by: auditor) + [UInt8(AuditRound.first.rawValue)]
        for (id, _) in state.scan(prefix: first, as: MissedRecord.self) {
            judgement.missed[TaskPlace(keySuffix: id), default: []].insert(auditor)
        }
    }

    /// Over epochs, until there are enough duties to judge by.
    private mutating func countDuties(of auditor: Address, _ record: DisclosureRecord, epoch: UInt64) {
        if record.duty == 0 { return }
        let key = StateKey.dutyCount(auditor)
        var count: DutyCountRecord = state.load(key) ?? DutyCountRecord(duty: record.duty, done: record.done)
        count.add(record)
        let isNegligent = count.isNegligent(view.parameters.rewards.audit)
        state.store(count, at: key)
        if isNegligent { punishNegligence(of: auditor, epoch: epoch) }
    }

    private mutating func punishNegligence(of auditor: Address, epoch: UInt64) {
        var reporters: [Address: UInt64] = [:]
        for (_, proof) in state.scan(prefix: StateKey.missed(epoch, by: auditor), as: MissedRecord.self) {
            reporters[proof.reporter, default: 0] += 1
        }
        judgement.jailings.insert(auditor)
        let evidence = Self.evidence("missed_duties", of: auditor, epoch: epoch)
        let own = ownShare(of: auditor)
        let taken = takeFlat(.missedDuties, from: auditor)
        let paid = payReporters(reporters, of: taken, own: own, evidence: evidence)
        supply.burned = supply.burned.credited(taken.debited(paid))
        addSlash(SlashKey(account: auditor, offence: .missedDuties, evidence: evidence), taken, reporter: paid)
    }

    /// The operator's shares, and all shares behind its validator.
    func ownShare(of operatorAddress: Address) -> (own: UInt64, all: UInt64) {
        let record: ValidatorRecord? = state.load(StateKey.validator(operatorAddress))
        return (record?.own.shares ?? 0, record?.delegations.shares ?? 0)
    }

    /// The reporter's part of a slash, by the duties that each proved. Returns what was paid.
    private mutating func payReporters(
        _ reporters: [Address: UInt64], of slash: Amount, own: (own: UInt64, all: UInt64), evidence: Digest
    ) -> Amount {
        if reporters.isEmpty { return .zero }
        let accounts = reporters.keys.sorted()
        do throws(ArithmeticError) {
            let lost = own.all == 0 ? slash : Amount(try slash.units.scaled(by: own.own, over: own.all))
            let part = try Rewards.Rule.reporterShare(
                slash: slash, ownBondLost: lost, rules: view.parameters.rewards.slashing
            ).reporter
            let shares = try Rewards.Rule.poolShare(
                inflow: part, carry: .zero, weights: accounts.map { UInt128(reporters[$0] ?? 0) })
            for (account, share) in zip(accounts, shares.shares) {
                judgement.pay(share, to: account, .reporter, evidence: evidence)
            }
            return try part.subtracting(shares.carry)
        } catch {
            preconditionFailure("the reporters' part of \(slash): \(error)")
        }
    }

    /// Who proved what the auditor missed, ascending by account.
    func proofs(of auditor: Address, epoch: UInt64) -> [DutyProof] {
        var units: [Address: UInt64] = [:]
        for (id, proof) in state.scan(prefix: StateKey.missed(epoch, by: auditor), as: MissedRecord.self) {
            units[proof.reporter, default: 0] += requireTask(TaskPlace(keySuffix: id)).computeUnits
        }
        return units.keys.sorted().map { DutyProof(reporter: $0, computeUnits: units[$0] ?? 0) }
    }

    // MARK: Redraws

    /// Names auditors for missed tasks, and at their share of the rate for those of auditors that disclosed no key.
    mutating func drawAgain() {
        guard let judged = judgedSet(), !judgement.missed.isEmpty || !judgement.undisclosed.isEmpty else { return }
        let beacon: BeaconRecord = state.require(.beacon)
        let draw = ForcedDraw(
            beacon: beacon.value, candidates: forcedCandidates(), undisclosed: judgement.undisclosed, judged: judged)
        let lists = state.dueLists(upTo: judged.epoch)
        for (due, receipt) in lists.lazy.flatMap({ list in list.receipts.lazy.map { (list.epoch, $0) } }) {
            let place = receipt.place
            if state.bytes(StateKey.dispute(place)) != nil { continue }
            var missed = judgement.missed[place] ?? []
            if due == judged.epoch, draw.isMissed(place, rate: requireTask(place).auditRate, receipt.provider) {
                missed.formUnion(judgement.undisclosed)
            }
            guard !missed.isEmpty, let auditor = draw.auditor(of: place, besides: missed.union([receipt.provider]))
            else { continue }
            judgement.redrawn.insert(place)
            state.store(
                RedrawRecord(
                    epoch: view.epoch.number, auditor: auditor, beacon: beacon.value, due: due,
                    missed: missed.sorted()), at: StateKey.redraw(place))
        }
    }

    /// Whose keys count in the running epoch and who stay in the next: they judge the running epoch then.
    private func forcedCandidates() -> [EpochSet.Member] {
        auditing.epochSet(view.epoch.number).members.filter { member in
            guard member.mayAudit, !isJailed(member.operatorAddress),
                let record: ValidatorRecord = state.load(StateKey.validator(member.operatorAddress))
            else { return false }
            return !record.isTombstoned && selfBonded(record) >= view.parameters.rewards.validation.stakeToStay
        }
    }
}

/// Public draws at the end of an epoch: its last block's beacon was unknown while duties could be done.
private struct ForcedDraw {
    let beacon: Digest
    /// Ascending by operator.
    let candidates: [EpochSet.Member]
    let undisclosed: Set<Address>
    let judged: EpochSet

    /// The task might have been a duty of an auditor whose key nobody knows: drawn at the rate of all their stake.
    func isMissed(_ place: TaskPlace, rate: UInt64, _ provider: Address) -> Bool {
        let seed = Hash.sha256([Bytes("redraw".utf8), beacon.bytes, place.bytes])
        guard let word = UInt64(bigEndian: seed.bytes.prefix(8)) else { preconditionFailure("8 bytes of 32") }
        return judged.isDrawn(anyOf: undisclosed, word: word, rate: rate, provider: provider)
    }

    /// By stake; nil where nobody is left.
    func auditor(of place: TaskPlace, besides excluded: Set<Address>) -> Address? {
        let left = candidates.filter { !excluded.contains($0.operatorAddress) }
        let total = left.reduce(UInt128(0)) { $0 + UInt128($1.stake.units) }
        guard total > 0 else { return nil }
        let seed = Hash.sha256([Bytes("forced".utf8), beacon.bytes, place.bytes])
        guard let number = UInt128(bigEndian: seed.bytes.prefix(16)) else { preconditionFailure("16 bytes of 32") }
        // floor(number * total / 2^128) is below total.
        var rest = number.multipliedFullWidth(by: total).high
        for member in left {
            if rest < UInt128(member.stake.units) { return member.operatorAddress }
            rest -= UInt128(member.stake.units)
        }
        return nil
    }
}
