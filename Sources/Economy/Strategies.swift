// The attackers, in the order of how central they are. Each has the capital of its honest counterparts to the unit, in
// accounts of its own; what it knows of its own jobs and providers it shares with itself.
import Primitives
import Rewards

package enum Strategies {
    /// In the order of the report.
    package static let all: [Strategy] =
        [forger, forgerWithReputation, burstForger, cartel, approvingCartel, abstainingCartel, breakerDecoy, briber]
        + [withholder, quorumForger] + auditors + requesters + looping + providers

    package static func named(_ name: String) -> Strategy? { all.first { $0.name == name } }

    // MARK: Parts

    /// `providers` of the subject with `slots` each, in an honest world.
    static func providing(_ slots: [UInt64], _ plan: ProviderPlan = ProviderPlan()) -> Cast {
        var cast = Casts.honest()
        cast.providers += slots.map { ProviderRole(.subject, slots: $0, plan) }
        return cast
    }

    /// Working, and waiting with a price that nobody pays: it has the standby pool's share.
    static func honestProviding(_ slots: [UInt64]) -> [Honest] {
        var idle = providing(slots)
        for index in idle.providers.indices where idle.providers[index].owner == .subject {
            idle.providers[index].ask = 2 * Prices.market
        }
        return [Honest("provide honestly", providing(slots)), Honest("bond and wait", idle)]
    }

    static func third(_ owner: Owner, _ plan: AuditorPlan = AuditorPlan()) -> ValidatorRole {
        ValidatorRole(owner, stake: Casts.thirdStake, plan)
    }

    // MARK: Forgers

    static let fourSlots: [UInt64] = [2, 2]

    static let forger = Strategy(
        "forger", "makes results up at a constant rate", knobs: [.share("forge_ppm", grid: forgeRates)],
        honest: honestProviding(fourSlots)
    ) { settings in
        var plan = ProviderPlan()
        plan.forges = settings[0]
        return providing(fourSlots, plan)
    }

    static let forgeRates: [UInt64] = [100_000, 300_000, 1_000_000]

    static let forgerWithReputation = Strategy(
        "forger_with_reputation", "works honestly until its audit rate is low, then makes results up",
        knobs: [
            .share("forge_ppm", grid: [100_000, 1_000_000]),
            Knob("from_streak", grid: [8, 15], bounds: 1...40, step: 4), .choice("stops_when_caught", [0, 1]),
        ], honest: honestProviding(fourSlots)
    ) { settings in
        var plan = ProviderPlan()
        (plan.forges, plan.forgesFromStreak, plan.stopsWhenCaught) = (settings[0], settings[1], settings[2] == 1)
        return providing(fourSlots, plan)
    }

    static let burstForger = Strategy(
        "slot_splitter", "splits its bond over many one-slot providers, so that each has no more to lose than one bond",
        knobs: [.share("forge_ppm", grid: [100_000, 1_000_000]), .choice("alone", [0, 1])],
        honest: honestProviding(fourSlots)
    ) { settings in
        var plan = ProviderPlan()
        (plan.forges, plan.forgesAlone) = (settings[0], settings[1] == 1)
        return providing([1, 1, 1, 1], plan)
    }

    // MARK: A third of the stake

    static func withThird(_ auditor: AuditorPlan, _ slots: [UInt64], _ plan: ProviderPlan) -> Cast {
        var cast = Casts.honest(third: third(.subject, auditor))
        cast.providers += slots.map { ProviderRole(.subject, slots: $0, plan) }
        return cast
    }

    /// Also with what its own providers found, so that nothing is executed twice: right verdicts for less.
    static let honestThird: [Honest] = {
        var sharing = AuditorPlan()
        sharing.cover = .approval
        return [
            Honest("validate and provide honestly", withThird(AuditorPlan(), fourSlots, ProviderPlan())),
            Honest(
                "validate and provide, executing own tasks once", withThird(sharing, fourSlots, ProviderPlan())),
        ]
    }()

    static let cartel = Strategy(
        "cartel", "a third of the stake has no duty where its own providers make results up",
        knobs: [
            .share("forge_ppm", grid: [100_000, 1_000_000]),
            Knob("from_streak", grid: [0, 15], bounds: 0...40, step: 8),
        ], honest: honestThird
    ) { settings in
        var (auditor, plan) = (AuditorPlan(), ProviderPlan())
        auditor.cover = .silence
        (plan.forges, plan.forgesFromStreak) = (settings[0], settings[1])
        return withThird(auditor, fourSlots, plan)
    }

    static let approvingCartel = Strategy(
        "approving_cartel", "a third of the stake approves what its own providers make up, and may vote for it",
        knobs: [.share("forge_ppm", grid: [100_000, 1_000_000]), .choice("votes_for_it", [0, 1])],
        honest: honestThird
    ) { settings in
        var (auditor, plan) = (AuditorPlan(), ProviderPlan())
        (auditor.cover, auditor.ownDisputes) = (.approval, settings[1] == 1 ? .receipt : .truth)
        plan.forges = settings[0]
        return withThird(auditor, fourSlots, plan)
    }

    static let abstainingCartel = Strategy(
        "nondet_abstainer",
        "a third of the stake abstains from votes on what its own providers make up, or votes for a third result",
        knobs: [.share("forge_ppm", grid: [100_000, 1_000_000]), .choice("votes_apart", [0, 1])],
        honest: honestThird
    ) { settings in
        var (auditor, plan) = (AuditorPlan(), ProviderPlan())
        (auditor.cover, auditor.ownDisputes) = (.silence, settings[1] == 1 ? .apart : .absent)
        plan.forges = settings[0]
        return withThird(auditor, fourSlots, plan)
    }

    /// The third as two operators, which is what the breaker asks for. Slashes wait 21 days there.
    static func withDecoys(_ decoy: AuditorPlan, _ plan: ProviderPlan) -> Cast {
        var cast = withThird(decoy, fourSlots, plan)
        let half = Amount(Casts.thirdStake.units / 2)
        cast.validators.removeLast()
        cast.validators += [ValidatorRole(.subject, stake: half, decoy), ValidatorRole(.subject, stake: half, decoy)]
        cast.quietEpochs = Terms.standard.slashing.breakerDays + 4
        return cast
    }

    static let breakerDecoy = Strategy(
        "breaker_decoy",
        "two operators with a third of the stake lose votes so that the slashes of their own providers wait",
        knobs: [.share("forge_ppm", grid: [100_000, 1_000_000]), .choice("loses_by_digest", [0, 1])],
        honest: [Honest("validate and provide honestly", withDecoys(AuditorPlan(), ProviderPlan()))]
    ) { settings in
        var (decoy, plan) = (AuditorPlan(), ProviderPlan())
        (decoy.ownDisputes, decoy.declares) = (settings[1] == 1 ? .wrongDigests : .receipt, true)
        plan.forges = settings[0]
        return withDecoys(decoy, plan)
    }

    static let briber = Strategy(
        "briber", "pays a third of the stake in every epoch to have no duty where it makes results up",
        knobs: [.share("forge_ppm", grid: [100_000, 1_000_000]), .choice("bribe_milli_mrt", [1_000])],
        honest: honestProviding(fourSlots)
    ) { settings in
        var (auditor, plan) = (AuditorPlan(), ProviderPlan())
        auditor.cover = .silence
        (plan.forges, plan.bribe) = (settings[0], settings[1] * Amount.unitsPerToken / 1_000)
        var cast = withThird(auditor, fourSlots, plan)
        cast.validators[cast.validators.count - 1].owner = .others
        return cast
    }

    static let withholder = Strategy(
        "beacon_withholder", "lets another propose where its own beacon would give its providers few tasks",
        knobs: [Knob("short_by", grid: [0, 1], bounds: 0...3, step: 1)], honest: honestThird
    ) { settings in
        var auditor = AuditorPlan()
        auditor.withholdsBelowShare = settings[0]
        return withThird(auditor, fourSlots, ProviderPlan())
    }

    // MARK: Validators alone

    static let honestValidator = [Honest("validate honestly", Casts.honest(third: third(.subject)))]

    static func validating(_ change: (inout AuditorPlan) -> Void) -> Cast {
        var plan = AuditorPlan()
        change(&plan)
        return Casts.honest(third: third(.subject, plan))
    }

    /// The same where one of the other providers makes a third of its results up.
    static func besideForger(_ change: (inout AuditorPlan) -> Void) -> Cast {
        var cast = validating(change)
        cast.providers[0].plan.forges = 333_333
        return cast
    }

    /// The same with so much work that a third of the stake draws over ten duties in an epoch.
    static func busy(_ change: (inout AuditorPlan) -> Void) -> Cast {
        var cast = validating(change)
        cast.requesters = [Casts.demand(tasksPerEpoch: 36)]
        return cast
    }

    static let auditors: [Strategy] = [
        Strategy(
            "lazy_auditor", "says that it did not draw some of its duties, of more than ten in an epoch",
            knobs: [.share("skip_ppm", grid: [100_000, 1_000_000])],
            honest: [Honest("validate honestly", busy { _ in })]
        ) { settings in busy { $0.skips = settings[0] } },
        Strategy(
            "lazy_auditor_of_few", "says that it did not draw some of its duties, where it draws less than ten",
            knobs: [.share("skip_ppm", grid: [100_000, 400_000, 1_000_000])], honest: honestValidator
        ) { settings in validating { $0.skips = settings[0] } },
        Strategy(
            "verdict_copier", "repeats the receipt as its verdict and makes the digest up",
            knobs: [.choice("executes_rechecks", [0, 1])], honest: honestValidator
        ) { settings in validating { $0.manner = settings[0] == 1 ? .copyingAlone : .copying } },
        Strategy(
            "absent_voter", "executes its duties and nothing that is in dispute, beside somebody who forges", knobs: [],
            honest: [Honest("validate honestly", besideForger { _ in })]
        ) { _ in besideForger { $0.votes = false } },
        Strategy(
            "stake_grinder", "takes stake out and bonds it again, so that draws fall on another stake",
            knobs: [Knob("every", grid: [1, 5], bounds: 1...40, step: 4)], honest: honestValidator
        ) { settings in validating { $0.moves = settings[0] } },
        Strategy(
            "precommit_omitter", "leaves the precommits of others out of the commits that it proposes", knobs: [],
            honest: honestValidator
        ) { _ in validating { $0.omitsPrecommits = true } },
    ]
}
