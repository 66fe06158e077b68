// Each rule at its edges as text tables: one row per case, written by hand from the design.

import Primitives
import Testing

@testable import Rewards

/// Rows of numbers; the first line names the columns, `-` is no value.
func table(_ text: String) -> [[UInt64?]] {
    text.split(separator: "\n").dropFirst().map { line in
        line.split(separator: " ").map { UInt64($0.replacing("_", with: "")) }
    }
}

@Suite("Rules at their edges")
struct RuleTests {
    let standard = Parameters.standard

    @Test("speed falls from D to 2D and ends in a timeout")
    func speed() throws {
        let rows = table(
            """
            used budget speed
            0 3 1_000_000
            3 3 1_000_000
            4 3 833_334
            6 3 500_000
            7 3 -
            200 100 500_000
            18446744073709551615 18446744073709551615 1_000_000
            18446744073709551615 9223372036854775807 -
            """)
        for row in rows { #expect(try Rule.speed(Pace(used: row[0]!, budget: row[1]!)) == row[2], "\(row)") }
        #expect(throws: ArithmeticError.divisionByZero) { try Rule.speed(Pace(used: 1, budget: 0)) }
    }

    @Test("uptime pays nothing below 80 % and everything from 99.5 %")
    func uptime() throws {
        let rows = table(
            """
            answered asked multiplier
            0 0 1_000_000
            0 8 0
            799 1000 0
            800 1000 0
            801 1000 5_128
            994 1000 994_871
            995 1000 1_000_000
            9 8 1_000_000
            """)
        for row in rows {
            let uptime = try Rule.uptime(answered: row[0]!, asked: row[1]!)
            #expect(try Rule.uptimeMultiplier(uptime: uptime) == row[2], "\(row)")
        }
    }

    @Test("the block budget rounds up and is at least 3")
    func budget() throws {
        let rows = table(
            """
            fuel rate budget
            0 10 3
            30 10 3
            31 10 4
            18446744073709551615 1 18446744073709551615
            """)
        for row in rows {
            #expect(try Rule.blockBudget(fuel: row[0]!, fuelPerBlock: row[1]!, least: 3) == row[2], "\(row)")
        }
        #expect(throws: ArithmeticError.divisionByZero) { try Rule.blockBudget(fuel: 1, fuelPerBlock: 0, least: 3) }
    }

    @Test("a fee is at least 1,000 and a tenth of the escrow, never more than the escrow")
    func charge() throws {
        let rows = table(
            """
            cu limit bid escrow fee
            5 10 1000 10000 5000
            0 10 1000 10000 1000
            0 100 1000 100000 10000
            200 100 1000 100000 100000
            0 1 900 900 900
            """)
        for row in rows {
            let terms = TaskTerms(limit: row[1]!, bid: row[2]!, escrow: Amount(row[3]!))
            let charge = try Rule.taskCharge(computeUnits: row[0]!, terms: terms, rules: standard.fees)
            #expect(charge.fee.units == row[4], "\(row)")
            #expect(charge.fee.units + charge.refund.units == row[3])
        }
    }

    @Test("terms are refused below the floor price, above the task cap and below the smallest fee")
    func terms() throws {
        func escrow(_ limit: UInt64, _ bid: UInt64) throws -> UInt64 {
            try Rule.taskEscrow(limit: limit, bid: bid, floorPrice: 1_000, rules: standard.fees).escrow.units
        }
        #expect(try escrow(14_000_000, 1_000) == 14_000_000_000)
        #expect(throws: TermsError.bidBelowFloorPrice(bid: 999, floor: 1_000)) { try escrow(10, 999) }
        let above = TermsError.escrowAboveTaskCap(escrow: Amount(14_000_001_000), cap: Amount(14_000_000_000))
        #expect(throws: above) { try escrow(14_000_001, 1_000) }
        let below = TermsError.escrowBelowMinimumFee(escrow: .zero, minimum: Amount(1_000))
        #expect(throws: below) { try escrow(0, 1_000) }
        #expect(throws: TermsError.arithmetic(.overflow)) { try escrow(.max, 1_000) }
    }

    @Test("compute units round fuel and bytes up and refuse what does not fit")
    func computeUnits() throws {
        let rows = table(
            """
            fuel pages input output cu
            1 0 0 0 11
            1_000_000 1 65_536 0 16
            1_000_001 1 65_536 1 18
            18446744073709551615 0 18446744073709551615 18446744073709551615 581396697495032
            """)
        for row in rows {
            let use = ResourceUse(fuel: row[0]!, peakPages: row[1]!, inputBytes: row[2]!, outputBytes: row[3]!)
            #expect(try Rule.computeUnits(use) == row[4], "\(row)")
        }
        let hostile = ResourceUse(fuel: 0, peakPages: .max, inputBytes: 0, outputBytes: 0)
        #expect(throws: ArithmeticError.overflow) { try Rule.computeUnits(hostile) }
    }

    @Test("the fastest quartile is at the value of index (n - 1) / 4 and strictly below the median")
    func quartile() {
        let rows: [([UInt64], [Bool])] = [
            ([], []),
            ([1, 2, 3], [false, false, false]),
            ([4, 3, 2, 1], [false, false, false, true]),
            ([1, 1, 1, 1], [false, false, false, false]),
            ([1, 1, 9, 9], [true, true, false, false]),
            ([5, 1, 4, 2, 3], [false, true, false, true, false]),
        ]
        for (means, expected) in rows { #expect(Rule.fastestQuartile(means) == expected, "\(means)") }
    }

    @Test("prices stay in the band and without capacity, and never pass the minimum or wrap")
    func prices() throws {
        let rows = table(
            """
            price settled capacity next
            2000 0 0 2000
            2000 500 1000 2000
            2000 700 1000 2000
            2000 701 1000 2001
            2000 0 1000 1875
            1000 0 1000 1000
            2000 18446744073709551615 1 2075
            """)
        for row in rows {
            let next = try Rule.floorPrice(row[0]!, settled: row[1]!, capacity: row[2]!, rules: standard.market)
            #expect(next == row[3], "\(row)")
        }
    }

    @Test("assurance and haircut follow the audit rate")
    func auditPrices() throws {
        #expect(try Rule.assurance(auditPart: Amount(1_000), rate: 100_000, raisedTo: 350_000) == Amount(2_500))
        #expect(try Rule.assurance(auditPart: Amount(1_000), rate: 100_000, raisedTo: 100_000) == .zero)
        #expect(throws: ArithmeticError.divisionByZero) {
            try Rule.assurance(auditPart: Amount(1), rate: 0, raisedTo: 1)
        }
        #expect(try Rule.haircut(pay: Amount(1_000), rate: 250_000, floor: 100_000) == Amount(150))
        #expect(try Rule.haircut(pay: Amount(1_000), rate: 100_000, floor: 100_000) == .zero)
    }

    @Test("verdicts need more than 2/3, or more than 1/3 twice, and are extended once")
    func verdicts() {
        func verdict(_ votes: [UInt64], _ total: UInt64, _ isExtended: Bool = false) -> DisputeOutcome {
            Rule.disputeVerdict(votes: votes.map { Amount($0) }, totalStake: Amount(total), isExtended: isExtended)
        }
        #expect(verdict([0, 201], 300) == .stands(1))
        #expect(verdict([200], 300) == .extended)
        #expect(verdict([101, 101], 300) == .nonDeterministic)
        #expect(verdict([100, 200], 300) == .extended)
        #expect(verdict([100, 200], 300, true) == .unresolved)
        #expect(verdict([1], 1) == .stands(0))
        #expect(verdict([], 0) == .extended)
    }

    @Test("an audit draw that meets its bound exactly is not selected")
    func exactDraw() {
        let half = AuditDraw(rate: 500_000, stake: Amount(1), eligibleStake: Amount(1))
        #expect(Rule.auditSelectionThreshold(half) == (UInt64(1) << 63) - 1)
        #expect(!Rule.auditSelection(word: UInt64(1) << 63, draw: half))
        let certain = AuditDraw(rate: 1_000_000, stake: Amount(.max), eligibleStake: Amount(.max))
        #expect(Rule.auditSelectionThreshold(certain) == .max)
        #expect(Rule.auditSelection(word: .max, draw: certain))
        let never = AuditDraw(rate: 0, stake: Amount(.max), eligibleStake: Amount(1))
        #expect(Rule.auditSelectionThreshold(never) == nil)
        #expect(!Rule.auditSelection(word: 0, draw: never))
    }

    @Test("a quorum needs more than half of its replicas")
    func quorum() {
        #expect(Rule.quorumMajority(counts: [1, 2], replicas: 3) == 1)
        #expect(Rule.quorumMajority(counts: [2, 2], replicas: 4) == nil)
        #expect(Rule.quorumMajority(counts: [1, 1, 1], replicas: 3) == nil)
    }

    @Test("an epoch and a window end with the first block that satisfies both time and blocks")
    func windows() {
        let start = Timestamp(seconds: 1_000, nanoseconds: 5)!
        let rows: [(Int64, Int32, UInt64, Bool)] = [
            (1_020, 5, 20, true), (1_020, 4, 20, false), (1_020, 5, 19, false), (9_999, 0, 19, false),
            (0, 0, 99, false),
        ]
        for (seconds, nanoseconds, blocks, ends) in rows {
            let now = Timestamp(seconds: seconds, nanoseconds: nanoseconds)!
            #expect(Parameters.local.calendar.epochEnds(started: start, now: now, blocks: blocks) == ends)
        }
    }

    @Test("a lost bond pays voters, requester and reporter in order, and burns the rest")
    func proceeds() throws {
        func proceeds(_ slash: UInt64, _ part: UInt64, hasReporter: Bool = true) throws -> [UInt64] {
            let loss = DisputeLoss(
                slash: Amount(slash), ownBondLost: Amount(slash), computeUnits: 100, price: 1_000,
                providerPart: Amount(part))
            let result = try Rule.disputeProceeds(
                loss, voterStakes: [Amount(2), Amount(1)], hasReporter: hasReporter, rules: standard.slashing)
            return result.voters.map(\.units) + [result.requester.units, result.reporter.units, result.burned.units]
        }
        #expect(try proceeds(1_000_000, 77_000) == [160_000, 80_000, 77_000, 100_000, 583_000])
        #expect(try proceeds(1_000_000, 77_000, hasReporter: false) == [160_000, 80_000, 77_000, 0, 683_000])
        // Voters at most 40 %, then the requester takes all that is left.
        #expect(try proceeds(100_000, 77_000) == [26_666, 13_333, 60_001, 0, 0])
        #expect(try proceeds(0, 77_000) == [0, 0, 0, 0, 0])
    }

    @Test("the chain holds back where a third is at stake")
    func limits() {
        let rules = standard.slashing
        #expect(Rule.jailingIsAllowed(jailedStake: Amount(100), totalStake: Amount(300)))
        #expect(!Rule.jailingIsAllowed(jailedStake: Amount(101), totalStake: Amount(300)))
        #expect(Rule.unbondingIsAllowed(Amount(200), bonded: Amount(300), bondedAtStart: Amount(300)))
        #expect(!Rule.unbondingIsAllowed(Amount(201), bonded: Amount(300), bondedAtStart: Amount(300)))
        #expect(!Rule.unbondingIsAllowed(Amount(2), bonded: Amount(1), bondedAtStart: .zero))
        #expect(Rule.breakerTrips(operators: 2, losingStake: Amount(51), totalStake: Amount(300), rules: rules))
        #expect(!Rule.breakerTrips(operators: 2, losingStake: Amount(50), totalStake: Amount(300), rules: rules))
        #expect(!Rule.breakerTrips(operators: 1, losingStake: Amount(300), totalStake: Amount(300), rules: rules))
        #expect([0, 1, 2, 63, 64].map { Rule.jailEpochs(first: 1, earlierJailings: $0) } == [1, 2, 4, 1 << 63, .max])
        #expect(Rule.isNegligent(missed: 2, duties: 10, rules: standard.audit))
        #expect(!Rule.isNegligent(missed: 1, duties: 10, rules: standard.audit))
        #expect(!Rule.isNegligent(missed: 9, duties: 9, rules: standard.audit))
        #expect(Rule.isAbsent(signed: 4_999, window: 10_000, rules: rules))
        #expect(!Rule.isAbsent(signed: 5_000, window: 10_000, rules: rules))
        #expect(!Rule.isAbsent(signed: 0, window: 9_999, rules: rules))
    }

    @Test("a pool of delegations refuses to be priced from nothing, diluted, overdrawn or joined by dust")
    func delegationRefusals() throws {
        var (pool, first, second) = (DelegationPool(), Delegation(), Delegation())
        #expect(throws: DelegationError.amountMintsNoShare(amount: .zero)) { try pool.join(.zero, &first) }
        _ = try pool.join(Amount(1_000_000), &first)
        #expect(throws: DelegationError.notEnoughShares(held: 1_000_000, asked: 1_000_001)) {
            try pool.leave(&first, shares: 1_000_001)
        }
        _ = try pool.slash(rate: 999_000)
        _ = try pool.join(Amount(1), &second)
        _ = try pool.slash(rate: 1_000)
        #expect(throws: DelegationError.poolTooDiluted(tokens: 1_000, shares: 1_001_000)) {
            try pool.join(Amount(1), &second)
        }
        _ = try pool.slash(rate: 1_000_000)
        #expect(throws: DelegationError.poolWithoutTokens(shares: 1_001_000)) { try pool.join(Amount(1), &second) }
        #expect(try pool.leave(&first, shares: 1_000_000).unbonded == .zero)
    }

    @Test("credits are bought 1:1, spent on fees and never overdrawn")
    func credits() throws {
        var pool = CreditPool()
        try pool.buy(Amount(10))
        try pool.spend(Amount(7))
        try pool.payInCredits(Amount(5))
        #expect(pool.backing == Amount(8))
        #expect(throws: ArithmeticError.underflow) { try pool.spend(Amount(9)) }
    }

    @Test("commission moves by 1 % a day up to 20 %, and an operator keeps 5 % of its stake")
    func commission() {
        let rows: [(UInt64, UInt64, Bool)] = [
            (200_000, 190_000, true), (200_001, 200_000, false), (10_001, 0, false), (0, 10_000, true),
            (0, 10_001, false),
        ]
        for (rate, previous, isAllowed) in rows {
            #expect(Rule.commissionIsAllowed(rate, from: previous, rules: standard.validation) == isAllowed)
        }
        var pool = DelegationPool()
        pool.shares = 100
        #expect(pool.isSelfBonded(Delegation(shares: 5), least: standard.validation.selfBondMin))
        #expect(!pool.isSelfBonded(Delegation(shares: 4), least: standard.validation.selfBondMin))
    }

    @Test("tables refuse two rows of one key and a reason that does not explain")
    func tables() throws {
        let key = SlashKey(account: account(1), offence: .equivocation, evidence: .zero)
        let row = try SlashRow(key: key, amount: Amount(10), reporter: Amount(1), injured: Amount(2))
        #expect(row.burned == Amount(7))
        #expect(throws: ArithmeticError.underflow) {
            try SlashRow(key: key, amount: Amount(2), reporter: Amount(1), injured: Amount(2))
        }
        #expect(throws: TableError.duplicateSlash(key)) { try EpochTables(rewards: [], slashes: [row, row]) }
        let reward = RewardKey(account: account(1), kind: .fee)
        for (amount, reason) in [(Amount.zero, Reason.tasksSettled), (Amount(1), Reason.noTaskSettled)] {
            #expect(throws: TableError.reasonDoesNotExplain(reward, reason)) {
                try EpochTables(rewards: [RewardRow(key: reward, amount: amount, reason: reason)], slashes: [])
            }
        }
    }

    @Test("every reason has its sentence and every rate of an offence its default")
    func vocabulary() {
        #expect(Reason.allCases.allSatisfy { !$0.text.isEmpty })
        #expect(Set(Reason.allCases.map(\.text)).count == Reason.allCases.count)
        let rates = SlashOffence.allCases.map { $0.baseRate(standard.slashing) }
        #expect(rates == [50_000, nil, 200_000, 20_000, nil, 1_000, 100, nil, nil])
    }
}
