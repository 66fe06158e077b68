// A market with auditors: validators 0 to 3 do their duty block by block, each in its own manner, from what the ledger
// lists. Task `index` has the result of `MarketChain.result`, and "memory" as its final memory.
import Chain
import Cryptography
import Ledger
import Primitives
import ProgramRules
import Quorum
import Rewards
import Testing

struct AuditChain {
    /// How a validator comes to its verdicts and votes.
    enum Manner {
        case honest
        /// Copies the receipt and invents the digest.
        case copying
        /// Executes, and gets something else than the receipts say.
        case diverging
        /// The same in every second task: those of even numbers, or the others.
        case uneven
        case odd
        /// Says nothing at all.
        case silent
        /// Audits, but does not vote.
        case absent
        /// Copies the receipt, but executes what is in dispute.
        case copyingAudits
        /// Discloses its key and has no verdict on anything.
        case forgetful
        /// Forgets the first of its first round's duties.
        case sloppy
        /// Repeats no digest of those it checks.
        case tacit
        /// As a second auditor it says that the first ones' right digests are wrong.
        case misquoting
        /// Commits to every task, drawn or not.
        case crowding
        /// Says nothing of answers of admission.
        case bare
        /// Is wrong about answers of admission alone.
        case misjudging
        /// As a second auditor it knows from accomplices what the first ones' digests are, and makes its own up.
        case borrowingInRechecks
        /// Objects to a digest that is right.
        case slandering
    }

    struct PartID: Hashable {
        let auditor: UInt8
        let epoch: UInt64
        let round: AuditRound
    }

    /// The local network's own calendar: 20 blocks of a second. Providers answer `admissionTasks` before their first
    /// paid one.
    static func settings(admissionTasks: UInt64) -> [Setting] {
        var rewards = Parameters.local
        rewards.audit.admissionTasks = admissionTasks
        return LedgerParameters(rewards: rewards).differences
    }
    static var settings: [Setting] { settings(admissionTasks: 0) }

    var market: MarketChain
    var manners: [UInt8: Manner] = [:]
    /// Whether honest auditors look at others' digests.
    var objects = true
    /// Not where a test wrote records past the chain.
    var countsMoney = true
    /// Providers that are wrong, and in which tasks.
    var cheats: [UInt8: Set<UInt32>] = [:]
    var verdicts: [PartID: [Verdict]] = [:]

    init(
        settings: [Setting] = Self.settings, more: [UInt8] = [], stakes: [UInt64] = [], listed: [UInt8] = []
    ) throws {
        market = try MarketChain(settings: settings, more: more, stakes: stakes, listed: listed)
    }

    var view: LedgerView { market.chain.view }
    var store: MemoryStore { market.chain.store }
    var phase: AuditPhase { Ledger.auditPhase(on: store) }

    static func address(_ auditor: UInt8) -> Address { TestKeys(auditor).account.address }

    static func proof(_ auditor: UInt8, _ epoch: UInt64) -> VRFProof {
        VRF.prove(KeyDisclosure.alpha(epoch: epoch, chainID: TestChain.chainID), key: TestKeys(auditor).audit)
    }

    static func key(_ auditor: UInt8, _ epoch: UInt64) -> Digest { KeyDisclosure.key(of: proof(auditor, epoch))! }

    static func statement(_ auditor: UInt8, _ content: AuditContent) -> Item {
        .audit(AuditStatement(signing: content, by: TestKeys(auditor).audit, chainID: TestChain.chainID))
    }

    // MARK: Executing

    static let memory = Bytes("memory".utf8)

    static func wrong(_ index: UInt32) -> TaskResult {
        let right = MarketChain.result(index)
        return TaskResult(
            output: Hash.sha256(Bytes("wrong".utf8)), finalState: right.finalState, fuel: right.fuel,
            peakPages: right.peakPages, outputBytes: right.outputBytes)
    }

    /// Result and memory by this validator's execution; `isVote` where it votes.
    func execute(_ auditor: UInt8, _ place: TaskPlace, isVote: Bool) -> (result: TaskResult, memory: Bytes) {
        let manner = manners[auditor] ?? .honest
        let receipt: TaskRecord? = WorkingState(store).load(StateKey.task(place))
        let right = MarketChain.result(place.index)
        switch manner {
        case .copying: return (receipt?.result ?? right, [auditor])
        case .copyingAudits where !isVote: return (receipt?.result ?? right, [auditor])
        case .diverging: return (Self.wrong(place.index), Bytes("other".utf8))
        case .uneven where place.index % 2 == 0, .odd where place.index % 2 == 1:
            return (Self.wrong(place.index), Bytes("other".utf8))
        default: return (right, Self.memory)
        }
    }

    func verdict(_ auditor: UInt8, _ duty: AuditDuty) -> Verdict {
        let (result, memory) = execute(auditor, duty.place, isVote: false)
        let isMadeUp = manners[auditor] == .borrowingInRechecks && duty.round == .recheck
        return Verdict(
            task: duty.place, result: result,
            digest: Hash.sha256([duty.salt, isMadeUp ? [auditor] : memory]),
            others: (
                manners[auditor] == .tacit
                    ? []
                    : duty.firstSalts.map { Hash.sha256([$0, manners[auditor] == .misquoting ? [auditor] : memory]) },
                admissionDigest(auditor, duty, memory)
            ), nonce: Hash.sha256([[auditor], duty.place.bytes]))
    }

    private func admissionDigest(_ auditor: UInt8, _ duty: AuditDuty, _ memory: Bytes) -> Digest? {
        switch manners[auditor] {
        case .bare: nil
        case .misjudging: duty.admissionSalt.map { Hash.sha256([$0, [auditor]]) }
        default: duty.admissionSalt.map { Hash.sha256([$0, memory]) }
        }
    }

    // MARK: Doing one's duty

    mutating func items(of auditor: UInt8) -> [Item] {
        if manners[auditor] == .silent { return [] }
        let status = Ledger.auditStatus(of: Self.address(auditor), on: store, view: view)
        guard let epoch = status.judgedEpoch, status.mayAuditJudged else { return [] }
        let secret = Self.key(auditor, epoch)
        switch status.phase {
        case .commit:
            let found = Ledger.auditDuties(
                key: secret, of: Self.address(auditor), from: (epoch, status.judgedStart), limit: 100_000,
                on: store)
            let forced = Ledger.redrawDuties(of: Self.address(auditor), on: store, view: view)
            return commit(auditor, epoch, .first, found.duties + forced, status)
        case .recheck:
            let duties = Ledger.recheckDuties(
                key: secret, of: Self.address(auditor), limit: 10_000, on: store, view: view)
            return commit(auditor, epoch, .recheck, duties, status)
        case .reveal: return reveals(auditor, epoch, status)
        case .open: return objections(auditor) + votes(auditor) + proofs(auditor)
        case .vote, .closed: return votes(auditor) + proofs(auditor)
        }
    }

    /// Of the four, the first that works properly proves what the others missed.
    private func proofs(_ auditor: UInt8) -> [Item] {
        guard auditor == (UInt8(0)..<4).first(where: { (manners[$0] ?? .honest) == .honest }) else { return [] }
        return Ledger.missedDuties(besides: Self.address(auditor), limit: 10_000, on: store, view: view)
            .map { Self.statement(auditor, .missed($0)) }
    }

    private mutating func commit(
        _ auditor: UInt8, _ epoch: UInt64, _ round: AuditRound, _ duties: [AuditDuty], _ status: AuditStatus
    ) -> [Item] {
        if manners[auditor] == .forgetful { return [] }
        let duties = manners[auditor] == .sloppy && round == .first ? Array(duties.dropFirst()) : duties
        let isCommitted = status.parts.contains { $0.epoch == epoch && $0.round == round }
        let invented = manners[auditor] == .crowding && round == .first ? undrawn(auditor, epoch, duties) : []
        let mine = (duties.map { verdict(auditor, $0) } + invented).sorted {
            ($0.task.job, $0.task.index) < ($1.task.job, $1.task.index)
        }
        if isCommitted || mine.isEmpty { return [] }
        verdicts[PartID(auditor: auditor, epoch: epoch, round: round)] = mine
        let reveal = VerdictReveal(epoch: epoch, round: round, part: 0, verdicts: mine)
        return [
            Self.statement(
                auditor,
                .commit(VerdictCommit(epoch: epoch, round: round, part: 0, tasks: mine.map(\.task), root: reveal.root)))
        ]
    }

    private func undrawn(_ auditor: UInt8, _ epoch: UInt64, _ duties: [AuditDuty]) -> [Verdict] {
        let drawn = Set(duties.map(\.place))
        return Ledger.dueReceipts(of: epoch, on: store).map(\.place).filter { !drawn.contains($0) }.map { place in
            Verdict(
                task: place, result: MarketChain.result(place.index), digest: Hash.sha256([auditor]), firstDigests: [],
                nonce: Hash.sha256([[auditor], place.bytes]))
        }
    }

    private func reveals(_ auditor: UInt8, _ epoch: UInt64, _ status: AuditStatus) -> [Item] {
        if status.isDisclosed { return [] }
        let parts = AuditRound.allCases.compactMap { round in
            verdicts[PartID(auditor: auditor, epoch: epoch, round: round)].map {
                VerdictReveal(epoch: epoch, round: round, part: 0, verdicts: $0)
            }
        }
        let tasks = parts.flatMap(\.verdicts).map(\.task)
        let units = tasks.reduce(UInt64(0)) { $0 + MarketChain.computeUnits($1.index) }
        let disclosure = KeyDisclosure(
            epoch: epoch, proof: Self.proof(auditor, epoch), duties: UInt32(tasks.count), computeUnits: units)
        return [Self.statement(auditor, .disclosure(disclosure))] + parts.map { Self.statement(auditor, .reveal($0)) }
    }

    private func objections(_ auditor: UInt8) -> [Item] {
        let manner = manners[auditor] ?? .honest
        guard objects, manner == .honest || manner == .slandering else { return [] }
        return Ledger.digestDuties(of: Self.address(auditor), limit: 1_000, on: store, view: view)
            .compactMap { duty in
                let memory = manner == .honest ? Self.memory : [auditor]
                let digests = duty.salts.map { Hash.sha256([$0, memory]) }
                return zip(duty.others, digests).first { $0.digest != $1 }.map { entry, digest in
                    let objection = DigestObjection(
                        epoch: duty.epoch, task: duty.place, of: (entry.operatorAddress, entry.round), digest: digest)
                    return Self.statement(auditor, .objection(objection))
                }
            }
    }

    private func votes(_ auditor: UInt8) -> [Item] {
        if manners[auditor] == .absent { return [] }
        return Ledger.disputes(open: Self.address(auditor), limit: 1_000, on: store, view: view)
            .filter(\.isVoting)
            .map { Self.statement(auditor, .vote(vote(auditor, $0))) }
    }

    func vote(_ auditor: UInt8, _ duty: DisputeDuty) -> DisputeVote {
        let (result, memory) = execute(auditor, duty.place, isVote: true)
        return DisputeVote(
            task: duty.place, result: result, digest: Hash.sha256([duty.salt, memory]),
            digests: duty.salts.map { Hash.sha256([$0, memory]) })
    }

    // MARK: Blocks

    /// One block: every validator says what it has to, in its own batch.
    mutating func step(_ items: [Item] = [], seconds: Int64 = 1) throws {
        for (item, result) in try advance(items, seconds: seconds) {
            let label = LedgerRule(rawValue: result.code)?.label ?? "ok"
            // Of several that object to the same digest one is first.
            let isRaced = if case .audit = item { label == LedgerRule.disputeExists.label } else { false }
            #expect(result.code == 0 || isRaced, "\(label) at \(view.tip.height) in \(phase): \(item)")
        }
    }

    /// The validator itself, or the first member where it lost its seat.
    private func author(of auditor: UInt8) -> Int {
        func isMember(_ number: UInt8) -> Bool { view.validators.index(of: TestKeys(number).consensus.address) != nil }
        return Int(isMember(auditor) ? auditor : (UInt8(0)..<4).first(where: isMember) ?? 0)
    }

    /// The same, whatever becomes of the items.
    @discardableResult
    mutating func advance(_ items: [Item] = [], seconds: Int64 = 1) throws -> [(Item, ItemResult)] {
        var batches: TestBatches = []
        for auditor in UInt8(0)..<4 {
            let said = self.items(of: auditor) + (auditor == 0 ? items : [])
            if !said.isEmpty { batches.append((author(of: auditor), said)) }
        }
        let results = try market.chain.advance(batches, seconds: seconds).dropFirst()
        let all = batches.flatMap(\.items)
        for (item, result) in zip(all, results) { market.noteJob(item, result) }
        if countsMoney, view.tip.height.value % 4 == 0 { try market.checkMoney() }
        return Array(zip(all, results))
    }

    mutating func steps(until done: (Self) -> Bool) throws {
        for _ in 0..<200 where !done(self) { try step() }
        try #require(done(self))
    }

    mutating func reach(_ phase: AuditPhase) throws { try steps { $0.phase == phase } }

    /// Up to the first block of epoch `number`.
    mutating func begin(epoch number: UInt64) throws { try steps { $0.view.epoch.number >= number } }

    // MARK: Work

    /// A program, three providers and a job; delivered in epoch 0 by everybody who was given tasks.
    static func delivered(
        tasks: Int = 60, providers: [UInt8] = [20, 21, 22], cheats: [UInt8: Set<UInt32>] = [:],
        settings: [Setting] = Self.settings, stakes: [UInt64] = []
    ) throws -> AuditChain {
        var chain = try AuditChain(settings: settings, stakes: stakes)
        chain.cheats = cheats
        try chain.market.run("30 publish -> ok")
        for provider in providers { try chain.market.run("\(provider) provide mrt=3500 -> ok") }
        try chain.market.run("30 job tasks=\(tasks) fuel=100000000 cu=116 -> ok\nblock 2")
        try chain.deliver(providers)
        return chain
    }

    mutating func deliver(_ providers: [UInt8]) throws {
        let items = providers.flatMap { provider in
            market.open(provider).map { attestation(provider, $0.job, $0.indexes) }
        }
        if !items.isEmpty { try step(items) }
    }

    func attestation(_ provider: UInt8, _ job: Digest, _ indexes: [UInt32]) -> Item {
        let wrong = cheats[provider] ?? []
        let receipts = indexes.map { index in
            Receipt(taskIndex: index, result: wrong.contains(index) ? Self.wrong(index) : MarketChain.result(index))
        }
        return .attestation(
            Attestation.signing(
                job: job, epoch: view.epoch.number,
                work: (indexes.reduce(0) { $0 + MarketChain.computeUnits($1) }, receipts),
                key: TestKeys(provider).account, chainID: TestChain.chainID))
    }

    // MARK: What became of it

    func slashes(_ epoch: UInt64) throws -> [SlashRow] { try market.chain.rows(.slashes, epoch, as: SlashRow.self) }

    func rewards(_ epoch: UInt64) throws -> [RewardRow] { try market.chain.rows(.rewards, epoch, as: RewardRow.self) }

    /// Tasks of job 0 by their provider.
    func tasks(of provider: UInt8) -> [(index: UInt32, record: TaskRecord)] {
        Ledger.tasks(of: market.jobs[0], limit: 10_000, on: store)
            .filter { $0.record.provider == MarketChain.address(provider) }
            .map { ($0.place.index, $0.record) }
    }

    func dispute(_ index: UInt32) -> DisputeRecord? {
        WorkingState(store).load(StateKey.dispute(TaskPlace(job: market.jobs[0], index: index)))
    }
}
