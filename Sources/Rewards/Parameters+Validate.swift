// One function for genesis, proposals and activation. The inequalities are evaluated in integers with 1/3 of the stake
// adversarial; a rule that fails is thrown with its two sides.

package import Primitives

extension Rule {
    /// `(cap + standby) * burn + referral * treasury < (burn + treasury + audit) * 2/3`: a self-dealing requester
    /// loses.
    package static func washInequality(usage: UsageRules, fees: FeeRules) throws(ArithmeticError) -> Inequality {
        let subsidy = try UInt128(usage.accountCap).plus(UInt128(usage.standby)).times(UInt128(fees.burn))
        let referral = UInt128(usage.referral) * UInt128(fees.treasury)
        let paid = UInt128(fees.burn) + UInt128(fees.treasury) + UInt128(fees.audit)
        let left = try subsidy.plus(referral).times(3)
        let right = try paid.times(2 * UInt128(million))
        return Inequality(left: left, right: right, holds: left < right)
    }

    /// q in ppm: the chance that one wrong result is caught while 1/3 of the auditing stake looks away, `x - x^2/2`
    /// with x = p * 2/3.
    package static func detection(rateFloor: UInt64) throws(ArithmeticError) -> UInt64 {
        let share = try rateFloor.scaled(by: 2, over: 3)
        return try share.minus(share.scaled(by: share, over: 2 * million))
    }

    /// `q * (0.87 F + B) >= 0.87 F`: a cheating provider loses. 0.87 F is its part and its subsidy at the cap, in ppm
    /// of F.
    package static func bondInequality(
        audit: AuditRules, fees: FeeRules, usage: UsageRules
    ) throws(ArithmeticError) -> Inequality {
        let gain = try UInt128(fees.provider).plus(UInt128(try fees.burn.atRate(usage.accountCap)))
        let bond = UInt128(audit.bondMultiple) * UInt128(fees.provider)
        let left = try gain.plus(bond).times(UInt128(try detection(rateFloor: audit.rateFloor)))
        let right = try gain.times(UInt128(million))
        return Inequality(left: left, right: right, holds: left >= right)
    }

    /// `c * (0.87 F + B) >= 0.77 F`: whoever has most seats of a panel and makes the result up loses. He executes some
    /// tasks to get seats, so no more than the provider's part is saved.
    package static func panelInequality(
        audit: AuditRules, fees: FeeRules, usage: UsageRules
    ) throws(ArithmeticError) -> Inequality {
        let gain = try UInt128(fees.provider).plus(UInt128(try fees.burn.atRate(usage.accountCap)))
        let bond = UInt128(audit.bondMultiple) * UInt128(fees.provider)
        let left = try gain.plus(bond).times(UInt128(audit.panelCheck))
        let right = try UInt128(fees.provider).times(UInt128(million))
        return Inequality(left: left, right: right, holds: left >= right)
    }

    /// `d * 2/3 * (fee + slash) > cost` for the largest task and the smallest stake of a seat: a lazy auditor loses.
    package static func auditorInequality(_ parameters: Parameters) throws(ArithmeticError) -> Inequality {
        let cost = parameters.fees.taskCap
        let fee = try cost.atRate(parameters.fees.audit)
        let slash = try parameters.validation.stakeToStay.atRate(parameters.slashing.approvedWrong)
        let loss = UInt128(fee.units) + UInt128(slash.units)
        let left = try loss.times(2 * UInt128(parameters.audit.recheck))
        let right = UInt128(cost.units) * 3 * UInt128(million)
        return Inequality(left: left, right: right, holds: left > right)
    }
}

extension Parameters {
    /// Refuses with the first rule that fails.
    package func validate() throws(ParameterError) {
        try checkCalendar()
        try checkRates()
        try checkMinima()
        try checkMaxima()
        try checkSums()
        try checkPeriods()
        try checkInequalities()
    }

    private func checkInequalities() throws(ParameterError) {
        let wash: Inequality
        let bond: Inequality
        let panel: Inequality
        let auditor: Inequality
        do throws(ArithmeticError) {
            wash = try Rule.washInequality(usage: usage, fees: fees)
            bond = try Rule.bondInequality(audit: audit, fees: fees, usage: usage)
            panel = try Rule.panelInequality(audit: audit, fees: fees, usage: usage)
            auditor = try Rule.auditorInequality(self)
        } catch {
            throw .arithmetic(error)
        }
        if !wash.holds { throw .washTradingPays(wash) }
        if !bond.holds { throw .cheatingPays(bond) }
        if !panel.holds { throw .forgingPanelsPays(panel) }
        if !auditor.holds { throw .lazyAuditingPays(auditor) }
    }

    private func checkCalendar() throws(ParameterError) {
        let seconds = calendar.epochSeconds
        if seconds == 0 || 86_400 % seconds != 0 { throw .epochSecondsDoNotDivideDay(seconds) }
        if calendar.epochBlocksMin == 0 { throw .epochBlocksMinIsZero }
        if calendar.epochsPerDay == 0 { throw .epochsPerDayIsZero }
        var (total, blocks): (UInt64, UInt64) = (0, 0)
        for window in calendar.windows {
            if window.seconds == 0 || window.blocks == 0 { throw .windowIsEmpty }
            do throws(ArithmeticError) {
                (total, blocks) = (try total.plus(window.seconds), try blocks.plus(window.blocks))
            } catch {
                throw .arithmetic(error)
            }
        }
        if total > seconds || blocks > calendar.epochBlocksMin {
            throw .windowsExceedEpoch(seconds: total, blocks: blocks)
        }
        if !Rule.isLambda(supply.lambda, epochsPerDay: 86_400 / seconds) {
            throw .lambdaIsNotLargest(lambda: supply.lambda, epochsPerDay: 86_400 / seconds)
        }
    }

    private func checkRates() throws(ParameterError) {
        let rates: [(ParameterName, UInt64)] = [
            (.bandHigh, market.bandHigh), (.growth, supply.growth), (.insurance, supply.insurance),
            (.shareMax, supply.shareMax), (.bondedGoal, supply.bondedGoal), (.shareSpeed, supply.shareSpeed),
            (.subsidy, usage.subsidy), (.standby, usage.standby), (.referral, usage.referral),
            (.vesting, usage.vesting), (.auditRateFloor, audit.rateFloor), (.recheck, audit.recheck),
            (.missedMax, audit.missedMax), (.panelCheck, audit.panelCheck), (.commissionMax, validation.commissionMax),
            (.commissionStepMax, validation.commissionStepMax), (.selfBondMin, validation.selfBondMin),
            (.equivocation, slashing.equivocation), (.approvedWrong, slashing.approvedWrong),
            (.wrongDigest, slashing.wrongDigest), (.missedDuties, slashing.missedDuties),
            (.absence, slashing.absence), (.signedMin, slashing.signedMin), (.reporter, slashing.reporter),
            (.voterShareMax, slashing.voterShareMax),
        ]
        for (name, value) in rates where value > Rule.million {
            throw .rateAboveMaximum(name: name, value: value, maximum: Rule.million)
        }
        let wide: [(ParameterName, UInt64, UInt64)] = [
            (.accountCap, usage.accountCap, 100 * Rule.million), (.voterPay, slashing.voterPay, 100 * Rule.million),
            (.auditRateNumerator, audit.rateNumerator, 1_000 * Rule.million),
            (.bondMultiple, audit.bondMultiple, Rule.million), (.admissionTasks, audit.admissionTasks, 20),
            (.admissionTasks, audit.admissionTasksListed, 20),
            (.correlationMultiplier, slashing.correlationMultiplier, Rule.million),
            (.effectiveStakeMax, validation.effectiveStakeMax, 1_000 * Rule.million),
        ]
        for (name, value, maximum) in wide where value > maximum {
            throw .rateAboveMaximum(name: name, value: value, maximum: maximum)
        }
    }

    private func checkMinima() throws(ParameterError) {
        let minima: [(ParameterName, UInt64, UInt64)] = [
            (.feeMinimum, fees.minimum.units, 1), (.escrowDivisor, fees.escrowDivisor, 1),
            (.taskCap, fees.taskCap.units, fees.minimum.units), (.priceMin, market.priceMin.units, 1_000),
            (.stepDivisor, market.stepDivisor, 1), (.slotBond, market.slotBond.units, 1),
            (.fuelPerBlock, market.fuelPerBlockCPU, 1), (.fuelPerBlock, market.fuelPerBlockOpen, 1),
            (.budgetBlocksMin, market.budgetBlocksMin, 1), (.bondedGoal, supply.bondedGoal, 1),
            (.vestingDays, usage.vestingDays, 1), (.challengesPerEpoch, usage.challengesPerEpoch, 1),
            (.answerBlocks, usage.answerBlocks, 1), (.auditRateFloor, audit.rateFloor, 1),
            (.auditRateOffset, audit.rateOffset, 1), (.stakeMin, validation.stakeMin.units, 1),
            (.effectiveStakeMax, validation.effectiveStakeMax, Rule.million),
            (.correlationMultiplier, slashing.correlationMultiplier, 1),
            (.signedWindow, slashing.signedWindow, 1), (.period, periods.dispute, 1),
            (.period, periods.settlement, 1), (.period, periods.lightTrust, 1), (.period, periods.correlation, 1),
            // Nobody is asked, or more than once: one known answer may be a guess that a forger lets pass.
            (.admissionTasks, audit.admissionTasks == 0 ? 2 : audit.admissionTasks, 2),
            (.admissionTasks, audit.admissionTasksListed == 0 ? 2 : audit.admissionTasksListed, 2),
        ]
        for (name, value, minimum) in minima where value < minimum {
            throw .valueBelowMinimum(name: name, value: value, minimum: minimum)
        }
    }

    /// Nothing is so large that sums overflow, that a loop over days or blocks does not end, or that no epoch or job
    /// comes any more in which it could be voted back.
    private func checkMaxima() throws(ParameterError) {
        let (count, days, amount) = (UInt64(1_000_000), UInt64(3_650), UInt64(1_000_000_000_000_000_000))
        let maxima: [(ParameterName, UInt64, UInt64)] = [
            (.epochBlocksMin, calendar.epochBlocksMin, count),
            (.epochsPerDay, calendar.epochsPerDay, 86_400 / calendar.epochSeconds),
            (.taskCap, fees.taskCap.units, amount / 1_000), (.escrowDivisor, fees.escrowDivisor, count),
            (.priceMin, market.priceMin.units, fees.taskCap.units), (.stepDivisor, market.stepDivisor, count),
            (.slotBond, market.slotBond.units, amount), (.fuelPerBlock, market.fuelPerBlockCPU, amount),
            (.fuelPerBlock, market.fuelPerBlockOpen, amount), (.budgetBlocksMin, market.budgetBlocksMin, count),
            (.timeoutsMax, market.timeoutsMax, count), (.challengesPerEpoch, usage.challengesPerEpoch, count),
            (.answerBlocks, usage.answerBlocks, count), (.auditRateOffset, audit.rateOffset, count),
            (.dutiesMin, audit.dutiesMin, count), (.stakeMin, validation.stakeMin.units, amount),
            (.signedWindow, slashing.signedWindow, count), (.reporterCap, slashing.reporterCap.units, amount),
            (.breakerOperatorsMin, slashing.breakerOperatorsMin, count), (.vestingDays, usage.vestingDays, days),
            (.period, usage.referralDays, days), (.period, slashing.breakerDays, days),
            (.period, slashing.jailDays, days), (.period, slashing.tombstoneDays, days),
            (.period, periods.unbond, days), (.period, periods.correlation, days),
            (.period, periods.dispute, days), (.period, periods.settlement, days),
        ]
        for (name, value, maximum) in maxima where value > maximum {
            throw .valueAboveMaximum(name: name, value: value, maximum: maximum)
        }
    }

    private func checkSums() throws(ParameterError) {
        let parts = UInt128(fees.audit) + UInt128(fees.burn) + UInt128(fees.treasury)
        if parts >= UInt128(Rule.million) {
            throw .feePartsExceedFee(audit: fees.audit, burn: fees.burn, treasury: fees.treasury)
        }
        if !(supply.shareMin...max(supply.shareMin, supply.shareMax)).contains(supply.shareStart)
            || supply.shareMin > supply.shareMax
        {
            throw .shareBoundsDisordered(least: supply.shareMin, start: supply.shareStart, most: supply.shareMax)
        }
        if supply.shareMax + supply.growth + supply.insurance > Rule.million {
            throw .bucketsExceedEmission(
                shareMax: supply.shareMax, growth: supply.growth, insurance: supply.insurance)
        }
        let work = UInt128(validation.proposal) + UInt128(validation.precommit)
        if work > UInt128(Rule.million) {
            throw .validationPartsExceedBucket(proposal: validation.proposal, precommit: validation.precommit)
        }
        if market.bandLow > market.bandHigh { throw .bandDisordered(low: market.bandLow, high: market.bandHigh) }
        let needed = UInt128(audit.bondMultiple) * UInt128(fees.taskCap.units)
        if UInt128(market.slotBond.units) < needed {
            let shown = UInt64(exactly: needed) ?? .max
            throw .slotBondTooSmall(bond: market.slotBond, needed: Amount(shown))
        }
    }

    /// `unbond >= evidence >= dispute + settlement`, and light clients let go before stake does.
    private func checkPeriods() throws(ParameterError) {
        if periods.unbond < periods.evidence {
            throw .unbondShorterThanEvidence(unbond: periods.unbond, evidence: periods.evidence)
        }
        let (needed, overflow) = periods.dispute.addingReportingOverflow(periods.settlement)
        if overflow || periods.evidence < needed {
            throw .evidenceShorterThanDispute(evidence: periods.evidence, needed: overflow ? .max : needed)
        }
        if periods.lightTrust >= periods.unbond {
            throw .lightTrustNotShorterThanUnbond(lightTrust: periods.lightTrust, unbond: periods.unbond)
        }
    }
}
