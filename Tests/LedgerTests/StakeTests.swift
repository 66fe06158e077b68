// Stake: registering, bonding and unbonding, when each takes effect, and what an epoch pays for it.
import Chain
import Codec
import Cryptography
import Ledger
import Primitives
import Quorum
import Rewards
import Testing

@Suite("stake")
struct StakeTests {
    /// Accounts 20 to 23 with money, and a little for the validators' own transactions.
    static let funding = """
        10 0 transfer 20 200000000000 -> ok
        11 0 transfer 0 1000000000 -> ok
        11 1 transfer 3 1000000000 -> ok

        """

    @Test("stake moves by the rules, each refusal by name")
    func rules() throws {
        let chain = try LedgerTableTests.run(
            Self.funding + """
                10 1 bond 1 -> not_a_validator
                10 2 unbond 1 -> not_a_validator
                0 0 bond 0 -> zero_amount
                0 1 unbond 0 -> zero_amount
                0 2 bond 1000 -> insufficient_balance
                0 3 register 0 1000 -> validator_exists
                10 3 register 10 999 -> stake_below_minimum
                10 4 register 10 1000 -> insufficient_balance
                12 0 register 3 1000 -> key_taken
                12 1 register_own_account 1000 -> key_taken
                12 2 register_weak 1000 -> key_not_registrable
                0 4 unbond 9001 -> stake_below_minimum
                0 5 unbond 10001 -> bond_too_small
                0 6 unbond 9000 -> ok
                0 7 unbond 1 -> stake_below_minimum
                0 8 unbond 1000 -> ok
                0 9 unbond 1 -> bond_too_small
                1 0 unbond 1 -> unknown_account
                3 0 unbond 9000 -> ok
                3 1 unbond 1000 -> ok
                block
                11 2 transfer 2 1000000000 -> ok
                2 0 unbond 9000 -> unbonding_limit
                2 1 unbond 6000 -> ok
                2 2 unbond 1000 -> unbonding_limit
                """)
        #expect(chain.view.supply.isConserved)
    }

    @Test("a new validator joins the set two blocks after the epoch's end, and earns from the next epoch on")
    func joining() throws {
        var chain = try TestChain(newcomers: [20])
        let register = LedgerTableTests.register(
            by: 20, keys: TestKeys(20).validator, Amount(5_000 * TestChain.token))
        try chain.finishEpoch([(0, [TestChain.item(20, 0, register)])])
        #expect(chain.results.allSatisfy { $0.code == 0 })
        #expect(chain.validator(20)?.bond == Amount(5_000 * TestChain.token))
        #expect(chain.view.validators.count == 4 && chain.view.nextValidators.count == 5)
        #expect(chain.view.nextValidators.validators[4].power == 5_000)
        let first = try chain.rows(.rewards, 0, as: RewardRow.self)
        #expect(!first.contains { $0.key.account == TestKeys(20).account.address })
        try chain.finishEpoch()
        let second = try chain.rows(.rewards, 1, as: RewardRow.self)
        let staking = second.first { $0.key == RewardKey(account: TestKeys(20).account.address, kind: .staking) }
        #expect((staking?.amount ?? .zero) > .zero)
    }

    @Test("registration proofs are claims of the item: each key signs its operator")
    func proofs() throws {
        let keys = TestKeys(20)
        let message = RegisterValidator.proofMessage(
            operatorKey: keys.account.publicKey, chainID: TestChain.chainID)
        func item(_ signers: [SigningKey]) -> Item {
            TestChain.item(
                20, 0,
                .registerValidator(
                    RegisterValidator(
                        keys: keys.validator, stake: Amount(5), name: [], proofs: signers.map { $0.sign(message) })))
        }
        func isBelieved(_ item: Item) throws -> Bool {
            Verified(try ItemClaim(decoding: item.encoded, chainID: TestChain.chainID)) != nil
        }
        #expect(try isBelieved(item([keys.consensus, keys.audit, keys.transport])))
        #expect(try !isBelieved(item([keys.consensus, keys.audit, keys.audit])))
        #expect(try !isBelieved(item([keys.audit, keys.audit, keys.transport])))
    }

    @Test("unbonded stake is free after the unbonding period, and not before")
    func leaving() throws {
        var chain = try TestChain()
        try chain.advance([(0, [TestChain.transfer(10, 0, to: 3, TestChain.token)])])
        let leave = TestChain.item(3, 0, .unbond(BondChange(amount: Amount(10_000 * TestChain.token))))
        try chain.finishEpoch([(0, [leave])])
        #expect(chain.validator(3)?.bond == .zero)
        #expect(chain.view.nextValidators.count == 3)
        for _ in 0..<3 { try chain.finishEpoch() }
        #expect(chain.account(3).balance < Amount(10_000 * TestChain.token))
        try chain.finishEpoch()
        #expect(chain.view.epoch.number == 5)
        #expect(chain.account(3).balance > Amount(10_000 * TestChain.token))
        #expect(Ledger.sumOfAccounts(chain.store, at: chain.view.tip.height) == chain.view.supply)
    }

    @Test("an epoch pays exactly what it mints, and its rows are under its root with a reason each")
    func settlement() throws {
        var chain = try TestChain()
        let reserve = chain.view.supply.reserve
        try chain.finishEpoch()
        let summary = try #require(chain.summary(0))
        let rows = try chain.rows(.rewards, 0, as: RewardRow.self)
        #expect(summary.height == chain.view.tip.height)
        #expect(summary.rewardsRoot == MerkleTree.root(of: rows.map(\.encoded)))
        #expect(summary.rewardRows == UInt64(rows.count) && summary.slashRows == 0)
        #expect(rows.map(\.key) == rows.map(\.key).sorted())
        #expect(rows.allSatisfy { ($0.amount == .zero) == $0.reason.explainsZero })
        #expect(summary.minted > .zero && chain.view.supply.minted == summary.minted)
        #expect(chain.view.supply.reserve.units == reserve.units - summary.minted.units)
        let owed = (0..<4).reduce(UInt64(0)) { $0 + (chain.validator(UInt8($1))?.delegations.owed ?? 0) }
        #expect(summary.paid.units + owed == summary.minted.units)
        for number in UInt8(0)..<4 {
            let own = rows.filter { $0.key.account == TestKeys(number).account.address }
            #expect(chain.account(number).balance.units == own.reduce(0) { $0 + $1.amount.units })
            #expect(own.first { $0.key.kind == .staking }?.reason == .stakeAtStart)
            #expect(own.first { $0.key.kind == .precommit }?.reason == .precommitsIncluded)
            #expect(own.first { $0.key.kind == .audit }?.reason == .noAuditFees)
        }
        #expect(chain.view.supply.isConserved)
    }

    @Test("an absent validator loses its part of the precommit pay, which is not issued")
    func absence() throws {
        var (full, partial) = (try TestChain(), try TestChain())
        let absent = TestKeys(3).consensus.address
        while full.view.epoch.number == 0 {
            try full.advance(seconds: 5)
            let signed = partial.lastCommit.signatures.map { $0.address == absent ? .absent : $0 }
            partial.lastCommit = Commit(
                height: partial.lastCommit.height, round: 0, blockID: partial.lastCommit.blockID, signatures: signed)
            try partial.advance(seconds: 5)
        }
        func row(_ chain: TestChain, _ number: UInt8) throws -> RewardRow? {
            try chain.rows(.rewards, 0, as: RewardRow.self).first {
                $0.key == RewardKey(account: TestKeys(number).account.address, kind: .precommit)
            }
        }
        #expect(try row(partial, 3)?.reason == .noPrecommitIncluded)
        #expect(try row(partial, 2)?.amount == row(full, 2)?.amount)
        let (all, less) = (try #require(full.summary(0)), try #require(partial.summary(0)))
        #expect(less.minted < all.minted)
    }
}
