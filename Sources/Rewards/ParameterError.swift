// Why a set of parameters is refused: one case per rule, with the numbers that break it.

package import Primitives

/// `left` and `right` of an inequality as integers, so that a refusal can show both.
package struct Inequality: Hashable, Sendable, CustomStringConvertible {
    package let left: UInt128
    package let right: UInt128
    package let holds: Bool

    package init(left: UInt128, right: UInt128, holds: Bool) {
        (self.left, self.right, self.holds) = (left, right, holds)
    }

    package var description: String { "left \(left), right \(right)" }
}

package enum ParameterError: Error, Equatable, Sendable {
    /// `epoch_seconds` must divide 86,400.
    case epochSecondsDoNotDivideDay(UInt64)
    case epochBlocksMinIsZero
    case epochsPerDayIsZero
    /// The windows of the calendar must fit in one epoch, in seconds and in blocks.
    case windowsExceedEpoch(seconds: UInt64, blocks: UInt64)
    case windowIsEmpty
    /// A rate above its largest value.
    case rateAboveMaximum(name: ParameterName, value: UInt64, maximum: UInt64)
    /// A number that would leave no room for a sum, or for the end of a loop or of an epoch.
    case valueAboveMaximum(name: ParameterName, value: UInt64, maximum: UInt64)
    /// A number that must be at least something.
    case valueBelowMinimum(name: ParameterName, value: UInt64, minimum: UInt64)
    /// audit + burn + treasury must leave the provider something.
    case feePartsExceedFee(audit: UInt64, burn: UInt64, treasury: UInt64)
    /// shareMin <= shareStart <= shareMax.
    case shareBoundsDisordered(least: UInt64, start: UInt64, most: UInt64)
    /// The buckets at the largest validator share must not exceed the emission.
    case bucketsExceedEmission(shareMax: UInt64, growth: UInt64, insurance: UInt64)
    /// proposals + precommits <= 10^6.
    case validationPartsExceedBucket(proposal: UInt64, precommit: UInt64)
    /// bandLow <= bandHigh.
    case bandDisordered(low: UInt64, high: UInt64)
    /// LAMBDA is not the largest one that holds for the epoch's length.
    case lambdaIsNotLargest(lambda: UInt64, epochsPerDay: UInt64)
    /// Section 6: a requester who deals with himself must lose.
    case washTradingPays(Inequality)
    /// Section 7: a provider who cheats must lose.
    case cheatingPays(Inequality)
    /// Section 7: who makes up results with most seats of a panel must lose.
    case forgingPanelsPays(Inequality)
    /// Section 7: an auditor who does not execute must lose.
    case lazyAuditingPays(Inequality)
    /// A slot's bond must cover the bond multiple of the task cap.
    case slotBondTooSmall(bond: Amount, needed: Amount)
    /// unbond >= evidence.
    case unbondShorterThanEvidence(unbond: UInt64, evidence: UInt64)
    /// evidence >= dispute + settlement.
    case evidenceShorterThanDispute(evidence: UInt64, needed: UInt64)
    /// Light clients must stop trusting before stake is free.
    case lightTrustNotShorterThanUnbond(lightTrust: UInt64, unbond: UInt64)
    case arithmetic(ArithmeticError)
}

/// The parameters that are checked one by one, by name.
package enum ParameterName: Hashable, Sendable {
    case epochBlocksMin, epochsPerDay, timeoutsMax, dutiesMin, reporterCap, breakerOperatorsMin
    case feeMinimum, escrowDivisor, taskCap, priceMin, stepDivisor, slotBond, fuelPerBlock, budgetBlocksMin
    case bandHigh, growth, insurance, shareMax, bondedGoal, shareSpeed
    case subsidy, standby, accountCap, referral, vesting, vestingDays, challengesPerEpoch, answerBlocks
    case auditRateFloor, auditRateNumerator, auditRateOffset, recheck, bondMultiple, missedMax, panelCheck,
        admissionTasks
    case stakeMin, commissionMax, commissionStepMax, selfBondMin, effectiveStakeMax
    case equivocation, approvedWrong, wrongDigest, missedDuties, absence, correlationMultiplier
    case signedMin, signedWindow, reporter, voterShareMax, voterPay, period
}
