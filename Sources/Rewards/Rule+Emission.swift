// Supply: what the reserve releases in an epoch and how it is divided (design, section 5).
// Invariant: E < R for every R > 0, so the reserve never runs below zero, whatever the epoch's length.

package import Primitives

package struct EmissionBuckets: Hashable, Sendable {
    package let validators: Amount
    /// U: everything that the other three leave.
    package let usageAndStandby: Amount
    /// No payee: never issued.
    package let growth: Amount
    /// No payee: never issued.
    package let insurance: Amount
}

extension Rule {
    /// LAMBDA of a day: half of the reserve in 1,461 days.
    package static let lambdaPerDay: UInt64 = 8_749_675_563_962_368

    /// `(2^64 - L)^n >= (2^64 - LAMBDA_day) * 2^(64(n-1))`: n epochs release no more than a day may.
    package static func lambdaHolds(_ lambda: UInt64, epochsPerDay: UInt64) -> Bool {
        if lambda == 0 { return true }
        if epochsPerDay == 0 { return false }
        return Fraction64.power(of: 0 &- lambda, epochsPerDay, isAtLeast: 0 &- lambdaPerDay)
    }

    /// True for the one LAMBDA of `epochsPerDay`: it holds and the next larger one does not.
    package static func isLambda(_ lambda: UInt64, epochsPerDay: UInt64) -> Bool {
        if epochsPerDay == 0 || lambda == UInt64.max { return false }
        return lambdaHolds(lambda, epochsPerDay: epochsPerDay) && !lambdaHolds(lambda + 1, epochsPerDay: epochsPerDay)
    }

    /// The largest LAMBDA that holds for `epochsPerDay` equal epochs; for whoever writes a genesis.
    package static func lambda(epochsPerDay: UInt64) throws(ArithmeticError) -> UInt64 {
        if epochsPerDay == 0 { throw .divisionByZero }
        var low: UInt64 = 0
        var high = lambdaPerDay
        while low < high {
            let middle = low + (high - low + 1) / 2
            if lambdaHolds(middle, epochsPerDay: epochsPerDay) { low = middle } else { high = middle - 1 }
        }
        return low
    }

    /// `E = (R * LAMBDA) >> 64`.
    package static func emission(reserve: Amount, lambda: UInt64) -> Amount {
        Amount(reserve.units.multipliedFullWidth(by: lambda).high)
    }

    package static func emissionBuckets(
        scheduled: Amount, validatorShare: UInt64, rules: SupplyRules
    ) throws(ArithmeticError) -> EmissionBuckets {
        let validators = try scheduled.atRate(validatorShare)
        let growth = try scheduled.atRate(rules.growth)
        let insurance = try scheduled.atRate(rules.insurance)
        let rest = try scheduled.subtracting(validators).subtracting(growth).subtracting(insurance)
        return EmissionBuckets(validators: validators, usageAndStandby: rest, growth: growth, insurance: insurance)
    }

    /// `10^6 * bonded / supply`; 0 without supply.
    package static func bondedRatio(bonded: Amount, supply: Amount) throws(ArithmeticError) -> UInt64 {
        if supply == .zero { return 0 }
        return min(million, try bonded.scaled(by: million, over: supply.units).units)
    }

    /// The share of the validators in the next epoch, in units of `1 / unitsPerPPM` ppm (10^6 on the chain):
    /// `s += (goal - bonded) * speed * unitsPerPPM * epoch_seconds / (goal * 365 * 86_400)`, clamped; the magnitude
    /// is floored.
    package static func validatorShare(
        _ share: UInt64, bonded: UInt64, epochSeconds: UInt64, unitsPerPPM: UInt64, rules: SupplyRules
    ) throws(ArithmeticError) -> UInt64 {
        let goal = rules.bondedGoal
        let distance = bonded > goal ? bonded - goal : goal - bonded
        let pace = try UInt128(rules.shareSpeed).times(UInt128(unitsPerPPM)).times(UInt128(epochSeconds))
        let step = try UInt128(distance).scaled(by: pace, over: UInt128(goal) * 365 * 86_400).narrowed()
        let moved = bonded > goal ? (share > step ? share - step : 0) : try share.plus(step)
        let (least, overflowLow) = rules.shareMin.multipliedReportingOverflow(by: unitsPerPPM)
        let (most, overflowHigh) = rules.shareMax.multipliedReportingOverflow(by: unitsPerPPM)
        if overflowLow || overflowHigh { throw .overflow }
        return min(max(moved, least), most)
    }
}
