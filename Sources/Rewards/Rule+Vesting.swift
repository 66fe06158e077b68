// Subsidy that unlocks over time (design, section 6). Fees are liquid and never come here.
// Invariant: unlocked(k) is non-decreasing and ends at A exactly; liquid + vesting = subsidy.

package import Primitives

extension Rule {
    /// 75 % (floor) vests, the rest is liquid.
    package static func vestingSplit(_ subsidy: Amount, rate: UInt64) throws(ArithmeticError) -> (
        vesting: Amount, liquid: Amount
    ) {
        let vesting = try subsidy.atRate(rate)
        return (vesting, try subsidy.subtracting(vesting))
    }

    /// `A * k / period`, everything from `period` on.
    package static func unlocked(_ amount: Amount, elapsed: UInt64, period: UInt64) throws(ArithmeticError) -> Amount {
        if elapsed >= period { return amount }
        return try amount.scaled(by: elapsed, over: period)
    }
}
