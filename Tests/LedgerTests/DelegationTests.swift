// Delegations: each rule by a row, what an epoch pays, what a slash takes, and how stake of others counts.
import Chain
import Codec
import Cryptography
import Primitives
import Quorum
import Rewards
import Testing

@testable import Ledger

extension TestChain {
    func delegation(to validator: UInt8, by delegator: UInt8) -> DelegationRecord? {
        WorkingState(store).load(
            StateKey.delegation(
                to: TestKeys(validator).account.address, by: TestKeys(delegator).account.address))
    }

    func tranche(_ kind: TrancheKind, of validator: UInt8, epoch: UInt64, to destination: UInt8? = nil)
        -> TrancheRecord?
    {
        let target = destination.map { TestKeys($0).account.address }
        let id = TrancheID(kind, of: TestKeys(validator).account.address, epoch: epoch, to: target)
        return WorkingState(store).load(StateKey.tranche(id))
    }

    func stake(of validator: UInt8) -> Amount? {
        let count: EpochCount? = WorkingState(store).load(StateKey.singleton(.epochCount))
        return count?.members.first { $0.operatorAddress == TestKeys(validator).account.address }?.stake
    }

    /// Money is where the totals say, counted from the records.
    func checkMoney() throws {
        #expect(view.supply.isConserved)
        #expect(try #require(Ledger.sumOfAccounts(store, at: view.tip.height)) == view.supply)
    }

    /// Replaces a state record as no transaction could; the tree keeps the old leaf until the record changes.
    mutating func overwrite(_ record: some Message, at key: Bytes) {
        var writes = WriteBatch()
        writes.put(.state, key: key, value: record.encoded)
        store.commit(writes)
    }

    /// The same for a record that is to be gone.
    mutating func erase(_ key: Bytes) {
        var writes = WriteBatch()
        writes.delete(.state, key: key)
        store.commit(writes)
    }
}

@Suite("delegation")
struct DelegationTests {
    /// Accounts 20, 21 and 22 hold 100,000 MRT each; the operators of 0 and 1 have a little for their own transactions.
    static func chain(_ table: String = "") throws -> TestChain {
        let start = """
            10 0 transfer 0 1000000000 -> ok
            10 1 transfer 1 1000000000 -> ok
            block

            """
        return try LedgerTableTests.run(start + table, on: TestChain(newcomers: [20, 21, 22]))
    }

    static func address(_ number: UInt8) -> Address { TestKeys(number).account.address }

    @Test("stake of others moves by the rules, each refusal by name")
    func rules() throws {
        let chain = try Self.chain(
            """
            20 0 delegate 0 0 -> zero_amount
            20 1 delegate 9 5 -> unknown_validator
            20 2 delegate 0 100001 -> insufficient_balance
            20 3 undelegate 0 5 -> not_a_delegator
            20 4 redelegate 0 0 5 -> same_validator
            20 5 redelegate 0 1 5 -> not_a_delegator
            20 6 claim 0 -> not_a_delegator
            0 0 delegate 0 1 -> own_validator
            20 7 delegate 0 100 -> ok
            20 8 undelegate 0 100 -> delegation_too_small
            block
            epoch
            20 9 undelegate 0 101 -> delegation_too_small
            20 10 undelegate 0 0 -> zero_amount
            20 11 undelegate 9 1 -> unknown_validator
            20 12 redelegate 0 9 10 -> unknown_validator
            20 13 redelegate 0 1 0 -> zero_amount
            20 14 redelegate 0 1 40 -> ok
            20 15 undelegate 0 61 -> delegation_too_small
            20 16 undelegate 1 1 -> redelegation_maturing
            block
            epoch
            20 17 undelegate 1 1 -> redelegation_maturing
            20 18 redelegate 1 2 1 -> redelegation_maturing
            20 19 delegate 1 5 -> ok
            block
            epoch
            20 20 redelegate 1 2 1 -> redelegation_maturing
            20 21 undelegate 1 5 -> ok
            20 22 undelegate 0 60 -> ok
            20 23 undelegate 0 1 -> delegation_too_small
            20 24 claim 0 -> ok
            block
            epoch
            epoch
            20 25 redelegate 1 2 40 -> redelegation_maturing
            block
            epoch
            20 26 redelegate 1 2 40 -> ok
            """)
        try chain.checkMoney()
        #expect(chain.delegation(to: 0, by: 20)?.position.shares == 0)
        #expect(chain.delegation(to: 0, by: 20)?.exits.count == 1)
        #expect(chain.delegation(to: 1, by: 20)?.arrivals.isEmpty == true)
    }

    @Test("the operator's part may not fall below its least share, by delegation or by redelegation")
    func selfBond() throws {
        let chain = try Self.chain(
            """
            21 0 register 21 1000 -> ok
            block
            20 0 delegate 21 19001 -> self_bond_too_small
            20 1 delegate 21 19000 -> ok
            20 2 delegate 0 100 -> ok
            22 0 delegate 21 1 -> self_bond_too_small
            block
            epoch
            20 3 redelegate 0 21 1 -> self_bond_too_small
            22 1 delegate 21 1 -> self_bond_too_small
            21 1 bond 1 -> ok
            22 2 delegate 21 19 -> ok
            22 3 delegate 21 1 -> self_bond_too_small
            """)
        #expect(chain.stake(of: 21) == Amount(20_000 * TestChain.token))
    }

    @Test("one delegation has at most eight parts on their way in each direction")
    func entries() throws {
        let rows = ["20 0 delegate 0 100 -> ok", "20 1 delegate 2 100 -> ok", "20 2 delegate 3 100 -> ok"]
        var table = rows.joined(separator: "\n") + "\nblock\nepoch\n"
        var sequence = 3
        for epoch in 0..<3 {
            for source in [0, 2, 3] {
                let isLast = epoch == 2 && source == 3
                table += "20 \(sequence) redelegate \(source) 1 1 -> \(isLast ? "too_many_entries" : "ok")\n"
                sequence += 1
            }
            table += "20 \(sequence) redelegate 0 1 1 -> ok\nblock\nepoch\n"
            sequence += 1
        }
        let chain = try Self.chain(table)
        #expect(chain.delegation(to: 1, by: 20)?.arrivals.count == 8)
        try chain.checkMoney()
    }

    @Test("one delegation has at most eight exits, and each is paid when its own time is over")
    func exits() throws {
        var parameters = TestChain.parameters
        parameters.rewards.periods.unbond = 10
        let genesis = TestChain.genesis(validators: 4, settings: parameters.differences, newcomers: [20])
        var table = "20 0 delegate 0 100 -> ok\nblock\nepoch\n"
        for number in 1...9 {
            table += "20 \(number) undelegate 0 \(number) -> \(number == 9 ? "too_many_entries" : "ok")\n"
            if number < 9 { table += "block\nepoch\n" }
        }
        var chain = try LedgerTableTests.run(table, on: TestChain(genesis: genesis, newcomers: [20]))
        #expect(chain.delegation(to: 0, by: 20)?.exits.count == 8 && chain.view.epoch.number == 9)
        // What left in epoch 1 is free from epoch 12 on.
        for number in UInt64(1)...3 {
            while chain.view.epoch.number < 11 + number { try chain.finishEpoch() }
            let exits = try #require(chain.delegation(to: 0, by: 20)).exits
            #expect(exits.map(\.epoch) == Array(number + 1...8))
        }
        try chain.checkMoney()
    }

    @Test("what may be slashed later neither leaves nor moves on, and is told as such")
    func locked() throws {
        var chain = try Self.chain(
            """
            20 0 delegate 0 100 -> ok
            block
            epoch
            20 1 undelegate 0 30 -> ok
            20 2 redelegate 0 1 40 -> ok
            """)
        while chain.view.epoch.number < 5 { try chain.finishEpoch() }
        let lock = StateKey.lock(Self.address(0))
        chain.overwrite(LockRecord(slashes: 1), at: lock)
        func maturing() -> Amount? {
            Ledger.delegation(to: Self.address(1), by: Self.address(20), on: chain.store)?.maturing
        }
        for _ in 0..<2 { try chain.finishEpoch() }
        #expect(chain.delegation(to: 0, by: 20)?.exits.count == 1)
        #expect(maturing() == Amount(40 * TestChain.token))
        let undelegate = Action.undelegate(
            DelegationChange(validator: Self.address(1), amount: Amount(TestChain.token)))
        let refused = try chain.advance([(0, [TestChain.item(20, 3, undelegate)])])
        #expect(refused.last?.code == LedgerRule.redelegationMaturing.rawValue)
        chain.erase(lock)
        try chain.finishEpoch()
        #expect(chain.delegation(to: 0, by: 20)?.exits.isEmpty == true && maturing() == .zero)
        #expect(try chain.advance([(0, [TestChain.item(20, 4, undelegate)])]).last?.code == 0)
        try chain.checkMoney()
    }

    @Test("the last third of the stake cannot leave in one epoch, whoever it belongs to")
    func lastThird() throws {
        _ = try Self.chain(
            """
            20 0 delegate 0 20000 -> ok
            22 0 delegate 2 2200 -> ok
            block
            epoch
            21 0 register 21 1000 -> ok
            0 0 unbond 10000 -> ok
            20 1 undelegate 0 20000 -> ok
            1 0 unbond 9000 -> ok
            22 1 delegate 1 100 -> ok
            1 1 unbond 1000 -> ok
            10 2 transfer 2 1000000000 -> ok
            block
            2 0 unbond 2200 -> unbonding_limit
            22 2 undelegate 2 2200 -> unbonding_limit
            22 3 redelegate 2 21 2200 -> unbonding_limit
            22 4 redelegate 2 3 2200 -> ok
            """)
    }

    @Test("stake whose shares have no price takes in nothing more")
    func diluted() throws {
        var chain = try Self.chain()
        var record = try #require(chain.validator(0))
        record.delegations.tokens = record.delegations.shares / 1000 - 1
        chain.overwrite(record, at: StateKey.validator(Self.address(0)))
        let delegate = Action.delegate(DelegationChange(validator: Self.address(0), amount: Amount(5)))
        let results = try chain.advance([(0, [TestChain.item(20, 0, delegate)])])
        #expect(results.last?.code == LedgerRule.poolDiluted.rawValue)
    }

    @Test("a delegator earns from the next epoch on as the operator does, less the commission, and is paid on touch")
    func earning() throws {
        var chain = try Self.chain(
            """
            0 0 commission 100000 -> ok
            20 0 delegate 0 5000 -> ok
            block
            epoch
            """)
        let before = chain.account(20).balance
        try chain.finishEpoch()
        #expect(chain.account(20).balance == before)
        let rows = try chain.rows(.rewards, 1, as: RewardRow.self).filter { $0.key.account == Self.address(0) }
        let own = try #require(rows.first { $0.key.kind == .staking })
        let commission = try #require(rows.first { $0.key.kind == .commission })
        #expect(own.reason == .ownDelegation)
        let claim = TestChain.item(20, 1, .claim(ClaimRewards(validator: Self.address(0))))
        try chain.advance([(0, [claim])])
        let earned = chain.account(20).balance.units + UInt64(claim.encoded.count * 10) - before.units
        #expect(earned > 0 && own.amount.units / 2 - earned <= 1)
        let all = commission.amount.units + own.amount.units + earned
        #expect((all / 10...all / 10 + 1).contains(commission.amount.units))
        let again = TestChain.item(20, 2, .claim(ClaimRewards(validator: Self.address(0))))
        let balance = chain.account(20).balance.units
        try chain.advance([(0, [again])])
        #expect(chain.account(20).balance.units == balance - UInt64(again.encoded.count * 10))
        try chain.checkMoney()
    }

    @Test("what leaves earns to the end of its epoch, is free after the unbonding time, and goes back by itself")
    func leaving() throws {
        var chain = try Self.chain(
            """
            20 0 delegate 0 5000 -> ok
            block
            epoch
            20 1 undelegate 0 5000 -> ok
            block
            epoch
            """)
        let before = chain.account(20).balance
        #expect(chain.validator(0)?.bond == Amount(10_000 * TestChain.token))
        #expect(chain.tranche(.exit, of: 0, epoch: 1)?.pool.tokens == 5_000 * TestChain.token)
        for _ in 0..<3 { try chain.finishEpoch() }
        #expect(chain.account(20).balance == before)
        try chain.finishEpoch()
        #expect(chain.view.epoch.number == 6)
        let paid = chain.account(20).balance.units - before.units
        let own = try chain.rows(.rewards, 1, as: RewardRow.self).first {
            $0.key == RewardKey(account: Self.address(0), kind: .staking)
        }
        let earned = paid - 5_000 * TestChain.token
        #expect(earned > 0 && (own?.amount.units ?? 0) / 2 - earned <= 1)
        #expect(chain.delegation(to: 0, by: 20) == nil && chain.tranche(.exit, of: 0, epoch: 1) == nil)
        try chain.checkMoney()
    }

    @Test("a slash takes one rate of own bond and delegations, unbonding and redelegated parts included")
    func slash() throws {
        var chain = try Self.chain(
            """
            10 2 transfer 3 1000000000 -> ok
            20 0 delegate 3 4000 -> ok
            21 0 delegate 2 1000 -> ok
            block
            epoch
            20 1 undelegate 3 1000 -> ok
            20 2 redelegate 3 2 1000 -> ok
            3 0 unbond 2000 -> ok
            block
            epoch
            22 0 delegate 3 500 -> ok
            """)
        for _ in 0..<2 { try chain.advance() }
        let height = chain.view.tip.height.value
        try chain.advance(evidence: [chain.duplicateVotes(3, at: height, power: 10_000)])
        // X = 14,000 of T = 42,000 tokens: everything.
        #expect(chain.validator(3)?.bond == .zero)
        #expect(chain.validator(2)?.bond == Amount(11_000 * TestChain.token))
        #expect(chain.tranche(.exit, of: 3, epoch: 1)?.pool.tokens == 0)
        #expect(chain.tranche(.redelegation, of: 3, epoch: 1, to: 2)?.pool.tokens == 0)
        #expect(chain.tranche(.join, of: 3, epoch: 2)?.pool.tokens == 500 * TestChain.token)
        #expect(chain.view.supply.burned > Amount(14_000 * TestChain.token))
        try chain.finishEpoch()
        let before = chain.account(22).balance.units
        let claim = TestChain.item(22, 1, .claim(ClaimRewards(validator: Self.address(3))))
        try chain.advance([(0, [claim])])
        #expect(
            chain.account(22).balance.units + UInt64(claim.encoded.count * 10) == before + 500 * TestChain.token,
            "what was still joining goes back")
        #expect(chain.delegation(to: 3, by: 22) == nil)
        try chain.checkMoney()
    }

    @Test("a partial slash leaves every part the same share of itself")
    func partialSlash() throws {
        let standard = TestChain.genesis(validators: 4, newcomers: [20, 21, 22])
        let validators = standard.validators.map { validator in
            let isSmall = validator.operatorAddress == Self.address(3)
            return GenesisValidator(
                operatorAddress: validator.operatorAddress, keys: validator.keys,
                stake: Amount((isSmall ? 10_000 : 900_000) * TestChain.token), name: [])
        }
        let genesis = Genesis(
            chain: (standard.chainID, standard.time, standard.reserve), consensus: standard.consensus,
            accounts: standard.accounts, bonded: (validators, []), settings: standard.settings)
        var chain = try LedgerTableTests.run(
            """
            20 0 transfer 3 200000000000 -> ok
            20 1 delegate 3 4000 -> ok
            21 0 delegate 2 1000 -> ok
            block
            epoch
            20 2 undelegate 3 1000 -> ok
            20 3 redelegate 3 2 1000 -> ok
            block
            epoch
            3 0 bond 100 -> ok
            21 1 redelegate 2 3 300 -> ok
            22 0 delegate 3 500 -> ok
            """, on: TestChain(genesis: genesis, newcomers: [20, 21, 22]))
        for _ in 0..<2 { try chain.advance() }
        let height = chain.view.tip.height.value
        try chain.advance(evidence: [chain.duplicateVotes(3, at: height, power: 12_000)])
        // 14,100 of 2,715,000 tokens: the base rate of 5 %.
        #expect(chain.validator(3)?.bond == Amount(12_000 * TestChain.token * 95 / 100))
        #expect(chain.tranche(.exit, of: 3, epoch: 1)?.pool.tokens == 950 * TestChain.token)
        #expect(chain.tranche(.redelegation, of: 3, epoch: 1, to: 2)?.pool.tokens == 950 * TestChain.token)
        #expect(chain.validator(3)?.joining == Amount(95 * TestChain.token))
        #expect(chain.validator(2)?.bond == Amount((901_000 + 950) * TestChain.token))
        let row = try #require(chain.tranche(.redelegation, of: 3, epoch: 1, to: 2))
        #expect(row.isShares && row.matures == 6)
        // Nobody joins it any more: who delegates takes it back, and what comes from another validator waits.
        let delegate = Action.delegate(DelegationChange(validator: Self.address(3), amount: Amount(TestChain.token)))
        let refused = try chain.advance([(0, [TestChain.item(22, 1, delegate)])])
        #expect(refused.last?.code == LedgerRule.tombstoned.rawValue)
        try chain.finishEpoch()
        #expect(chain.tranche(.join, of: 3, epoch: 2)?.isShares == false)
        let waiting = try #require(chain.tranche(.redelegation, of: 2, epoch: 2, to: 3))
        #expect(!waiting.isShares && waiting.pool.tokens == 300 * TestChain.token)
        try chain.checkMoney()
    }

    @Test("stake above what the operator carries, or above three averages of the set, counts for nothing")
    func effectiveStake() throws {
        let chain = try Self.chain(
            """
            20 0 delegate 0 100 -> ok
            21 0 register 21 1000 -> ok
            block
            22 0 delegate 21 18000 -> ok
            block
            epoch
            21 1 unbond 1 -> stake_below_minimum
            21 2 bond 500 -> ok
            block
            epoch
            21 3 unbond 500 -> ok
            block
            epoch
            """)
        #expect(chain.stake(of: 0) == Amount(10_100 * TestChain.token))
        #expect(chain.stake(of: 21) == Amount(19_000 * TestChain.token))
        let gone = try LedgerTableTests.run("21 4 unbond 1000 -> ok\nblock\nepoch", on: chain)
        #expect(gone.stake(of: 21) == nil, "without own stake nothing of it counts")
        #expect(gone.validator(21)?.bond == Amount(18_000 * TestChain.token))
        let heavy = try Self.chain("20 0 delegate 0 99000 -> ok\nblock\nepoch")
        // 139,000 in four validators: three averages are 104,250.
        #expect(heavy.validator(0)?.bond == Amount(109_000 * TestChain.token))
        #expect(heavy.stake(of: 0) == Amount(104_250 * TestChain.token))
        #expect(heavy.view.nextValidators.validators.map(\.power).max() == 104_250)
    }

    @Test("what an account has behind a validator is one answer, and a claim pays what it says")
    func reading() throws {
        func entry(_ chain: TestChain, _ validator: UInt8) -> DelegationEntry? {
            Ledger.delegation(to: Self.address(validator), by: Self.address(20), on: chain.store)
        }
        func tokens(_ entry: DelegationEntry?) -> [UInt64] {
            [entry?.free, entry?.joining, entry?.maturing, entry?.unbonding]
                .map { ($0?.units ?? 0) / TestChain.token }
        }
        var chain = try Self.chain("20 0 delegate 0 100 -> ok\nblock")
        #expect(tokens(entry(chain, 0)) == [0, 100, 0, 0] && entry(chain, 1) == nil)
        chain = try LedgerTableTests.run(
            "epoch\n20 1 redelegate 0 1 30 -> ok\n20 2 undelegate 0 20 -> ok\nblock", on: chain)
        #expect(tokens(entry(chain, 0)) == [50, 0, 0, 20] && tokens(entry(chain, 1)) == [0, 0, 30, 0])
        try chain.finishEpoch()
        try chain.finishEpoch()
        #expect(tokens(entry(chain, 0)) == [50, 0, 0, 20] && tokens(entry(chain, 1)) == [0, 0, 30, 0])
        for (validator, sequence) in [(UInt8(0), UInt64(3)), (1, 4)] {
            let earned = try #require(entry(chain, validator)).earned
            let before = chain.account(20).balance.units
            let claim = TestChain.item(20, sequence, .claim(ClaimRewards(validator: Self.address(validator))))
            try chain.advance([(0, [claim])])
            let paid = chain.account(20).balance.units + UInt64(claim.encoded.count * 10) - before
            #expect(earned > .zero && paid == earned.units, "\(earned) earned, \(paid) paid by \(validator)")
            #expect(entry(chain, validator)?.earned == .zero)
        }
        for _ in 0..<4 { try chain.finishEpoch() }
        #expect(tokens(entry(chain, 0)) == [50, 0, 0, 0] && tokens(entry(chain, 1)) == [30, 0, 0, 0])
    }

    @Test("a fee that falls on a validator falls on its operator's part alone")
    func fees() throws {
        var chain = try Self.chain("20 0 delegate 0 5000 -> ok\nblock\nepoch")
        let stranger = TestChain.transfer(40, 0, to: 11, 1)
        try chain.advance([(0, [stranger])])
        let record = try #require(chain.validator(0))
        let fee = UInt64(stranger.encoded.count * 10)
        #expect(record.bond.units == 15_000 * TestChain.token - fee)
        #expect(record.ownBond.units == 10_000 * TestChain.token - fee)
        try chain.checkMoney()
    }
}
