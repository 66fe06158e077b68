// Where providers are paid: numbers, pages of 64, and how an account comes by what lies in its purse.
import Chain
import Codec
import Cryptography
import Primitives
import Rewards
import Testing

@testable import Ledger

@Suite("provider pages")
struct ProviderPagesTests {
    /// A purse of one unit at a seat, counted from 1.
    private static func seated(_ seatPlusOne: UInt64, balance: UInt64 = 1) -> Bytes {
        var entry = Encoder()
        entry.unsigned(1, seatPlusOne)
        entry.unsigned(2, balance)
        return entry.bytes
    }

    @Test(
        "refused are pages with nothing, with a seat that does not ascend or does not exist, and with an empty entry",
        arguments: [
            ("nothing", [], false), ("first", [seated(1)], true), ("last", [seated(64)], true),
            ("both", [seated(1), seated(64)], true), ("beyond", [seated(65)], false), ("none", [seated(0)], false),
            ("again", [seated(7), seated(7)], false), ("back", [seated(7), seated(6)], false),
            ("empty", [seated(7, balance: 0)], false),
        ] as [(String, [Bytes], Bool)])
    func refusals(name: String, entries: [Bytes], isRead: Bool) throws {
        var record = Encoder()
        for entry in entries { record.element(1, entry) }
        let page = ProviderPage<Purse>.decoded(record.bytes)
        #expect((page != nil) == isRead, "\(name)")
        if let page {
            #expect(page.encoded == record.bytes && page.bytes == record.bytes && !page.isVoid)
            #expect(page.written.count == entries.count)
        }
    }

    @Test(
        "a reputation that lost more than all is refused",
        arguments: [(65_536, true), (65_537, false)] as [(UInt64, Bool)])
    func reputations(lost: UInt64, isRead: Bool) {
        var page = Encoder()
        page.element(1, Self.seated(3, balance: lost))
        #expect(ProviderPage<Reputation>.decoded(page.bytes).map { $0[2].reliability } == (isRead ? 0 : nil))
    }

    @Test("a reputation is found by its number, also behind pages that are not written")
    func gaps() {
        var state = WorkingState(EmptySnapshot())
        let numbers = [3, 200, 255].map { ProviderNumber($0) }
        for (index, number) in numbers.enumerated() {
            var reputation = Reputation()
            reputation.streak = UInt64(index) + 1
            state.store(reputation, number)
        }
        let all = state.reputations()
        #expect(numbers.map { all[$0].streak } == [1, 2, 3])
        for number in [0, 2, 64, 199, 201, 256, 10_000] as [UInt64] {
            #expect(all[ProviderNumber(number)] == Reputation(), "\(number)")
        }
        // The last of a page takes the page with it.
        state.store(Reputation(), numbers[0])
        #expect(state.bytes(StateKey.reputations(page: 0)) == nil)
        #expect(state.bytes(StateKey.reputations(page: 3)) != nil)
    }

    @Test("grants of a neighbour in the same record are nobody else's")
    func neighbours() {
        var state = WorkingState(EmptySnapshot())
        var grant = Grant()
        grant.granted = Amount(7)
        state.store(grant, ProviderNumber(64), granted: 5)
        state.store(grant, ProviderNumber(65), granted: 9)
        #expect(state.grants(of: ProviderNumber(64)).map(\.epoch) == [5])
        #expect(state.grants(of: ProviderNumber(65)).map(\.epoch) == [9])
        #expect(state.grants(of: ProviderNumber(66)).isEmpty && state.grants(of: ProviderNumber(0)).isEmpty)
        grant.paid = grant.granted
        state.store(grant, ProviderNumber(64), granted: 5)
        #expect(state.grants(of: ProviderNumber(64)).isEmpty)
        #expect(state.bytes(StateKey.grants(page: 1, granted: 5)) == nil)
    }

    /// How many of 40 tasks the first of two like providers is given.
    private static func drawn(reliability: UInt64) throws -> Int {
        var market = try MarketChain()
        try market.finishEpochs(1)
        try market.run("30 publish -> ok\n20 provide mrt=3500 -> ok\n21 provide mrt=3500 -> ok")
        var page = ProviderPage<Reputation>()
        page[0].reliability = reliability
        if !page.isVoid { market.chain.overwrite(page, at: StateKey.reputations(page: 0)) }
        try market.run("30 job tasks=40 fuel=40000000 cu=55 -> ok\nblock 2")
        let tasks = [UInt8(20), 21].map { market.open($0).reduce(0) { $0 + $1.indexes.count } }
        #expect(tasks[0] + tasks[1] == 40)
        return tasks[0]
    }

    @Test("of two like providers the one that lost its reliability is given fewer tasks")
    func draws() throws {
        let (before, less) = (try Self.drawn(reliability: 65_536), try Self.drawn(reliability: 0))
        #expect(less < before, "\(less) of 40, and \(before) where it lost none")
    }

    @Test("the audit rate of a task follows the streak of who delivered it", arguments: [0, 15, 1_000] as [UInt64])
    func rates(streak: UInt64) throws {
        var market = try MarketChain()
        try market.finishEpochs(1)
        try market.run("30 publish -> ok\n20 provide mrt=3500 -> ok")
        var page = ProviderPage<Reputation>()
        page[0].streak = streak
        if streak > 0 { market.chain.overwrite(page, at: StateKey.reputations(page: 0)) }
        try market.run("30 job tasks=2 fuel=2000000 cu=55 -> ok\nblock 2")
        try market.deliverAll([20])
        let rate = try Rewards.Rule.auditRate(streak: streak, rules: market.chain.view.parameters.rewards.audit)
        #expect(market.task(0, 0)?.auditRate == rate && market.task(0, 1)?.auditRate == rate)
    }

    @Test("providers are numbered as they come, those of the genesis first, and 64 share a page")
    func numbers() throws {
        var market = try MarketChain(listed: [22])
        try market.run("21 provide mrt=700 -> ok\n20 provide mrt=700 -> ok")
        for (account, number) in [(UInt8(22), UInt64(0)), (21, 1), (20, 2)] {
            #expect(market.provider(account)?.number == ProviderNumber(number))
            #expect(market.chain.account(account).providerNumber == ProviderNumber(number))
        }
        #expect(market.chain.account(30).providerNumber == nil)
        let count: ProviderCount? = WorkingState(market.chain.store).load(StateKey.singleton(.providers))
        #expect(count == ProviderCount(given: 3))
        let places = [UInt64(0), 63, 64, 130].map { (ProviderNumber($0).page, ProviderNumber($0).seat) }
        #expect(places.map(\.0) == [0, 0, 1, 2] && places.map(\.1) == [0, 63, 0, 2])
    }

    @Test(
        "things are found by their pages, each once",
        arguments: [[], [0], [3, 0, 3, 9, 0, 3], [7, 7, 7], [2, 1, 0]] as [[UInt64]])
    func byPage(pages: [UInt64]) {
        let (places, groups) = BlockExecution.byPage(pages)
        #expect(places.sorted() == Array(pages.indices))
        #expect(groups.map { pages[places[$0.lowerBound]] } == Set(pages).sorted())
        #expect(groups.allSatisfy { group in Set(places[group].map { pages[$0] }).count == 1 })
        #expect(groups.reduce(0) { $0 + $1.count } == pages.count)
        for group in groups { #expect(places[group].elementsEqual(places[group].sorted())) }
    }

    private static func record(_ account: UInt8, _ market: MarketChain) -> Account {
        WorkingState(market.chain.store).account(MarketChain.address(account))
    }

    @Test("a settlement leaves the accounts of providers as they are; the next transaction takes what is in the purse")
    func taking() throws {
        var market = try MarketChain()
        try market.finishEpochs(1)
        try market.run("30 publish -> ok\n20 provide mrt=700 -> ok\n21 provide mrt=700 -> ok\n20 elect credits -> ok")
        let before = [UInt8(20), 21].map { Self.record($0, market) }
        let epoch = try RequesterTests.paid(&market)
        #expect([UInt8(20), 21].map { Self.record($0, market) } == before)
        let (paid, purse) = (
            try #require(try market.row(20, .fee, epoch: epoch, asset: .credits)), market.chain.purse(20)
        )
        #expect(purse.credits == paid.amount && paid.amount > .zero && purse.unlockEpoch > epoch)
        let subsidy = try #require(try market.row(20, .usageSubsidy, epoch: epoch)).amount
        let liquid = subsidy.debited(Amount(subsidy.units * 3 / 4))
        #expect(liquid > .zero && purse.balance >= liquid)
        // Another's pay stays where it is.
        let other = market.chain.purse(21)
        let burned = market.chain.view.supply.burned
        try market.run("20 elect -> ok")
        let fee = market.chain.view.supply.burned.debited(burned)
        var after = before[0]
        after.nonce += 1
        after.balance = after.balance.credited(purse.balance).debited(fee)
        after.credits = after.credits.credited(purse.credits)
        #expect(Self.record(20, market) == after)
        let rest = market.chain.purse(20)
        #expect(rest.balance == .zero && rest.credits == .zero && rest.unlockEpoch == purse.unlockEpoch)
        #expect(market.chain.purse(21) == other && other.balance > .zero)
        try market.checkMoney()
    }

    @Test("a page of which a settlement leaves nothing is forgotten")
    func recovered() throws {
        var market = try MarketChain()
        try market.finishEpochs(1)
        try market.run("30 publish -> ok\n20 provide mrt=700 -> ok\n21 provide mrt=700 -> ok")
        var page = ProviderPage<Reputation>()
        page[0].reliability = 65_535
        market.chain.overwrite(page, at: StateKey.reputations(page: 0))
        #expect(market.reputation(20)?.reliability == 65_535)
        _ = try RequesterTests.paid(&market)
        #expect(market.reputation(20)?.reliability == 65_536)
        #expect(market.chain.store.load(.state, key: StateKey.reputations(page: 0)) == nil)
    }

    @Test("an account that has nothing but its purse pays from it, and is admitted for it")
    func poor() throws {
        var market = try MarketChain()
        try market.finishEpochs(1)
        try market.run("30 publish -> ok\n20 provide mrt=700 -> ok\n21 provide mrt=700 -> ok")
        _ = try RequesterTests.paid(&market)
        let address = MarketChain.address(20)
        var poor = Self.record(20, market)
        poor.balance = .zero
        let purse = market.chain.purse(20)
        #expect(purse.balance > Amount(100_000))
        market.chain.overwrite(poor, at: StateKey.account(address))
        let item = TestChain.transfer(20, poor.nextSequence, to: 21, purse.balance.units - 100_000)
        let view = market.chain.view
        func rule() -> LedgerRule? {
            Ledger.admit(item, byteCount: item.encoded.count, on: market.chain.store, view: view)
        }
        #expect(rule() == nil && Ledger.spendable(address, on: market.chain.store, view).balance == purse.balance)
        #expect(try market.chain.advance([(0, [item])]).last?.code == 0)
        #expect(Self.record(20, market).balance < Amount(100_000) && market.chain.purse(20).balance == .zero)
    }

    @Test("what is liquid is taken although slashes of the account wait")
    func locked() throws {
        var market = try MarketChain()
        try market.finishEpochs(1)
        try market.run("30 publish -> ok\n20 provide mrt=700 -> ok\n21 provide mrt=700 -> ok")
        _ = try RequesterTests.paid(&market)
        try market.finishEpochs(4)
        market.chain.overwrite(LockRecord(slashes: 1), at: StateKey.lock(MarketChain.address(20)))
        let (vesting, purse) = (market.chain.view.supply.vesting, market.chain.purse(20))
        #expect(purse.balance > .zero && vesting > .zero)
        try market.run("20 elect -> ok")
        #expect(market.chain.view.supply.vesting == vesting)
        #expect(market.chain.purse(20).balance == .zero && market.chain.purse(20).unlockEpoch == purse.unlockEpoch)
    }
}
