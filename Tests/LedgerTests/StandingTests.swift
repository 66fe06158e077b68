// Attendance and jail in text tables: a line is blocks that some validators did not sign, an item and its result, or
// the end of the epoch.
import Chain
import Cryptography
import Ledger
import Primitives
import Quorum
import Rewards
import Testing

/// Four validators, a window of 8 blocks, a jail of one epoch.
struct StandingChain {
    static var settings: [Setting] {
        var parameters = TestChain.parameters
        parameters.rewards.slashing.signedWindow = 8
        return parameters.differences
    }

    var chain: TestChain
    private var sequences: [UInt8: UInt64] = [:]

    init(settings: [Setting] = Self.settings) throws {
        chain = try TestChain(genesis: TestChain.genesis(validators: 4, settings: settings))
        try chain.advance([
            (0, (UInt8(0)..<4).map { TestChain.transfer(10, UInt64($0), to: $0, TestChain.token) })
        ])
    }

    /// One block whose last commit lacks these validators.
    mutating func step(without absent: Set<UInt8> = [], _ items: [Item] = []) throws {
        let missing = Set(absent.map { TestKeys($0).consensus.address })
        let signatures = chain.lastCommit.signatures.map { signature in
            signature.address.map(missing.contains) == true ? .absent : signature
        }
        chain.lastCommit = Commit(
            height: chain.lastCommit.height, round: chain.lastCommit.round, blockID: chain.lastCommit.blockID,
            signatures: signatures)
        try chain.advance(items.isEmpty ? [] : [(0, items)])
    }

    mutating func run(_ table: String) throws {
        for line in table.split(separator: "\n") {
            let words = line.split(separator: " ")
            if words[0] == "epoch" {
                try finishEpoch()
            } else if words[1] == "blocks" {
                let absent = Set(words.dropFirst(3).compactMap { UInt8($0) })
                for _ in 0..<(try #require(Int(words[0]))) { try step(without: absent) }
            } else {
                let sender = try #require(UInt8(words[0]))
                let action: Action = words[1] == "unjail" ? .unjail(Unjail()) : .unbond(BondChange(amount: Amount(1)))
                try step(without: [], [TestChain.item(sender, chain.account(sender).nextSequence, action)])
                let code = try #require(chain.results.last).code
                #expect((code == 0 ? "ok" : LedgerRule(rawValue: code)?.label ?? "") == words[3], "\(line)")
            }
        }
    }

    mutating func finishEpoch() throws {
        let epoch = chain.view.epoch.number
        while chain.view.epoch.number == epoch { try step() }
    }

    func slashes(_ epoch: UInt64) throws -> [SlashRow] { try chain.rows(.slashes, epoch, as: SlashRow.self) }
    func isNext(_ number: UInt8) -> Bool {
        chain.view.nextValidators.index(of: TestKeys(number).consensus.address) != nil
    }
    func standing(_ number: UInt8) -> StandingRecord? {
        WorkingState(chain.store).load(StateKey.standing(TestKeys(number).account.address))
    }
    func row(_ number: UInt8, _ kind: RewardKind, epoch: UInt64) throws -> RewardRow? {
        try chain.rows(.rewards, epoch, as: RewardRow.self).first {
            $0.key == RewardKey(account: TestKeys(number).account.address, kind: kind)
        }
    }
}

@Suite("standing")
struct StandingTests {
    static let rules = """
        3 unjail -> not_jailed
        10 unjail -> not_a_validator
        5 blocks without 3
        epoch
        3 unjail -> jail_not_over
        2 unjail -> not_jailed
        epoch
        3 unjail -> ok
        3 unjail -> not_jailed
        epoch
        """

    @Test("under half of the window: a slash, no seat from the next set on, no pay, and the way back")
    func absence() throws {
        var run = try StandingChain()
        try run.run(Self.rules)
        let row = try #require(try run.slashes(0).first)
        #expect(try run.slashes(0).count == 1 && row.key.account == TestKeys(3).account.address)
        // 0.01 % of 10,000 MRT.
        #expect(row.key.offence == .absence && row.amount == Amount(TestChain.token) && row.burned == row.amount)
        // The epoch itself is paid for what was signed; the next ones not at all.
        #expect(try run.row(3, .precommit, epoch: 0)?.reason == .precommitsIncluded)
        let jailed = try #require(try run.row(3, .precommit, epoch: 1))
        #expect(jailed.amount == .zero && jailed.reason == .jailed)
        #expect(run.isNext(3) && run.standing(3)?.isJailed == false)
        try run.finishEpoch()
        #expect(try run.row(3, .precommit, epoch: 3)?.amount ?? .zero > .zero)
        #expect(try run.slashes(1).isEmpty && run.slashes(2).isEmpty && run.slashes(3).isEmpty)
        #expect(Ledger.sumOfAccounts(run.chain.store, at: run.chain.view.tip.height) == run.chain.view.supply)
    }

    @Test("the jail of a validator is read by its consensus key, with the term, and is gone when it returns")
    func jail() throws {
        var run = try StandingChain()
        func jail(_ number: UInt8) -> Jail? {
            Ledger.jail(of: TestKeys(number).consensus.address, on: run.chain.store)
        }
        #expect(jail(3) == nil)
        try run.run("5 blocks without 3\nepoch")
        let early = try #require(jail(3))
        #expect(early.operatorAddress == TestKeys(3).account.address && !early.isOver)
        #expect(early.freeEpoch == early.epoch + 1 && jail(2) == nil)
        #expect(Ledger.jail(of: TestKeys(3).account.address, on: run.chain.store) == nil)
        try run.run("epoch")
        #expect(jail(3)?.isOver == true && jail(3)?.nextSequence == run.chain.account(3).nextSequence)
        try run.run("3 unjail -> ok")
        #expect(jail(3) == nil)
    }

    @Test("a jailed validator has no seat and says why it earns nothing")
    func seat() throws {
        var run = try StandingChain()
        try run.run("3 blocks\n5 blocks without 3\nepoch")
        #expect(!run.isNext(3) && run.chain.view.nextValidators.count == 3)
        try run.run("epoch\nepoch")
        #expect(!run.isNext(3))
        #expect(try run.row(3, .staking, epoch: 2)?.reason == .jailed)
        #expect(run.chain.validator(3)?.bond.units == 9_999 * TestChain.token)
    }

    @Test(
        "half of the window is enough, and a window must be full",
        arguments: [
            ("8 blocks\n4 blocks without 3", false), ("8 blocks\n5 blocks without 3", true),
            ("8 blocks\n4 blocks without 3\n4 blocks\n4 blocks without 3", false),
            ("8 blocks\n3 blocks without 3\n3 blocks\n2 blocks without 3", true),
            ("8 blocks\n4 blocks without 3\n1 blocks\n1 blocks without 3", true),
            ("8 blocks\n4 blocks without 3\n5 blocks\n3 blocks without 3", false),
        ])
    func window(table: String, isAbsent: Bool) throws {
        var run = try StandingChain()
        try run.run(table + "\nepoch")
        #expect(try run.slashes(0).isEmpty != isAbsent)
        #expect(run.isNext(3) != isAbsent)
    }

    @Test("a repeated absence doubles the term, and one long after the last does not")
    func repetition() throws {
        var run = try StandingChain()
        var terms: [UInt64] = []
        func jailAndReturn(after calm: Int) throws {
            for _ in 0..<calm { try run.finishEpoch() }
            try run.run("8 blocks\n5 blocks without 3\nepoch")
            let standing = try #require(run.standing(3))
            terms.append(standing.freeEpoch - standing.jailedEpoch - 1)
            while run.chain.view.epoch.number < standing.freeEpoch { try run.finishEpoch() }
            try run.run("3 unjail -> ok\nepoch")
        }
        for _ in 0..<3 { try jailAndReturn(after: 0) }
        // 6 days are the window of repetition.
        try jailAndReturn(after: 6)
        #expect(terms == [1, 2, 4, 1])
    }

    @Test("when those to be jailed hold more than a third, nobody is; each is slashed all the same")
    func tooMany() throws {
        var run = try StandingChain()
        try run.run("1 blocks\n5 blocks without 3\n2 blocks\n5 blocks without 2\nepoch")
        #expect(try run.slashes(0).map(\.key.offence) == [.absence, .absence])
        #expect(run.isNext(2) && run.isNext(3) && run.standing(3) == nil)
        // The window begins anew: what was punished is not punished again.
        try run.run("epoch")
        #expect(try run.slashes(1).isEmpty)
    }

    @Test("blocks count from the validator's own seat on, and a change of the set begins no window anew")
    func seatedLater() throws {
        var run = try StandingChain()
        try run.run("8 blocks\n4 blocks without 3\nepoch\n4 blocks without 3\nepoch")
        #expect(try run.slashes(0).isEmpty && run.slashes(1).isEmpty)
        #expect(run.isNext(3))
    }
}
