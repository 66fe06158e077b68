// The auditor of every validator at work on one chain, without sockets, disks or engines: desks and readers as a node
// has them, and an executor that knows the truth. Who cheats loses its bond, and nobody else loses anything.
import Auditor
import Chain
import Codec
import Cryptography
import Ledger
import Primitives
import Quorum
import Rewards
import Testing

/// A validator's auditor as its node runs it.
private struct TestAuditor {
    let key: SigningKey
    var reader: AuditReader
    var desk: AuditDesk
    /// Executes nothing and says what the receipt says.
    var isLazy = false
    /// Executions that it has time for after one height.
    var runsPerLook = Int.max
    /// Its machine executes nothing.
    var isUnable = false

    init(_ number: UInt8) {
        let key = TestKeys(number).audit
        self.key = key
        reader = AuditReader(key: key, chainID: TestChain.chainID)
        desk = AuditDesk { AuditReader.nonceSeed(epoch: $0, key: key, chainID: TestChain.chainID) }
    }

    /// What it hands in after a height.
    mutating func look(_ store: MemoryStore) throws -> [Item] {
        var said = say(store)
        var isNew = false
        for _ in 0..<runsPerLook {
            guard let run = desk.nextRun() else { break }
            let work = try #require(TaskWork(run.task, on: store))
            #expect(work.program == MarketChain.program)
            #expect(work.input == Bytes("abc".utf8))
            desk.finished(run, isUnable ? .impossible : .found(try finding(run, work)))
            isNew = true
        }
        if isNew { said += say(store) }
        return said
    }

    private mutating func say(_ store: MemoryStore) -> [Item] {
        guard let situation = reader.situation(on: store) else { return [] }
        return desk.update(situation).map {
            .audit(AuditStatement(signing: $0, by: key, chainID: TestChain.chainID))
        }
    }

    private func finding(_ run: AuditDesk.Run, _ work: TaskWork) throws -> AuditDesk.Finding {
        let memory = Bytes(isLazy ? "a guess".utf8 : "memory".utf8)
        let result = isLazy ? try #require(work.claim) : MarketChain.result(run.task.index)
        return AuditDesk.Finding(result: result, digests: run.salts.map { Hash.sha256($0 + memory) })
    }
}

/// A market whose validators audit.
private struct AuditedMarket {
    var market: MarketChain
    var auditors = (0..<4).map { TestAuditor(UInt8($0)) }
    /// By code of the result, what auditors' statements came to.
    var results: [UInt32: Int] = [:]
    var counts: [String: Int] = [:]
    /// Tasks of first-round commits that each auditor handed in.
    var committed = [0, 0, 0, 0]
    /// Blocks of the re-check window that were over when each commit to re-checks was handed in.
    var recheckDelays: [UInt64] = []

    /// Gives each statement up to three blocks on its way.
    var delays: Random?
    private var underway: [(due: Height, item: Item)] = []

    init(_ parameters: Parameters = .local) throws {
        var parameters = parameters
        parameters.audit.admissionTasks = 0
        market = try MarketChain(settings: LedgerParameters(rewards: parameters).differences)
    }

    /// One block a second with these items and whatever auditors handed in that has arrived.
    mutating func block(_ items: [Item] = []) throws {
        let height = market.chain.view.height
        for index in auditors.indices {
            for item in try auditors[index].look(market.chain.store) {
                count(item, of: index)
                underway.append((height.advanced(by: delays?.below(4) ?? 0), item))
            }
        }
        let statements = underway.filter { $0.due <= height }.map(\.item)
        underway.removeAll { $0.due <= height }
        for case .audit(let statement) in statements { counts[Self.name(statement.content), default: 0] += 1 }
        let all = items + statements
        let made = try market.chain.advance(all.isEmpty ? [] : [(0, all)])
        for result in made.dropFirst(1 + items.count) { results[result.code, default: 0] += 1 }
        var stored = WriteBatch()
        let block = market.chain.blocks[market.chain.blocks.count - 1].block
        stored.put(.blocks, key: block.header.height.value.bigEndianBytes, value: block.encoded)
        market.chain.store.commit(stored)
    }

    private mutating func count(_ item: Item, of auditor: Int) {
        guard case .audit(let statement) = item, case .commit(let commit) = statement.content else { return }
        if commit.round == .first { return committed[auditor] += commit.tasks.count }
        let key = StateKey.singleton(.auditCalendar)
        guard let bytes = market.chain.store.load(.state, key: key), let calendar = try? AuditCalendar(decoding: bytes)
        else { return }
        recheckDelays.append(market.chain.view.tip.height.distance(from: calendar.opened))
    }

    private static func name(_ content: AuditContent) -> String {
        switch content {
        case .commit(let commit): commit.round == .first ? "commit" : "recheck"
        case .disclosure: "disclosure"
        case .reveal: "reveal"
        case .vote: "vote"
        case .missed: "missed"
        case .objection: "objection"
        }
    }

    /// Until this epoch is over.
    mutating func finishEpoch(delivering items: (MarketChain) -> [Item] = { _ in [] }) throws {
        let epoch = market.chain.view.epoch.number
        while market.chain.view.epoch.number == epoch { try block(items(market)) }
    }

    /// All slash rows of an epoch's table.
    func slashes(_ epoch: UInt64) throws -> [SlashRow] { try market.chain.rows(.slashes, epoch, as: SlashRow.self) }

    /// Everything that providers have: 20 and 22 tell the truth, of 21's tasks every third is a lie.
    static func receipts(_ market: MarketChain) -> [Item] {
        [UInt8(20), 21, 22].flatMap { provider in
            market.open(provider).map { job, indexes in
                let receipts = indexes.map { index in
                    let truth = MarketChain.result(index)
                    let lie = TaskResult(
                        output: .zero, finalState: truth.finalState, fuel: truth.fuel, peakPages: truth.peakPages,
                        outputBytes: truth.outputBytes)
                    return Receipt(taskIndex: index, result: provider == 21 && index % 3 == 0 ? lie : truth)
                }
                let units = indexes.reduce(0) { $0 + MarketChain.computeUnits($1) }
                return .attestation(
                    Attestation.signing(
                        job: job, epoch: market.chain.view.epoch.number, work: (units, receipts),
                        key: TestKeys(provider).account, chainID: TestChain.chainID))
            }
        }
    }

    /// Jobs in the running epoch, delivered in it.
    mutating func work() throws {
        try market.run(
            """
            30 publish -> ok
            20 provide mrt=3500 -> ok
            21 provide mrt=3500 -> ok
            22 provide mrt=3500 -> ok
            30 job tasks=60 fuel=60000000 cu=75 -> ok
            block 1
            """)
        try finishEpoch(delivering: Self.receipts)
    }
}

@Suite("Auditors at work")
struct AuditRunTests {
    @Test("a provider that lies about every third task is slashed for a wrong result, and nobody else is slashed")
    func cheater() throws {
        var run = try AuditedMarket()
        try run.work()
        try run.finishEpoch()
        #expect(run.results.keys.sorted() == [0], "\(run.results)")
        let slashed = try run.slashes(1)
        #expect(slashed.contains { $0.key.account == MarketChain.address(21) && $0.key.offence == .wrongResult })
        #expect(slashed.allSatisfy { $0.key.account == MarketChain.address(21) }, "\(slashed)")
        #expect(run.counts["disclosure"] == 4)
        #expect(run.counts["vote", default: 0] >= 4)
        #expect(run.counts["reveal"] == run.counts["commit", default: 0] + run.counts["recheck", default: 0])
        #expect(run.auditors.allSatisfy { $0.desk.counters.lost == 0 })
        try run.finishEpoch()
        try run.market.checkMoney()
    }

    @Test("without lies there is no dispute, and every verdict that was committed is revealed")
    func honest() throws {
        var run = try AuditedMarket()
        try run.market.run(
            """
            30 publish -> ok
            20 provide mrt=3500 -> ok
            22 provide mrt=3500 -> ok
            30 job tasks=60 fuel=60000000 cu=75 -> ok
            block 1
            """)
        try run.finishEpoch(delivering: AuditedMarket.receipts)
        try run.finishEpoch()
        #expect(run.results.keys.sorted() == [0], "\(run.results)")
        #expect(try run.slashes(1).isEmpty)
        #expect(run.counts["vote"] == nil)
        #expect(run.counts["commit", default: 0] >= 1)
        #expect(run.counts["recheck", default: 0] >= 1)
        // The block that opens the window draws them: none of its blocks is waited for.
        #expect(!run.recheckDelays.isEmpty && run.recheckDelays.allSatisfy { $0 == 0 }, "\(run.recheckDelays)")
    }

    @Test("an auditor that is too slow for all its tasks commits by half of the window what it has executed")
    func slow() throws {
        var run = try AuditedMarket()
        run.auditors[3].runsPerLook = 0
        try run.work()
        run.auditors[3].runsPerLook = 1
        let duties = run.auditors[3].desk.counters.duties
        try run.finishEpoch()
        #expect(run.results.keys.sorted() == [0], "\(run.results)")
        #expect(run.committed[3] > 0 && run.committed[3] < duties, "\(run.committed[3]) of \(duties)")
    }

    @Test("of an epoch without receipts nothing is said")
    func idle() throws {
        var run = try AuditedMarket()
        for _ in 0..<3 { try run.finishEpoch() }
        #expect(run.counts.isEmpty && run.results.isEmpty)
    }

    @Test("auditors that start again in the middle of each window say nothing twice and reveal what they committed")
    func restarts() throws {
        var run = try AuditedMarket()
        try run.work()
        let epoch = run.market.chain.view.epoch.number
        var height = 0
        while run.market.chain.view.epoch.number == epoch {
            height += 1
            if [3, 6, 8, 14].contains(height) { run.auditors[height % 4] = TestAuditor(UInt8(height % 4)) }
            try run.block()
        }
        #expect(run.results.keys.sorted() == [0], "\(run.results)")
        let slashed = try run.slashes(1)
        #expect(slashed.allSatisfy { $0.key.account == MarketChain.address(21) } && !slashed.isEmpty, "\(slashed)")
    }

    @Test("honest auditors whose words are some blocks on their way are never slashed nor jailed", arguments: [1, 2])
    func delayed(seed: UInt64) throws {
        // A block a second and windows of 16, 12, 12, 8 and 20: in blocks those of the local network.
        var run = try AuditedMarket(.local(epochSeconds: 80))
        run.delays = Random(seed: seed)
        try run.market.run(
            """
            30 publish -> ok
            20 provide mrt=3500 -> ok
            22 provide mrt=3500 -> ok
            """)
        for _ in 0..<3 {
            try run.market.run("30 job tasks=60 fuel=60000000 cu=75 -> ok\nblock 1")
            try run.finishEpoch(delivering: AuditedMarket.receipts)
        }
        try run.finishEpoch()
        for epoch in UInt64(0)..<4 { #expect(try run.slashes(epoch).isEmpty) }
        #expect(run.counts["commit", default: 0] >= 12 && run.counts["missed"] == nil)
        #expect(run.market.chain.view.nextValidators.count == 4)
        #expect(run.market.chain.view.supply.escrow == .zero)
        try run.market.checkMoney()
    }

    @Test("an auditor that cannot execute is found out by the others, and its tasks are audited in its place")
    func unable() throws {
        var run = try AuditedMarket()
        run.auditors[1].isUnable = true
        try run.work()
        try run.finishEpoch()
        #expect(run.results.keys.filter { $0 != 0 && $0 != LedgerRule.dutyProven.rawValue } == [])
        #expect(run.counts["missed", default: 0] >= 1)
        let slashed = try run.slashes(1)
        #expect(slashed.contains { $0.key.account == TestKeys(1).account.address && $0.key.offence == .missedDuties })
        #expect(
            slashed.allSatisfy {
                $0.key.offence == .missedDuties || $0.key.account == MarketChain.address(21)
            }, "\(slashed)")
        #expect(run.market.chain.view.supply.escrow > .zero)
        try run.finishEpoch()
        #expect(run.market.chain.view.supply.escrow == .zero)
        #expect(run.auditors[0].desk.counters.misses + run.auditors[2].desk.counters.misses > 0)
    }

    @Test("an auditor that copies receipts without executing is slashed, because its digests are guesses")
    func lazy() throws {
        var run = try AuditedMarket()
        run.auditors[2].isLazy = true
        try run.work()
        try run.finishEpoch()
        let accounts = Set(try run.slashes(1).map(\.key.account))
        #expect(accounts == [MarketChain.address(21), TestKeys(2).account.address])
    }
}
