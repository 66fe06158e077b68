// Who takes part in a world, with what capital, and how each behaves. Values: a strategy is a cast, its honest
// counterpart another cast with the same capital.
package import Primitives
import ProgramRules
package import Rewards

/// Whose gain is measured: the subject's against the same capital used honestly.
package enum Owner: Hashable, Sendable {
    case subject
    case others
}

package struct ProviderPlan: Hashable, Sendable {
    /// Share of tasks (ppm) whose result is made up; not executed, so not paid for.
    package var forges: UInt64 = 0
    /// Forges only with this many audited successes in a row.
    package var forgesFromStreak: UInt64 = 0
    /// Never more than one forged result unsettled.
    package var forgesAlone = false
    /// Ends forging for good when it was caught.
    package var stopsWhenCaught = false
    /// Share of tasks (ppm) that it lets pass their deadline.
    package var ignores: UInt64 = 0
    /// Share of tasks (ppm) that it abstains from.
    package var abstains: UInt64 = 0
    /// Blocks between being given a task and handing in the receipt.
    package var delay: UInt64 = 0
    /// Knows the results of the subject's own jobs without executing.
    package var knowsOwnJobs = false
    /// Share of tasks (ppm) that it does not execute. It hands in receipts for tasks that others have in their place.
    package var steals: UInt64 = 0
    /// Hands in what others found in the same job for those tasks of its own.
    package var passesOff = false
    /// Base units in every epoch for a validator of others that covers the subject.
    package var bribe: UInt64 = 0
    /// Share of panel tasks (ppm) whose result is made up, of those where most seats are the subject's.
    package var forgesPanels: UInt64 = 0
    /// Offers nothing while an epoch ends, so that no pay stays held.
    package var leavesAtEnds = false
    /// Has its part of fees in credits.
    package var takesCredits = false
    /// From this epoch on all bond of the subject moves behind the longest record; 0: never.
    package var merges: UInt64 = 0

    package init() {}
}

package enum AuditManner: Hashable, Sendable {
    /// Executes every duty.
    case honest
    /// Repeats the receipt and makes the digest up.
    case copying
    /// The same, but executes where somebody who executed would see at once that it did not: in re-checks.
    case copyingAlone
}

package enum Cover: Hashable, Sendable {
    /// Judges the subject's providers like everybody's.
    case none
    /// Has no duty for the subject's tasks, as far as anybody can see.
    case silence
    /// Says that the subject's receipts are right, with the digest that fits.
    case approval
}

/// How a validator votes.
package enum Voting: Hashable, Sendable {
    case truth
    case receipt
    /// For a result that nobody else names, so that none may have more than 2/3.
    case apart
    /// Not at all, so that the rest may have less than 2/3.
    case absent
    /// For the true result, with digests that fit nothing.
    case wrongDigests
}

package struct AuditorPlan: Hashable, Sendable {
    package var manner = AuditManner.honest
    package var cover = Cover.none
    /// In disputes about tasks of the subject; in others it votes for what it executes.
    package var ownDisputes = Voting.truth
    /// Executes what is in dispute and votes; else is absent.
    package var votes = true
    /// Says of an engine that slashes wait for that it is at fault.
    package var declares = false
    /// Share of its duties (ppm) that it does not have, as far as anybody can see.
    package var skips: UInt64 = 0
    /// Leaves the precommits of others out of the commits in its proposals, as far as the rules allow.
    package var omitsPrecommits = false
    /// Lets another propose in its place where its own beacon would give the subject fewer tasks than its share by this
    /// many; nil: never.
    package var withholdsBelowShare: UInt64?
    /// Takes a quarter of its stake out every so many epochs, and bonds what came free; 0: never.
    package var moves: UInt64 = 0

    package init() {}
}

package struct RequesterPlan: Hashable, Sendable {
    package var jobsPerEpoch: UInt64 = 0
    package var tasksPerJob: UInt32 = 1
    /// Base units per compute unit.
    package var bid = Prices.market
    package var fuel = Prices.fuel
    package var kind = JobKind.deterministic
    package var assurance: UInt64 = 0
    /// Share of judged tasks (ppm) that it disputes with a made-up claim.
    package var disputesRight: UInt64 = 0
    /// Share of wrong results (ppm) that it disputes with the right claim; it executes those of the subject for it.
    package var disputesWrong: UInt64 = 0
    /// Of class Q where it is not 0.
    package var replicas: UInt32 = 0
    /// Names the subject's first provider as who referred it.
    package var isReferred = false
    /// Pays with credits, and buys what it lacks.
    package var paysCredits = false

    package init() {}
}

package struct ValidatorRole: Hashable, Sendable {
    package var owner: Owner
    package var stake: Amount
    package var plan = AuditorPlan()

    package init(_ owner: Owner, stake: Amount, _ plan: AuditorPlan = AuditorPlan()) {
        (self.owner, self.stake, self.plan) = (owner, stake, plan)
    }
}

package struct ProviderRole: Hashable, Sendable {
    package var owner: Owner
    package var bond: Amount
    package var ask = Prices.market
    package var resource = ResourceClass.cpu
    package var plan = ProviderPlan()

    package init(_ owner: Owner, slots: UInt64, _ plan: ProviderPlan = ProviderPlan()) {
        (self.owner, bond, self.plan) = (owner, Amount(slots * Prices.slotBond), plan)
    }
}

package struct RequesterRole: Hashable, Sendable {
    package var owner: Owner
    package var balance: Amount
    package var plan = RequesterPlan()
    /// The provider whose account it uses, by its place in the cast; nil: one of its own.
    package var provider: Int?

    package init(_ owner: Owner, tokens: UInt64, _ plan: RequesterPlan = RequesterPlan()) {
        (self.owner, balance, self.plan) = (owner, Amount(tokens * Amount.unitsPerToken), plan)
    }
}

package struct Cast: Hashable, Sendable {
    package var validators: [ValidatorRole] = []
    package var providers: [ProviderRole] = []
    package var requesters: [RequesterRole] = []
    /// At the end of a run nobody asks for work, so that all of it is settled: extended disputes by default.
    package var quietEpochs: UInt64 = 4

    package init() {}
}

/// What work is worth and costs. One task of these terms escrows 11.5 of the 14 MRT that it may.
package enum Prices {
    /// Bids and asks, base units per compute unit.
    package static let market: UInt64 = 100_000_000
    package static let fuel: UInt64 = 100_000_000
    /// Of a task that uses all of it.
    static let fee =
        market
        * ComputeUnits.of(
            fuel: fuel, peakPages: 1, inputBytes: UInt32(RequesterAgent.input.count),
            outputBytes: OutcomeTable.outputBytes)
    package static let slotBond: UInt64 = 350 * Amount.unitsPerToken
}
