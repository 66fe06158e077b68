// The providers' side of a settlement: fees, referrals, subsidy, standby, reliability.

import Primitives

extension Settlement {
    /// Moves the parts of settled fees that are not the providers' into their pools.
    mutating func settleFees() throws(ArithmeticError) {
        for provider in tally.providers {
            let fees = provider.fees
            let pay = try fees.provider.subtracting(fees.haircut)
            pools.audit = try pools.audit.adding(fees.audit).adding(fees.assurance).adding(fees.haircut)
            pools.treasury = try pools.treasury.adding(fees.treasury)
            burned = try burned.adding(fees.burn)
            if provider.takesCredits { try pools.credits.payInCredits(pay) }
        }
        pools.audit = try pools.audit.adding(tally.undeliverableAudit)
        burned = try burned.adding(tally.undeliverableBurn)
        for payer in tally.payers { try settleReferral(payer) }
        // Who paid for other tasks too has a row that says what becomes of fees.
        let payers = Set(tally.payers.map(\.account))
        for account in tally.unserved where !payers.contains(account) {
            add(RewardKey(account: account, kind: .referral), .taskUndeliverable)
        }
        try settleChecks()
    }

    private mutating func bookFees(_ provider: ProviderTally) throws(ArithmeticError) {
        let fees = provider.fees
        let isActive = provider.slots > 0 || provider.challengesAsked > 0 || provider.withheld != nil
        if fees.charged == .zero && !isActive { return }
        let key = RewardKey(account: provider.account, kind: .fee, asset: provider.takesCredits ? .credits : .token)
        book.append(
            key, try fees.provider.subtracting(fees.haircut),
            paid: fees.haircut > .zero ? .newcomerHaircut : .tasksSettled,
            zero: provider.withheld ?? (fees.charged == .zero ? .noTaskSettled : .belowOneUnit),
            basis: .fee(fees))
    }

    /// Before the validators' audit pay, and no more than the pool has.
    private mutating func settleChecks() throws(ArithmeticError) {
        for check in tally.checks {
            let pay = min(try Rule.feeSplit(check.fee, rules: parameters.fees).provider, pools.audit)
            pools.audit = try pools.audit.subtracting(pay)
            book.add(
                RewardKey(account: check.account, kind: .audit), pay, paid: .dutiesDone, zero: .noAuditFees,
                basis: nil)
        }
    }

    private mutating func settleReferral(_ payer: PayerTally) throws(ArithmeticError) {
        let own = RewardKey(account: payer.account, kind: .referral)
        switch payer.referral {
        case .none: add(own, .noReferrer)
        case .expired: add(own, .referralExpired)
        case .sameOperator: add(own, .referrerIsSameOperator)
        case .to(let referrer):
            let part = try Rule.referral(treasuryPart: payer.treasury, rate: parameters.usage.referral).referrer
            pools.treasury = try pools.treasury.subtracting(part)
            let basis = ReferralPart(referee: payer.account, treasury: payer.treasury, rate: parameters.usage.referral)
            add(own, .payingEarnsNothing)
            book.add(
                RewardKey(account: referrer, kind: .referral), part, paid: .refereeFees, zero: .belowOneUnit,
                basis: .referral([basis]))
        }
    }

    private mutating func add(_ payer: RewardKey, _ zero: Reason) {
        book.add(payer, .zero, paid: .refereeFees, zero: zero, basis: nil)
    }

    /// Moves the subsidy and standby inflows out of the reserve and shares both pools. Books what providers get, in the
    /// order of the table.
    mutating func settleUsage(bucket: Amount) throws(ArithmeticError) {
        var qualities: [QualityBasis] = []
        var uptimes: [UInt64] = []
        var claims: [UsageClaim] = []
        qualities.reserveCapacity(tally.providers.count)
        uptimes.reserveCapacity(tally.providers.count)
        claims.reserveCapacity(tally.providers.count)
        providers.reserveCapacity(tally.providers.count)
        for (provider, speed) in zip(tally.providers, try speeds()) {
            let quality = QualityBasis(
                speed: speed, reliability: provider.reliability, asked: provider.challengesAsked,
                answered: provider.challengesAnswered)
            qualities.append(quality)
            uptimes.append(try quality.uptime())
            claims.append(UsageClaim(burn: provider.fees.burn, multiplier: try quality.multiplier()))
        }
        let usage = try Rule.usageSubsidy(bucket: bucket, carry: pools.usage, claims: claims, rules: parameters.usage)
        let standby = try Rule.standbyShare(
            inflow: usage.standbyInflow, carry: pools.standby, slots: tally.providers.map(\.slots), uptime: uptimes)
        let usagePool = (
            amount: try usage.usageInflow.adding(pools.usage),
            weight: usage.weights.reduce(into: UInt128(0)) { $0 += UInt128($1) }
        )
        let standbyPool = (
            amount: try usage.standbyInflow.adding(pools.standby),
            weight: zip(tally.providers, uptimes).reduce(into: UInt128(0)) { $0 += UInt128($1.0.slots) * UInt128($1.1) }
        )
        (pools.usage, pools.standby) = (usage.carry, standby.carry)
        minted = try minted.adding(usage.usageInflow).adding(usage.standbyInflow)
        let zero: Reason = bucket == .zero ? .bucketEmpty : .belowOneUnit
        for (index, provider) in tally.providers.enumerated() {
            let (share, quality) = (usage.shares[index], qualities[index])
            let basis = UsageBasis(
                pool: usagePool.amount, burn: provider.fees.burn, quality: quality, totalWeight: usagePool.weight,
                cap: try provider.fees.burn.atRate(parameters.usage.accountCap))
            let isAbsent = uptimes[index] == 0
            try bookFees(provider)
            bookSubsidy(provider, share, basis, zero: isAbsent ? .uptimeTooLow : zero)
            let readiness = StandbyBasis(
                pool: standbyPool.amount, slots: provider.slots, asked: quality.asked, answered: quality.answered,
                totalWeight: standbyPool.weight)
            bookStandby(provider, standby.shares[index], readiness, zero: isAbsent ? .uptimeTooLow : zero)
            providers.append(
                ProviderOutcome(
                    account: provider.account, reliability: try reliabilityAfter(provider),
                    multiplier: claims[index].multiplier,
                    vesting: try Rule.vestingSplit(share, rate: parameters.usage.vesting).vesting))
        }
    }

    private mutating func bookSubsidy(_ provider: ProviderTally, _ share: Amount, _ basis: UsageBasis, zero: Reason) {
        if provider.fees.charged == .zero { return }
        book.append(
            RewardKey(account: provider.account, kind: .usageSubsidy), share,
            paid: share == basis.cap ? .subsidyCappedAtBurn : .subsidyByBurn,
            zero: basis.burn == .zero ? .nothingBurned : zero, basis: .usageSubsidy(basis))
    }

    private mutating func bookStandby(_ provider: ProviderTally, _ share: Amount, _ basis: StandbyBasis, zero: Reason) {
        if provider.challengesAsked == 0 && provider.slots == 0 { return }
        let none: Reason = provider.isAdmitted ? .noSlots : .notAdmitted
        let idle: Reason = provider.slots == 0 ? none : (burned == .zero ? .nothingBurned : zero)
        book.append(
            RewardKey(account: provider.account, kind: .standby), share, paid: .standbyBySlots, zero: idle,
            basis: .standby(basis))
    }

    /// Speed of each provider: the fee-weighted mean over its classes, 1,100,000 where it is in a class's fastest
    /// quartile.
    private func speeds() throws(ArithmeticError) -> [UInt64] {
        var weighted = [UInt128](repeating: 0, count: tally.providers.count)
        var fees = [UInt128](repeating: 0, count: tally.providers.count)
        for resource in ResourceClass.allCases {
            let active = tally.providers.indices.filter { tally.providers[$0].work(resource).fee > 0 }
            let works = active.map { tally.providers[$0].work(resource) }
            var means: [UInt64] = []
            for work in works { means.append(try (work.paceByFee / UInt128(work.fee)).narrowed()) }
            let fastest = Rule.fastestQuartile(means)
            for (place, work) in works.enumerated() {
                let fee = UInt128(work.fee)
                let bonus = try fee.times(1_100_000)
                weighted[active[place]] = try weighted[active[place]].plus(fastest[place] ? bonus : work.speedByFee)
                fees[active[place]] += fee
            }
        }
        var result: [UInt64] = []
        for (sum, fee) in zip(weighted, fees) {
            result.append(fee == 0 ? Rule.million : try (sum / fee).narrowed())
        }
        return result
    }

    private func reliabilityAfter(_ provider: ProviderTally) throws(ArithmeticError) -> UInt64 {
        guard let share = try Rule.verifiedShare(verified: provider.verified, failed: provider.failed) else {
            return provider.reliability
        }
        return try Rule.reliability(provider.reliability, verifiedShare: share)
    }
}
