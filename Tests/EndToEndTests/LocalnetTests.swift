// The whole of it: validators, providers of which one cheats, a requester, and nodes that are killed, cut off and
// started again in the middle of epochs.
import Foundation
import Testing

@Suite("Local networks", .serialized)
struct LocalnetTests {
    private struct Summary: Decodable {
        struct Validator: Decodable { let height: UInt64 }
        struct Tasks: Decodable { let submitted, attested, audited, settled: Int }
        struct Provider: Decodable { let address, paid, withheld: String, tasks: Int }
        struct Cheater: Decodable {
            let address, offence, slashed: String
            let epoch: UInt64
        }
        struct Query: Decodable { let verified: Bool }
        struct Supply: Decodable { let equal: Bool }
        let schema: String
        let validators: [Validator]
        let app_hash_equal: Bool
        let tasks: Tasks
        let providers: [Provider]
        let cheaters: [Cheater]
        let honest_slashed: Int
        let light_query: Query
        let supply: Supply
    }

    private static let topology = """
        {
          "validators": [
            {"stake": "100000000000000"}, {"stake": "100000000000000"}, {"stake": "100000000000000"},
            {"stake": "100000000000000"}
          ],
          "providers": [
            {"bond": "7000000000000", "cheat_ppm": 0}, {"bond": "7000000000000", "cheat_ppm": 0},
            {"bond": "7000000000000", "cheat_ppm": 600000}
          ],
          "jobs": [{"program": "matmul", "tasks": 9, "every_seconds": 3}],
          "perturb": [
            {"at_height": 25, "node": 1, "action": "kill"}, {"at_height": 35, "node": 2, "action": "disconnect"},
            {"at_height": 42, "node": 3, "action": "restart"}
          ]
        }
        """

    @Test("work is paid and a cheat is slashed while nodes are killed, cut off and restarted", .timeLimit(.minutes(4)))
    func paidEpoch() throws {
        let folder = NSTemporaryDirectory() + "merit-localnet-\(UUID().uuidString)"
        let cast = folder + ".json"
        try Self.topology.write(toFile: cast, atomically: true, encoding: .utf8)
        defer {
            _ = try? Program.run(["localnet", "stop", "--home", folder])
            for path in [folder, cast] { try? FileManager.default.removeItem(atPath: path) }
        }
        let run = try Program.run([
            "localnet", "up", "--home", folder, "--topology", cast, "--genesis",
            Program.root.appendingPathComponent("Genesis/local.json").path, "--programs",
            Program.root.appendingPathComponent("Sources/Programs/wasm").path, "--epochs", "1",
            "--seconds-per-epoch", "20", "--json", "--keep",
        ])
        try #require(run.code == 0, "\(run.complaint)")
        let summary = try JSONDecoder().decode(Summary.self, from: run.output)
        #expect(summary.schema == "merit.testnet.1")
        #expect(summary.validators.count == 4 && summary.app_hash_equal)
        #expect(summary.light_query.verified && summary.supply.equal)
        let cheat = try #require(summary.providers.last)
        let slashed = try #require(
            summary.cheaters.first { $0.address == cheat.address && $0.offence == "wrong_result" })
        #expect(summary.honest_slashed == 0)
        #expect(summary.providers.dropLast().allSatisfy { $0.tasks > 0 && $0.paid != "0" })
        #expect(cheat.tasks == 0 && cheat.withheld != "0")
        #expect(summary.tasks.settled > 0 && summary.tasks.settled <= summary.tasks.attested)
        #expect(summary.tasks.audited > 0 && summary.tasks.attested <= summary.tasks.submitted)
        try AuditedNetwork(folder: folder).check(cheater: cheat.address, epoch: "\(slashed.epoch)")
    }

    @Test("a model learns over the network though a provider lies", .timeLimit(.minutes(5)))
    func training() throws {
        let folder = NSTemporaryDirectory() + "merit-localnet-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        func shipped(_ path: String) -> String { Program.root.appendingPathComponent(path).path }
        let run = try Program.run([
            "localnet", "up", "--home", folder, "--topology", shipped("Network/local.json"), "--genesis",
            shipped("Genesis/local.json"), "--programs", shipped("Sources/Programs/wasm"), "--workload", "training",
            "--epochs", "1", "--seconds-per-epoch", "20",
        ])
        // Code 0 says that the loss fell, and that all the other checks held.
        try #require(run.code == 0, "\(run.complaint)")
        #expect(run.complaint.contains("\ntraining round 8: loss 0."))
        let text = String(decoding: run.output, as: UTF8.self)
        // A fast machine trains more rounds than the plot has rows; the first and the last are in it all the same.
        let curve = try #require(text.components(separatedBy: "\nTraining\n").dropFirst().first)
        let rows = curve.split(separator: "\n", omittingEmptySubsequences: false).prefix { !$0.isEmpty }
        let cells = rows.map { $0.split(separator: " ") }
        #expect(cells.first == ["round", "loss", "right"])
        let numbers = cells.dropFirst().compactMap { $0.first.flatMap { Int($0) } }
        #expect(numbers.first == 1 && (numbers.last ?? 0) >= 8 && numbers.count == cells.count - 1)
    }

    @Test("an interrupted network leaves no process behind: no node, no provider, no executor")
    func interruption() throws {
        let folder = NSTemporaryDirectory() + "merit-localnet-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        struct Record: Decodable {
            struct Node: Decodable { let process: Int32 }
            let nodes: [Node]
        }
        let network = try TestProcess([
            "localnet", "up", "--home", folder, "--seconds-per-epoch", "20", "--validators", "2", "--topology",
            Program.root.appendingPathComponent("Network/local.json").path, "--programs",
            Program.root.appendingPathComponent("Sources/Programs/wasm").path,
        ])
        var running: [Int32] = []
        try wait(for: "an executor at work") {
            let data = FileManager.default.contents(atPath: folder + "/localnet.json") ?? Data()
            let processes = (try? JSONDecoder().decode(Record.self, from: data))?.nodes.map(\.process) ?? []
            let executors = Self.children(of: Set(processes))
            running = processes + executors
            return processes.count == 6 && processes.allSatisfy { $0 > 0 } && !executors.isEmpty
        }
        #expect(network.stop(SIGINT) == 1)
        // An executor ends by itself when its provider is gone.
        try wait(for: "the end of all", seconds: 10) { running.allSatisfy { kill($0, 0) != 0 } }
    }

    /// Processes whose parent is one of these.
    private static func children(of parents: Set<Int32>) -> [Int32] {
        let entries = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return entries.compactMap(Int32.init).filter { id in
            // NUMBER (NAME) STATE PARENT …
            let text = (try? String(contentsOfFile: "/proc/\(id)/stat", encoding: .utf8)) ?? ""
            let words = text.split(separator: ")").last?.split(separator: " ") ?? []
            return words.count > 1 && Int32(words[1]).map(parents.contains) ?? false
        }
    }
}
