import Consensus
import Primitives
import Quorum
import Testing

@Suite("Consensus under a hostile network")
struct SimulationTests {
    @Test(
        "agreement, validity, one vote per round and type, the lock rule; termination after healing",
        arguments: [
            (4, 1, 200), (4, 0, 40), (7, 2, 60),
        ] as [(Int, Int, UInt64)])
    func seeds(size: Int, faulty: Int, count: UInt64) throws {
        let committee = try Committee(powers: Array(repeating: 10, count: size))
        var (rounds, evidence): ([Round], Int) = ([], 0)
        for seed in 1...count {
            var simulation = Simulation(seed: seed, committee: committee, faulty: faulty)
            simulation.run(for: .seconds(60))
            try #require(simulation.law.breaches.isEmpty, "seed \(seed): \(simulation.law.breaches)")
            try #require(simulation.isDone, "seed \(seed): no decision, \(Self.places(simulation))")
            rounds += simulation.law.roundsOfDecision
            evidence += simulation.law.evidenceCount
        }
        // The schedules must be hostile enough to mean something.
        #expect(rounds.contains { $0 > 0 } && rounds.contains(0))
        #expect((evidence > 0) == (faulty > 0))
        print(
            "\(size) nodes, \(faulty) faulty, \(count) seeds: \(rounds.filter { $0 > 0 }.count) of \(rounds.count) "
                + "decisions above round 0, highest \(rounds.max() ?? 0), \(evidence) pieces of evidence")
    }

    @Test("one seed gives one history")
    func determinism() throws {
        let committee = try Committee(powers: [10, 10, 10, 10])
        var first = Simulation(seed: 7, committee: committee, faulty: 1)
        var second = Simulation(seed: 7, committee: committee, faulty: 1)
        first.run(for: .seconds(60))
        second.run(for: .seconds(60))
        #expect(first.now == second.now)
        for (left, right) in zip(first.nodes, second.nodes) { #expect(left.map(\.machine) == right.map(\.machine)) }
    }

    private static func places(_ simulation: Simulation) -> String {
        simulation.honest.map { index in
            let node = simulation.nodes[index].last
            return "v\(index) \(node?.terms.height.description ?? "-")/\(node?.machine.round ?? 0)"
        }.joined(separator: " ")
    }
}
