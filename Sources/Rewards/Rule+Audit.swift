// Who is audited how often, who audits, and what auditing pays (design, section 7).
// Invariant: the draw compares 64 + 84 bits exactly; a validator without stake or at rate 0 is never drawn.

package import Primitives

/// One task's draw, apart from the random word.
package struct AuditDraw: Hashable, Sendable {
    /// p in ppm.
    package let rate: UInt64
    /// Stake of the auditor at the start of the epoch.
    package let stake: Amount
    /// W_e.
    package let eligibleStake: Amount

    package init(rate: UInt64, stake: Amount, eligibleStake: Amount) {
        (self.rate, self.stake, self.eligibleStake) = (rate, stake, eligibleStake)
    }
}

/// One validator's claim on the audit pool, in cu of revealed duties.
package struct AuditClaim: Hashable, Sendable {
    package let stake: Amount
    package let duty: UInt64
    package let done: UInt64

    package init(stake: Amount, duty: UInt64, done: UInt64) { (self.stake, self.duty, self.done) = (stake, duty, done) }
}

/// What happened to a provider's streak of audited successes.
package enum StreakEvent: Sendable { case success, timeout, fraud }

extension Rule {
    /// `p(n) = min(p_max, max(p_floor, numerator / (10 + n)))` ppm.
    package static func auditRate(streak: UInt64, rules: AuditRules) throws(ArithmeticError) -> UInt64 {
        let divisor = UInt128(rules.rateOffset) + UInt128(streak)
        if divisor == 0 { throw .divisionByZero }
        let rate = try (UInt128(rules.rateNumerator) / divisor).narrowed()
        return min(million, max(rules.rateFloor, rate))
    }

    /// Success n + 1, timeout 2n / 3, fraud 0.
    package static func streakAfter(_ event: StreakEvent, streak: UInt64) throws(ArithmeticError) -> UInt64 {
        switch event {
        case .success: try streak.plus(1)
        case .timeout: try streak.scaled(by: 2, over: 3)
        case .fraud: 0
        }
    }

    /// `word * W_e * 10^6 < p * stake * 2^64`, in 256 bits. `word`: first 8 bytes of the draw's hash, big-endian.
    package static func auditSelection(word: UInt64, draw: AuditDraw) -> Bool {
        let weight = UInt128(draw.eligibleStake.units) * UInt128(million)
        let left = weight.multipliedFullWidth(by: UInt128(word))
        let right = (UInt128(draw.rate) * UInt128(draw.stake.units)).multipliedFullWidth(by: UInt128(1) << 64)
        return (left.high, left.low) < (right.high, right.low)
    }

    /// The largest word that is selected; nil when none is.
    package static func auditSelectionThreshold(_ draw: AuditDraw) -> UInt64? {
        let chance = UInt128(draw.rate) * UInt128(draw.stake.units)
        if chance == 0 { return nil }
        let weight = UInt128(draw.eligibleStake.units) * UInt128(million)
        if chance >= weight { return .max }
        // chance < weight, so the quotient is below 2^64; `- 1` turns the strict comparison into the last word below
        // it.
        var numerator = chance.multipliedFullWidth(by: UInt128(1) << 64)
        if numerator.low == 0 { numerator.high -= 1 }
        numerator.low &-= 1
        return UInt64(truncatingIfNeeded: weight.dividingFullWidth(numerator).quotient)
    }

    /// `share_i = (A + carry) * stake_i * done_i / (W_e * duty_i)`, done / duty = 1 when duty = 0. Paid by stake and
    /// not per audit, so nobody gains by steering tasks to an auditor.
    package static func auditPoolPay(
        pool: Amount, claims: [AuditClaim], eligibleStake: Amount
    ) throws(ArithmeticError) -> PoolShares {
        var rest = pool
        var shares: [Amount] = []
        for claim in claims {
            let share = try auditShare(pool: pool, claim: claim, eligibleStake: eligibleStake)
            rest = try rest.subtracting(share)
            shares.append(share)
        }
        return PoolShares(shares: shares, carry: rest)
    }

    /// What proofs of missed duties earn: the reporters' rate of the pay that these duties would have brought, by the
    /// units that each proved. `claim.done` is what all of them proved.
    package static func proofPay(
        pool: Amount, claim: AuditClaim, eligibleStake: Amount, units: [UInt64], rules: SlashRules
    ) throws(ArithmeticError) -> PoolShares {
        let lost = try auditShare(pool: pool, claim: claim, eligibleStake: eligibleStake)
        let part = min(try lost.atRate(rules.reporter), rules.reporterCap)
        return try poolShare(inflow: part, carry: .zero, weights: units.map { UInt128($0) })
    }

    private static func auditShare(
        pool: Amount, claim: AuditClaim, eligibleStake: Amount
    ) throws(ArithmeticError) -> Amount {
        if eligibleStake == .zero { return .zero }
        let byStake = UInt128(pool.units) * UInt128(claim.stake.units)
        let (done, duty) = claim.duty == 0 ? (1, 1) : (claim.done, claim.duty)
        let denominator = UInt128(eligibleStake.units) * UInt128(duty)
        return Amount(try byStake.scaled(by: UInt128(done), over: denominator).narrowed())
    }
}
