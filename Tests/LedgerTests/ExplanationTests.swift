// Every row of a settled table can be explained: its evidence is the hash of what it was computed from, and it stands
// under the table's root.
import Codec
import Cryptography
import Ledger
import Primitives
import Rewards
import Testing

@Suite("explanations")
struct ExplanationTests {
    /// A chain on which two providers were paid in epoch 2.
    static func paid() throws -> MarketChain {
        var market = try MarketChain()
        try market.finishEpochs(1)
        try market.run(
            """
            30 publish -> ok
            20 provide mrt=3500 -> ok
            21 provide mrt=7000 -> ok
            30 job tasks=60 fuel=60000000 cu=75 -> ok
            block 2
            """)
        try market.deliverAll([20, 21])
        try market.finishEpochs(2)
        return market
    }

    @Test("a row's calculation is under its evidence and gives its amount; the row is under the table's root")
    func rows() throws {
        let market = try Self.paid()
        let summary = try #require(market.chain.summary(2))
        let accounts = Set(try market.chain.rows(.rewards, 2, as: RewardRow.self).map(\.key.account))
        var kinds: Set<RewardKind> = []
        for account in accounts {
            let rows = try #require(
                Ledger.provedRows(
                    .rewards, epoch: 2, of: account, limits: (100, 1_000), on: market.chain.store))
            #expect(!rows.isEmpty)
            for entry in rows {
                try entry.proof.verify(item: entry.row, root: summary.rewardsRoot)
                #expect(entry.proof.total == summary.rewardRows)
                let row = try RewardRow(decoding: entry.row)
                #expect(row.key.account == account)
                guard let bytes = entry.basis else {
                    #expect(row.evidence == nil && row.reason == .noReferrer)
                    continue
                }
                kinds.insert(row.key.kind)
                #expect(row.evidence == Hash.sha256(bytes))
                let basis = try RowBasis(decoding: bytes)
                #expect(try basis.amount() == row.amount, "\(row)")
                #expect(basis.encoded == bytes)
            }
        }
        #expect(kinds == [.fee, .usageSubsidy, .standby, .staking, .proposal, .precommit, .audit])
    }

    @Test("a table with more rows than may be read is not proved")
    func bound() throws {
        let market = try Self.paid()
        let summary = try #require(market.chain.summary(2))
        let provider = MarketChain.address(20)
        func rows(_ max: Int) -> [ProvedRow]? {
            Ledger.provedRows(.rewards, epoch: 2, of: provider, limits: (100, max), on: market.chain.store)
        }
        #expect(rows(Int(summary.rewardRows))?.count == 3)
        #expect(rows(Int(summary.rewardRows) - 1) == nil)
    }

    /// One calculation of each kind.
    static var samples: [(String, RowBasis)] {
        var fees = FeeTotals()
        (fees.charged, fees.audit, fees.burn, fees.treasury) = (Amount(1_000), Amount(100), Amount(100), Amount(30))
        (fees.provider, fees.haircut, fees.assurance) = (Amount(770), Amount(7), Amount(5))
        let quality = QualityBasis(speed: 900_000, reliability: 65_536, asked: 8, answered: 8)
        let wide = UInt128(3) << 70 | 9
        var pool = DelegationPool()
        var own = Delegation()
        do { _ = try pool.join(Amount(1_000_000), &own) } catch { preconditionFailure("\(error)") }
        let staking = StakingBasis(
            bucket: Amount(77), stakes: (Amount(5), Amount(50)), commission: 10_000, delegations: pool, own: own,
            isWithheld: false)
        let duty = DutyBasis(
            bucket: Amount(88), weight: wide, span: EpochSpan(blocks: 80, totalStake: Amount(99)), isWithheld: true)
        return [
            ("fee", .fee(fees)),
            (
                "usage",
                .usageSubsidy(
                    UsageBasis(
                        pool: Amount(4), burn: Amount(5), quality: quality, totalWeight: wide, cap: Amount(6)))
            ),
            ("standby", .standby(StandbyBasis(pool: Amount(1), slots: 2, asked: 3, answered: 2, totalWeight: wide))),
            ("staking", .staking(staking)), ("commission", .commission(staking)), ("proposal", .proposal(duty)),
            ("precommit", .precommit(duty)),
            (
                "audit",
                .audit(
                    AuditBasis(
                        pool: Amount(9), claim: AuditClaim(stake: Amount(8), duty: 7, done: 6),
                        eligibleStake: Amount(10)))
            ),
            (
                "referral",
                .referral([ReferralPart(referee: MarketChain.address(1), treasury: Amount(2), rate: 100_000)])
            ),
        ]
    }

    @Test("the bytes of each calculation are the written ones, and no cut or longer form is taken")
    func golden() throws {
        var lines: [String] = []
        for (name, basis) in Self.samples {
            let bytes = basis.encoded
            #expect(try RowBasis(decoding: bytes) == basis, "\(name)")
            for length in 0..<bytes.count {
                let cut = try? RowBasis(decoding: Bytes(bytes[..<length]))
                #expect(cut == nil, "\(name) cut at \(length)")
            }
            #expect(throws: DecodeError.self) { try RowBasis(decoding: bytes + [0x08, 1]) }
            lines.append("\(name) \(Hex.lower(Hash.sha256(bytes).bytes.prefix(8)))")
        }
        #expect(lines == Self.goldenLines)
    }

    private static let goldenLines = [
        "fee 06ebe358761a3f22",
        "usage 1e9b84560fb1942d",
        "standby af7102ca6d7b362c",
        "staking 3938120253c9157f",
        "commission 2a0d6628b6e8d08c",
        "proposal 9297dc1632134672",
        "precommit f6fa1d0471b5e8c5",
        "audit 6a925bb241f2527c",
        "referral 12d546b77c53c4c3",
    ]
}
