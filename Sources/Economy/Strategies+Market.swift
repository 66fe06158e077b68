// Attackers who ask for work, and those who shape what they offer.
import Primitives

extension Strategies {
    // MARK: Requesters

    static let purse: UInt64 = 100_000

    /// A requester of the subject beside four slots of its own.
    static func asking(_ request: RequesterPlan, _ plan: ProviderPlan = ProviderPlan(), ask: UInt64 = Prices.market)
        -> Cast
    {
        var cast = providing([4], plan)
        cast.providers[cast.providers.count - 1].ask = ask
        cast.requesters.append(RequesterRole(.subject, tokens: purse, request))
        return cast
    }

    static let honestAsking = [Honest("provide honestly", asking(RequesterPlan()))]

    static let requesters: [Strategy] = [
        Strategy(
            "wash", "pays itself for work whose results it knows, below every other provider's price",
            knobs: [Knob("jobs", grid: [1, 4], bounds: 1...16, step: 2)], honest: honestAsking
        ) { settings in
            var (request, plan) = (RequesterPlan(), ProviderPlan())
            (request.jobsPerEpoch, request.tasksPerJob, request.bid) = (settings[0], 2, Prices.market / 100 * 99)
            plan.knowsOwnJobs = true
            return asking(request, plan, ask: Prices.market / 100 * 99)
        },
        Strategy(
            "wash_with_third", "the same with a third of the stake, which earns on every audit fee",
            knobs: [Knob("jobs", grid: [1, 4], bounds: 1...16, step: 2)],
            honest: [Honest("validate and provide honestly", washing(0))]
        ) { washing($0[0]) },
        Strategy(
            "false_disputer", "disputes right results with a made-up claim",
            knobs: [.share("dispute_ppm", grid: [100_000, 500_000])], honest: honestAsking
        ) { settings in
            var request = RequesterPlan()
            request.disputesRight = settings[0]
            return asking(request)
        },
        Strategy(
            "slash_farmer", "makes results up and reports itself for the reporter's share",
            knobs: [.share("forge_ppm", grid: [100_000, 1_000_000])], honest: honestAsking
        ) { settings in
            var (request, plan) = (RequesterPlan(), ProviderPlan())
            (request.disputesWrong, plan.forges) = (1_000_000, settings[0])
            return asking(request, plan)
        },
        Strategy(
            "non_deterministic_job", "asks for work whose result differs between machines, and reports the minority",
            knobs: [
                .share("divergence_ppm", grid: [100_000, 300_000, 500_000]), .choice("reports", [0, 1]),
            ], honest: honestAsking
        ) { settings in
            var request = RequesterPlan()
            (request.jobsPerEpoch, request.tasksPerJob) = (2, 2)
            (request.kind, request.disputesWrong) = (.divergent(ppm: settings[0]), settings[1] * 1_000_000)
            return asking(request)
        },
        Strategy(
            "endless_job", "asks for work that uses all of its fuel and ends in a trap",
            knobs: [Knob("jobs", grid: [1, 4], bounds: 1...16, step: 2)], honest: honestAsking
        ) { settings in
            var request = RequesterPlan()
            (request.jobsPerEpoch, request.tasksPerJob, request.kind) = (settings[0], 2, .endless)
            return asking(request)
        },
        Strategy(
            "job_id_grinder", "a third of the stake asks for work only to draw audit fees from it",
            knobs: [Knob("jobs", grid: [1, 4], bounds: 1...16, step: 2)],
            honest: [Honest("validate and provide honestly", grinding(0))]
        ) { grinding($0[0]) },
    ]

    static let looping: [Strategy] = [
        Strategy(
            "referral_farmer", "refers accounts of its own that pay its own provider for work",
            knobs: [Knob("jobs", grid: [1, 4], bounds: 1...16, step: 2), .choice("accounts", [1, 4])],
            honest: honestAsking
        ) { settings in
            var (request, plan) = (RequesterPlan(), ProviderPlan())
            (request.jobsPerEpoch, request.tasksPerJob, request.bid) = (settings[0], 2, Prices.market / 100 * 99)
            (request.isReferred, plan.knowsOwnJobs) = (true, true)
            var cast = asking(request, plan, ask: Prices.market / 100 * 99)
            let accounts = settings[1]
            cast.requesters[cast.requesters.count - 1].balance = Amount(purse / accounts * Amount.unitsPerToken)
            for _ in 1..<accounts {
                cast.requesters.append(RequesterRole(.subject, tokens: purse / accounts, request))
            }
            return cast
        },
        Strategy(
            "credits_looper", "pays its own provider in credits, which asks for its own work with what it earned",
            knobs: [Knob("jobs", grid: [1, 4], bounds: 1...16, step: 2), .choice("takes_credits", [0, 1])],
            honest: honestAsking
        ) { settings in
            var (request, plan) = (RequesterPlan(), ProviderPlan())
            (request.jobsPerEpoch, request.tasksPerJob, request.bid) = (settings[0], 2, Prices.market / 100 * 99)
            (request.paysCredits, plan.knowsOwnJobs, plan.takesCredits) = (true, true, settings[1] == 1)
            var cast = asking(request, plan, ask: Prices.market / 100 * 99)
            cast.requesters[cast.requesters.count - 1].provider = cast.providers.count - 1
            return cast
        },
    ]

    private static func washing(_ jobs: UInt64) -> Cast {
        var (request, plan) = (RequesterPlan(), ProviderPlan())
        (request.jobsPerEpoch, request.tasksPerJob, request.bid) = (jobs, 2, Prices.market / 100 * 99)
        plan.knowsOwnJobs = true
        var cast = asking(request, plan, ask: jobs == 0 ? Prices.market : Prices.market / 100 * 99)
        cast.validators[cast.validators.count - 1].owner = .subject
        return cast
    }

    private static func grinding(_ jobs: UInt64) -> Cast {
        var request = RequesterPlan()
        (request.jobsPerEpoch, request.tasksPerJob) = (jobs, 2)
        var cast = asking(request)
        cast.validators[cast.validators.count - 1].owner = .subject
        return cast
    }

    // MARK: Providers

    static let providers: [Strategy] = [
        Strategy(
            "timeout_griefer", "lets tasks pass their deadline",
            knobs: [.share("ignore_ppm", grid: [100_000, 500_000])],
            honest: honestProviding(fourSlots)
        ) { settings in
            var plan = ProviderPlan()
            plan.ignores = settings[0]
            return providing(fourSlots, plan)
        },
        Strategy(
            "result_thief", "hands in what others found, for their tasks or for its own, in place of executing",
            knobs: [.share("steal_ppm", grid: [100_000, 1_000_000]), .choice("passes_off", [0, 1])],
            honest: honestProviding(fourSlots)
        ) { settings in
            var plan = ProviderPlan()
            (plan.steals, plan.passesOff) = (settings[0], settings[1] == 1)
            // What others hand in is in a block before it can be passed off.
            plan.delay = settings[1]
            return providing(fourSlots, plan)
        },
        Strategy(
            "uptime_faker", "answers every challenge and has no machine that could do a task", knobs: [],
            honest: honestProviding(fourSlots)
        ) { _ in
            var plan = ProviderPlan()
            plan.abstains = 1_000_000
            return providing(fourSlots, plan)
        },
        Strategy(
            "abstainer", "abstains from tasks in place of executing them",
            knobs: [.share("abstain_ppm", grid: [100_000, 500_000])], honest: honestProviding(fourSlots)
        ) { settings in
            var plan = ProviderPlan()
            plan.abstains = settings[0]
            return providing(fourSlots, plan)
        },
        Strategy(
            "latency_gamer", "runs slow one-slot providers beside a fast one, so that the fast one is paid as fastest",
            knobs: [
                Knob("slow", grid: [2, 5], bounds: 1...6, step: 1),
                Knob("delay", grid: [1, 2], bounds: 0...4, step: 1),
            ],
            honest: honestProviding([8])
        ) { settings in
            var slow = ProviderPlan()
            slow.delay = settings[1]
            var cast = providing([8 - settings[0]])
            for _ in 0..<settings[0] { cast.providers.append(ProviderRole(.subject, slots: 1, slow)) }
            return cast
        },
        Strategy(
            "sybil_split", "splits its bond over many providers", knobs: [.choice("parts", [2, 4, 8])],
            honest: honestProviding([8])
        ) { settings in providing([UInt64](repeating: 8 / settings[0], count: Int(settings[0]))) },
        Strategy(
            "sybil_merge", "makes records with many providers, then moves all bond behind the longest",
            knobs: [.choice("parts", [2, 4]), Knob("after", grid: [8, 20], bounds: 2...60, step: 8)],
            honest: honestProviding([8])
                + [Honest("provide honestly in four parts", providing([UInt64](repeating: 2, count: 4)))]
        ) { settings in
            var plan = ProviderPlan()
            plan.merges = settings[1]
            return providing([UInt64](repeating: 8 / settings[0], count: Int(settings[0])), plan)
        },
    ]
}
