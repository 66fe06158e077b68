// What performance changes on the chain: speed by blocks, the fastest quartile, reliability; what utilisation does to
// the floor price; when subsidies unlock. Expected numbers are computed here by the design's words.
import Chain
import Primitives
import Rewards
import Testing

@testable import Ledger

@Suite("performance")
struct PerformanceTests {
    /// Burn parts of a provider's tasks of the one job, a tenth of 1,000 a compute unit.
    static func burn(_ indexes: [UInt32]) -> UInt64 {
        indexes.reduce(UInt64(0)) { $0 + 100 * MarketChain.computeUnits($1) }
    }

    /// Shares of 85 % of all burn parts by `burn * m / 10^6`.
    static func subsidies(_ claims: [(burn: UInt64, multiplier: UInt64)]) -> [UInt64] {
        let weights = claims.map { $0.burn * $0.multiplier / 1_000_000 }
        let pool = claims.reduce(UInt64(0)) { $0 + $1.burn } * 850_000 / 1_000_000
        let total = weights.reduce(0, +)
        return zip(weights, claims).map { min(pool * $0.0 / total, $0.1.burn) }
    }

    /// Providers deliver in this order, with blocks between; then both epochs end.
    static func run(
        _ market: inout MarketChain, _ order: [(provider: UInt8, blocks: Int)]
    ) throws -> [UInt8: [UInt32]] {
        let work = Dictionary(
            uniqueKeysWithValues: order.map { entry in
                (entry.provider, market.open(entry.provider).flatMap(\.indexes))
            })
        for (provider, blocks) in order {
            if blocks > 0 { try market.run("block \(blocks)") }
            try market.deliverAll([provider])
        }
        try market.finishEpochs(2)
        return work
    }

    @Test("a slow provider's subsidy is that of its speed, in blocks from the assignment to the receipt")
    func speed() throws {
        var market = try MarketChain()
        try market.finishEpochs(1)
        try market.run(
            """
            30 publish -> ok
            20 provide mrt=700 -> ok
            21 provide mrt=700 -> ok
            30 job tasks=40 fuel=40000000 cu=55 -> ok
            block
            """)
        // The block of the assignment is `block`'s; receipts 1 and 5 blocks later, D is 3.
        try market.run("block")
        let assigned = try #require(market.task(0, 0)?.assigned)
        #expect(assigned == market.chain.view.tip.height || assigned.advanced() == market.chain.view.tip.height)
        let gap = market.chain.view.tip.height.distance(from: assigned)
        let work = try Self.run(&market, [(21, 0), (20, Int(3 - gap))])
        let epoch = market.chain.view.epoch.number - 1
        let delivered = try #require(market.task(0, work[20]?.first ?? 0)?.delivered)
        let used = delivered.distance(from: assigned)
        #expect(used == 5)
        let shares = Self.subsidies(
            [20, 21].map { (Self.burn(work[$0] ?? []), $0 == 20 ? 1_000_000 - 500_000 * 2 / 3 : 1_000_000) })
        #expect(try market.row(20, .usageSubsidy, epoch: epoch)?.amount == Amount(shares[0]))
        #expect(try market.row(21, .usageSubsidy, epoch: epoch)?.amount == Amount(shares[1]))
        try market.checkMoney()
    }

    @Test("the fastest of four providers has a tenth more weight; three have no fastest", arguments: [4, 3])
    func quartile(count: Int) throws {
        var market = try MarketChain()
        let providers = Array([UInt8(20), 21, 22, 31].prefix(count))
        market.present = providers
        try market.finishEpochs(1)
        try market.run("30 publish -> ok")
        for provider in providers { try market.run("\(provider) provide mrt=700 -> ok") }
        try market.run("30 job tasks=60 fuel=60000000 cu=75 -> ok\nblock")
        while market.open(20).isEmpty { try market.run("block") }
        let work = try Self.run(&market, [(21, 0), (20, 1)] + providers.dropFirst(2).map { ($0, 0) })
        let epoch = market.chain.view.epoch.number - 1
        let multipliers = providers.map { $0 == 21 && count == 4 ? UInt64(1_100_000) : 1_000_000 }
        // Whoever is last may have passed D = 3.
        let speeds = try providers.map { provider -> UInt64 in
            let index = try #require(work[provider]?.first)
            let task = try #require(market.task(0, index))
            let delivered = try #require(task.delivered)
            let used = delivered.distance(from: task.assigned)
            return used <= 3 ? 1_000_000 : 1_000_000 - 500_000 * (used - 3) / 3
        }
        let claims = zip(providers, zip(multipliers, speeds)).map { provider, factors in
            (Self.burn(work[provider] ?? []), factors.0 > 1_000_000 ? factors.0 : factors.1)
        }
        for (provider, share) in zip(providers, Self.subsidies(claims)) {
            #expect(try market.row(provider, .usageSubsidy, epoch: epoch)?.amount == Amount(share), "\(provider)")
        }
        try market.checkMoney()
    }

    @Test("an epoch of late tasks costs a sixteenth of reliability, which weighs in the subsidy and in assignment")
    func reliability() throws {
        var market = try MarketChain()
        try market.run(
            """
            30 publish -> ok
            20 provide mrt=1050 -> ok
            30 job tasks=2 -> ok
            block 8
            """)
        #expect(market.task(0, 0)?.state == .timedOut && market.reputation(20)?.reliability == 65_536)
        try market.finishEpochs(1)
        #expect(market.reputation(20)?.reliability == 65_536 - 4_096)
        #expect(
            Rewards.Rule.assignmentWeight(slots: 2, reliability: 61_440) == 2 * 126_976, "the weight of its draw")
        try market.run("21 provide mrt=1050 -> ok\n30 job tasks=40 fuel=40000000 cu=55 -> ok\nblock")
        while market.open(20).isEmpty { try market.run("block") }
        let work = try Self.run(&market, [(20, 0), (21, 0)])
        let epoch = market.chain.view.epoch.number - 1
        let shares = Self.subsidies(
            [20, 21].map { (Self.burn(work[$0] ?? []), $0 == 20 ? (61_440 * 1_000_000) >> 16 : 1_000_000) })
        #expect(try market.row(20, .usageSubsidy, epoch: epoch)?.amount == Amount(shares[0]))
        #expect(try market.row(21, .usageSubsidy, epoch: epoch)?.amount == Amount(shares[1]))
        // All its tasks verified: R - R/16 + 4,096.
        #expect(market.reputation(20)?.reliability == 61_440 - 3_840 + 4_096)
    }

    // MARK: Prices

    /// One compute unit a block for each slot, prices that move every `days` epochs.
    static func priced(epochsPerDay: UInt64) throws -> MarketChain {
        var settings = TestChain.standard.filter { $0.number != 103 } + [Setting(number: 306, value: 1_000_000)]
        if epochsPerDay > 1 { settings.append(Setting(number: 103, value: epochsPerDay)) }
        return try MarketChain(settings: settings.sorted { $0.number < $1.number })
    }

    static func cpu(_ market: MarketChain) -> ClassMarket {
        let pools: PoolRecord = WorkingState(market.chain.store).require(.pools)
        return pools.markets[0]
    }

    @Test("more than 70 % of capacity raises the floor price, nothing lowers it again, never below the minimum")
    func price() throws {
        var market = try Self.priced(epochsPerDay: 1)
        try market.finishEpochs(1)
        try market.run("30 publish -> ok\n20 provide mrt=700 -> ok\n30 job tasks=20 fuel=20000000 cu=35 -> ok\nblock")
        while market.open(20).isEmpty { try market.run("block") }
        try market.deliverAll([20])
        try market.finishEpochs(2)
        // 1,000 + 1,000 * 30 % / 8.
        #expect(Self.cpu(market) == ClassMarket(floorPrice: 1_037))
        try market.run(
            """
            21 provide mrt=700 ask=1036 -> ask_below_floor
            30 job bid=1036 -> bid_below_floor
            30 job bid=1037 tasks=1 -> ok
            block
            30 cancel job=1 -> ok
            """)
        try market.finishEpochs(1)
        // 1,037 - 1,037 * 50 % / 8 is below the minimum.
        #expect(Self.cpu(market) == ClassMarket(floorPrice: 1_000))
    }

    @Test("a job that bid less than the floor price has become waits")
    func risen() throws {
        var market = try MarketChain()
        try market.run("30 publish -> ok\n20 provide mrt=700 -> ok\n30 job tasks=1 -> ok")
        let view = market.chain.view
        let record: PoolRecord = WorkingState(market.chain.store).require(.pools)
        var pools = record.state(view.supply, view.parameters.rewards)
        for (price, next) in [(UInt64(1_001), UInt32(0)), (1_000, 1)] {
            pools.cpu.floorPrice = price
            market.chain.overwrite(PoolRecord(pools), at: StateKey.singleton(.pools))
            try market.run("block 5")
            #expect(market.job(0)?.next == next)
        }
    }

    @Test("capacity and settled work add up over the epochs of a day, and the price moves once")
    func day() throws {
        var market = try Self.priced(epochsPerDay: 3)
        try market.run(
            "30 publish -> ok\n20 provide mrt=700 -> ok\n21 provide mrt=1050 -> ok\n22 provide mrt=350 -> ok")
        // Neither who offers nothing nor who is paused counts.
        try market.run("31 provide mrt=350 -> ok")
        var paused = try #require(market.work(31))
        paused.isPaused = true
        market.chain.overwrite(paused, at: StateKey.work(MarketChain.address(31)))
        try market.run("22 offer none -> ok\n30 job tasks=3 fuel=3000000 cu=18 -> ok\nblock")
        while market.job(0)?.next != 3 { try market.run("block") }
        try market.deliverAll([20, 21])
        var blocks: UInt64 = 0
        for epoch in UInt64(0)..<2 {
            let start = market.chain.view.epoch.startHeight
            try market.finishEpochs(1)
            blocks += market.chain.view.tip.height.distance(from: start) + 1
            #expect(Self.cpu(market).capacity == 5 * blocks, "five slots that offer, \(epoch)")
        }
        #expect(Self.cpu(market).settled == 16 + 17 + 18 && Self.cpu(market).floorPrice == 1_000)
        try market.finishEpochs(1)
        #expect(Self.cpu(market).capacity == 0 && Self.cpu(market).settled == 0)
    }

    // MARK: Vesting

    @Test("the state tells every date on which a subsidy unlocks, and it unlocks on those")
    func vesting() throws {
        var market = try MarketChain()
        try market.finishEpochs(1)
        try market.run(
            "30 publish -> ok\n20 provide mrt=700 -> ok\n30 job tasks=7 fuel=7000000 cu=22 -> ok\nblock")
        while market.open(20).isEmpty { try market.run("block") }
        _ = try Self.run(&market, [(20, 0)])
        let epoch = market.chain.view.epoch.number - 1
        let subsidy = try #require(try market.row(20, .usageSubsidy, epoch: epoch)?.amount)
        let grants = Ledger.vesting(of: MarketChain.address(20), on: market.chain.store)
        let grant = try #require(grants.first)
        #expect(grants.count == 1 && grant.epoch == epoch)
        #expect(grant.granted == Amount(subsidy.units * 3 / 4) && grant.paid == .zero)
        #expect(grant.releases.map(\.epoch) == (1...4).map { epoch + $0 })
        #expect(grant.releases.reduce(0) { $0 + $1.amount.units } == grant.granted.units)
        var rest = grant.granted
        for release in grant.releases {
            #expect(market.chain.view.epoch.number == release.epoch && market.chain.view.supply.vesting == rest)
            try market.finishEpochs(1)
            // Unlocked, and not moved before the account does something.
            #expect(market.chain.view.supply.vesting == rest)
            let waiting = try #require(Ledger.vesting(of: MarketChain.address(20), on: market.chain.store).first)
            #expect(waiting.unlocked == release.amount && waiting.locked == rest.debited(release.amount))
            let (before, burned) = (market.chain.account(20).balance, market.chain.view.supply.burned)
            try market.run("20 elect -> ok")
            rest = rest.debited(release.amount)
            #expect(market.chain.view.supply.vesting == rest, "\(release)")
            let next = market.chain.purse(20).unlockEpoch
            #expect(next == 0 || next > market.chain.view.epoch.number)
            let fee = market.chain.view.supply.burned.units - burned.units
            #expect(market.chain.account(20).balance.units + fee == before.units + release.amount.units && fee > 0)
            let left = Ledger.vesting(of: MarketChain.address(20), on: market.chain.store).first
            #expect(left?.releases.reduce(0) { $0 + $1.amount.units } ?? 0 == rest.units)
        }
        #expect(Ledger.vesting(of: MarketChain.address(20), on: market.chain.store).isEmpty)
        #expect(market.chain.purse(20).unlockEpoch == 0)
        try market.checkMoney()
    }

    @Test("subsidies of one day are one grant, and grants are looked at once a day")
    func vestingDay() throws {
        let settings = TestChain.standard.filter { $0.number != 103 } + [Setting(number: 103, value: 3)]
        var market = try MarketChain(settings: settings.sorted { $0.number < $1.number })
        try market.finishEpochs(3)
        try market.run("30 publish -> ok\n20 provide mrt=700 -> ok")
        for _ in 0..<2 {
            try market.run("30 job tasks=7 fuel=7000000 cu=22 -> ok\nblock")
            while market.open(20).isEmpty { try market.run("block") }
            try market.deliverAll([20])
            try market.finishEpochs(1)
        }
        try market.finishEpochs(1)
        #expect(market.chain.view.epoch.number == 6)
        let subsidies = try [UInt64(4), 5].map { epoch in
            try #require(try market.row(20, .usageSubsidy, epoch: epoch)).amount.units
        }
        let grants = Ledger.vesting(of: MarketChain.address(20), on: market.chain.store)
        #expect(subsidies.allSatisfy { $0 > 0 } && grants.map(\.epoch) == [5])
        #expect(grants.first?.granted.units == subsidies.reduce(0) { $0 + $1 * 3 / 4 })
        #expect(market.chain.purse(20).unlockEpoch == 9)
        // In the middle of a day: not looked at again before the next one.
        try market.finishEpochs(4)
        let vesting = market.chain.view.supply.vesting
        // Nothing while slashes of the account wait.
        let lock = StateKey.lock(MarketChain.address(20))
        market.chain.overwrite(LockRecord(slashes: 1), at: lock)
        try market.run("20 elect -> ok")
        #expect(market.chain.view.supply.vesting == vesting && market.chain.purse(20).unlockEpoch == 9)
        market.chain.erase(lock)
        try market.run("20 elect -> ok")
        #expect(market.chain.view.supply.vesting < vesting && market.chain.purse(20).unlockEpoch == 12)
        try market.checkMoney()
    }
}
