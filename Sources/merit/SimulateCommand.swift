// `merit simulate`: what the rules pay whom, before anybody tries it with money.
import ArgumentParser
import Economy
import Foundation
import Primitives
import RPC

struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate", abstract: "Run the rules on invented people.",
        subcommands: [SimulateEconomyCommand.self])
}

struct SimulateEconomyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "economy", abstract: "Does any way to cheat pay more than honest use of the same capital?",
        discussion: """
            Every run is a chain of its own: signed transactions, attestations and verdicts pass the same ledger as \
            in a network, epoch after epoch, and honest validators are the code of a real node. Only WebAssembly is \
            replaced, by a table of results; executing costs compute. Each attacker tries its settings on some seeds \
            and is judged with its best one on others, each time beside a run in which the same capital is honest.

              merit simulate economy                              every attacker, and the checks
              merit simulate economy --strategy forger            one of them
              merit simulate economy --list                       their names
              merit simulate economy --years 20 --svg plot.svg    supply, burn, income and price over the years

              merit simulate economy --check bond                 one of the checks and nothing else

            The checks move one parameter of each inequality 20 % past its limit: there the matching attacker must \
            win, or the simulation would prove nothing. Ends with 1 if one of them does not, or if an attacker beats \
            honest use although no rule against it is missing.
            """)

    @Option(help: ArgumentHelp("Only this attacker; may be repeated.", valueName: "name")) var strategy: [String] = []
    @Option(help: ArgumentHelp("Only this check; may be repeated.", valueName: "name")) var check: [String] = []
    @Flag(help: "Name the attackers and the checks and end.") var list = false
    @Option(help: "Epochs of every run that judges; each is a day.") var epochs: UInt64 = 200
    @Option(help: "Pairs of runs by which an attacker is judged.") var seeds = 4
    @Option(help: "At most so many new pairs for an attacker that those leave within chance of honest; 0: none.")
    var moreSeeds = 32
    @Option(help: "Runs of each setting that is tried.") var searchSeeds = 1
    @Option(help: "Epochs of those, if they are fewer.") var searchEpochs: UInt64 = 40
    @Option(help: "Where the seeds begin: the same number gives the same runs.") var seed: UInt64 = 1
    @Option(help: ArgumentHelp("What executing costs, in percent of the market's price.", valueName: "percent"))
    var cost: UInt64 = 77
    @Flag(inversion: .prefixedNo, help: "Move parameters past their limits.") var checks = true
    @Option(help: "In place of attackers: so many years of supply and price.") var years: UInt64?
    @Option(help: ArgumentHelp("With --years: write the chart here.", valueName: "file")) var svg: String?
    @Flag(help: "Answer with one JSON object instead of text; progress goes to standard error.") var json = false

    func validate() throws {
        let quiet = chosen.flatMap(\.honest).map(\.cast.quietEpochs).max() ?? 0
        for (name, value) in [("--epochs", epochs), ("--search-epochs", searchEpochs)] where value <= quiet + 1 {
            throw ValidationError("\(name) is at least \(quiet + 2)")
        }
        guard seeds >= 2, searchSeeds >= 1 else { throw ValidationError("--seeds is at least 2, --search-seeds 1") }
        guard moreSeeds == 0 || moreSeeds >= seeds else {
            throw ValidationError("--more-seeds is 0 or at least \(seeds), as --seeds")
        }
        guard (1...100).contains(cost) else { throw ValidationError("--cost is 1 to 100 percent") }
        if let years, !(1...Outlook.yearsMax).contains(years) {
            throw ValidationError("--years is 1 to \(Outlook.yearsMax)")
        }
        if svg != nil, years == nil { throw ValidationError("--svg goes with --years") }
        for name in strategy where Strategies.named(name) == nil {
            throw ValidationError("no attacker \(name); --list names them")
        }
        for name in check where !Check.all.contains(where: { $0.name == name }) {
            throw ValidationError("no check \(name); --list names them")
        }
    }

    func run() async throws {
        if list {
            for strategy in Strategies.all { print("\(strategy.name): \(strategy.about)") }
            for check in Check.all { print("check \(check.name): \(check.inequality)") }
            return
        }
        if let years { return try answer(years: years) }
        let began = ContinuousClock().now
        var report = EconomyReport(epochs: epochs, seed: seed, costPercent: cost)
        report.verdicts = await judge(chosen)
        report.checks = await judge(chosenChecks)
        report.seconds = UInt64(clamping: began.duration(to: ContinuousClock().now).components.seconds)
        print(json ? report.json.text : report.text)
        if report.hasFailed { throw ExitCode(1) }
    }

    private var chosen: [Strategy] {
        if strategy.isEmpty, check.isEmpty { return Strategies.all }
        return strategy.compactMap { Strategies.named($0) }
    }

    /// All of them beside all attackers.
    private var chosenChecks: [Check] {
        if strategy.isEmpty, check.isEmpty { return checks ? Check.all : [] }
        return Check.all.filter { check.contains($0.name) }
    }

    private var effort: Effort {
        Effort(
            searchSeeds: searchSeeds, finalSeeds: seeds, moreSeeds: moreSeeds, seed: seed, searchEpochs: searchEpochs)
    }

    /// As many at once as there are cores, in the order of the list.
    private func judge(_ strategies: [Strategy]) async -> [Verdict] {
        let terms = Terms(costPerUnit: Prices.market / 100 * cost, epochs: epochs, demand: Terms.busy)
        let effort = effort
        let honest = Contest.honestRuns(strategies, effort)
        let books = await Self.inParallel(Array(honest.enumerated())) { number, run in
            Merit.complain("honest run \(number + 1) of \(honest.count)")
            return run.run(terms)
        }
        let known = Dictionary(uniqueKeysWithValues: zip(honest, books))
        return await Self.inParallel(strategies) { strategy in
            var contest = Contest(strategy, terms, effort, known: known) { Merit.complain($0) }
            return contest.verdict()
        }
    }

    /// Each in its own size, whatever is asked of the attackers.
    private func judge(_ checks: [Check]) async -> [CheckOutcome] {
        let seed = seed
        return await Self.inParallel(checks) { check in check.run(seed: seed) { Merit.complain($0) } }
    }

    private static func inParallel<Input: Sendable, Output: Sendable>(
        _ inputs: [Input], _ work: @escaping @Sendable (Input) -> Output
    ) async -> [Output] {
        let width = max(1, ProcessInfo.processInfo.activeProcessorCount)
        return await withTaskGroup(of: (Int, Output).self) { group in
            var found: [(Int, Output)] = []
            for (number, input) in inputs.enumerated() {
                if number >= width, let done = await group.next() { found.append(done) }
                group.addTask { (number, work(input)) }
            }
            for await done in group { found.append(done) }
            return found.sorted { $0.0 < $1.0 }.map(\.1)
        }
    }

    private func answer(years: UInt64) throws {
        let outlooks = Demand.allCases.map { demand in
            Merit.complain("\(years) years of \(demand.label) demand")
            return Outlook(demand, years: years)
        }
        let report = OutlookReport(years: years, outlooks: outlooks)
        if let svg {
            do { try Data(report.svg.utf8).write(to: URL(fileURLWithPath: svg)) } catch {
                Merit.leave("cannot write \(svg): \(error.localizedDescription)", 5)
            }
        }
        print(json ? report.json.text : report.text)
    }
}
