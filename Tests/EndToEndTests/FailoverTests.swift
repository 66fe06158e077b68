// A provider that loses the node it listens to while it works.
import Foundation
import Primitives
import RPC
import Testing

@Suite("Failover", .serialized)
struct FailoverTests {
    @Test("when a provider's node is killed at work, it goes on through another one and is late with nothing")
    func killedNode() throws {
        let folder = NSTemporaryDirectory() + "merit-failover-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let provider = try TestProvider(home: folder + "/provider")
        let network = try TestNetwork(
            validators: 4, secondsPerEpoch: 20, genesis: try MarketProcessTests.template([provider], in: folder))
        for node in network.nodes { try node.start() }
        try network.waitUntilAll(reach: 2)
        let node = "http://" + network.nodes[3].rpc
        try provider.start(network)
        try wait(for: "the offer") { try MarketProcessTests.isOffering(provider, node) }
        let input = folder + "/option.bin"
        try MarketProcessTests.option(paths: 4_000, steps: 64).write(to: URL(fileURLWithPath: input))
        let submitted = try MarketProcessTests.json(
            ["job", "submit", MarketProcessTests.program("montecarlo"), "--input", input, "--tasks", "20", "--bid"]
                + ["2000", "--key", network.files.nodes[3].home + "/keys/account.json", "--node", node, "--json"])
        let id = try submitted.text("id")

        func job() throws -> JSON {
            try MarketProcessTests.json(["job", "status", id, "--node", node, "--json"]).member("job")
        }
        func done() throws -> Int { try job().number("done") }

        try wait(for: "the first receipts") { try done() > 0 }
        network.nodes[0].stop(SIGKILL)
        let before = try done()
        #expect(before < 20, "all was done before the node was killed")
        try wait(for: "the receipts of all", seconds: 120) { try done() == 20 }
        let states = try job().member("states")
        #expect(states["timed_out"] == .number(0) && states["undeliverable"] == .number(0))
        let lines = provider.log.split(separator: "\n")
        #expect(lines.contains { $0.contains("stream of blocks lost") || $0.contains("asking the next node") })
        #expect(provider.stop(SIGTERM) == 0)
    }
}
