// Paid honest work, block by block: assignment, receipts, settlement, and what becomes of tasks that nobody delivers.
import Chain
import Codec
import Cryptography
import Primitives
import Rewards
import Testing

@testable import Ledger

@Suite("market pay")
struct MarketPayTests {
    @Test("two honest providers are paid in proportion to verified compute units, one epoch after their receipts")
    func pay() throws {
        var market = try MarketChain()
        try market.finishEpochs(1)
        try market.run(
            """
            30 publish -> ok
            20 provide mrt=3500 -> ok
            21 provide mrt=7000 -> ok
            22 provide mrt=7000 ask=9000 -> ok
            30 job tasks=60 fuel=60000000 cu=75 -> ok
            block 2
            """)
        let before = market.chain.account(30).balance
        var units: [UInt8: UInt64] = [:]
        for provider in [UInt8(20), 21] {
            units[provider] = market.open(provider).flatMap(\.indexes).reduce(0) { $0 + MarketChain.computeUnits($1) }
        }
        #expect(market.open(20).count == 1 && market.open(21).count == 1 && market.open(22).isEmpty)
        try market.deliverAll([20, 21])
        #expect(market.job(0)?.done == 60 && market.job(0)?.closed == 0)
        try market.finishEpochs(1)
        #expect(try market.row(20, .fee, epoch: 1)?.reason == .noTaskSettled)
        #expect(market.chain.view.supply.escrow == Amount(60 * 75_000))
        try market.finishEpochs(1)
        // 77 % of cu * 1,000, less 60 % of it: a newcomer's tasks are all audited, and the floor of the rate is 40 %.
        for provider in [UInt8(20), 21] {
            let row = try #require(try market.row(provider, .fee, epoch: 2))
            #expect(row.amount == Amount(308 * (units[provider] ?? 0)) && row.amount > .zero)
            #expect(row.reason == .newcomerHaircut)
            #expect(try market.row(provider, .usageSubsidy, epoch: 2)?.amount ?? .zero > .zero)
        }
        #expect(try market.row(22, .fee, epoch: 2)?.reason == .noTaskSettled)
        #expect(try market.row(30, .referral, epoch: 2)?.reason == .noReferrer)
        let total = (units[20] ?? 0) + (units[21] ?? 0)
        #expect(market.chain.account(30).balance.units - before.units == (60 * 75 - total) * 1000)
        #expect(market.chain.view.supply.escrow == .zero && market.job(0)?.closed == 60)
        #expect(market.chain.view.supply.vesting > .zero)
        try market.checkMoney()
        try market.finishEpochs(6)
        // Unlocked to the last unit; each account's next transaction takes it.
        #expect(market.chain.view.supply.vesting > .zero)
        try market.run("20 elect -> ok\n21 elect -> ok")
        #expect(market.chain.view.supply.vesting == .zero)
        try market.checkMoney()
    }

    @Test("a task is drawn after its job's block, by weight")
    func draw() throws {
        var market = try MarketChain()
        try market.run(
            """
            30 publish -> ok
            20 provide mrt=3500 -> ok
            21 provide mrt=10500 -> ok
            30 job tasks=800 -> ok
            """)
        #expect(market.job(0)?.next == 0)
        try market.run("block")
        #expect(market.job(0)?.next == 800)
        let counts = [UInt8(20), 21].map { market.open($0).reduce(0) { $0 + $1.indexes.count } }
        #expect(counts[0] + counts[1] == 800 && (150...250).contains(counts[0]), "\(counts)")
        #expect(market.work(20)?.openTasks == UInt64(counts[0]))
        #expect(market.task(0, 0)?.assigned == market.chain.view.tip.height)
    }

    @Test("no provider gets more than its slots hold; the rest of a job waits and can be taken back")
    func room() throws {
        var market = try MarketChain()
        try market.run("30 publish -> ok\n20 provide mrt=350 -> ok")
        try market.run("30 job tasks=100 fuel=100000000 cu=116 -> ok\nblock 2")
        #expect(market.job(0)?.next == 64 && market.work(20)?.openTasks == 64)
        try market.deliverAll([20])
        #expect(market.job(0)?.next == 100 && market.work(20)?.openTasks == 36)
        try market.run("30 job tasks=100 fuel=100000000 cu=116 -> ok\nblock 2\n30 cancel job=1 -> ok")
        let taken = try #require(market.job(1))
        #expect(taken.closed == 100 - taken.next && taken.end == taken.next && taken.next == 28)
        try market.checkMoney()
    }

    @Test(
        "a late provider loses v of each task, the requester its escrow back; three in a row pause it until it answers")
    func late() throws {
        var market = try MarketChain()
        market.present = []
        try market.run(
            """
            30 publish -> ok
            20 provide mrt=700 -> ok
            30 job tasks=3 -> ok
            block
            """)
        let held = market.chain.account(30).balance
        try market.run("block 6")
        #expect(market.task(0, 0)?.state == .assigned)
        try market.run("block")
        #expect((0..<3).allSatisfy { market.task(0, $0)?.state == .timedOut })
        let epoch = market.chain.view.epoch.number
        #expect(market.chain.account(30).balance.units - held.units == 3 * 16_000)
        #expect(market.bond(20) == Amount(700 * TestChain.token - 3 * 12_320))
        #expect(market.work(20)?.isPaused == true && market.work(20)?.openTasks == 0)
        try market.checkMoney()
        try market.run("30 job tasks=1 -> ok\n20 offer -> ok\nblock 6")
        #expect(market.job(1)?.next == 0 && market.work(20)?.isPaused == true)
        market.present = [20]
        try market.run("block 12")
        #expect(market.work(20)?.isPaused == false && market.job(1)?.next == 1)
        #expect(market.work(20)?.timeouts ?? 9 < 3, "counted anew")
        try market.finishEpochs(1)
        let key =
            EpochTable.slashes.prefix(epoch: epoch) + MarketChain.address(20).bytes
            + SlashOffence.timeout.rawValue.bigEndianBytes + market.jobs[0].bytes
        let bytes = market.chain.store.load(.rows, key: key)
        let row = try SlashRow(decoding: try #require(bytes))
        #expect(row.burned == Amount(3 * 12_320))
        #expect(try market.row(20, .fee, epoch: epoch)?.reason == .taskTimedOut)
    }

    @Test("bond that is on its way out answers for late tasks too")
    func leaving() throws {
        var market = try MarketChain()
        market.present = []
        try market.run("30 publish -> ok\n20 provide mrt=700 -> ok\n30 job tasks=3 -> ok\nblock 2")
        #expect(market.work(20)?.openTasks == 3)
        try market.run("21 provide mrt=700 -> ok\n22 provide mrt=700 -> ok")
        try market.run("20 unbond mrt=700 -> ok\n21 unbond mrt=700 -> ok\n22 unbond mrt=700 -> ok\nblock 7")
        #expect((0..<3).allSatisfy { market.task(0, $0)?.state == .timedOut } && market.bond(20) == .zero)
        // Nobody else's, whatever stands before or after it.
        for (provider, lost) in [(UInt8(20), UInt64(3 * 12_320)), (21, 0), (22, 0)] {
            let holdings = Ledger.holdings(
                of: MarketChain.address(provider), epoch: market.chain.view.epoch.number, on: market.chain.store)
            #expect(holdings.leaving.map(\.amount) == [Amount(700 * TestChain.token - lost)])
        }
        try market.checkMoney()
    }

    @Test("what vests answers for late tasks last, and a neighbour's grant does not")
    func unvested() throws {
        var market = try MarketChain()
        market.present = []
        try market.run("30 publish -> ok\n20 provide mrt=700 -> ok\n30 job tasks=3 -> ok\nblock 2")
        try market.run("21 provide mrt=700 -> ok\n22 provide mrt=700 -> ok")
        try market.run("20 unbond mrt=700 -> ok\n21 unbond mrt=700 -> ok\n22 unbond mrt=700 -> ok")
        var record = try #require(market.provider(20))
        let state = WorkingState(market.chain.store)
        let key = try #require(
            market.chain.store.keys(.state).first {
                $0[0] == StateTag.providerUnbonding.rawValue
                    && $0.suffix(20).elementsEqual(MarketChain.address(20).bytes)
            })
        var supply = market.chain.view.supply
        let (left, granted) = (Amount(10_000), Amount(3 * 12_320))
        // Of 700 MRT in unbonding, 10,000 units stay there, and the grant has what three tasks cost.
        let moved = try #require(state.load(key, as: UnbondingRecord.self)).amount.units - left.units
        supply.bonds = Amount(supply.bonds.units - moved)
        supply.vesting = granted
        supply.burned = Amount(supply.burned.units + moved - granted.units)
        market.chain.overwrite(UnbondingRecord(amount: left), at: key)
        var page = ProviderPage<Grant>()
        page[record.number.seat].granted = granted
        page[record.number.seat + 1].granted = Amount(7)
        market.chain.overwrite(page, at: StateKey.grants(page: 0, granted: 0))
        market.chain.overwrite(supply, at: StateKey.singleton(.supply))
        market.chain.view = try #require(LedgerView(market.chain.store))
        try market.run("block 7")
        #expect((0..<3).allSatisfy { market.task(0, $0)?.state == .timedOut })
        record = try #require(market.provider(20))
        #expect(record.bond == .zero && market.chain.store.load(.state, key: key) == nil)
        let after: ProviderPage<Grant>? = WorkingState(market.chain.store).load(StateKey.grants(page: 0, granted: 0))
        let taken = 3 * 12_320 - left.units
        #expect(after?[record.number.seat].paid == Amount(taken))
        #expect(after?[record.number.seat + 1] == page[record.number.seat + 1])
        #expect(market.chain.view.supply.vesting == Amount(granted.units - taken))
        for other in [UInt8(21), 22] {
            let holdings = Ledger.holdings(
                of: MarketChain.address(other), epoch: market.chain.view.epoch.number, on: market.chain.store)
            #expect(holdings.leaving.map(\.amount) == [Amount(700 * TestChain.token)])
        }
        #expect(market.chain.view.supply.isConserved)
    }

    /// Drawn with p(0), and long at work when it is paid.
    @Test("pay has the haircut of the rate by which its auditors were drawn, whatever the streak has become")
    func haircut() throws {
        var market = try MarketChain()
        try market.finishEpochs(1)
        try market.run("30 publish -> ok\n20 provide mrt=700 -> ok\n30 job tasks=3 fuel=3000000 cu=18 -> ok\nblock 2")
        try market.deliverAll([20])
        let number = try #require(market.provider(20)?.number)
        try market.finishEpochs(1)
        var page = ProviderPage<Reputation>()
        page[number.seat] = try #require(market.reputation(20))
        page[number.seat].streak = 100
        market.chain.overwrite(page, at: StateKey.reputations(page: 0))
        try market.finishEpochs(1)
        let row = try #require(try market.row(20, .fee, epoch: 2))
        #expect(row.amount == Amount(308 * (0..<3).reduce(0) { $0 + MarketChain.computeUnits($1) }))
        #expect(row.reason == .newcomerHaircut)
    }

    @Test("a receipt begins the count of late tasks anew")
    func counting() throws {
        var market = try MarketChain()
        market.present = []
        try market.run("30 publish -> ok\n20 provide mrt=700 -> ok\n30 job tasks=2 -> ok\nblock 8")
        #expect(market.work(20)?.timeouts == 2)
        try market.run("30 job tasks=1 -> ok\nblock")
        while market.open(20).isEmpty { try market.run("block") }
        try market.deliverAll([20])
        #expect(market.work(20)?.timeouts == 0)
        try market.run("30 job tasks=2 -> ok\nblock 8")
        #expect(market.work(20)?.timeouts == 2 && market.work(20)?.isPaused == false)
        try market.checkMoney()
    }

    @Test("an operator in jail gets no task until it is back")
    func jailed() throws {
        var market = try MarketChain()
        try market.run("30 publish -> ok\n20 provide mrt=700 -> ok")
        let key = StateKey.standing(MarketChain.address(20))
        market.chain.overwrite(StandingRecord(jailings: 1, jailedEpoch: 0, freeEpoch: 9), at: key)
        try market.run("30 job tasks=1 -> ok\nblock 6")
        #expect(market.job(0)?.next == 0)
        var standing: StandingRecord = try #require(WorkingState(market.chain.store).load(key))
        standing.isJailed = false
        market.chain.overwrite(standing, at: key)
        try market.run("block 6")
        #expect(market.job(0)?.next == 1)
    }

    @Test("a validator that is excluded is no provider any more, and a new account of it becomes none")
    func excludedValidator() throws {
        var market = try MarketChain(more: [2, 3])
        try market.run("30 publish -> ok\n3 provide mrt=700 -> ok\nblock 2")
        let height = market.chain.view.tip.height.value
        try market.chain.advance(
            evidence: [market.chain.duplicateVotes(3, at: height), market.chain.duplicateVotes(2, at: height)])
        #expect(market.provider(3)?.isTombstoned == true)
        try market.run("30 job tasks=1 -> ok\nblock 6\n2 provide mrt=700 -> tombstoned\n3 offer -> tombstoned")
        #expect(market.job(0)?.next == 0)
        try market.checkMoney()
    }

    @Test("a provider that is excluded becomes no validator")
    func excludedProvider() throws {
        var market = try MarketChain()
        try market.run("20 provide mrt=700 -> ok")
        var record = try #require(market.provider(20))
        record.isTombstoned = true
        market.chain.overwrite(record, at: StateKey.provider(MarketChain.address(20)))
        for (sender, code) in [(UInt8(20), LedgerRule.tombstoned.rawValue), (21, 0)] {
            let registration = RegisterValidator(
                keys: TestKeys(sender).validator, stake: Amount(20_000 * TestChain.token), name: [],
                proofs: [.zero, .zero, .zero])
            try market.chain.advance([(0, [market.send(sender, .registerValidator(registration))])])
            #expect(market.chain.results.last?.code == code)
        }
    }

    @Test("a task that one provider was late with goes to another, and only the late one is charged")
    func second() throws {
        var market = try Self.twoProviders()
        let first = try #require([20, 21].first { !market.open($0).isEmpty } as UInt8?)
        let other: UInt8 = first == 20 ? 21 : 20
        try market.run("block 6")
        #expect(market.open(first).isEmpty && market.open(other).first?.indexes == [0])
        #expect(market.task(0, 0)?.late == MarketChain.address(first))
        #expect(market.task(0, 0)?.charge == Amount(12_320) && market.job(0)?.charges == Amount(12_320))
        try market.checkMoney()
        // What the late one has by now is nobody's task.
        try market.run("\(first) attest tasks=0 -> nothing_counted")
        #expect(market.task(0, 0)?.state == .assigned)
        try market.deliverAll([other])
        #expect(market.task(0, 0)?.state == .delivered && market.job(0)?.charges == .zero)
        #expect(market.bond(first) == Amount(700 * TestChain.token - 12_320))
        #expect(market.bond(other) == Amount(700 * TestChain.token))
        try market.checkMoney()
    }

    @Test("a task that two providers were late with is undeliverable: charges return, audit and burn parts are kept")
    func undeliverable() throws {
        var market = try Self.twoProviders()
        let held = market.chain.account(30).balance
        try market.run("block 12")
        #expect(market.task(0, 0)?.state == .undeliverable && market.job(0)?.closed == 1)
        #expect(market.chain.account(30).balance.units - held.units == 16_000 - 3_200)
        #expect(market.bond(20) == Amount(700 * TestChain.token) && market.bond(21) == market.bond(20))
        #expect(market.chain.view.supply.escrow == Amount(3_200))
        try market.checkMoney()
        let epoch = market.chain.view.epoch.number
        try market.finishEpochs(1)
        let row = try #require(try market.row(30, .referral, epoch: epoch))
        #expect(row.amount == .zero && row.reason == .taskUndeliverable)
        #expect(market.chain.view.supply.escrow == .zero)
        try market.checkMoney()
    }

    static func twoProviders() throws -> MarketChain {
        var market = try MarketChain()
        try market.run(
            """
            30 publish -> ok
            20 provide mrt=700 -> ok
            21 provide mrt=700 -> ok
            30 job tasks=1 -> ok
            block 2
            """)
        return market
    }

    @Test("an author admits receipts that its state would count, and nothing of strangers")
    func admission() throws {
        var market = try Self.twoProviders()
        let provider = try #require([20, 21].first { !market.open($0).isEmpty } as UInt8?)
        func admit(_ item: Item) -> String? {
            Ledger.admit(item, byteCount: item.encoded.count, on: market.chain.store, view: market.chain.view)?.label
        }
        let good = market.attest(provider, market.jobs[0], [0])
        #expect(admit(good) == nil)
        #expect(admit(market.attest(22, market.jobs[0], [0])) == "unknown_provider")
        #expect(admit(market.attest(provider, market.jobs[0], [1])) == "receipt_not_assigned")
        try market.chain.advance([(1, [good])])
        #expect(admit(good) == "receipt_repeated")
    }

    @Test("a signed attestation is the one whose signature holds: every receipt and number is under it")
    func signature() throws {
        let market = try Self.twoProviders()
        guard case .attestation(let signed) = market.attest(20, market.jobs[0], [0, 1]) else { return }
        func holds(_ job: Digest, _ epoch: UInt64, _ units: UInt64, _ receipts: [Receipt]) throws -> Bool {
            let item = Item.attestation(
                Attestation(
                    provider: signed.provider, job: job, epoch: epoch, computeUnits: units, receipts: receipts,
                    signature: signed.signature))
            return Verified(try ItemClaim(decoding: item.encoded, chainID: TestChain.chainID)) != nil
        }
        let (job, units, receipts) = (signed.job, signed.computeUnits, signed.receipts)
        #expect(try holds(job, signed.epoch, units, receipts))
        #expect(try !holds(.zero, signed.epoch, units, receipts))
        #expect(try !holds(job, signed.epoch + 1, units, receipts))
        #expect(try !holds(job, signed.epoch, units + 1, receipts))
        #expect(try !holds(job, signed.epoch, units, [receipts[0]]))
        #expect(try !holds(job, signed.epoch, units, [receipts[0], Receipt(taskIndex: 1, result: nil)]))
        let disordered = Item.attestation(
            Attestation(
                provider: signed.provider, job: job, epoch: 0, computeUnits: units,
                receipts: [receipts[1], receipts[0]], signature: signed.signature))
        #expect(throws: (any Error).self) { try Item(decoding: disordered.encoded) }
    }
}
