// All numbers of the reward design that a genesis fixes and a vote of more than 2/3 of stake may change (section 10).
// Rates are ppm, amounts base units, "days" are day-epochs (Calendar.epochsPerDay epochs).
// Invariant: a value in force has passed `validate()`; genesis, proposals and activation all call it.

package import Primitives

/// A classification of work by the hardware it needs. The raw value is its number on the chain.
package enum ResourceClass: UInt32, CaseIterable, Comparable, Sendable {
    /// Deterministic WebAssembly, bit-exact (class D).
    case cpu = 1
    /// Judged by quorum (class Q).
    case open = 2

    package static func < (lhs: ResourceClass, rhs: ResourceClass) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// A window closes with the first block that satisfies both.
package struct Window: Hashable, Sendable {
    package var seconds: UInt64
    package var blocks: UInt64

    package init(seconds: UInt64, blocks: UInt64) { (self.seconds, self.blocks) = (seconds, blocks) }

    /// True for a block `blocks` blocks after the window opened (the first is 1) with header time `now`.
    package func isClosed(opened: Timestamp, now: Timestamp, blocks passed: UInt64) -> Bool {
        passed >= blocks && now >= opened.adding(seconds: Int64(clamping: seconds))
    }
}

/// When epochs end, and the windows of epoch e + 1 in which epoch e is judged.
package struct Calendar: Hashable, Sendable {
    package var epochSeconds: UInt64 = 86_400
    package var epochBlocksMin: UInt64 = 48
    /// Epochs in a day-epoch, the unit of everything named in days.
    package var epochsPerDay: UInt64 = 1
    package var commit = Window(seconds: 3_600, blocks: 9)
    package var recheck = Window(seconds: 3_600, blocks: 7)
    package var reveal = Window(seconds: 3_600, blocks: 7)
    package var open = Window(seconds: 3_600, blocks: 4)
    package var vote = Window(seconds: 14_400, blocks: 12)

    package init() {}

    /// True where the time of an epoch is over: `blocks` counts the epoch's blocks with this one, `started` is the
    /// header time of the last block of the epoch before.
    package func epochEnds(started: Timestamp, now: Timestamp, blocks: UInt64) -> Bool {
        Window(seconds: epochSeconds, blocks: epochBlocksMin).isClosed(opened: started, now: now, blocks: blocks)
    }

    package var windows: [Window] { [commit, recheck, reveal, open, vote] }
}

package struct FeeRules: Hashable, Sendable {
    package var audit: UInt64 = 100_000
    package var burn: UInt64 = 100_000
    package var treasury: UInt64 = 30_000
    /// The smallest fee.
    package var minimum = Amount(1_000)
    /// A fee is at least `escrow / escrowDivisor`.
    package var escrowDivisor: UInt64 = 10
    /// The largest escrow of one task.
    package var taskCap = Amount(14 * Amount.unitsPerToken)

    package init() {}
    /// What the other three parts leave of 10^6; 0 where they exceed it, which validation refuses.
    package var provider: UInt64 {
        let parts = UInt128(audit) + UInt128(burn) + UInt128(treasury)
        return parts > UInt128(Rule.million) ? 0 : Rule.million - UInt64(truncatingIfNeeded: parts)
    }
}

package struct MarketRules: Hashable, Sendable {
    /// Base units per cu below which no floor price falls.
    package var priceMin = Amount(1_000)
    package var bandLow: UInt64 = 500_000
    package var bandHigh: UInt64 = 700_000
    package var stepDivisor: UInt64 = 8
    /// Bond behind one slot.
    package var slotBond = Amount(350 * Amount.unitsPerToken)
    /// Fuel that a provider of a class must serve per block of budget.
    package var fuelPerBlockCPU: UInt64 = 1_000_000_000
    package var fuelPerBlockOpen: UInt64 = 1_000_000_000
    package var budgetBlocksMin: UInt64 = 3
    /// Consecutive timeouts after which a provider gets no tasks.
    package var timeoutsMax: UInt64 = 3

    package init() {}
    package func fuelPerBlock(_ resource: ResourceClass) -> UInt64 {
        switch resource {
        case .cpu: fuelPerBlockCPU
        case .open: fuelPerBlockOpen
        }
    }
}

package struct SupplyRules: Hashable, Sendable {
    /// LAMBDA of one epoch: the largest that holds for `86_400 / epochSeconds` epochs a day.
    package var lambda: UInt64 = Rule.lambdaPerDay
    package var growth: UInt64 = 100_000
    package var insurance: UInt64 = 50_000
    package var shareStart: UInt64 = 400_000
    package var shareMin: UInt64 = 250_000
    package var shareMax: UInt64 = 550_000
    package var bondedGoal: UInt64 = 670_000
    /// Move of the validators' share in a year without bonded stake.
    package var shareSpeed: UInt64 = 130_000

    package init() {}
}

package struct UsageRules: Hashable, Sendable {
    package var subsidy: UInt64 = 850_000
    package var standby: UInt64 = 50_000
    /// A provider's subsidy is at most this much of its own burn.
    package var accountCap: UInt64 = 1_000_000
    package var referral: UInt64 = 100_000
    package var referralDays: UInt64 = 180
    package var vesting: UInt64 = 750_000
    package var vestingDays: UInt64 = 180
    package var challengesPerEpoch: UInt64 = 48
    package var answerBlocks: UInt64 = 3

    package init() {}
}

package struct AuditRules: Hashable, Sendable {
    package var rateFloor: UInt64 = 100_000
    package var rateNumerator: UInt64 = 2_500_000
    package var rateOffset: UInt64 = 10
    /// d: how many committed audits a second auditor repeats.
    package var recheck: UInt64 = 100_000
    /// A class-D bond in units of v.
    package var bondMultiple: UInt64 = 25
    /// Known answers before the first paid task of a provider that genesis does not list.
    package var admissionTasks: UInt64 = 20
    /// The same for a provider that genesis lists.
    package var admissionTasksListed: UInt64 = 20
    package var dutiesMin: UInt64 = 10
    package var missedMax: UInt64 = 100_000
    /// c: how many tasks of class Q further operators check.
    package var panelCheck: UInt64 = 100_000

    package init() {}
}

package struct ValidationRules: Hashable, Sendable {
    package var proposal: UInt64 = 125_000
    package var precommit: UInt64 = 375_000
    package var stakeMin = Amount(10_000 * Amount.unitsPerToken)
    /// A member keeps its seat down to nine tenths of what joining takes, so that a fee charged to its bond does not
    /// unseat one that joined with the minimum.
    package var stakeToStay: Amount { Amount(stakeMin.units / 10 * 9) }
    package var commissionMax: UInt64 = 200_000
    /// In one day.
    package var commissionStepMax: UInt64 = 10_000
    package var selfBondMin: UInt64 = 50_000
    /// Stake above this many averages of the set counts for nothing, in ppm.
    package var effectiveStakeMax: UInt64 = 3_000_000

    package init() {}
}

package struct SlashRules: Hashable, Sendable {
    package var equivocation: UInt64 = 50_000
    package var approvedWrong: UInt64 = 200_000
    package var wrongDigest: UInt64 = 20_000
    package var missedDuties: UInt64 = 1_000
    package var absence: UInt64 = 100
    package var correlationMultiplier: UInt64 = 3
    package var signedWindow: UInt64 = 10_000
    package var signedMin: UInt64 = 500_000
    package var reporter: UInt64 = 100_000
    package var reporterCap = Amount(100 * Amount.unitsPerToken)
    package var voterPay: UInt64 = 1_200_000
    package var voterShareMax: UInt64 = 400_000
    package var breakerOperatorsMin: UInt64 = 2
    package var breakerDays: UInt64 = 21
    package var jailDays: UInt64 = 1
    package var tombstoneDays: UInt64 = 90

    package init() {}
}

/// How long trust, evidence and bonds live, in days.
package struct TrustPeriods: Hashable, Sendable {
    package var unbond: UInt64 = 21
    package var evidence: UInt64 = 20
    package var correlation: UInt64 = 21
    package var lightTrust: UInt64 = 14
    package var dispute: UInt64 = 3
    package var settlement: UInt64 = 1

    package init() {}
}

package struct Parameters: Hashable, Sendable {
    package var calendar = Calendar()
    package var fees = FeeRules()
    package var market = MarketRules()
    package var supply = SupplyRules()
    package var usage = UsageRules()
    package var audit = AuditRules()
    package var validation = ValidationRules()
    package var slashing = SlashRules()
    package var periods = TrustPeriods()

    package init() {}

    /// The defaults of the design.
    package static let standard = Parameters()

    /// A network on one machine with 20-second epochs.
    package static let local: Parameters = {
        var value = Parameters()
        value.calendar = .local
        // LAMBDA for 4,320 epochs a day; the tests hold it against the search.
        value.supply.lambda = 2_025_868_244_589
        value.usage.challengesPerEpoch = 8
        value.usage.vestingDays = 4
        value.usage.referralDays = 4
        value.audit.rateFloor = 400_000
        value.audit.rateNumerator = 10_000_000
        value.audit.recheck = 500_000
        value.audit.admissionTasks = 2
        value.audit.admissionTasksListed = 0
        // A duty has seconds of a machine that does other things too.
        value.audit.missedMax = 300_000
        value.validation.stakeMin = Amount(1_000 * Amount.unitsPerToken)
        // At up to nine blocks a second a shorter one would jail a validator that is restarted once.
        value.slashing.signedWindow = 240
        value.slashing.tombstoneDays = 6
        value.periods.unbond = 4
        value.periods.evidence = 3
        value.periods.correlation = 4
        value.periods.lightTrust = 2
        // The calendar judges an epoch in the next one and extends a dispute once.
        value.periods.dispute = 2
        return value
    }()

    /// The local values for epochs of another length: windows scale with it, LAMBDA is searched.
    package static func local(epochSeconds: UInt64) throws(ParameterError) -> Parameters {
        if epochSeconds == 0 || 86_400 % epochSeconds != 0 {
            throw .epochSecondsDoNotDivideDay(epochSeconds)
        }
        var value = Parameters.local
        value.calendar = .local.scaled(toEpochSeconds: epochSeconds)
        do throws(ArithmeticError) {
            value.supply.lambda = try Rule.lambda(epochsPerDay: 86_400 / epochSeconds)
        } catch {
            throw .arithmetic(error)
        }
        return value
    }
}

extension Calendar {
    static let local: Calendar = {
        var value = Calendar()
        value.epochSeconds = 20
        value.epochBlocksMin = 20
        value.commit = Window(seconds: 4, blocks: 4)
        value.recheck = Window(seconds: 3, blocks: 3)
        value.reveal = Window(seconds: 3, blocks: 3)
        value.open = Window(seconds: 2, blocks: 2)
        value.vote = Window(seconds: 5, blocks: 5)
        return value
    }()

    /// Windows in proportion to the epoch's length (at most a day), at least 1 second each; minimum blocks stay.
    func scaled(toEpochSeconds seconds: UInt64) -> Calendar {
        precondition((1...86_400).contains(seconds) && epochSeconds > 0, "epochs of \(epochSeconds) and \(seconds) s")
        func window(_ window: Window) -> Window {
            Window(seconds: max(1, window.seconds * seconds / epochSeconds), blocks: window.blocks)
        }
        var value = self
        value.epochSeconds = seconds
        (value.commit, value.recheck, value.reveal) = (window(commit), window(recheck), window(reveal))
        (value.open, value.vote) = (window(open), window(vote))
        return value
    }
}
