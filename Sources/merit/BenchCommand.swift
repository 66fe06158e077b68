// `merit bench`: what a network of four real validators commits a second on this machine, beside what libsodium alone
// would check. The figure is reported, whatever it is; only a load that was not checked by everybody is a failure.
import ArgumentParser
import Bench
import Foundation
import Node
import Primitives
import RPC

struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench", abstract: "Measure what this machine can do as a node.",
        subcommands: [BenchNetworkCommand.self, BenchSettlementCommand.self],
        defaultSubcommand: BenchNetworkCommand.self)
}

struct BenchNetworkCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "network", abstract: "Measure committed and individually verified items a second.",
        discussion: """
            Starts four validators as `localnet` does, with TLS, the disk synced and their default configuration, lets \
            them assign tasks to providers, signs one attestation for each task, and then hands all of them in while \
            the clock runs. Before and after, libsodium alone checks as many signatures as it can on all cores. The \
            share of the limit is the rate over (bare rate / validators), since every validator on this machine checks \
            every signature itself. Latency is from an item's request to the moment its block was seen committed, \
            with a full window of items under way, so it is mostly waiting in line.
            """)

    @Option(help: ArgumentHelp("A new folder for the homes; a temporary one is made and removed.", valueName: "folder"))
    var home: String?
    @Option(help: ArgumentHelp("Parameters, as Genesis/local.json has them.", valueName: "file")) var genesis: String
    @Option(help: "Attestations to commit.") var attestations = 20_480
    @Option(help: "Transfers to commit after them; 0 leaves them out.") var transfers = 0
    @Option(help: "Items sent and not yet committed, at most.") var window = 4_096
    @Option(help: "Items in one request.") var itemsPerRequest = 128
    @Option(help: "Requests that a node works on at once.") var connections = 2
    @Option(help: ArgumentHelp("Another build of merit, whose nodes are measured instead.", valueName: "file"))
    var program: String?
    @Flag(help: "Answer with one JSON object instead of text; progress goes to standard error.") var json = false

    func validate() throws {
        guard (1...200_000).contains(attestations) else { throw ValidationError("--attestations is 1 to 200000") }
        guard (0...90_000).contains(transfers) else { throw ValidationError("--transfers is 0 to 90000") }
        guard itemsPerRequest >= 1, window >= itemsPerRequest, connections >= 1 else {
            throw ValidationError("--window is at least --items-per-request, and that and --connections at least 1")
        }
    }

    func run() async throws {
        let folder = home ?? FileManager.default.temporaryDirectory.path + "/merit-bench-\(getpid())"
        guard !FileManager.default.fileExists(atPath: folder) else { throw LocalnetError.foreignFolder(folder) }
        defer { if home == nil { try? FileManager.default.removeItem(atPath: folder) } }
        let processes = LocalProcesses(program: program ?? Child.executable)
        let run = try BenchRun(
            folder: folder, template: genesis, processes: processes, counts: (attestations, transfers),
            terms: Feeder.Terms(
                window: window, itemsPerRequest: itemsPerRequest, connectionsPerNode: connections))
        let signals = StopSignals()
        let interruption = Task {
            await signals.first()
            if Task.isCancelled { return }
            processes.stopAll()
            Merit.leave("interrupted: every node is stopped", 1)
        }
        defer { interruption.cancel() }
        do {
            defer { processes.stopAll() }
            let report = try await run.measure()
            print(json ? report.json.text : report.text)
            if !report.failures.isEmpty { throw ExitCode(1) }
        } catch let error as FeederError {
            throw LocalnetError.child("\(error)")
        }
    }
}
