// Pits a strategy against honest use of the same capital: every setting runs on the same seeds as the honest casts, the
// best setting is searched on some seeds and judged on others, so that luck in the search is not reported as gain. Who
// is within chance of honest then is judged once more, on new seeds alone: bounds whose runs are added until the result
// pleases hold less often than they say.
import Primitives

/// One strategy's outcome.
package struct Verdict: Sendable {
    package let strategy: Strategy
    package let terms: Terms
    package let settings: [UInt64]
    package let profit: Estimate
    package let honestName: String
    package let honestProfit: Estimate
    /// Attack less honest, seed by seed.
    package let difference: Estimate
    /// What all others lost by it, seed by seed.
    package let harm: Estimate
    /// What slashes took of honest others in these runs: nothing, unless a program is not deterministic or the attacker
    /// had most seats of a panel and of its check.
    package let honestSlashed: UInt64
    /// Results that were made up in the attack's runs, and those of them that were paid.
    package let madeUp: (all: UInt64, paid: UInt64)
    package let seeds: Int
    package let runs: Int

    /// More than honest, beyond chance.
    package var beatsHonest: Bool { difference.low.map { $0 > 0 } ?? (difference.mean > 0) }
    /// Less than honest, beyond chance.
    package var losesToHonest: Bool { difference.high.map { $0 < 0 } ?? (difference.mean < 0) }
    var isDecided: Bool { beatsHonest || losesToHonest }
}

package struct Effort: Hashable, Sendable {
    /// Seeds of one trial in the search, and of the final judgement.
    package var searchSeeds: Int
    package var finalSeeds: Int
    /// At most so many more of a second judgement, where the first left it open; 0: there is none.
    package var moreSeeds: Int
    /// Settings that the climb may try after the grid.
    package var climb: Int
    package var seed: UInt64
    /// Of a trial; judged is with the epochs of the terms.
    package var searchEpochs: UInt64

    package init(
        searchSeeds: Int = 1, finalSeeds: Int = 6, moreSeeds: Int = 0, climb: Int = 3, seed: UInt64 = 1,
        searchEpochs: UInt64 = .max
    ) {
        (self.searchSeeds, self.finalSeeds, self.moreSeeds) = (searchSeeds, finalSeeds, moreSeeds)
        (self.climb, self.seed, self.searchEpochs) = (climb, seed, searchEpochs)
    }

    var searching: [UInt64] { seeds(searchSeeds, offset: 0) }
    var judging: [UInt64] { seeds(finalSeeds, offset: 1_000) }

    /// New ones, so many that the bounds would be half as wide as what was measured, or as many as there may be.
    func judgingAgain(after open: Estimate) -> [UInt64] {
        let wanted = open.runs(forMargin: open.mean.magnitude / 2) ?? .max
        return seeds(min(max(wanted, finalSeeds), moreSeeds), offset: 100_000)
    }

    private func seeds(_ count: Int, offset: UInt64) -> [UInt64] {
        (0..<UInt64(count)).map { seed &* 1_000_003 &+ offset &+ $0 }
    }
}

/// One run: what it is a function of, beside the terms.
package struct RunID: Hashable, Sendable {
    package let cast: Cast
    package let seed: UInt64

    package init(cast: Cast, seed: UInt64) { (self.cast, self.seed) = (cast, seed) }

    package func run(_ terms: Terms) -> Books {
        var world = World(cast, terms, seed: seed)
        return world.run()
    }
}

package struct Contest {

    private let strategy: Strategy
    private let terms: Terms
    private let searchTerms: Terms
    private let effort: Effort
    private let progress: (String) -> Void
    private var known: [RunID: Books]
    private var trials: [RunID: Books] = [:]
    private var runs = 0

    /// `known`: runs under the same terms that were made already.
    package init(
        _ strategy: Strategy, _ terms: Terms, _ effort: Effort, known: [RunID: Books] = [:],
        progress: @escaping (String) -> Void = { _ in }
    ) {
        (self.strategy, self.terms, self.effort) = (strategy, terms, effort)
        (self.known, self.progress) = (known, progress)
        var shorter = terms
        shorter.epochs = min(terms.epochs, effort.searchEpochs)
        searchTerms = shorter
    }

    /// The honest runs that judging these strategies needs, each once.
    package static func honestRuns(_ strategies: [Strategy], _ effort: Effort) -> [RunID] {
        var seen: Set<Cast> = []
        let casts = strategies.flatMap(\.honest).map(\.cast).filter { seen.insert($0).inserted }
        return casts.flatMap { cast in effort.judging.map { RunID(cast: cast, seed: $0) } }
    }

    /// Searches the best setting and judges it. `settings`: judges these alone.
    package mutating func verdict(settings fixed: [UInt64]? = nil) -> Verdict {
        let settings = fixed ?? search()
        progress("\(strategy.name): judging \(Self.text(strategy, settings)) on \(effort.finalSeeds) seeds")
        let means = strategy.honest.map { Self.mean(allBooks($0.cast, effort.judging)) }
        guard let most = means.max(), let index = means.firstIndex(of: most) else {
            preconditionFailure("\(strategy.name) has no honest counterpart")
        }
        let honest = strategy.honest[index]
        let first = judged(settings, beside: honest, effort.judging)
        if first.isDecided || effort.moreSeeds < 2 { return first }
        let seeds = effort.judgingAgain(after: first.difference)
        progress("\(strategy.name): within chance of honest, judging it again on \(seeds.count) new seeds")
        return judged(settings, beside: honest, seeds)
    }

    private mutating func judged(_ settings: [UInt64], beside honest: Honest, _ seeds: [UInt64]) -> Verdict {
        let attack = allBooks(strategy.cast(settings), seeds)
        let books = allBooks(honest.cast, seeds)
        return Verdict(
            strategy: strategy, terms: terms, settings: settings, profit: Estimate(attack.map(\.subject)),
            honestName: honest.name, honestProfit: Estimate(books.map(\.subject)),
            difference: Estimate(zip(attack, books).map { $0.subject - $1.subject }),
            harm: Estimate(zip(attack, books).map { $1.others - $0.others }),
            honestSlashed: (attack + books).reduce(0) { $0 + $1.honestSlashed },
            madeUp: (attack.reduce(0) { $0 + $1.madeUp }, attack.reduce(0) { $0 + $1.madeUpPaid }),
            seeds: seeds.count, runs: runs)
    }

    package static func text(_ strategy: Strategy, _ settings: [UInt64]) -> String {
        settings.isEmpty
            ? "its one setting"
            : zip(strategy.knobs, settings).map { "\($0.name) \($1)" }.joined(separator: ", ")
    }

    private static func mean(_ books: [Books]) -> Int64 { Estimate(books.map(\.subject)).mean }

    private mutating func allBooks(_ cast: Cast, _ seeds: [UInt64]) -> [Books] {
        books(seeds.map { RunID(cast: cast, seed: $0) }, terms, in: \.known)
    }

    /// Runs what was not run under these terms before.
    private mutating func books(
        _ ids: [RunID], _ terms: Terms, in memory: WritableKeyPath<Contest, [RunID: Books]>
    ) -> [Books] {
        var all: [Books] = []
        for id in ids {
            let books = self[keyPath: memory][id] ?? id.run(terms)
            if self[keyPath: memory].updateValue(books, forKey: id) == nil { runs += 1 }
            all.append(books)
        }
        return all
    }

    // MARK: Search

    private mutating func search() -> [UInt64] {
        var grid: [[UInt64]] = [[]]
        for knob in strategy.knobs { grid = grid.flatMap { settings in knob.grid.map { settings + [$0] } } }
        guard grid.count > 1 else { return grid[0] }
        var (best, gain) = (grid[0], Int64.min)
        for (number, settings) in grid.enumerated() {
            progress("\(strategy.name): setting \(number + 1) of \(grid.count): \(Self.text(strategy, settings))")
            let found = trial(settings)
            if found > gain { (best, gain) = (settings, found) }
        }
        return climb(from: best, gain)
    }

    /// Moves one knob by its step, as long as that helps, then by half of it.
    private mutating func climb(from start: [UInt64], _ gain: Int64) -> [UInt64] {
        var (best, gain, left) = (start, gain, effort.climb)
        var tried: Set<[UInt64]> = [start]
        var steps = strategy.knobs.map(\.step)
        while left > 0, steps.contains(where: { $0 > 0 }) {
            let before = gain
            for settings in moves(from: best, steps) where left > 0 && tried.insert(settings).inserted {
                left -= 1
                progress("\(strategy.name): climbing to \(Self.text(strategy, settings))")
                let found = trial(settings)
                if found > gain { (best, gain) = (settings, found) }
            }
            if gain == before { steps = steps.map { $0 / 2 } }
        }
        return best
    }

    private func moves(from settings: [UInt64], _ steps: [UInt64]) -> [[UInt64]] {
        settings.indices.filter { steps[$0] > 0 }.flatMap { index in
            Self.neighbours(settings[index], steps[index], strategy.knobs[index].bounds).map { moved in
                var changed = settings
                changed[index] = moved
                return changed
            }
        }
    }

    private static func neighbours(_ value: UInt64, _ step: UInt64, _ bounds: ClosedRange<UInt64>) -> [UInt64] {
        let down = value - bounds.lowerBound >= step ? value - step : bounds.lowerBound
        let up = bounds.upperBound - value >= step ? value + step : bounds.upperBound
        return [up, down].filter { $0 != value }
    }

    private mutating func trial(_ settings: [UInt64]) -> Int64 {
        let ids = effort.searching.map { RunID(cast: strategy.cast(settings), seed: $0) }
        return Self.mean(books(ids, searchTerms, in: \.trials))
    }
}
