// The run itself: files, processes, work, epochs, checks, summary.
import ArgumentParser
import Foundation
import Ledger
import Node
import Primitives
import Provider
import RPC

/// What a run was asked for.
struct LocalnetPlan {
    let folder: String
    let topology: Topology
    let epochs: UInt64
    let secondsPerEpoch: UInt64
    let basePort: Int
    /// A genesis template.
    let genesis: String?
    /// The folder of the shipped `.wasm` files.
    let programs: String
    var workload = WorkloadName.jobs
}

struct LocalnetUp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Start a network, wait for settled epochs, check everything, stop.",
        discussion: """
            Four validators alone, or what a topology names: `--topology Network/local.json` has four validators, \
            four providers (a fast, a slow, an often absent and a cheating one), three kinds of programs as jobs, and \
            one job that panels judge. An epoch's work is judged and paid in the next epoch, so --epochs N runs N + 1 \
            epochs and shows the tables of the last N.

            With --workload training the requester trains a small model instead of submitting the topology's jobs: a \
            round is a job whose tasks train on samples of their own, and the median of their results is the next \
            model; no provider is slow on purpose then. The run also fails when the loss did not fall below half.
            """)

    @OptionGroup var options: LocalnetOptions
    @Option(help: "Validators, 1 to 16; 4 where neither this nor a topology says otherwise.") var validators: Int?
    @Option(help: "Providers, 0 to 64.") var providers: Int?
    @Option(help: "How many of the providers cheat: a third of their answers is wrong.") var cheaters: Int?
    @Option(help: "Settled epochs to wait for; one more runs.") var epochs: UInt64 = 3
    @Option(help: "Length of an epoch in seconds; it divides 86400.") var secondsPerEpoch: UInt64 = 20
    @Option(help: "The first port; 0 picks free ones, so two networks run side by side.") var basePort = 0
    @Option(help: ArgumentHelp("Who takes part and what is done, as Network/local.json.", valueName: "file"))
    var topology: String?
    @Option(help: ArgumentHelp("Parameters, as Genesis/local.json has them.", valueName: "file")) var genesis: String?
    @Option(help: ArgumentHelp("Where the shipped programs are.", valueName: "folder"))
    var programs = "Sources/Programs/wasm"
    @Option(help: "What is asked for: the topology's jobs, or the training of a model.")
    var workload = WorkloadName.jobs
    @Flag(help: "Leave the network running and print its addresses.") var keep = false
    @Flag(help: "Print the summary as one JSON object on standard output; progress goes to standard error.")
    var json = false

    func validate() throws {
        guard epochs >= 1, epochs <= 1_000 else { throw ValidationError("--epochs is 1 to 1000") }
        guard secondsPerEpoch >= 1, 86_400 % secondsPerEpoch == 0 else {
            throw ValidationError("--seconds-per-epoch divides 86400")
        }
        if let validators, !(1...Topology.validatorsMax).contains(validators) {
            throw ValidationError("--validators is 1 to \(Topology.validatorsMax)")
        }
        if let providers, !(0...Topology.providersMax).contains(providers) {
            throw ValidationError("--providers is 0 to \(Topology.providersMax)")
        }
    }

    func run() async throws {
        let start = Date()
        let plan = try plan()
        try prepareFolder()
        let processes = LocalProcesses()
        let signals = StopSignals()
        let interruption = Task {
            await signals.first()
            if Task.isCancelled { return }
            processes.stopAll()
            Merit.leave("interrupted: every process is stopped", 1)
        }
        defer { interruption.cancel() }
        let summary: LocalnetSummary
        do {
            let network = try LocalnetRun(plan, processes: processes)
            try network.start()
            summary = try await check(network, since: start)
            if keep { network.announce() } else { processes.stopAll() }
        } catch {
            processes.stopAll()
            Merit.leave("\(error)", 1)
        }
        show(summary)
        guard summary.failures.isEmpty else { throw ExitCode(1) }
    }

    private func plan() throws -> LocalnetPlan {
        let named: Topology
        do { named = try topology.map { try Topology(path: $0) } ?? Topology(validators: validators ?? 4) } catch {
            Merit.leave("\(error)", NodeEnd.Code.usage.rawValue)
        }
        var cast = named.resized(validators: validators, providers: providers, cheaters: cheaters)
        if workload == .training {
            guard !cast.providers.isEmpty else {
                throw ValidationError("--workload training needs providers: name a --topology, or add --providers 4")
            }
            cast.jobs = [Trainer.job]
            // A round waits for its slowest result.
            for index in cast.providers.indices {
                cast.providers[index].handicap = Handicap(misses: cast.providers[index].handicap.misses)
            }
        }
        guard cheaters ?? 0 <= cast.providers.count, cheaters ?? 0 >= 0 else {
            throw ValidationError("--cheaters is 0 to \(cast.providers.count), the number of providers")
        }
        if let missing = cast.jobs.compactMap(\.work.program).map({ "\(programs)/\($0.rawValue).wasm" })
            .first(where: { !FileManager.default.fileExists(atPath: $0) })
        {
            throw ValidationError("\(missing) is not there: name the folder of the shipped programs with --programs")
        }
        return LocalnetPlan(
            folder: options.folder, topology: cast, epochs: epochs, secondsPerEpoch: secondsPerEpoch,
            basePort: basePort, genesis: genesis, programs: programs, workload: workload)
    }

    private func prepareFolder() throws {
        let files = FileManager.default
        guard files.fileExists(atPath: options.folder) else { return }
        guard let record = try? LocalnetRecord.load(options.recordPath) else {
            if (try? files.contentsOfDirectory(atPath: options.folder))?.isEmpty == true { return }
            throw LocalnetError.foreignFolder(options.folder)
        }
        guard record.running.isEmpty else { throw LocalnetError.stillRunning(options.folder) }
        try files.removeItem(atPath: options.folder)
    }

    private func check(_ network: LocalnetRun, since start: Date) async throws -> LocalnetSummary {
        try await network.wait(for: "the first blocks") { tips in tips.allSatisfy { $0.height >= 2 } }
        network.requester?.start()
        var summary = LocalnetSummary(chainID: network.chainID)
        let transfers = 4
        if try await network.sendTransfers(transfers) < transfers {
            summary.complaints.append("a transfer was not committed")
        }
        summary.tables = try await network.settledEpochs()
        try await network.finishWork(into: &summary)
        try network.countWork(into: &summary)
        summary.tips = try await network.equalTips()
        summary.lightQuery = try network.lightQuery()
        summary.supply = try await network.supplyOfCopy()
        summary.seconds = Int(Date().timeIntervalSince(start))
        return summary
    }

    private func show(_ summary: LocalnetSummary) {
        if json { print(summary.json.text) } else { print(summary.text) }
        if json { for line in summary.workload { Merit.complain(line) } }
        if json { for failure in summary.failures { Merit.complain("FAILED: \(failure)") } }
    }
}
