// The parameters in force hold every inequality, and each rule refuses with its own error and numbers.

import Primitives
import Testing

@testable import Rewards

@Suite("Parameters")
struct ParameterTests {
    @Test("the defaults and the local values are valid, for every local length of epoch")
    func valid() throws {
        try Parameters.standard.validate()
        try Parameters.local.validate()
        #expect(try Parameters.local(epochSeconds: 20) == Parameters.local)
        for seconds: UInt64 in [30, 60, 120, 3_600, 86_400] {
            try Parameters.local(epochSeconds: seconds).validate()
        }
        #expect(throws: ParameterError.epochSecondsDoNotDivideDay(7)) { try Parameters.local(epochSeconds: 7) }
        #expect(throws: ParameterError.epochSecondsDoNotDivideDay(0)) { try Parameters.local(epochSeconds: 0) }
    }

    @Test("the local audit rate and emission are those of the design")
    func local() throws {
        let audit = Parameters.local.audit
        #expect(
            try [0, 5, 14, 15, 1_000].map { try Rule.auditRate(streak: $0, rules: audit) }
                == [1_000_000, 666_666, 416_666, 400_000, 400_000])
        #expect(Rule.isLambda(Parameters.local.supply.lambda, epochsPerDay: 4_320))
    }

    typealias Refusal = (rule: ParameterError, change: @Sendable (inout Parameters) -> Void)
    static let refusals: [Refusal] = [
        (.epochSecondsDoNotDivideDay(7), { $0.calendar.epochSeconds = 7 }),
        (.epochBlocksMinIsZero, { $0.calendar.epochBlocksMin = 0 }),
        (.epochsPerDayIsZero, { $0.calendar.epochsPerDay = 0 }),
        (.windowIsEmpty, { $0.calendar.open.blocks = 0 }),
        (.windowsExceedEpoch(seconds: 86_401, blocks: 39), { $0.calendar.vote.seconds = 72_001 }),
        (.windowsExceedEpoch(seconds: 28_800, blocks: 49), { $0.calendar.vote.blocks = 22 }),
        (.lambdaIsNotLargest(lambda: 1, epochsPerDay: 1), { $0.supply.lambda = 1 }),
        (.rateAboveMaximum(name: .recheck, value: 1_000_001, maximum: 1_000_000), { $0.audit.recheck = 1_000_001 }),
        (
            .rateAboveMaximum(name: .panelCheck, value: 1_000_001, maximum: 1_000_000),
            { $0.audit.panelCheck = 1_000_001 }
        ),
        (.rateAboveMaximum(name: .bondMultiple, value: .max, maximum: 1_000_000), { $0.audit.bondMultiple = .max }),
        (.valueBelowMinimum(name: .priceMin, value: 999, minimum: 1_000), { $0.market.priceMin = Amount(999) }),
        (.valueBelowMinimum(name: .vestingDays, value: 0, minimum: 1), { $0.usage.vestingDays = 0 }),
        (.valueBelowMinimum(name: .admissionTasks, value: 1, minimum: 2), { $0.audit.admissionTasks = 1 }),
        (.valueBelowMinimum(name: .admissionTasks, value: 1, minimum: 2), { $0.audit.admissionTasksListed = 1 }),
        (.feePartsExceedFee(audit: 870_000, burn: 100_000, treasury: 30_000), { $0.fees.audit = 870_000 }),
        (.feePartsExceedFee(audit: .max, burn: 100_000, treasury: 30_000), { $0.fees.audit = .max }),
        (.shareBoundsDisordered(least: 410_000, start: 400_000, most: 550_000), { $0.supply.shareMin = 410_000 }),
        (.shareBoundsDisordered(least: .max, start: 400_000, most: 550_000), { $0.supply.shareMin = .max }),
        (
            .bucketsExceedEmission(shareMax: 860_000, growth: 100_000, insurance: 50_000),
            {
                $0.supply.shareMax = 860_000
            }
        ),
        (.validationPartsExceedBucket(proposal: 625_001, precommit: 375_000), { $0.validation.proposal = 625_001 }),
        (.bandDisordered(low: 700_001, high: 700_000), { $0.market.bandLow = 700_001 }),
        (
            .slotBondTooSmall(bond: Amount(349_000_000_000), needed: Amount(350_000_000_000)),
            {
                $0.market.slotBond = Amount(349_000_000_000)
            }
        ),
        (.unbondShorterThanEvidence(unbond: 19, evidence: 20), { $0.periods.unbond = 19 }),
        (.evidenceShorterThanDispute(evidence: 20, needed: 21), { $0.periods.dispute = 20 }),
        (.valueAboveMaximum(name: .period, value: .max, maximum: 3_650), { $0.periods.dispute = .max }),
        (.valueAboveMaximum(name: .epochsPerDay, value: 2, maximum: 1), { $0.calendar.epochsPerDay = 2 }),
        (
            .valueAboveMaximum(name: .priceMin, value: 14_000_000_001, maximum: 14_000_000_000),
            { $0.market.priceMin = Amount(14_000_000_001) }
        ),
        (.lightTrustNotShorterThanUnbond(lightTrust: 21, unbond: 21), { $0.periods.lightTrust = 21 }),
        (
            .washTradingPays(Inequality(left: 460_000_200_000, right: 460_000_000_000, holds: false)),
            {
                $0.usage.accountCap = 1_453_334
            }
        ),
        // p = 5 %: q = 32,778 ppm and 25 v are not enough.
        (
            .cheatingPays(Inequality(left: 659_493_360_000, right: 870_000_000_000, holds: false)),
            {
                $0.audit.rateFloor = 50_000
            }
        ),
        // 3 % of 0.87 F + 19.25 F are under 0.77 F.
        (
            .forgingPanelsPays(Inequality(left: 603_600_000_000, right: 770_000_000_000, holds: false)),
            {
                $0.audit.panelCheck = 30_000
            }
        ),
        // A tenth of the smallest stake at 2 %: 2 * 10^5 * (1.4 + 20) MRT against 3 * 10^6 * 14 MRT.
        (
            .lazyAuditingPays(Inequality(left: 3_880_000_000_000_000, right: 42_000_000_000_000_000, holds: false)),
            {
                $0.slashing.approvedWrong = 20_000
                $0.validation.stakeMin = Amount(1_000_000_000_000)
            }
        ),
    ]

    @Test("each broken rule is refused with its numbers", arguments: refusals.indices)
    func refuse(index: Int) {
        let (rule, change) = Self.refusals[index]
        var parameters = Parameters.standard
        change(&parameters)
        #expect(throws: rule) { try parameters.validate() }
    }
}
