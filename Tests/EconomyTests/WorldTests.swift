// A fast part of the simulation: it repeats itself, it conserves money, cheating loses, and it can fail.
import Ledger
import Primitives
import Rewards
import Testing

@testable import Economy

@Suite("the simulated economy")
struct WorldTests {
    static let cost: UInt64 = Prices.market / 100 * 77

    static func terms(_ parameters: Parameters = Terms.standard, epochs: UInt64) -> Terms {
        Terms(parameters: parameters, costPerUnit: cost, epochs: epochs)
    }

    @Test("a world of honest people conserves money, refuses nothing and settles all work")
    func honest() {
        var world = World(Casts.honest(), Self.terms(epochs: 8), seed: 1)
        let books = world.run()
        #expect(world.isConserved)
        // Eight a day for four days, but for one job of two: nobody could ask before the program was published.
        #expect(books.tasksSettled == 4 * 8 - 2)
        #expect(books.madeUp == 0)
        #expect(books.tasksAudited > 0)
        #expect(world.refused == [:])
        var busy = World(Casts.honest(), Terms(costPerUnit: Self.cost, epochs: 6, demand: 3), seed: 1)
        #expect(busy.run().tasksSettled == 3 * (2 * 8 - 2))
    }

    @Test("the same seed gives the same blocks, another seed others")
    func repeated() {
        func digest(_ seed: UInt64) -> Digest {
            var world = World(Casts.honest(), Self.terms(epochs: 6), seed: seed)
            return world.run().digest
        }
        let first = digest(7)
        #expect(first == digest(7))
        #expect(first != digest(8))
    }

    /// Every result of the two providers is made up.
    static func verdict(of name: String, _ settings: [UInt64], _ terms: Terms, seeds: Int = 2) throws -> Verdict {
        let strategy = try #require(Strategies.named(name))
        var contest = Contest(strategy, terms, Effort(finalSeeds: seeds))
        return contest.verdict(settings: settings)
    }

    /// The mean alone: bounds of so few runs are wider than any gain.
    @Test("honest beats a forger by the default parameters")
    func forger() throws {
        let verdict = try Self.verdict(of: "forger", [1_000_000], Self.terms(epochs: 9))
        #expect(verdict.difference.mean < 0)
        #expect(verdict.madeUp.all > verdict.madeUp.paid && verdict.madeUp.paid > 0, "\(verdict.madeUp)")
    }

    @Test("settings are tried in short runs, and the best is judged in long ones")
    func efforts() throws {
        let strategy = try #require(Strategies.named("precommit_omitter"))
        let knobs = [Knob.choice("nothing", [0, 1])]
        let cast = strategy.cast([])
        let twice = Strategy("twice", strategy.about, knobs: knobs, honest: strategy.honest) { _ in cast }
        let effort = Effort(finalSeeds: 2, climb: 0, searchEpochs: 6)
        let terms = Self.terms(epochs: 7)
        let honest = Contest.honestRuns([strategy], effort).map { ($0, $0.run(terms)) }
        let blocks = 7 * Terms.blocksPerEpoch
        #expect(honest.allSatisfy { $0.1.blocks >= blocks })
        var contest = Contest(twice, terms, effort, known: Dictionary(uniqueKeysWithValues: honest))
        // One trial, as both settings are the same cast, and two judged runs.
        let verdict = contest.verdict()
        #expect(verdict.runs == 3)
        var alone = Contest(strategy, terms, effort)
        #expect(verdict.profit == alone.verdict(settings: []).profit)
    }

    /// The cast of the strategy is its honest counterpart: no number of runs tells them apart.
    @Test("who is within chance of honest is judged again on new seeds alone, who is not is not")
    func secondJudgement() throws {
        let terms = Self.terms(epochs: 6)
        let cast = Casts.honest()
        let same = Strategy("same", "", knobs: [], honest: [Honest("honest", cast)]) { _ in cast }
        let effort = Effort(finalSeeds: 2, moreSeeds: 3)
        var again = Contest(same, terms, effort)
        var once = Contest(same, terms, Effort(finalSeeds: 2))
        let (late, early) = (again.verdict(), once.verdict())
        #expect((late.seeds, late.runs, early.seeds, early.runs) == (3, 5, 2, 2))
        #expect(late.difference.mean == 0 && late.profit != early.profit)
        #expect(Set(effort.judgingAgain(after: late.difference)).isDisjoint(with: effort.judging))
        // The margin is 12.706 million, 8.47 times half the mean: 8.47 * 8.47 * 2 runs.
        let (wide, few) = (Estimate([2_000_000, 4_000_000]), Effort(finalSeeds: 2, moreSeeds: 500))
        #expect(few.judgingAgain(after: wide).count == 144)
        let omitter = try #require(Strategies.named("precommit_omitter"))
        var decided = Contest(omitter, terms, effort)
        let verdict = decided.verdict()
        #expect(verdict.losesToHonest && verdict.seeds == 2 && verdict.runs == 4)
    }

    @Test("a forger beats honest where a bond is a tenth and audits are rare")
    func forgerWins() throws {
        var parameters = Terms.standard
        (parameters.audit.bondMultiple, parameters.audit.rateFloor) = (2, 1_000)
        parameters.audit.rateNumerator = 10_000
        let difference = try Self.verdict(of: "forger", [1_000_000], Self.terms(parameters, epochs: 9)).difference
        #expect(difference.mean > 0)
    }

    @Test("the limits of the checks are where the two sides of the inequalities meet")
    func limits() throws {
        let limits = Dictionary(uniqueKeysWithValues: Check.all.map { ($0.name, $0) })
        let bond = try #require(limits["bond"])
        #expect((bond.standard, bond.limit, bond.moved) == (25, 17, 13))
        let panels = try #require(limits["panels"])
        // B = 0.77 F / 0.1 - 0.87 F = 6.83 F, v = 0.77 F.
        #expect((panels.standard, panels.limit, panels.moved) == (25, 9, 7))
        let digest = try #require(limits["digest"])
        // 0.77 * 11.5 / (0.0644 + 0.0667) - 1.15 MRT of 33,000.
        #expect((digest.standard, digest.limit, digest.moved) == (20_000, 2_011, 1_608))
        let wash = try #require(limits["wash"])
        #expect((wash.standard, wash.limit, wash.moved) == (1_000_000, 2_250_000, 2_700_000))
        for check in Check.all {
            #expect(check.terms(isMoved: false, epochs: 1).parameters.rewards.audit.bondMultiple == 25)
            // Who audits is not the bond's to punish in its check.
            var rules = check.terms(isMoved: false, epochs: 1).parameters.rewards
            rules.slashing.approvedWrong = SlashRules().approvedWrong
            rules.slashing.correlationMultiplier = SlashRules().correlationMultiplier
            rules.audit.recheck = Terms.standard.audit.recheck
            #expect(throws: Never.self) { try rules.validate() }
        }
    }
}
