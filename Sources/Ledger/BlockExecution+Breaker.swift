// The breaker (rewards design, section 8): an engine that gives many honest validators a wrong result must not burn
// their stake. Its slashes wait; more than 2/3 of the stake may say that the engine is at fault, else they are
// executed.
// Invariant: a deferred slash has moved no money; what it will take cannot leave before.
import Chain
import Primitives
import Quorum
import Rewards

extension BlockExecution {
    // MARK: Trips

    /// Adds the losing sides of this epoch's decisions to their engines' day, and finds whose slashes are to wait.
    mutating func noteLosses(_ decisions: [DisputeDecision]) {
        let day = view.epoch.number / max(1, view.parameters.rewards.calendar.epochsPerDay)
        for decision in decisions {
            guard let losers = decision.losers, !losers.isEmpty else { continue }
            let engine = decision.disputed.job.request.engineID
            let known: EngineLossRecord? = state.load(StateKey.engineLoss(engine))
            var loss = known.flatMap { $0.day == day ? $0 : nil } ?? EngineLossRecord(day: day)
            for loser in losers { loss.add(loser, stake: decision.set.member(loser)?.stake ?? .zero) }
            state.store(loss, at: StateKey.engineLoss(engine))
        }
        for (id, loss) in state.scan(.engineLoss, as: EngineLossRecord.self) {
            guard let engine = Digest(id) else { preconditionFailure("engine key \(Hex.lower(id))") }
            if loss.day != day {
                state.remove(StateKey.engineLoss(engine))
            } else if Rewards.Rule.breakerTrips(
                operators: UInt64(loss.losers.count), losingStake: loss.stake, totalStake: count.totalStake,
                rules: view.parameters.rewards.slashing)
            {
                judgement.tripped.insert(engine)
            }
        }
    }

    /// A wrong provider whose slash waits: only the disputed pay is lost at once.
    mutating func postpone(_ truth: DisputeSide, on disputed: DisputedTask, _ reporter: Address?) {
        let record = DeferredSlashRecord(
            task: disputed.place, amount: providerSlash(disputed), reporter: reporter,
            voters: zip(truth.voters, truth.stakes).map { EngineLossRecord.Loser($0, stake: $1) })
        wait(.wrongResult, of: disputed.task.provider, record, on: disputed)
        judgement.withhold(.deferredByBreaker, from: disputed.task.provider)
        if disputed.task.state == .delivered { refuse(disputed.place, as: .forfeited) }
    }

    /// Of validators, by their stake at the offence. The first of them pays the voters, as it would at once.
    mutating func postpone(_ losers: DisputeLosers, _ claim: VoterClaim?, on disputed: DisputedTask) {
        var claim = claim
        let all =
            losers.results.map { (SlashOffence.approvedWrongResult, $0) }
            + losers.digests.map { (SlashOffence.wrongDigest, $0) }
        for (offence, validator) in all {
            guard let stake = slashableStake(of: validator) else { continue }
            let voters = claim.map { zip($0.voters, $0.stakes).map { EngineLossRecord.Loser($0, stake: $1) } } ?? []
            let record = DeferredSlashRecord(
                task: disputed.place, amount: stake, reporter: claim?.reporter, voters: voters)
            wait(offence, of: validator, record, on: disputed)
            claim = nil
        }
    }

    private mutating func wait(
        _ offence: SlashOffence, of account: Address, _ record: DeferredSlashRecord, on disputed: DisputedTask
    ) {
        let days = view.parameters.rewards.slashing.breakerDays
        let (due, overflow) = view.epoch.number.addingReportingOverflow(view.parameters.epochs(days: days))
        let key = DeferredSlashKey(
            engine: disputed.job.request.engineID, due: overflow ? .max : due,
            slash: SlashKey(account: account, offence: offence, evidence: disputed.id))
        state.store(record, at: key.bytes)
        lock(account, by: 1)
    }

    // MARK: Locks

    func isLocked(_ account: Address) -> Bool { state.bytes(StateKey.lock(account)) != nil }

    private mutating func lock(_ account: Address, by change: Int64) {
        let before = state.load(StateKey.lock(account), as: LockRecord.self)?.slashes ?? 0
        let after = change < 0 ? before - min(before, 1) : before + 1
        if after == 0 {
            state.remove(StateKey.lock(account))
        } else {
            state.store(LockRecord(slashes: after), at: StateKey.lock(account))
        }
    }

    // MARK: Declarations

    mutating func perform(_ declaration: DeclareEngine, by sender: Address) throws(Rule) {
        guard count.index(of: sender) != nil else { throw .notAValidator }
        let engine = declaration.engineID
        guard !state.keys(prefix: StateKey.deferredSlashes(of: engine)).isEmpty else { throw .engineNotDeferred }
        let key = StateKey.declaration(engine, by: sender)
        guard state.bytes(key) == nil else { throw .engineDeclared }
        state.store(DeclarationRecord(view.height), at: key)
    }

    /// More than 2/3 of the stake at the start of the epoch.
    private func isDeclaredFaulty(_ engine: Digest) -> Bool {
        var stake: UInt128 = 0
        for (id, _) in state.scan(prefix: StateKey.declarations(of: engine), as: DeclarationRecord.self) {
            guard let operatorAddress = Address(id), let index = count.index(of: operatorAddress) else { continue }
            stake += UInt128(count.members[index].stake.units)
        }
        return 3 * stake > 2 * UInt128(count.totalStake.units)
    }

    // MARK: The end of an epoch

    /// Drops what waits for an engine at fault, and executes what has waited long enough.
    mutating func closeDeferred() {
        let waiting = state.scan(.deferredSlash, as: DeferredSlashRecord.self)
            .map { (key: DeferredSlashKey($0.id), record: $0.record) }
        let engines = Set(waiting.map(\.key.engine))
        let faulty = engines.filter(isDeclaredFaulty)
        for entry in waiting where faulty.contains(entry.key.engine) || entry.key.due <= view.epoch.number {
            state.remove(entry.key.bytes)
            if !faulty.contains(entry.key.engine) { execute(entry.record, entry.key.slash) }
            // After the slash: what was unlocked meanwhile is not out of its reach.
            lock(entry.key.slash.account, by: -1)
        }
        for engine in engines where state.keys(prefix: StateKey.deferredSlashes(of: engine)).isEmpty {
            for key in state.keys(prefix: StateKey.declarations(of: engine)) { state.remove(key) }
        }
    }

    private mutating func execute(_ record: DeferredSlashRecord, _ slash: SlashKey) {
        let (task, job) = (requireTask(record.task), requireJob(record.task.job))
        let (voters, stakes) = (record.voters.map(\.operatorAddress), record.voters.map(\.stake))
        let claim = VoterClaim(
            computeUnits: task.computeUnits,
            price: AuditCheck(state, view: view, calendar: calendar).workPrice(of: job), voters: voters, stakes: stakes,
            reporter: record.reporter, evidence: slash.evidence)
        let claimed = voters.isEmpty && record.reporter == nil ? nil : claim
        switch slash.offence {
        case .approvedWrongResult:
            if punishApproval(by: slash.account, evidence: slash.evidence, stake: record.amount) {
                judgement.claims[slash.account] = claimed
            }
        case .wrongDigest:
            punishDigest(of: slash.account, evidence: slash.evidence, stake: record.amount, claimed)
        default:
            punishProvider(
                ProvenFraud(
                    evidence: slash.evidence, provider: slash.account, computeUnits: task.computeUnits, job: job,
                    due: record.amount, voters: voters, stakes: stakes, reporter: record.reporter))
        }
    }
}
