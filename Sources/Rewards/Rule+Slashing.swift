// What an offence costs, and when the chain holds back (design, section 8).
// Invariant: nobody is charged more than the stake at the offence, however often a rate is raised.

package import Primitives

/// Who offended in one class within the correlation window, in the order of the offences.
package struct Offender: Hashable, Sendable {
    /// Stake at the offence, unbonding and redelegated parts included.
    package let stake: Amount
    /// Charged so far for this offence.
    package let charged: Amount

    package init(stake: Amount, charged: Amount) { (self.stake, self.charged) = (stake, charged) }
}

extension Rule {
    /// `min(10^6, max(base, 3 * 10^6 * X / T))`, X = stake of all offenders of the window, this one included.
    package static func slashRate(
        base: UInt64, offendingStake: Amount, totalStake: Amount, multiplier: UInt64
    ) throws(ArithmeticError) -> UInt64 {
        if totalStake == .zero { throw .divisionByZero }
        let scaled = try UInt128(multiplier).times(UInt128(million)).times(UInt128(offendingStake.units))
        let correlated = scaled / UInt128(totalStake.units)
        return UInt64(truncatingIfNeeded: min(UInt128(million), max(UInt128(base), correlated)))
    }

    /// `stake * rate / 10^6`, at most the stake.
    package static func slashAmount(stake: Amount, rate: UInt64) throws(ArithmeticError) -> Amount {
        try stake.atRate(min(rate, million))
    }

    /// What each offender of the window still owes at the common rate.
    package static func slashTopUp(
        _ offenders: [Offender], base: UInt64, totalStake: Amount, multiplier: UInt64
    ) throws(ArithmeticError) -> [Amount] {
        let offending = try Amount.sum(offenders.lazy.map(\.stake))
        let rate = try slashRate(base: base, offendingStake: offending, totalStake: totalStake, multiplier: multiplier)
        var charges: [Amount] = []
        for offender in offenders {
            let due = try slashAmount(stake: offender.stake, rate: rate)
            charges.append(due > offender.charged ? try due.subtracting(offender.charged) : .zero)
        }
        return charges
    }

    /// `min(10 %, 100 MRT, half of what the offender's own bond lost)`: reporting oneself always loses.
    package static func reporterShare(
        slash: Amount, ownBondLost: Amount, rules: SlashRules
    ) throws(ArithmeticError) -> (reporter: Amount, remaining: Amount) {
        let reporter = min(try slash.atRate(rules.reporter), rules.reporterCap, Amount(ownBondLost.units / 2))
        return (reporter, try slash.subtracting(reporter))
    }

    /// Over 10 % of at least 10 revealed duties missed.
    package static func isNegligent(missed: UInt64, duties: UInt64, rules: AuditRules) -> Bool {
        duties >= rules.dutiesMin && UInt128(missed) * UInt128(million) > UInt128(duties) * UInt128(rules.missedMax)
    }

    /// Under 50 % of a full window of blocks signed.
    package static func isAbsent(signed: UInt64, window: UInt64, rules: SlashRules) -> Bool {
        window >= rules.signedWindow && UInt128(signed) * UInt128(million) < UInt128(window) * UInt128(rules.signedMin)
    }

    /// Doubles with every jailing; saturates.
    package static func jailEpochs(first: UInt64, earlierJailings: UInt64) -> UInt64 {
        if first == 0 { return 0 }
        if earlierJailings > UInt64(first.leadingZeroBitCount) { return .max }
        return first << earlierJailings
    }

    /// False when the jailings of one epoch would exceed 1/3 of T: then nobody is jailed.
    package static func jailingIsAllowed(jailedStake: Amount, totalStake: Amount) -> Bool {
        3 * UInt128(jailedStake.units) <= UInt128(totalStake.units)
    }

    /// False when the last third of the stake bonded at the start of the epoch would leave within it.
    package static func unbondingIsAllowed(_ amount: Amount, bonded: Amount, bondedAtStart: Amount) -> Bool {
        if amount > bonded { return false }
        return 3 * UInt128(bonded.units - amount.units) >= UInt128(bondedAtStart.units)
    }

    /// True when slashes of one engine are deferred: within a day at least 2 operators with more than 1/6 of T lost.
    package static func breakerTrips(
        operators: UInt64, losingStake: Amount, totalStake: Amount, rules: SlashRules
    ) -> Bool {
        operators >= rules.breakerOperatorsMin && 6 * UInt128(losingStake.units) > UInt128(totalStake.units)
    }
}
