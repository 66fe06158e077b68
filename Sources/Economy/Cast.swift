// Who takes part in a world, with what capital, and how each behaves. Values: a strategy is a cast, its honest
// counterpart another cast with the same capital.
package import Primitives

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
    /// Hands in receipts for tasks that others have.
    package var steals = false
    /// Base units in every epoch for a validator of others that covers the subject.
    package var bribe: UInt64 = 0

    package init() {}
}

package enum AuditManner: Hashable, Sendable {
    /// Executes every duty.
    case honest
    /// Repeats the receipt and makes the digest up.
    case copying
    /// Discloses that it had no duty.
    case denying
}

package enum Cover: Hashable, Sendable {
    /// Judges the subject's providers like everybody's.
    case none
    /// Has no duty for the subject's tasks, as far as anybody can see.
    case silence
    /// Says that the subject's receipts are right, with the digest that fits.
    case approval
}

package struct AuditorPlan: Hashable, Sendable {
    package var manner = AuditManner.honest
    package var cover = Cover.none
    /// Votes for the subject's receipts in disputes; else for what it executes.
    package var votesForSubject = false
    /// Executes what is in dispute and votes; else is absent.
    package var votes = true
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
    package var plan = ProviderPlan()

    package init(_ owner: Owner, slots: UInt64, _ plan: ProviderPlan = ProviderPlan()) {
        (self.owner, bond, self.plan) = (owner, Amount(slots * Prices.slotBond), plan)
    }
}

package struct RequesterRole: Hashable, Sendable {
    package var owner: Owner
    package var balance: Amount
    package var plan = RequesterPlan()

    package init(_ owner: Owner, tokens: UInt64, _ plan: RequesterPlan = RequesterPlan()) {
        (self.owner, balance, self.plan) = (owner, Amount(tokens * Amount.unitsPerToken), plan)
    }
}

package struct Cast: Hashable, Sendable {
    package var validators: [ValidatorRole] = []
    package var providers: [ProviderRole] = []
    package var requesters: [RequesterRole] = []

    package init() {}
}

/// What work is worth and costs. One task of these terms escrows 11.7 of the 14 MRT that it may.
package enum Prices {
    /// Bids and asks, base units per compute unit.
    package static let market: UInt64 = 100_000_000
    package static let fuel: UInt64 = 100_000_000
    package static let slotBond: UInt64 = 350 * Amount.unitsPerToken
}
