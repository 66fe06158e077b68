// One epoch of two providers and two validators, to the unit. The expected amounts were computed by an independent
// program.

import Primitives
import Testing

@testable import Rewards

/// Address made of one repeated byte.
func account(_ byte: UInt8) -> Address { Address(Bytes(repeating: byte, count: 20))! }

struct SettlementScenario {
    var tally = EpochTally()
    var pools: PoolState
    let parameters = Parameters.local

    init() throws {
        pools = PoolState(
            genesisSupply: Amount(1_000_000_000_000_000_000), reserve: Amount(600_000_000_000_000_000),
            parameters: parameters)
        pools.cpu.floorPrice = 2_000
        tally.blocks = 20
        tally.totalStake = Amount(4_000_000_000_000)
        tally.bondedNow = tally.totalStake
        tally.capacityCPU = 10_000
        try addProviders()
        try addValidators()
    }

    private mutating func addProviders() throws {
        var first = ProviderTally(account: account(0x11))
        (first.slots, first.verified) = (2, 1)
        (first.challengesAsked, first.challengesAnswered) = (8, 8)
        var second = ProviderTally(account: account(0x22))
        (second.slots, second.failed) = (1, 1)
        (second.challengesAsked, second.challengesAnswered) = (8, 7)
        var idle = ProviderTally(account: account(0x23))
        (idle.challengesAsked, idle.challengesAnswered) = (8, 0)
        try tally.add(second)
        try tally.add(first)
        try tally.add(idle)
        try tally.add(PayerTally(account: account(0xAA), referral: .to(account(0x33))))
        let long = SettledTask(
            fee: Amount(1_000_000_007), computeUnits: 1_000, pace: Pace(used: 3, budget: 3), resource: .cpu,
            auditRate: try Rule.auditRate(streak: 15, rules: parameters.audit))
        let late = SettledTask(
            fee: Amount(500_000_000), computeUnits: 500, pace: Pace(used: 4, budget: 3), resource: .cpu,
            auditRate: try Rule.auditRate(streak: 0, rules: parameters.audit))
        try tally.record(long, by: account(0x11), for: account(0xAA), parameters)
        try tally.record(late, by: account(0x22), for: account(0xAA), parameters)
    }

    private mutating func addValidators() throws {
        var busy = ValidatorTally(account: account(0x44), stake: Amount(3_000_000_000_000))
        busy.includedStake = 15 * 4_000_000_000_000
        (busy.blocksProposed, busy.precommitsIncluded, busy.mayAudit) = (15, 19, true)
        (busy.duty, busy.done, busy.commission) = (100, 50, 100_000)
        var delegator = Delegation()
        _ = try busy.delegations.join(Amount(1_000_000_000_000), &busy.own)
        _ = try busy.delegations.join(Amount(2_000_000_000_000), &delegator)
        var absent = ValidatorTally(account: account(0x55), stake: Amount(1_000_000_000_000))
        (absent.precommitsIncluded, absent.mayAudit) = (20, true)
        absent.withhold(.jailed)
        absent.withhold(.absentFromVote)
        _ = try absent.delegations.join(Amount(1_000_000_000_000), &absent.own)
        try tally.add(busy)
        try tally.add(absent)
    }
}

@Suite("Settling an epoch")
struct SettlementTests {
    @Test("tasks are counted for their own provider and payer, whoever the task before was of")
    func recording() throws {
        var tally = EpochTally()
        for byte in [UInt8(1), 2, 3] { try tally.add(ProviderTally(account: account(byte))) }
        for byte in [UInt8(7), 8, 9] { try tally.add(PayerTally(account: account(byte))) }
        var (alone, seats) = (tally, TallySeats())
        let order: [(provider: UInt8, payer: UInt8)] = [(1, 9), (1, 7), (3, 8), (2, 9), (3, 9), (1, 8), (2, 7)]
        for (number, parties) in order.enumerated() {
            let task = SettledTask(
                fee: Amount(1_000 << UInt64(number)), computeUnits: 1, pace: Pace(used: 1, budget: 3), resource: .cpu)
            let (provider, payer) = (account(parties.provider), account(parties.payer))
            try alone.record(task, by: provider, for: payer, .local)
            try tally.record(task, by: provider, for: payer, .local, near: &seats)
        }
        #expect(tally == alone)
        #expect(tally.providers.map(\.fees.charged.units) == [35_000, 72_000, 20_000])
        let task = SettledTask(fee: Amount(1), computeUnits: 1, pace: Pace(used: 1, budget: 3), resource: .cpu)
        #expect(throws: SettlementError.unknownProvider(account(4))) {
            try tally.record(task, by: account(4), for: account(7), .local, near: &seats)
        }
    }

    @Test("a row of many referees names each once, ascending, and one of too many has no calculation")
    func referees() throws {
        func part(_ number: Int) throws -> RowBasis {
            let bytes = Bytes(repeating: 0, count: 12) + UInt64(number).bigEndianBytes
            let referee = try #require(Address(bytes))
            return .referral([ReferralPart(referee: referee, treasury: Amount(10), rate: 100_000)])
        }
        let few = try #require(RowBasis.merged([try part(3), try part(1), try part(2)]))
        guard case .referral(let parts) = few else {
            Issue.record("\(few)")
            return
        }
        #expect(parts.map(\.referee) == parts.map(\.referee).sorted() && Set(parts.map(\.referee)).count == 3)
        #expect(try few.amount() == Amount(3))
        let many = try (0...RowBasis.refereesMax).map(part)
        #expect(RowBasis.merged(many) == nil && RowBasis.merged(Array(many.dropLast())) != nil)
    }

    @Test("every row has its amount and its reason")
    func rows() throws {
        let scenario = try SettlementScenario()
        let outcome = try Settlement.settle(scenario.tally, scenario.pools, scenario.parameters)
        let shown = outcome.tables.rewards.map { row in
            "\(Hex.lower(row.key.account.bytes.prefix(1))) \(row.key.kind.label) \(row.amount) \(row.reason)"
        }
        let expected = """
            11 fee 770000007 tasksSettled
            11 usage_subsidy 100000000 subsidyCappedAtBurn
            11 standby 6290323 standbyBySlots
            22 fee 154000000 newcomerHaircut
            22 usage_subsidy 17610458 subsidyByBurn
            22 standby 1209676 standbyBySlots
            23 fee 0 noTaskSettled
            23 standby 0 noSlots
            33 referral 4500000 refereeFees
            44 staking 2965208515 ownDelegation
            44 commission 988402838 commission
            44 proposal 2471007095 blocksProposed
            44 precommit 7042370222 precommitsIncluded
            44 audit 142875000 dutiesDone
            55 staking 0 jailed
            55 proposal 0 jailed
            55 precommit 0 jailed
            55 audit 0 jailed
            aa referral 0 payingEarnsNothing
            """
        #expect(shown == expected.split(separator: "\n").map(String.init))
    }

    @Test("what a row was computed from gives its amount again; only a payer's own row has no formula")
    func bases() throws {
        let scenario = try SettlementScenario()
        let outcome = try Settlement.settle(scenario.tally, scenario.pools, scenario.parameters)
        var without: [String] = []
        for (row, basis) in zip(outcome.tables.rewards, outcome.tables.bases) {
            guard let basis else {
                without.append("\(Hex.lower(row.key.account.bytes.prefix(1))) \(row.reason)")
                continue
            }
            #expect(try basis.amount() == row.amount, "\(row)")
        }
        #expect(without == ["aa payingEarnsNothing"])
        #expect(outcome.tables.bases.count == outcome.tables.rewards.count)
    }

    @Test("the pools, the market and the quality of each provider move as computed apart")
    func pools() throws {
        let scenario = try SettlementScenario()
        let outcome = try Settlement.settle(scenario.tally, scenario.pools, scenario.parameters)
        #expect(outcome.minted == Amount(19_532_405_701))
        #expect(outcome.burned == Amount(150_000_000))
        #expect(outcome.pools.reserve == Amount(600_000_000_000_000_000 - 19_532_405_701))
        #expect(outcome.pools.usage == Amount(9_889_542))
        #expect(outcome.pools.standby == Amount(1))
        #expect(outcome.pools.audit == Amount(238_125_000))
        #expect(outcome.pools.treasury == Amount(40_500_000))
        #expect(outcome.pools.cpu == ClassMarket(floorPrice: 1_913))
        #expect(outcome.pools.validatorShareE12 == 400_000_082_445)
        #expect(outcome.providers.map(\.reliability) == [65_536, 61_440, 65_536])
        #expect(outcome.providers.map(\.multiplier) == [1_000_000, 320_512, 0])
        #expect(outcome.providers.map(\.vesting.units) == [75_000_000, 13_207_843, 0])
        #expect(outcome.validators.map(\.delegations.owed) == [5_930_417_031, 0])
    }

    @Test("a provider that takes credits leaves its MRT in the credit pool")
    func credits() throws {
        let scenario = try SettlementScenario()
        var tally = EpochTally()
        var provider = scenario.tally.providers[0]
        provider.takesCredits = true
        try tally.add(provider)
        var payer = PayerTally(account: account(0xAA))
        payer.treasury = provider.fees.treasury
        try tally.add(payer)
        let outcome = try Settlement.settle(tally, scenario.pools, scenario.parameters)
        #expect(outcome.pools.credits.backing == Amount(770_000_007))
        #expect(outcome.tables.paidInCredits == Amount(770_000_007))
        #expect(outcome.tables.rewards[0].key.asset == .credits)
    }

    @Test("an epoch in which nothing happened mints nothing and has no row")
    func empty() throws {
        let scenario = try SettlementScenario()
        let outcome = try Settlement.settle(EpochTally(), scenario.pools, scenario.parameters)
        #expect(outcome.minted == .zero)
        #expect(outcome.tables.rewards.isEmpty)
        #expect(outcome.pools.reserve == scenario.pools.reserve)
    }

    @Test("inside a day-epoch the market is counted and its price stays")
    func dayEpoch() throws {
        var scenario = try SettlementScenario()
        scenario.tally.endsDay = false
        let outcome = try Settlement.settle(scenario.tally, scenario.pools, scenario.parameters)
        #expect(outcome.pools.cpu.floorPrice == 2_000)
        #expect(outcome.pools.cpu.settled == 1_500)
        #expect(outcome.pools.cpu.capacity == 10_000)
    }

    @Test("an undeliverable task's audit and burn parts are kept and subsidise nobody")
    func undeliverable() throws {
        let scenario = try SettlementScenario()
        let kept = try Rule.taskUndeliverable(fee: Amount(1_000), rules: scenario.parameters.fees)
        #expect(kept == UndeliverableTask(refund: Amount(800), audit: Amount(100), burn: Amount(100)))
        var tally = EpochTally()
        (tally.undeliverableAudit, tally.undeliverableBurn) = (kept.audit, kept.burn)
        let outcome = try Settlement.settle(tally, scenario.pools, scenario.parameters)
        #expect(outcome.pools.audit == Amount(100))
        #expect(outcome.burned == Amount(100))
        #expect(outcome.minted == .zero)
    }

    @Test("providers that are added at once ascend, above those that were there")
    func ascending() throws {
        let list = { (bytes: [UInt8]) in bytes.map { ProviderTally(account: account($0)) } }
        var tally = EpochTally()
        try tally.add(ascending: list([1, 2]))
        try tally.add(ascending: list([3, 7]))
        try tally.add(ascending: [])
        #expect(tally.providers.map(\.account) == [1, 2, 3, 7].map { account($0) })
        for wrong in [[7], [6], [8, 8], [9, 8]] as [[UInt8]] {
            var copy = tally
            #expect(throws: SettlementError.duplicateProvider(account(wrong.last ?? 0))) {
                try copy.add(ascending: list(wrong))
            }
        }
    }

    @Test("a provider without slot, challenge, fee or cause has no row")
    func absent() throws {
        var scenario = try SettlementScenario()
        try scenario.tally.add(ProviderTally(account: account(0x24)))
        var told = ProviderTally(account: account(0x25))
        told.withhold(.tombstoned)
        try scenario.tally.add(told)
        let rows = try Settlement.settle(scenario.tally, scenario.pools, scenario.parameters).tables.rewards
        #expect(!rows.contains { $0.key.account == account(0x24) })
        #expect(rows.filter { $0.key.account == account(0x25) }.map(\.reason) == [.tombstoned])
    }

    typealias Breakage = (rule: SettlementError, change: @Sendable (inout SettlementScenario) throws -> Void)
    static let breakages: [Breakage] = [
        (.duplicateProvider(account(0x11)), { try $0.tally.add(ProviderTally(account: account(0x11))) }),
        (
            .duplicateValidator(account(0x44)),
            {
                try $0.tally.add(ValidatorTally(account: account(0x44), stake: .zero))
            }
        ),
        (.duplicatePayer(account(0xAA)), { try $0.tally.add(PayerTally(account: account(0xAA))) }),
        (.unknownProvider(account(0x77)), { try $0.record(used: 1, by: 0x77, for: 0xAA) }),
        (.unknownPayer(account(0x77)), { try $0.record(used: 1, by: 0x11, for: 0x77) }),
        (.taskIsTimeout(used: 7, budget: 3), { try $0.record(used: 7, by: 0x11, for: 0xAA) }),
        (.arithmetic(.divisionByZero), { try $0.record(used: 0, by: 0x11, for: 0xAA, budget: 0) }),
        (
            .answersExceedChallenges(account(0x78)),
            {
                var provider = ProviderTally(account: account(0x78))
                provider.challengesAnswered = 1
                try $0.tally.add(provider)
            }
        ),
        (
            .feePartsDiffer(account(0x78)),
            {
                var provider = ProviderTally(account: account(0x78))
                provider.fees.charged = Amount(1)
                try $0.tally.add(provider)
            }
        ),
        (
            .treasuryPartsDiffer,
            {
                var payer = PayerTally(account: account(0x79))
                payer.treasury = Amount(1)
                try $0.tally.add(payer)
            }
        ),
        (
            .selfReferral(account(0x79)),
            {
                try $0.tally.add(PayerTally(account: account(0x79), referral: .to(account(0x79))))
            }
        ),
        (.precommitsExceedBlocks(account(0x44)), { $0.tally.blocks = 18 }),
        (.stakeExceedsTotal, { $0.tally.totalStake = Amount(3_999_999_999_999) }),
        (
            .includedStakeExceedsEpoch,
            {
                var validator = ValidatorTally(account: account(0x66), stake: .zero)
                validator.includedStake = 5 * 4_000_000_000_000 + 1
                try $0.tally.add(validator)
            }
        ),
        (
            .doneExceedsDuty(account(0x66)),
            {
                var validator = ValidatorTally(account: account(0x66), stake: .zero)
                validator.done = 1
                try $0.tally.add(validator)
            }
        ),
        (
            .table(.duplicateReward(RewardKey(account: account(1), kind: .reporter))),
            {
                let key = RewardKey(account: account(1), kind: .reporter)
                $0.tally.dues = [1, 2].map { RewardRow(key: key, amount: Amount($0), reason: .offenceReported) }
            }
        ),
    ]

    @Test("each broken rule of a tally is refused by its own error", arguments: breakages.indices)
    func refusals(index: Int) throws {
        let (rule, change) = Self.breakages[index]
        var scenario = try SettlementScenario()
        #expect(throws: rule) {
            try change(&scenario)
            _ = try Settlement.settle(scenario.tally, scenario.pools, scenario.parameters)
        }
    }
}

extension SettlementScenario {
    mutating func record(used: UInt64, by provider: UInt8, for payer: UInt8, budget: UInt64 = 3) throws {
        let task = SettledTask(
            fee: Amount(5_000), computeUnits: 1, pace: Pace(used: used, budget: budget), resource: .open)
        try tally.record(task, by: account(provider), for: account(payer), parameters)
    }

    @Test("proofs of missed duties earn a tenth of the audit pay that these duties would have brought, at most the cap")
    func proofs() throws {
        let claim = AuditClaim(stake: Amount(25), duty: 100, done: 40)
        func pay(_ pool: UInt64, _ units: [UInt64]) throws -> [UInt64] {
            try Rule.proofPay(
                pool: Amount(pool), claim: claim, eligibleStake: Amount(100), units: units, rules: SlashRules()
            ).shares.map(\.units)
        }
        // A quarter of the pool by stake, 40 of its 100 units.
        #expect(try pay(1_000_000, [30, 10]) == [7_500, 2_500])
        #expect(try pay(1_000_000, [40]) == [10_000])
        #expect(try pay(1_000, [1, 2]) == [3, 6])
        #expect(try pay(1 << 60, [40]) == [SlashRules().reporterCap.units])
    }
}
