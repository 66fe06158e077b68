// What an operator keeps of the rewards of others: its bounds, and when a change counts.
import Chain
import Primitives
import Rewards
import Testing

@testable import Ledger

@Suite("commissions")
struct CommissionTests {
    @Test("a commission is at most 20 %, its first value is free, then it moves by 1 % a day")
    func commission() throws {
        let chain = try DelegationTests.chain(
            """
            20 0 commission 1 -> not_a_validator
            0 0 commission 200001 -> commission_too_high
            0 1 commission 50000 -> ok
            0 2 commission 61000 -> commission_step_too_large
            0 3 commission 60000 -> commission_too_soon
            20 1 delegate 1 10 -> ok
            1 0 commission 10001 -> commission_step_too_large
            1 1 commission 10000 -> ok
            block
            epoch
            0 4 commission 60000 -> ok
            0 5 commission 70000 -> commission_too_soon
            block
            epoch
            0 6 commission 50000 -> ok
            """)
        let terms: StakeTerms? = WorkingState(chain.store).load(StateKey.stakeTerms(DelegationTests.address(0)))
        #expect(terms?.commission(in: 2) == 60_000 && terms?.commission(in: 3) == 50_000)
    }

    @Test("a commission above a maximum that was lowered counts as the maximum, and may go down from there")
    func lowered() throws {
        var chain = try DelegationTests.chain("20 0 delegate 0 5000 -> ok\nblock\nepoch")
        let key = StateKey.stakeTerms(DelegationTests.address(0))
        var terms: StakeTerms = WorkingState(chain.store).load(key) ?? StakeTerms()
        // As an earlier maximum of 40 % would have allowed.
        (terms.commission, terms.commissionSince, terms.commissionBefore) = (400_000, 1, 400_000)
        chain.overwrite(terms, at: key)
        try chain.finishEpoch()
        let rows = try chain.rows(.rewards, 1, as: RewardRow.self).filter {
            $0.key.account == DelegationTests.address(0)
        }
        let own = try #require(rows.first { $0.key.kind == .staking }).amount.units
        let commission = try #require(rows.first { $0.key.kind == .commission }).amount.units
        // A fifth of all; of the rest two thirds are the operator's.
        #expect((own / 8 * 3 - 3...own / 8 * 3 + 3).contains(commission), "\(own) \(commission)")
        let sequence = chain.account(0).nextSequence
        for (offset, rate, rule) in [
            (UInt64(0), UInt64(189_999), LedgerRule.commissionStepTooLarge.rawValue), (1, 190_000, 0),
        ] {
            try chain.advance([
                (0, [TestChain.item(0, sequence + offset, .setCommission(CommissionChange(rate: rate)))])
            ])
            #expect(chain.results.last?.code == rule)
        }
    }
}
