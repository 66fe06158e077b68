// The conservation rule that every pool follows, and the usage pool built on it (design, sections 2 and 6).
// Invariant: Σ shares + carry' = inflow + carry, exactly, in any order; splitting a weight never gains a unit, because
// floor(x) + floor(y) <= floor(x + y).

package import Primitives

package struct PoolShares: Hashable, Sendable {
    /// In the order of the weights.
    package let shares: [Amount]
    package let carry: Amount
}

package struct UsageShares: Hashable, Sendable {
    /// What moves from the reserve into the usage pool.
    package let usageInflow: Amount
    /// What moves from the reserve into the standby pool.
    package let standbyInflow: Amount
    package let weights: [UInt64]
    package let shares: [Amount]
    package let carry: Amount
}

/// One provider's claim on the usage pool.
package struct UsageClaim: Hashable, Sendable {
    /// Burn parts of the fees of its tasks settled now.
    package let burn: Amount
    /// m_i in ppm.
    package let multiplier: UInt64

    package init(burn: Amount, multiplier: UInt64) { (self.burn, self.multiplier) = (burn, multiplier) }
}

extension Rule {
    /// `share_i = floor((P + carry) * w_i / W)`, then at most `caps[i]`; what is left carries. W = 0: everything
    /// carries.
    package static func poolShare(
        inflow: Amount, carry: Amount, weights: [UInt128], caps: [Amount]? = nil
    ) throws(ArithmeticError) -> PoolShares {
        precondition(caps.map { $0.count == weights.count } ?? true, "\(weights.count) weights, other number of caps")
        let pool = try inflow.adding(carry)
        var total: UInt128 = 0
        for weight in weights { total = try total.plus(weight) }
        if total == 0 { return PoolShares(shares: weights.map { _ in .zero }, carry: pool) }
        var shares: [Amount] = []
        var rest = pool
        for (index, weight) in weights.enumerated() {
            var share = Amount(try UInt128(pool.units).scaled(by: weight, over: total).narrowed())
            if let caps { share = min(share, caps[index]) }
            shares.append(share)
            rest = try rest.subtracting(share)
        }
        return PoolShares(shares: shares, carry: rest)
    }

    /// Subsidy in proportion to `burn_i * m_i / 10^6`, at most `burn_i * cap` each; its inflow and the standby pool's
    /// are bounded by what was burned, so no use of the network can mint more than it destroys.
    package static func usageSubsidy(
        bucket: Amount, carry: Amount, claims: [UsageClaim], rules: UsageRules
    ) throws(ArithmeticError) -> UsageShares {
        let burned = try Amount.sum(claims.lazy.map(\.burn))
        let usage = min(bucket, try burned.atRate(rules.subsidy))
        let standby = min(try bucket.subtracting(usage), try burned.atRate(rules.standby))
        var weights: [UInt64] = []
        var caps: [Amount] = []
        for claim in claims {
            weights.append(try claim.burn.units.atRate(claim.multiplier))
            caps.append(try claim.burn.atRate(rules.accountCap))
        }
        let pool = try poolShare(inflow: usage, carry: carry, weights: weights.map { UInt128($0) }, caps: caps)
        return UsageShares(
            usageInflow: usage, standbyInflow: standby, weights: weights, shares: pool.shares, carry: pool.carry)
    }

    /// Standby pay in proportion to `slots * uptime`.
    package static func standbyShare(
        inflow: Amount, carry: Amount, slots: [UInt64], uptime: [UInt64]
    ) throws(ArithmeticError) -> PoolShares {
        let weights = zip(slots, uptime).map { UInt128($0) * UInt128($1) }
        return try poolShare(inflow: inflow, carry: carry, weights: weights)
    }
}
