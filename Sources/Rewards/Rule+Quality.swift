// Speed, uptime, reliability and the multiplier they make (design, section 6). All of them are weights inside a fixed
// pool: no value of any of them can create issuance.
// Invariant: 0 <= m <= 1_100_000 ppm.

package import Primitives

/// Blocks that a task used, and its budget D.
package struct Pace: Hashable, Sendable {
    package let used: UInt64
    package let budget: UInt64

    package init(used: UInt64, budget: UInt64) { (self.used, self.budget) = (used, budget) }
}

extension Rule {
    /// Reliability of a provider before its first epoch with a task, in units of 2^-16.
    package static let reliabilityStart: UInt64 = 65_536

    /// `10^6` up to D, `10^6 - 500_000 * (b - D) / D` to 2D; nil beyond, which is a timeout.
    package static func speed(_ pace: Pace) throws(ArithmeticError) -> UInt64? {
        if pace.budget == 0 { throw .divisionByZero }
        if pace.used <= pace.budget { return million }
        let late = pace.used - pace.budget
        if late > pace.budget { return nil }
        return try million.minus(UInt64(500_000).scaled(by: late, over: pace.budget))
    }

    /// Which of a class's providers are its fastest quartile: mean b/D at most the value at sorted index (n - 1) / 4
    /// and below the median. Fewer than 4 providers have none.
    package static func fastestQuartile(_ means: [UInt64]) -> [Bool] {
        let count = means.count
        if count < 4 { return means.map { _ in false } }
        let sorted = means.sorted()
        let quartile = sorted[(count - 1) / 4]
        let medianTwice = UInt128(sorted[(count - 1) / 2]) + UInt128(sorted[count / 2])
        return means.map { $0 <= quartile && 2 * UInt128($0) < medianTwice }
    }

    /// `10^6 * answered / asked`; 10^6 when nothing was asked.
    package static func uptime(answered: UInt64, asked: UInt64) throws(ArithmeticError) -> UInt64 {
        if asked == 0 { return million }
        return try min(answered, asked).scaled(by: million, over: asked)
    }

    /// 0 below 800,000; `(u - 800_000) * 10^6 / 195_000` to 995,000; then 10^6.
    package static func uptimeMultiplier(uptime: UInt64) throws(ArithmeticError) -> UInt64 {
        if uptime < 800_000 { return 0 }
        if uptime >= 995_000 { return million }
        return try (uptime - 800_000).scaled(by: million, over: 195_000)
    }

    /// `R' = R - (R >> 4) + ((x << 16) >> 4) / 10^6`, x = verified share in ppm.
    package static func reliability(_ reliability: UInt64, verifiedShare: UInt64) throws(ArithmeticError) -> UInt64 {
        let gain = ((UInt128(verifiedShare) << 16) >> 4) / UInt128(million)
        return try (UInt128(reliability - (reliability >> 4)) + gain).narrowed()
    }

    /// x of one epoch: `10^6 * verified / (verified + failed)`; nil without a task.
    package static func verifiedShare(verified: UInt64, failed: UInt64) throws(ArithmeticError) -> UInt64? {
        let total = UInt128(verified) + UInt128(failed)
        if total == 0 { return nil }
        return try UInt128(verified).scaled(by: UInt128(million), over: total).narrowed()
    }

    /// `clamp(speed * reliability / 10^6, 500_000, 1_100_000) * uptime / 10^6`, reliability as `R * 10^6 >> 16`.
    package static func qualityMultiplier(
        speed: UInt64, reliability: UInt64, uptime: UInt64
    ) throws(ArithmeticError) -> UInt64 {
        let reliable = try ((UInt128(reliability) * UInt128(million)) >> 16).narrowed()
        let product = try speed.atRate(reliable)
        return try min(max(product, 500_000), 1_100_000).atRate(uptime)
    }
}
