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
    /// Pairs of runs that decide which of two close sums is larger.
    let seeds: Int
    let prepare: @Sendable (inout Rewards.Parameters) -> Void
    let move: @Sendable (inout Rewards.Parameters, UInt64) -> Void

    /// At the default, or moved.
    package func terms(isMoved: Bool, epochs: UInt64 = Check.epochs) -> Terms {
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
    package static let epochs: UInt64 = 40

    package func run(seed: UInt64, progress: @escaping (String) -> Void = { _ in }) -> CheckOutcome {
        let (epochs, effort) = (Self.epochs, Effort(finalSeeds: seeds, seed: seed))
        progress("check \(name): \(parameter) \(standard)")
        var standing = Contest(strategy, terms(isMoved: false, epochs: epochs), effort, progress: progress)
        progress("check \(name): \(parameter) \(moved)")
        var moved = Contest(strategy, terms(isMoved: true, epochs: epochs), effort, progress: progress)
        return CheckOutcome(
            check: self, atDefault: standing.verdict(settings: settings), past: moved.verdict(settings: settings))
    }

    package static let all: [Check] = [bond, panels, digest, wash]

    // MARK: q * (0.87 F + B) >= 0.87 F

    /// Whatever work brings, executing costs: all of 0.87 F is gained by a forgery. Newcomers are audited at the floor.
    static let bond = Check(
        name: "bond", inequality: "q * (0.87 F + B) >= 0.87 F", parameter: "bond_multiple",
        standard: standardRules.audit.bondMultiple, limit: bondLimit, moved: bondLimit * 8 / 10,
        strategy: bondForger, settings: [], costPerUnit: Prices.market / 100 * 87, seeds: 8,
        prepare: {
            $0.audit.rateNumerator = $0.audit.rateFloor * $0.audit.rateOffset
            // A third that approves, and stays: a missed duty is drawn again, and a slashed third audits no more.
            ($0.slashing.approvedWrong, $0.slashing.correlationMultiplier) = (0, 0)
            // What re-checks find of its approvals is a margin that the inequality leaves out.
            $0.audit.recheck = 0
        },
        move: { $0.audit.bondMultiple = $1 })

    private static let standardRules = Rewards.Parameters.standard

    /// The least multiple of v that holds: B = 0.87 F * (1 - q) / q, v = 0.77 F.
    private static let bondLimit = leastMultiple { (rules) throws(ArithmeticError) in
        try Rule.bondInequality(audit: rules.audit, fees: rules.fees, usage: rules.usage).holds
    }

    private static func leastMultiple(_ holds: (Rewards.Parameters) throws(ArithmeticError) -> Bool) -> UInt64 {
        var rules = standardRules
        rules.audit.bondMultiple = 1
        while true {
            do throws(ArithmeticError) {
                if try holds(rules) { return rules.audit.bondMultiple }
            } catch {
                preconditionFailure("an inequality of the bond: \(error)")
            }
            rules.audit.bondMultiple += 1
        }
    }

    /// Many providers, each with one forged result at a time, and a third of the stake that looks away. Thousands of
    /// forgeries, because the gain of one is a hundredth of what the rare catch costs.
    private static let bondForger: Strategy = {
        var (plan, auditor) = (ProviderPlan(), AuditorPlan())
        (plan.forges, plan.forgesAlone, auditor.cover) = (1_000_000, true, .approval)
        let slots = [UInt64](repeating: 2, count: 256)
        var forging = Strategies.withThird(auditor, slots, plan)
        forging.requesters = [Casts.demand(tasksPerEpoch: 128)]
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

    // MARK: c * (0.87 F + B) >= 0.77 F

    /// The same of panels: c of them are checked, and whoever knows that the majority of the seats is his own makes
    /// the result up. Executing costs no more than the provider's part: who takes seats does some of them honestly.
    static let panels = Check(
        name: "panels", inequality: "c * (0.87 F + B) >= 0.77 F", parameter: "bond_multiple",
        standard: standardRules.audit.bondMultiple, limit: panelLimit, moved: panelLimit * 8 / 10,
        strategy: panelForger, settings: [], costPerUnit: Prices.market / 100 * 77, seeds: 8,
        prepare: { _ in }, move: { $0.audit.bondMultiple = $1 })

    /// The least multiple of v that holds: B = 0.77 F / c - 0.87 F, v = 0.77 F.
    private static let panelLimit = leastMultiple { (rules) throws(ArithmeticError) in
        try Rule.panelInequality(audit: rules.audit, fees: rules.fees, usage: rules.usage).holds
    }

    /// A third of the slots, in so many accounts that no two seats of a panel are one account's.
    private static let panelForger: Strategy = {
        var plan = ProviderPlan()
        plan.forgesPanels = 1_000_000
        func cast(_ plan: ProviderPlan, ask: UInt64) -> Cast {
            var cast = Strategies.onPanels([UInt64](repeating: 2, count: 64), plan)
            for index in cast.providers.indices where cast.providers[index].owner == .others {
                cast.providers[index].bond = Amount(48 * Prices.slotBond)
            }
            for index in cast.providers.indices where cast.providers[index].owner == .subject {
                cast.providers[index].ask = ask
            }
            cast.requesters[0].plan.tasksPerJob = 32
            return cast
        }
        let forging = cast(plan, ask: Prices.market)
        return Strategy(
            "quorum_forger_of_a_third", "makes every result up where most seats of a panel are its own", knobs: [],
            honest: [
                Honest("serve panels honestly", cast(ProviderPlan(), ask: Prices.market)),
                Honest("bond and wait", cast(ProviderPlan(), ask: 2 * Prices.market)),
            ]
        ) { _ in forging }
    }()

    // MARK: c * (fee + slash) > cost

    /// Who repeats a receipt without executing is found by whoever else audits the task, by draw or to check him.
    static let digest = Check(
        name: "digest", inequality: "(q + d * 2/3) * (fee + slash) > cost", parameter: "wrong_digest_ppm",
        standard: standardRules.slashing.wrongDigest, limit: digestLimit, moved: digestLimit * 8 / 10,
        strategy: copier, settings: [], costPerUnit: Prices.market / 100 * 77, seeds: 6,
        prepare: { $0.audit.rateNumerator = $0.audit.rateFloor * $0.audit.rateOffset },
        move: { $0.slashing.wrongDigest = $1 })

    private static let digestLimit: UInt64 = {
        let rules = standardRules
        do throws(ArithmeticError) {
            let found =
                UInt128(try Rule.detection(rateFloor: rules.audit.rateFloor)) + UInt128(rules.audit.recheck) * 2 / 3
            // Of a fee of 100, whose execution costs 77.
            let cost = UInt128(Prices.fee) * 77 / 100
            let loss = cost * 1_000_000 / found - UInt128(Prices.fee) * UInt128(rules.fees.audit) / 1_000_000
            return UInt64(loss * 1_000_000 / UInt128(Casts.thirdStake.units))
        } catch {
            preconditionFailure("the digest inequality: \(error)")
        }
    }()

    private static let copier: Strategy = {
        func cast(_ manner: AuditManner) -> Cast {
            var cast = Strategies.validating { $0.manner = manner }
            cast.requesters = [Casts.demand(tasksPerEpoch: 400)]
            for index in cast.providers.indices { cast.providers[index].bond = Amount(40 * Prices.slotBond) }
            return cast
        }
        let copying = cast(.copyingAlone)
        return Strategy(
            "busy_verdict_copier", "repeats receipts as its verdicts and executes only re-checks", knobs: [],
            honest: [Honest("validate honestly", cast(.honest))]
        ) { _ in copying }
    }()

    // MARK: (cap + standby) * burn + referral * treasury < burn + treasury + audit

    /// The design's 2/3 stands for what a third of validators and of all MRT gets back of it; without them the two
    /// sides meet here. The subsidy pool must have what the cap allows.
    static let wash = Check(
        name: "wash", inequality: "(cap + standby) * burn + referral * treasury < burn + treasury + audit",
        parameter: "account_cap_ppm", standard: standardRules.usage.accountCap, limit: washLimit,
        moved: washLimit / 10 * 12, strategy: washer, settings: [4], costPerUnit: Prices.market / 100 * 77, seeds: 4,
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
