// Changes of parameters: proposing, voting, when they are in force, and what is refused with which numbers.
import Chain
import Codec
import Cryptography
import Ledger
import Primitives
import Rewards
import Testing

@Suite("governance")
struct GovernanceTests {
    /// The operators of 0, 1 and 2 have money for their transactions.
    static let funding = """
        10 0 transfer 0 1000000000 -> ok
        10 1 transfer 1 1000000000 -> ok
        10 2 transfer 2 1000000000 -> ok
        block

        """

    static func proposal(_ chain: TestChain, _ number: UInt64) -> ProposalRecord? {
        Ledger.proposals(on: chain.store).first { $0.number == number }
    }

    /// What a chain under it would do is left to nobody to find out.
    @Test("no parameter may be as large as a number can be", arguments: LedgerParameters.fields.map(\.name))
    func largest(name: String) throws {
        let field = try #require(LedgerParameters.fields.first { $0.name == name })
        #expect(throws: GenesisError.self) { try LedgerParameters([Setting(number: field.number, value: .max)]) }
        #expect(throws: GenesisError.self) { try LedgerParameters([Setting(number: field.number, value: 1 << 63)]) }
    }

    /// By name, ascending by number.
    static let neverZero = """
        epoch_seconds epoch_blocks_min epochs_per_day window_commit_seconds window_commit_blocks
        window_recheck_seconds window_recheck_blocks window_reveal_seconds window_reveal_blocks window_open_seconds
        window_open_blocks window_vote_seconds window_vote_blocks fee_audit_ppm fee_min fee_escrow_divisor task_cap
        price_min price_band_high_ppm price_step_divisor slot_bond fuel_per_block_cpu fuel_per_block_open
        budget_blocks_min lambda validator_share_start_ppm validator_share_max_ppm bonded_goal_ppm vesting_days
        challenges_per_epoch answer_blocks audit_rate_floor_ppm audit_rate_offset recheck_ppm bond_multiple
        panel_check_ppm validator_stake_min effective_stake_max_ppm slash_approved_wrong_ppm
        slash_correlation_multiplier signed_window unbond_days evidence_days correlation_days light_trust_days
        dispute_days settlement_days
        """

    @Test("which parameters may not be zero is written down")
    func smallest() {
        let refused = LedgerParameters.fields.filter { field in
            do throws(GenesisError) {
                _ = try LedgerParameters([Setting(number: field.number, value: 0)])
                return false
            } catch {
                return true
            }
        }
        let names = refused.map(\.name)
        #expect(names == Self.neverZero.split { $0 == " " || $0 == "\n" }.map(String.init), "\(names)")
    }

    @Test("proposals and votes go by the rules, each refusal by name")
    func rules() throws {
        let chain = try LedgerTableTests.run(
            Self.funding + """
                10 3 propose 509=4 -> not_in_set
                0 0 propose -> bad_changes
                0 1 propose 509=4 509=5 -> bad_changes
                0 2 propose 509=4 508=9 -> bad_changes
                0 3 propose 999=4 -> unknown_setting
                0 4 propose 509=3 -> nothing_changes
                0 5 propose 509=0 -> parameters_refused
                0 6 propose 901=2 -> parameters_refused
                0 7 propose 509=4 -> ok
                0 8 propose 509=5 -> too_many_proposals
                10 4 vote 1 -> not_in_set
                0 9 vote 2 -> unknown_proposal
                0 10 vote 1 -> ok
                0 11 vote 1 -> already_voted
                1 0 propose 508=9 -> ok
                1 1 vote 1 -> ok
                2 0 vote 1 -> ok
                block
                epoch
                2 1 vote 1 -> proposal_closed
                """)
        #expect(Self.proposal(chain, 1)?.status == .passed)
        #expect(Self.proposal(chain, 1)?.votes.count == 3)
        #expect(Self.proposal(chain, 2)?.status == .open)
        try chain.checkMoney()
    }

    @Test("more than two thirds pass a change at one epoch's end, and the next one puts it in force")
    func passing() throws {
        var chain = try LedgerTableTests.run(
            Self.funding + """
                0 0 propose 1=20 509=4 -> ok
                0 1 vote 1 -> ok
                1 0 vote 1 -> ok
                block
                epoch
                """)
        // Half of the stake is not enough.
        #expect(Self.proposal(chain, 1)?.status == .open)
        chain = try LedgerTableTests.run("2 0 vote 1 -> ok\nblock\nepoch", on: chain)
        #expect(Self.proposal(chain, 1)?.status == .passed)
        #expect(chain.view.parameters == TestChain.parameters)
        try chain.finishEpoch()
        #expect(Self.proposal(chain, 1)?.status == .inForce)
        #expect(chain.view.parameters.txBytePrice == 20 && chain.view.parameters.rewards.usage.answerBlocks == 4)
        let item = TestChain.transfer(11, 0, to: 12, 5)
        try chain.advance([(0, [item])])
        #expect(chain.account(11).balance.units == 1_000 * TestChain.token - 5 - UInt64(item.encoded.count * 20))
        for _ in 0..<7 { try chain.finishEpoch() }
        #expect(Self.proposal(chain, 1) == nil)
        try chain.checkMoney()
    }

    @Test("exactly two thirds are not more than two thirds")
    func exactly() throws {
        let three = TestChain.genesis(validators: 3)
        let chain = try LedgerTableTests.run(
            Self.funding + "0 0 propose 509=4 -> ok\n0 1 vote 1 -> ok\n1 0 vote 1 -> ok\nblock\nepoch",
            on: TestChain(validators: 3, genesis: three))
        #expect(Self.proposal(chain, 1)?.status == .open)
    }

    @Test("a proposal without its votes expires")
    func expiry() throws {
        var chain = try LedgerTableTests.run(Self.funding + "0 0 propose 509=4 -> ok\nblock")
        for _ in 0..<7 { try chain.finishEpoch() }
        #expect(Self.proposal(chain, 1)?.status == .open)
        try chain.finishEpoch()
        #expect(Self.proposal(chain, 1)?.status == .expired)
        #expect(chain.view.parameters == TestChain.parameters)
    }

    @Test("a refused proposal names the inequality and its two sides as integers, in the item's result")
    func inequality() throws {
        var chain = try LedgerTableTests.run(Self.funding)
        let change = ProposeChange(changes: [Setting(number: 503, value: 1_453_334)])
        let result = try #require(try chain.advance([(0, [TestChain.item(0, 0, .proposeChange(change))])]).last)
        #expect(result.code == LedgerRule.parametersRefused.rawValue)
        #expect(
            String(decoding: result.data, as: UTF8.self)
                == "washTradingPays(left 460000200000, right 460000000000)")
        let next = try chain.advance([(0, [TestChain.transfer(11, 9, to: 12, 5)])]).last
        #expect(next?.data.isEmpty == true)
    }

    @Test("a change that the changes before it made wrong is refused when it would come into force")
    func activation() throws {
        var chain = try LedgerTableTests.run(
            Self.funding + """
                0 0 propose 503=1450000 -> ok
                1 0 propose 502=100000 -> ok
                0 1 vote 1 -> ok
                1 1 vote 1 -> ok
                2 0 vote 1 -> ok
                0 2 vote 2 -> ok
                1 2 vote 2 -> ok
                2 1 vote 2 -> ok
                block
                epoch
                """)
        try chain.finishEpoch()
        #expect(Self.proposal(chain, 1)?.status == .inForce)
        let refused = try #require(Self.proposal(chain, 2))
        #expect(refused.status == .refused)
        #expect(String(decoding: refused.refusal, as: UTF8.self).contains("washTradingPays(left 474000000000"))
        #expect(chain.view.parameters.rewards.usage.standby == 50_000)
    }

    @Test("at most eight proposals are open")
    func bound() throws {
        var chain = try TestChain(validators: 9)
        let money = (0..<9).map { TestChain.transfer(10, UInt64($0), to: UInt8($0), TestChain.token) }
        try chain.advance([(0, money)])
        let items = (0..<9).map { number in
            let change = ProposeChange(changes: [Setting(number: 509, value: UInt64(4 + number))])
            return TestChain.item(UInt8(number), 0, .proposeChange(change))
        }
        let codes = try chain.advance([(0, items)]).dropFirst().map(\.code)
        #expect(codes == [0, 0, 0, 0, 0, 0, 0, 0, LedgerRule.tooManyProposals.rawValue])
    }

    @Test("every place of the supply is one value, exact to the unit")
    func supplyReport() throws {
        let market = try MarketRandomTests.chain(seed: 2, blocks: 90)
        let report = Ledger.supplyReport(on: market.chain.store)
        #expect(report.isExact && report.supply == market.chain.view.supply)
        let pools = report.places.filter { $0.name.hasPrefix("pool_") }.reduce(0) { $0 + $1.amount.units }
        #expect(pools == report.supply.pools.units && pools > 0)
        #expect(report.places.map(\.name).count == Set(report.places.map(\.name)).count)
    }
}
