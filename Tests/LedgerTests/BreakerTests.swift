// The breaker of an engine: when many validators lose with it, their slashes wait, and what becomes of them.
import Chain
import Cryptography
import Ledger
import Primitives
import ProgramRules
import Quorum
import Rewards
import Testing

extension AuditChain {
    /// A task of the provider that nobody disputes yet.
    fileprivate func undisputed(by provider: UInt8) -> TaskPlace? {
        tasks(of: provider).first { dispute($0.index) == nil }.map {
            TaskPlace(job: market.jobs[0], index: $0.index)
        }
    }
}

@Suite("breaker")
struct BreakerTests {
    /// Stakes of 0 to 3: 2 and 3 can lose against the other two with more than 2/3.
    static let stakes: [UInt64] = [40_000, 34_000, 13_000, 13_000]

    /// Delivered by 20 and 21, who are right; 2 and 3 get something else. Slashes wait two epochs.
    static func tripped(
        cheats: [UInt8: Set<UInt32>] = [:], days: UInt64 = 2, until phase: AuditPhase? = nil
    ) throws -> AuditChain {
        var parameters = Parameters.local
        parameters.slashing.breakerDays = days
        parameters.audit.admissionTasks = 0
        var chain = try AuditChain(
            settings: LedgerParameters(rewards: parameters).differences, stakes: stakes)
        chain.cheats = cheats
        chain.manners = [2: .diverging, 3: .diverging]
        try chain.market.run("30 publish -> ok\n20 provide mrt=3500 -> ok\n21 provide mrt=3500 -> ok")
        // Money for transactions of the operators.
        try chain.market.chain.advance([
            (0, (UInt8(0)..<4).map { TestChain.transfer(31, UInt64($0), to: $0, 5 * TestChain.token) })
        ])
        try chain.market.run("30 job tasks=40 fuel=100000000 cu=116 -> ok\nblock 2")
        try chain.deliver([20, 21])
        if let phase {
            try chain.begin(epoch: 1)
            try chain.reach(phase)
        } else {
            try chain.begin(epoch: 2)
        }
        return chain
    }

    static func bonds(_ chain: AuditChain) -> [Amount] {
        (UInt8(0)..<4).map { chain.market.chain.validator($0)?.bond ?? .zero }
    }

    static func send(_ chain: inout AuditChain, _ sender: UInt8, _ action: Action, _ rule: String) throws {
        let item = TestChain.item(sender, chain.market.chain.account(sender).nextSequence, action)
        let results = try chain.advance([item])
        let code = try #require(results.last { $0.0 == item }).1.code
        #expect((code == 0 ? "ok" : LedgerRule(rawValue: code)?.label ?? "") == rule, "\(sender) \(action)")
    }

    static let declare = Action.declareEngine(DeclareEngine(engineID: EngineIdentity.id))

    @Test("slashes of two operators with over a sixth of T wait, and what they will take is locked")
    func waiting() throws {
        var chain = try Self.tripped()
        #expect(try chain.slashes(1).isEmpty)
        #expect(Self.bonds(chain)[2] == Amount(13_000 * TestChain.token))
        let unbond = Action.unbond(BondChange(amount: Amount(TestChain.token)))
        try Self.send(&chain, 3, unbond, "bond_locked")
        try Self.send(&chain, 1, unbond, "ok")
        let locked = [UInt8(1), 3].map {
            Ledger.holdings(of: AuditChain.address($0), epoch: 2, on: chain.store).isLocked
        }
        #expect(locked == [false, true])
        try Self.send(&chain, 1, .declareEngine(DeclareEngine(engineID: .zero)), "engine_not_deferred")
        try Self.send(&chain, 30, Self.declare, "not_a_validator")
        try Self.send(&chain, 1, Self.declare, "ok")
        try Self.send(&chain, 1, Self.declare, "engine_declared")
    }

    @Test("after their days they are executed, with the rate of all offenders")
    func executed() throws {
        var chain = try Self.tripped()
        chain.manners = [:]
        try chain.begin(epoch: 4)
        let rows = try chain.slashes(3)
        #expect(rows.filter { $0.key.offence == .approvedWrongResult }.count == 2)
        // 3 * 26,000 / 100,000 of each stake.
        #expect(rows.allSatisfy { $0.amount > Amount(10_000 * TestChain.token) })
        let unbond = Action.unbond(BondChange(amount: Amount(TestChain.token)))
        try Self.send(&chain, 3, unbond, "ok")
        #expect(!chain.store.keys(.state).contains { [StateTag.lock, .deferredSlash].map(\.rawValue).contains($0[0]) })
        try chain.market.checkMoney()
    }

    @Test("more than 2/3 of the stake drops them; exactly who declared is forgotten with them")
    func declared() throws {
        var chain = try Self.tripped()
        try Self.send(&chain, 0, Self.declare, "ok")
        // 40 % do not suffice.
        try chain.begin(epoch: 3)
        #expect(chain.store.keys(.state).contains { $0[0] == StateTag.deferredSlash.rawValue })
        try Self.send(&chain, 1, Self.declare, "ok")
        chain.manners = [:]
        try chain.begin(epoch: 5)
        for epoch in UInt64(1)..<5 { #expect(try chain.slashes(epoch).isEmpty) }
        let tags: [StateTag] = [.deferredSlash, .lock, .declaration, .engineLoss]
        #expect(!chain.store.keys(.state).contains { tags.map(\.rawValue).contains($0[0]) })
        try Self.send(&chain, 2, .unbond(BondChange(amount: Amount(TestChain.token))), "ok")
    }

    @Test("a wrong provider loses the disputed pay at once and its bond after the days")
    func provider() throws {
        var chain = try Self.tripped(cheats: [21: Set(0..<40)])
        #expect(try chain.slashes(1).isEmpty)
        let lost = chain.tasks(of: 21).filter { $0.record.state == .forfeited }.count
        #expect(lost > 0 && lost < chain.tasks(of: 21).count)
        let held = try #require(chain.market.bond(21))
        let row = try #require(try chain.market.row(21, .fee, epoch: 1))
        #expect(row.reason == .deferredByBreaker || row.amount > .zero)
        try Self.send(&chain, 21, .unbondProvider(BondChange(amount: Amount(1))), "bond_locked")
        chain.manners = [:]
        try chain.begin(epoch: 4)
        let slashes = try chain.slashes(3).filter { $0.key.offence == .wrongResult }
        #expect(slashes.count == lost)
        let taken = slashes.reduce(UInt64(0)) { $0 + $1.amount.units }
        #expect(chain.market.bond(21) == Amount(held.units - taken))
        #expect(slashes.allSatisfy { $0.injured > .zero && $0.reporter > .zero })
        try chain.market.checkMoney()
    }

    @Test("voters on a validator's loss are paid when its slash is executed, once for each dispute")
    func voters() throws {
        var chain = try Self.tripped()
        chain.manners = [:]
        try chain.begin(epoch: 4)
        let rows = try chain.slashes(3)
        #expect(!rows.isEmpty)
        for same in Dictionary(grouping: rows, by: \.key.evidence).values {
            #expect(same.count { $0.injured > .zero } == 1)
        }
        #expect(try chain.market.row(0, .compensation, epoch: 3)?.amount ?? .zero > .zero)
        #expect(try chain.market.row(2, .compensation, epoch: 3) == nil)
        try chain.market.checkMoney()
    }

    @Test("a false dispute costs the same where the breaker tripped, and makes no success of the task")
    func falseDispute() throws {
        var chain = try Self.tripped(until: .open)
        let place = try #require(chain.undisputed(by: 20))
        let deposit = try #require(Ledger.disputeOutlook(place, on: chain.store, view: chain.view)).deposit
        let request = OpenDispute(task: place, claimed: AuditChain.wrong(9_999), deposit: deposit)
        try Self.send(&chain, 30, .openDispute(request), "ok")
        try chain.begin(epoch: 2)
        let row = try #require(try chain.slashes(1).first { $0.key.offence == .falseDispute })
        #expect(row.key.account == MarketChain.address(30) && row.amount > .zero && row.injured > .zero)
    }

    @Test("one operator, or a sixth of T and no more, is slashed at once")
    func calm() throws {
        var chain = try AuditChain.delivered()
        chain.manners[3] = .diverging
        try chain.begin(epoch: 2)
        #expect(try chain.slashes(1).contains { $0.key.offence == .approvedWrongResult })
    }
}
