// What a reward row was computed from: few numbers, and the one formula of its kind. The ledger puts their hash into
// the row, so whoever proves the row can calculate it again (design, section 9: a reason on every row).
// Invariant: for each row that a settlement books with a basis, `basis.amount` is the row's amount.

package import Primitives

/// A provider's part of the usage pool: `floor(pool * w / W)`, at most `cap`.
package struct UsageBasis: Hashable, Sendable {
    /// P + carry.
    package let pool: Amount
    /// Burn parts of the fees of its tasks settled now.
    package let burn: Amount
    package let quality: QualityBasis
    /// W: the weights of all providers.
    package let totalWeight: UInt128
    package let cap: Amount

    package init(pool: Amount, burn: Amount, quality: QualityBasis, totalWeight: UInt128, cap: Amount) {
        (self.pool, self.burn, self.quality) = (pool, burn, quality)
        (self.totalWeight, self.cap) = (totalWeight, cap)
    }

    /// w: `burn * m / 10^6`.
    package func weight() throws(ArithmeticError) -> UInt64 { try burn.units.atRate(try quality.multiplier()) }
}

/// What makes m.
package struct QualityBasis: Hashable, Sendable {
    /// ppm.
    package let speed: UInt64
    /// R in units of 2^-16.
    package let reliability: UInt64
    package let asked: UInt64
    package let answered: UInt64

    package init(speed: UInt64, reliability: UInt64, asked: UInt64, answered: UInt64) {
        (self.speed, self.reliability, self.asked, self.answered) = (speed, reliability, asked, answered)
    }

    /// The multiplier of uptime in ppm.
    package func uptime() throws(ArithmeticError) -> UInt64 {
        try Rule.uptimeMultiplier(uptime: Rule.uptime(answered: answered, asked: asked))
    }

    package func multiplier() throws(ArithmeticError) -> UInt64 {
        try Rule.qualityMultiplier(speed: speed, reliability: reliability, uptime: try uptime())
    }
}

/// A provider's part of the standby pool: `floor(pool * slots * uptime / W)`.
package struct StandbyBasis: Hashable, Sendable {
    package let pool: Amount
    package let slots: UInt64
    package let asked: UInt64
    package let answered: UInt64
    package let totalWeight: UInt128

    package init(pool: Amount, slots: UInt64, asked: UInt64, answered: UInt64, totalWeight: UInt128) {
        (self.pool, self.slots, self.asked) = (pool, slots, asked)
        (self.answered, self.totalWeight) = (answered, totalWeight)
    }
}

/// `floor(bucket * weight / (blocks * T))` for proposals (weight: included stake) and precommits (weight: stake times
/// blocks).
package struct DutyBasis: Hashable, Sendable {
    package let bucket: Amount
    package let weight: UInt128
    package let span: EpochSpan
    /// The epoch's reward is lost.
    package let isWithheld: Bool

    package init(bucket: Amount, weight: UInt128, span: EpochSpan, isWithheld: Bool) {
        (self.bucket, self.weight, self.span, self.isWithheld) = (bucket, weight, span, isWithheld)
    }
}

/// The staking reward of a validator, its commission, and the operator's claim on the rest by F1.
package struct StakingBasis: Hashable, Sendable {
    package let bucket: Amount
    package let stake: Amount
    /// T.
    package let totalStake: Amount
    /// ppm.
    package let commission: UInt64
    /// All delegations and the operator's own position, as they were before.
    package let delegations: DelegationPool
    package let own: Delegation
    package let isWithheld: Bool

    package init(
        bucket: Amount, stakes: (own: Amount, total: Amount), commission: UInt64,
        delegations: DelegationPool, own: Delegation, isWithheld: Bool
    ) {
        (self.bucket, self.commission) = (bucket, commission)
        (stake, totalStake) = stakes
        (self.delegations, self.own, self.isWithheld) = (delegations, own, isWithheld)
    }

    /// `floor(bucket * stake / T)`.
    package func reward() throws(ArithmeticError) -> Amount {
        isWithheld ? .zero : try Rule.stakingShare(bucket: bucket, stake: stake, totalStake: totalStake)
    }

    package func parts() throws(ArithmeticError) -> (commission: Amount, earned: Amount) {
        var (pool, own) = (delegations, own)
        let commission = try pool.reward(try reward(), commission: commission)
        return (commission, try pool.claim(&own))
    }
}

/// `floor(pool * stake * done / (W_e * duty))`.
package struct AuditBasis: Hashable, Sendable {
    package let pool: Amount
    package let claim: AuditClaim
    /// W_e.
    package let eligibleStake: Amount

    package init(pool: Amount, claim: AuditClaim, eligibleStake: Amount) {
        (self.pool, self.claim, self.eligibleStake) = (pool, claim, eligibleStake)
    }
}

/// One referee's part in a referrer's row.
package struct ReferralPart: Hashable, Sendable {
    package let referee: Address
    /// What the referee's fees paid into the treasury.
    package let treasury: Amount
    /// ppm.
    package let rate: UInt64

    package init(referee: Address, treasury: Amount, rate: UInt64) {
        (self.referee, self.treasury, self.rate) = (referee, treasury, rate)
    }
}

package enum RowBasis: Hashable, Sendable {
    /// The provider part less a newcomer's haircut.
    case fee(FeeTotals)
    case usageSubsidy(UsageBasis)
    case standby(StandbyBasis)
    // The largest by far, of the fewest: apart, so that the others are not moved as if they were as large.
    indirect case staking(StakingBasis)
    indirect case commission(StakingBasis)
    case proposal(DutyBasis)
    case precommit(DutyBasis)
    case audit(AuditBasis)
    /// Ascending by referee.
    case referral([ReferralPart])

    /// The row's amount, calculated again.
    package func amount() throws(ArithmeticError) -> Amount {
        switch self {
        case .fee(let fees): try fees.provider.subtracting(fees.haircut)
        case .usageSubsidy(let basis): try Self.share(basis.pool, UInt128(basis.weight()), basis.totalWeight, basis.cap)
        case .standby(let basis): try Self.standby(basis)
        case .staking(let basis): try basis.parts().earned
        case .commission(let basis): try basis.parts().commission
        case .proposal(let basis), .precommit(let basis):
            basis.isWithheld
                ? .zero
                : try Rule.proposalShare(bucket: basis.bucket, includedStake: basis.weight, span: basis.span)
        case .audit(let basis):
            try Rule.auditPoolPay(pool: basis.pool, claims: [basis.claim], eligibleStake: basis.eligibleStake).shares[0]
        case .referral(let parts): try Self.referral(parts)
        }
    }

    private static func share(
        _ pool: Amount, _ weight: UInt128, _ total: UInt128, _ cap: Amount?
    ) throws(ArithmeticError) -> Amount {
        if total == 0 { return .zero }
        let share = Amount(try UInt128(pool.units).scaled(by: weight, over: total).narrowed())
        return cap.map { min($0, share) } ?? share
    }

    private static func standby(_ basis: StandbyBasis) throws(ArithmeticError) -> Amount {
        let uptime = try Rule.uptimeMultiplier(uptime: Rule.uptime(answered: basis.answered, asked: basis.asked))
        return try share(basis.pool, UInt128(basis.slots) * UInt128(uptime), basis.totalWeight, nil)
    }

    private static func referral(_ parts: [ReferralPart]) throws(ArithmeticError) -> Amount {
        var sum = Amount.zero
        for part in parts {
            sum = try sum.adding(try Rule.referral(treasuryPart: part.treasury, rate: part.rate).referrer)
        }
        return sum
    }

    /// Referees of one row that a calculation names; a row for more has none.
    package static let refereesMax = 65_536

    /// Of one row: only referrals of several referees meet in one. nil for more of them than a calculation names.
    static func merged(_ all: [RowBasis]) -> RowBasis? {
        if all.count == 1 { return all[0] }
        var parts: [ReferralPart] = []
        for basis in all {
            guard case .referral(let more) = basis else {
                preconditionFailure("several calculations of one row: \(all)")
            }
            if parts.count + more.count > refereesMax { return nil }
            parts += more
        }
        return .referral(parts.sorted { $0.referee < $1.referee })
    }
}
