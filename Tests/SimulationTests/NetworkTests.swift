// Whole networks in one thread, on the real core and driver. The seed is in every test's name, so a failure is a
// command.
import Cryptography
import NodeCore
import Primitives
import Simulator
import Testing

@Suite("Simulated networks")
struct NetworkTests {
    private func faults(_ random: inout Random) -> Simulation.Faults {
        var faults = Simulation.Faults()
        faults.dropPPM = random.below(3) * 30_000
        faults.duplicatePPM = random.below(2) * 50_000
        faults.delay = 1_000_000...(5_000_000 + Int64(random.below(80_000_000)))
        faults.crashPPM = random.below(3) * 60_000
        return faults
    }

    /// Safety under faults, then healing, then progress. Returns what two equal runs must agree on.
    private func run(seed: UInt64) -> (digest: Digest, tips: ClosedRange<UInt64>, simulation: Simulation) {
        var random = Random(seed: seed)
        var simulation = Simulation(Simulation.Settings(seed: seed, faults: faults(&random)))
        simulation.run(for: .seconds(6))
        let reached = simulation.tips.upperBound
        simulation.heal()
        let isLive = simulation.run(toHeight: reached + 3, limit: .seconds(60))
        #expect(simulation.violation == nil, "seed \(seed)")
        #expect(isLive, "seed \(seed): no progress after healing, tips \(simulation.tips)")
        return (simulation.digest, simulation.tips, simulation)
    }

    @Test("without faults four nodes make a block per interval and pay what was asked for")
    func calm() {
        var simulation = Simulation(Simulation.Settings(seed: 1))
        simulation.run(for: .seconds(10))
        #expect(simulation.violation == nil)
        #expect(simulation.tips.lowerBound >= 25, "tips \(simulation.tips)")
        #expect(simulation.tips.upperBound - simulation.tips.lowerBound <= 1)
        #expect(simulation.stats.admitted == simulation.stats.submitted)
        #expect(simulation.stats.submitted > 30)
    }

    @Test("what clients hand to nodes without a vote stands in blocks, also when a tenth of all messages is lost")
    func relays() {
        for drop in [0, 100_000] as [UInt64] {
            var settings = Simulation.Settings(seed: 21 + drop)
            settings.followers = 2
            settings.faults.dropPPM = drop
            var simulation = Simulation(settings)
            simulation.run(for: .seconds(5))
            simulation.quieten()
            simulation.run(for: .seconds(20))
            #expect(simulation.violation == nil)
            #expect(simulation.stats.submitted > 20 && simulation.stats.admitted == simulation.stats.submitted)
            #expect(simulation.counted == UInt64(simulation.stats.submitted), "\(drop) ppm lost")
        }
    }

    @Test("a chain of one validator starts at once, whatever it is told to look for first")
    func single() {
        var settings = Simulation.Settings(seed: 3, validators: 1)
        settings.watchedHeights = 5
        var simulation = Simulation(settings)
        simulation.run(for: .seconds(3))
        let backup = simulation.backup(of: 0)
        simulation.restore(backup, to: 0)
        let tip = simulation.tips.lowerBound
        #expect(tip > 5)
        simulation.run(for: .seconds(2))
        #expect(simulation.tips.lowerBound > tip + 3)
        #expect(simulation.violation == nil)
    }

    @Test(
        "a validator restored from a backup, signing record and all, never contradicts what its key signed",
        arguments: 1...6)
    func rollback(seed: UInt64) {
        var settings = Simulation.Settings(seed: seed)
        settings.faults.dropPPM = 120_000
        settings.faults.delay = 1_000_000...120_000_000
        var random = Random(seed: seed)
        var simulation = Simulation(settings)
        simulation.run(for: .seconds(2))
        // One at a time: a network that is rolled back as a whole needs its operators.
        for _ in 0..<6 where simulation.violation == nil {
            let node = Int(random.below(4))
            let backup = simulation.backup(of: node)
            simulation.run(for: .milliseconds(20 + Int64(random.below(900))))
            simulation.restore(backup, to: node)
            let isLive = simulation.run(toHeight: simulation.tips.upperBound + 3, limit: .seconds(60))
            #expect(isLive, "tips \(simulation.tips)")
        }
        let reached = simulation.tips.upperBound
        simulation.heal()
        let isLive = simulation.run(toHeight: reached + 3, limit: .seconds(60))
        #expect(isLive, "tips \(simulation.tips)")
        #expect(simulation.violation == nil)
    }

    @Test("a restarted validator that is told to look for its own signatures lets the others decide first")
    func watching() {
        var settings = Simulation.Settings(seed: 9)
        settings.watchedHeights = 4
        var simulation = Simulation(settings)
        simulation.run(for: .seconds(3))
        simulation.restore(simulation.backup(of: 2), to: 2)
        let (tip, before) = (simulation.tips.upperBound, simulation.votes(of: 2))
        let isLive = simulation.run(toHeight: tip + 2, limit: .seconds(10))
        #expect(isLive)
        #expect(simulation.votes(of: 2) == before)
        let isBack = simulation.run(toHeight: tip + 8, limit: .seconds(10))
        #expect(isBack)
        #expect(simulation.votes(of: 2) > before)
        #expect(simulation.violation == nil)
    }

    @Test(
        "a seed gives the same run twice, agreement holds under loss and crashes, progress follows", arguments: 1...20)
    func seeds(seed: UInt64) {
        let first = run(seed: seed)
        let second = run(seed: seed)
        #expect(first.digest == second.digest)
        #expect(first.tips == second.tips)
    }
}
