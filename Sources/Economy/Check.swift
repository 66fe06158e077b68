// Whether the simulation can fail at all: for each inequality of the design its worst case, first at the default and
// then with one parameter 20 % past the point where the two sides meet. There the matching attacker must win.
import Primitives
import Rewards

package struct Check: Sendable {
    package let name: String
    /// As the design writes it.
    package let inequality: String
    /// The parameter that is moved, where it stands, where the two sides meet, and where it is moved to.
    package let parameter: String
    package let standard: UInt64
    package let limit: UInt64
    package let moved: UInt64
    /// The worst case that the inequality speaks of.
    package let strategy: Strategy
    package let settings: [UInt64]
    package let costPerUnit: UInt64
    let prepare: @Sendable (inout Rewards.Parameters) -> Void
    let move: @Sendable (inout Rewards.Parameters, UInt64) -> Void

    /// At the default, or moved.
    package func terms(isMoved: Bool, epochs: UInt64) -> Terms {
        var parameters = Terms.standard
        prepare(&parameters)
        move(&parameters, isMoved ? moved : standard)
        return Terms(parameters: parameters, costPerUnit: costPerUnit, epochs: epochs)
    }
}

package struct CheckOutcome: Sendable {
    package let check: Check
    package let atDefault: Verdict
    package let past: Verdict

    package var holds: Bool { !atDefault.beatsHonest && past.beatsHonest }
}

extension Check {
    package func run(
        epochs: UInt64, _ effort: Effort, progress: @escaping (String) -> Void = { _ in }
    ) -> CheckOutcome {
        progress("check \(name): \(parameter) \(standard)")
        var standing = Contest(strategy, terms(isMoved: false, epochs: epochs), effort, progress: progress)
        progress("check \(name): \(parameter) \(moved)")
        var moved = Contest(strategy, terms(isMoved: true, epochs: epochs), effort, progress: progress)
        return CheckOutcome(
            check: self, atDefault: standing.verdict(settings: settings), past: moved.verdict(settings: settings))
    }

    package static let all: [Check] = [bond, wash]

    // MARK: q * (0.87 F + B) >= 0.87 F

    /// Whatever work brings, executing costs: all of 0.87 F is gained by a forgery. Newcomers are audited at the floor.
    static let bond = Check(
        name: "bond", inequality: "q * (0.87 F + B) >= 0.87 F", parameter: "bond_multiple",
        standard: standardRules.audit.bondMultiple, limit: bondLimit, moved: bondLimit * 8 / 10,
        strategy: bondForger, settings: [], costPerUnit: Prices.market / 100 * 87,
        prepare: {
            $0.audit.rateNumerator = $0.audit.rateFloor * $0.audit.rateOffset
            // Else the third that looks away is jailed, and all that is left audits.
            $0.audit.missedMax = 1_000_000
        },
        move: { $0.audit.bondMultiple = $1 })

    private static let standardRules = Rewards.Parameters.standard

    /// The least multiple of v that holds: B = 0.87 F * (1 - q) / q, v = 0.77 F.
    private static let bondLimit: UInt64 = {
        var rules = standardRules
        rules.audit.bondMultiple = 1
        while true {
            do throws(ArithmeticError) {
                if try Rule.bondInequality(audit: rules.audit, fees: rules.fees, usage: rules.usage).holds { break }
            } catch {
                preconditionFailure("the bond inequality: \(error)")
            }
            rules.audit.bondMultiple += 1
        }
        return rules.audit.bondMultiple
    }()

    /// Many providers, each with one forged result at a time, and a third of the stake that looks away. Thousands of
    /// forgeries, because the gain of one is a hundredth of what the rare catch costs.
    private static let bondForger: Strategy = {
        var (plan, auditor) = (ProviderPlan(), AuditorPlan())
        (plan.forges, plan.forgesAlone, auditor.cover) = (1_000_000, true, .silence)
        let slots = [UInt64](repeating: 2, count: 128)
        var forging = Strategies.withThird(auditor, slots, plan)
        forging.requesters = [Casts.demand(tasksPerEpoch: 64)]
        // The third is others': what looking away costs them is a margin that the inequality leaves out.
        forging.validators[forging.validators.count - 1].owner = .others
        var waiting = forging
        waiting.validators[waiting.validators.count - 1].plan = AuditorPlan()
        for index in waiting.providers.indices where waiting.providers[index].owner == .subject {
            (waiting.providers[index].plan, waiting.providers[index].ask) = (ProviderPlan(), 2 * Prices.market)
        }
        let cast = forging
        return Strategy(
            "forger_beside_third", "makes every result up, while a third of the stake looks away", knobs: [],
            honest: [Honest("bond and wait", waiting)]
        ) { _ in cast }
    }()

    // MARK: (cap + standby) * burn + referral * treasury < burn + treasury + audit

    /// The design's 2/3 stands for what a third of validators and of all MRT gets back of it; without them the two
    /// sides meet here. The subsidy pool must have what the cap allows.
    static let wash = Check(
        name: "wash", inequality: "(cap + standby) * burn + referral * treasury < burn + treasury + audit",
        parameter: "account_cap_ppm", standard: standardRules.usage.accountCap, limit: washLimit,
        moved: washLimit / 10 * 12, strategy: washer, settings: [4], costPerUnit: Prices.market / 100 * 77,
        prepare: { _ in },
        move: { rules, cap in
            rules.usage.accountCap = cap
            if cap > standardRules.usage.accountCap { rules.usage.subsidy = cap }
        })

    private static let washLimit: UInt64 = {
        let fees = standardRules.fees
        let paid = fees.burn + fees.treasury + fees.audit
        return paid * 1_000_000 / fees.burn - standardRules.usage.standby
    }()

    private static let washer: Strategy = {
        guard let found = Strategies.named("wash") else { preconditionFailure("no wash trader") }
        return found
    }()
}
