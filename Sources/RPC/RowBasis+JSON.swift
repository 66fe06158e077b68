// How a row's amount came about, for people, step by step, and as numbers.
import Primitives
package import Rewards

extension Amount {
    /// MRT with nine decimals.
    package var tokens: String {
        let fraction = String(String(Amount.unitsPerToken + units % Amount.unitsPerToken).dropFirst())
        return "\(units / Amount.unitsPerToken).\(fraction)"
    }
}

extension RowBasis {
    /// Each line is one step; the last one gives the amount in nMRT.
    package var steps: [String] {
        switch self {
        case .fee(let fees): Self.steps(fees)
        case .usageSubsidy(let basis): Self.steps(basis)
        case .standby(let basis): Self.steps(basis)
        case .staking(let basis): Self.steps(basis) + ["own claim: own shares * growth of reward per share"]
        case .commission(let basis): Self.steps(basis)
        case .proposal(let basis): Self.steps(basis, "stake whose precommits its blocks include")
        case .precommit(let basis): Self.steps(basis, "stake * blocks whose commits include its precommit")
        case .audit(let basis): Self.steps(basis)
        case .referral(let parts):
            parts.map { "\($0.referee.bech32) paid \($0.treasury) nMRT into the treasury, * \(ppm($0.rate))" }
        }
    }

    private static func steps(_ fees: FeeTotals) -> [String] {
        [
            "fees of its settled tasks: \(fees.charged) nMRT = \(fees.provider) provider + \(fees.audit) audits "
                + "+ \(fees.burn) burned + \(fees.treasury) treasury",
            "less a newcomer's extra audits: \(fees.provider) - \(fees.haircut)",
        ]
    }

    private static func steps(_ quality: QualityBasis) -> [String] {
        let uptime = number { () throws(ArithmeticError) in try quality.uptime() }
        let multiplier = number { () throws(ArithmeticError) in try quality.multiplier() }
        let reliability = UInt64(truncatingIfNeeded: (UInt128(quality.reliability) * 1_000_000) >> 16)
        return [
            "uptime: \(quality.answered) of \(quality.asked) challenges answered, multiplier \(ppm(uptime))",
            "quality m: speed \(ppm(quality.speed)) * reliability \(ppm(reliability)), within 50 % and 110 %, * uptime "
                + "= \(ppm(multiplier))",
        ]
    }

    private static func steps(_ basis: UsageBasis) -> [String] {
        let weight = number { () throws(ArithmeticError) in try basis.weight() }
        return steps(basis.quality) + [
            "weight: \(basis.burn) nMRT burned by its tasks * m = \(weight)",
            "share: pool \(basis.pool) nMRT * weight / \(basis.totalWeight) of all, at most \(basis.cap)",
        ]
    }

    private static func steps(_ basis: StandbyBasis) -> [String] {
        [
            "uptime: \(basis.answered) of \(basis.asked) challenges answered",
            "share: pool \(basis.pool) nMRT * \(basis.slots) slots * uptime / \(basis.totalWeight) of all",
        ]
    }

    private static func steps(_ basis: StakingBasis) -> [String] {
        let reward = number { () throws(ArithmeticError) in try basis.reward().units }
        return [
            basis.isWithheld
                ? "the epoch's reward is lost"
                : "reward: bucket \(basis.bucket) nMRT * stake \(basis.stake) / all stake \(basis.totalStake) "
                    + "= \(reward) nMRT",
            "commission: \(ppm(basis.commission)) of it; the rest to \(basis.delegations.shares) shares, "
                + "\(basis.own.shares) of them the operator's",
        ]
    }

    private static func steps(_ basis: DutyBasis, _ weight: String) -> [String] {
        if basis.isWithheld { return ["the epoch's reward is lost"] }
        return [
            "\(weight): \(basis.weight)",
            "share: bucket \(basis.bucket) nMRT * that / (\(basis.span.blocks) blocks * all stake "
                + "\(basis.span.totalStake))",
        ]
    }

    private static func steps(_ basis: AuditBasis) -> [String] {
        let none = basis.claim.duty == 0 ? ": none was due" : ""
        return [
            "duties done: \(basis.claim.done) of \(basis.claim.duty) compute units\(none)",
            "share: pool \(basis.pool) nMRT * stake \(basis.claim.stake) * done / (stake of all auditors "
                + "\(basis.eligibleStake) * due)",
        ]
    }
}

/// 0 where the numbers of an unchecked basis overflow.
private func number(_ calculate: () throws(ArithmeticError) -> UInt64) -> UInt64 {
    do throws(ArithmeticError) { return try calculate() } catch { return 0 }
}

/// 1000000 is 100.0000 %.
private func ppm(_ rate: UInt64) -> String {
    let fraction = String(String(10_000 + rate % 10_000).dropFirst())
    return "\(rate / 10_000).\(fraction) %"
}
