// Who referred a requester and what that pays; prepaid fees: where credits come from, where they go, what backs them.
import Chain
import Primitives
import Rewards
import Testing

@testable import Ledger

@Suite("requesters")
struct RequesterTests {
    static let referring = """
        30 refer by=30 -> self_referral
        30 refer by=99 -> unknown_referrer
        30 refer by=31 -> ok
        30 refer by=20 -> requester_registered
        20 publish -> ok
        20 job -> ok
        20 refer by=31 -> requester_registered
        """
    static let prepaying = """
        31 buy -> zero_amount
        31 buy mrt=200000 -> insufficient_balance
        31 publish -> ok
        31 job credits -> insufficient_credits
        31 buy units=32000 -> ok
        31 job credits -> ok
        31 job credits tasks=1 -> insufficient_credits
        31 elect credits -> not_a_provider
        """

    @Test("a referrer is named once, before the first job, and is somebody else who exists")
    func refer() throws {
        var market = try MarketChain()
        try market.run(Self.referring)
        let state = WorkingState(market.chain.store)
        let named: RequesterRecord? = state.load(StateKey.requester(MarketChain.address(30)))
        #expect(named?.referrer == MarketChain.address(31) && named?.registeredEpoch == 0)
        let alone: RequesterRecord? = state.load(StateKey.requester(MarketChain.address(20)))
        #expect(alone?.referrer == nil && alone != nil)
        try market.checkMoney()
    }

    /// A job of 60 tasks by account 30, settled at the end of the epoch after it; `then` is that epoch.
    static func paid(_ market: inout MarketChain, _ options: String = "") throws -> UInt64 {
        try market.run("30 job tasks=60 fuel=60000000 cu=75\(options) -> ok\nblock 2")
        try market.deliverAll([20, 21])
        try market.finishEpochs(2)
        return market.chain.view.epoch.number - 1
    }

    /// Fees of all 60 tasks, and what they leave in the treasury.
    static let fees = (0..<UInt32(60)).reduce(UInt64(0)) { $0 + 1_000 * MarketChain.computeUnits($1) }

    @Test("the referrer gets a tenth of the referee's treasury parts until the days are over")
    func referral() throws {
        var market = try MarketChain()
        try market.finishEpochs(1)
        try market.run(
            "30 publish -> ok\n20 provide mrt=700 -> ok\n21 provide mrt=700 -> ok\n30 refer by=31 -> ok")
        let before = market.chain.account(31).balance
        let epoch = try Self.paid(&market)
        let row = try #require(try market.row(31, .referral, epoch: epoch))
        #expect(row.amount == Amount(Self.fees * 3 / 1_000) && row.reason == .refereeFees)
        #expect(market.chain.account(31).balance == before.credited(row.amount))
        #expect(try market.row(30, .referral, epoch: epoch)?.reason == .payingEarnsNothing)
        let pools: PoolRecord = WorkingState(market.chain.store).require(.pools)
        #expect(pools.treasury == Amount(Self.fees * 30 / 1_000).debited(row.amount))
        try market.checkMoney()
        // Four days of one epoch each from the registration in epoch 1.
        let next = try Self.paid(&market)
        #expect(next == 4)
        #expect(try market.row(31, .referral, epoch: next)?.amount ?? .zero > .zero)
        let last = try Self.paid(&market)
        #expect(try market.row(30, .referral, epoch: last)?.reason == .referralExpired)
        #expect(try market.row(31, .referral, epoch: last) == nil)
        try market.checkMoney()
    }

    @Test("credits are bought one to one, hold a job's escrow, and come back as credits")
    func credits() throws {
        var market = try MarketChain()
        let before = market.chain.view.supply
        try market.run(Self.prepaying)
        #expect(market.chain.account(31).credits == .zero)
        #expect(market.chain.view.supply.escrow == Amount(32_000))
        #expect(market.chain.view.supply.pools == before.pools)
        try market.checkMoney()
        try market.run("31 cancel job=0 -> ok")
        let account = market.chain.account(31)
        #expect(account.credits == Amount(32_000) && market.chain.view.supply.escrow == .zero)
        #expect(market.chain.view.supply.pools == before.pools.credited(Amount(32_000)))
        try market.checkMoney()
    }

    @Test("fees paid in credits go through the ordinary split; what is left of the escrow returns as credits")
    func spending() throws {
        var market = try MarketChain()
        try market.finishEpochs(1)
        try market.run(
            "30 publish -> ok\n20 provide mrt=700 -> ok\n21 provide mrt=700 -> ok\n30 buy units=5000000 -> ok")
        let balance = market.chain.account(30).balance
        let epoch = try Self.paid(&market, " credits")
        #expect(market.chain.account(30).credits == Amount(5_000_000 - Self.fees))
        #expect(market.chain.account(30).balance > balance.debited(Amount(100_000)), "only the size fee")
        let paid = try [UInt8(20), 21].map { try market.row($0, .fee, epoch: epoch)?.amount.units ?? 0 }
        #expect(paid[0] + paid[1] == Self.fees * 308 / 1_000)
        #expect(market.chain.summary(epoch)?.burned.units ?? 0 >= Self.fees / 10)
        try market.checkMoney()
    }

    @Test("a late task of a job paid in credits gives credits back, an undeliverable one all but two parts")
    func late() throws {
        var market = try MarketChain()
        try market.run(
            """
            30 publish -> ok
            20 provide mrt=700 -> ok
            30 buy units=16000 -> ok
            30 job tasks=1 credits -> ok
            block 8
            """)
        #expect(market.task(0, 0)?.state == .timedOut && market.chain.account(30).credits == Amount(16_000))
        try market.checkMoney()
        try market.run("21 provide mrt=700 -> ok\n30 job tasks=1 credits -> ok\nblock 16")
        #expect(market.task(1, 0)?.state == .undeliverable && market.chain.account(30).credits == Amount(12_800))
        try market.checkMoney()
    }

    @Test("a provider may elect credits: its row is in credits, and the MRT stays in the pool")
    func election() throws {
        var market = try MarketChain()
        try market.finishEpochs(1)
        try market.run(
            """
            30 publish -> ok
            20 provide mrt=700 -> ok
            21 provide mrt=700 -> ok
            20 elect credits -> ok
            """)
        let epoch = try Self.paid(&market)
        #expect(try market.row(20, .fee, epoch: epoch) == nil)
        let row = try #require(try market.row(20, .fee, epoch: epoch, asset: .credits))
        let pools: PoolRecord = WorkingState(market.chain.store).require(.pools)
        #expect(row.amount > .zero && market.chain.account(20).credits == row.amount && pools.credits == row.amount)
        #expect(try market.row(21, .fee, epoch: epoch)?.amount ?? .zero > .zero)
        try market.checkMoney()
        func holdings(_ account: UInt8) -> Holdings {
            Ledger.holdings(of: MarketChain.address(account), epoch: epoch, on: market.chain.store)
        }
        try market.run("21 elect credits -> ok\n20 elect -> ok\n20 job credits tasks=1 -> ok")
        #expect(market.chain.account(20).credits == row.amount.debited(Amount(16_000)))
        #expect(market.provider(20)?.takesCredits == false && !holdings(20).takesCredits && holdings(21).takesCredits)
        try market.checkMoney()
    }
}
