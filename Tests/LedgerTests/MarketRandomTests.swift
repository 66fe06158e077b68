// Random jobs, receipts, abstentions, silence and bonds: whatever happens, money stays and replay agrees.
import Chain
import Codec
import Primitives
import Testing

@testable import Ledger

@Suite("market at random")
struct MarketRandomTests {
    static let providers: [UInt8] = [20, 21, 22]

    static func items(_ market: inout MarketChain, _ random: inout Random) throws -> [Item] {
        var rows: [String] = []
        if random.chance(ppm: 400_000) {
            let (asker, tasks) = (30 + random.below(2), 1 + random.below(12))
            let assurance = random.chance(ppm: 300_000) ? 700_000 : 0
            let pays = random.chance(ppm: 300_000) ? " credits" : ""
            rows.append(
                "\(asker) job tasks=\(tasks) fuel=12000000 cu=30 bid=\(1000 + random.below(900))"
                    + " assurance=\(assurance)\(pays)")
        }
        if random.chance(ppm: 100_000), !market.jobs.isEmpty {
            rows.append("\(30 + random.below(2)) cancel job=\(random.below(UInt64(market.jobs.count)))")
        }
        if random.chance(ppm: 200_000) { rows.append("\(20 + random.below(3)) offer ask=\(1000 + random.below(600))") }
        if random.chance(ppm: 200_000) { rows.append("\(30 + random.below(2)) buy units=\(random.below(90_000))") }
        if random.chance(ppm: 50_000) { rows.append("31 refer by=30") }
        if random.chance(ppm: 100_000) {
            rows.append("\(20 + random.below(3)) elect\(random.chance(ppm: 500_000) ? " credits" : "")")
        }
        if random.chance(ppm: 100_000) { rows.append("\(20 + random.below(3)) unbond mrt=\(1 + random.below(400))") }
        if random.chance(ppm: 100_000) { rows.append("\(20 + random.below(3)) bond mrt=\(1 + random.below(400))") }
        var items: [Item] = []
        for row in rows { items.append(try market.item(row[...])) }
        for provider in providers {
            for (job, indexes) in market.open(provider) where random.chance(ppm: 300_000) {
                let said = indexes.filter { _ in random.chance(ppm: 700_000) }
                let abstains = Set(said.filter { _ in random.chance(ppm: 100_000) })
                let extra: [UInt32] = random.chance(ppm: 50_000) ? [4_000] : []
                if !said.isEmpty { items.append(market.attest(provider, job, said + extra, abstains: abstains)) }
            }
        }
        return items
    }

    static func chain(seed: UInt64, blocks: Int) throws -> MarketChain {
        var random = Random(seed: seed)
        var market = try MarketChain()
        try market.run(
            """
            30 publish -> ok
            20 provide mrt=700 -> ok
            21 provide mrt=1400 -> ok
            22 provide mrt=350 -> ok
            """)
        for _ in 0..<blocks {
            let items = try items(&market, &random)
            let author = Int(random.below(4))
            market.present = providers.filter { _ in random.chance(ppm: 700_000) }
            let results = try market.chain.advance(
                (items.isEmpty ? [] : [(author, items)]) + market.answers(), seconds: 1 + Int64(random.below(3)))
            for (item, result) in zip(items, results.dropFirst()) { market.noteJob(item, result) }
        }
        return market
    }

    @Test("money is where the totals say after random work", arguments: [1, 2, 3])
    func conservation(seed: UInt64) throws {
        let market = try Self.chain(seed: seed, blocks: 120)
        try market.checkMoney()
        var states: Set<TaskState> = []
        for job in market.jobs {
            let tasks = Ledger.tasks(of: job, limit: 100, on: market.chain.store)
            states.formUnion(tasks.map(\.record.state))
        }
        #expect(states.isSuperset(of: [.settled, .timedOut, .undeliverable]), "every way a task can end is met")
        #expect(market.chain.view.epoch.number > 3)
        let pools: PoolRecord = WorkingState(market.chain.store).require(.pools)
        #expect(pools.credits > .zero, "credits are held")
    }

    @Test("the same blocks give the same tip and the same bytes in every table")
    func replay() throws {
        let market = try Self.chain(seed: 4, blocks: 60)
        var copy = try MarketChain().chain
        for (block, _) in market.chain.blocks { try copy.apply(block) }
        #expect(copy.view.tip == market.chain.view.tip)
        for table in Table.allCases {
            #expect(copy.store.keys(table) == market.chain.store.keys(table))
            for key in market.chain.store.keys(table) {
                #expect(copy.store.load(table, key: key) == market.chain.store.load(table, key: key))
            }
        }
    }

    @Test("every state value of a market decodes with its first field written, under each of its tags")
    func firstFields() throws {
        var market = try Self.chain(seed: 1, blocks: 120)
        try market.run("30 job tasks=1 -> ok")
        var tags: Set<UInt8> = []
        for key in market.chain.store.keys(.state) {
            let value = try #require(market.chain.store.load(.state, key: key))
            tags.insert(key[0])
            #expect(value[0] >> 3 == 1, "\(Hex.lower(key))")
        }
        #expect(tags.isSuperset(of: [32, 33, 34, 35, 38, 40, 42, 43, 45, 46]))
    }
}
