// The run itself: files, processes, load, epochs, checks, summary.
import ArgumentParser
import Foundation
import Ledger
import Node
import Primitives

struct LocalnetUp: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "up", abstract: "Start a network, wait for settled epochs, check everything, stop.")

    @OptionGroup var options: LocalnetOptions
    @Option(help: "Validators, 1 to 16.") var validators = 4
    @Option(help: "Settled epochs to wait for; one more runs.") var epochs: UInt64 = 3
    @Option(help: "Length of an epoch in seconds; it divides 86400.") var secondsPerEpoch: UInt64 = 20
    @Option(help: "The first port; 0 picks free ones, so two networks run side by side.") var basePort = 0
    @Option(help: ArgumentHelp("Parameters, as Genesis/local.json has them.", valueName: "file")) var genesis: String?
    @Flag(help: "Leave the network running and print its addresses.") var keep = false
    @Flag(help: "Print the summary as one JSON object on standard output; progress goes to standard error.")
    var json = false

    func validate() throws {
        guard epochs >= 1, epochs <= 1_000 else { throw ValidationError("--epochs is 1 to 1000") }
        guard secondsPerEpoch >= 1, 86_400 % secondsPerEpoch == 0 else {
            throw ValidationError("--seconds-per-epoch divides 86400")
        }
    }

    func run() async throws {
        let start = Date()
        try prepareFolder()
        let network = try LocalnetRun(
            folder: options.folder, validators: validators, secondsPerEpoch: secondsPerEpoch, basePort: basePort,
            genesis: genesis)
        let signals = StopSignals()
        let interruption = Task {
            await signals.first()
            if Task.isCancelled { return }
            network.stop()
            Merit.leave("interrupted: every node is stopped", 1)
        }
        defer { interruption.cancel() }
        do {
            try network.start()
            let summary = try await check(network, since: start)
            if keep { network.announce() } else { network.stop() }
            show(summary)
            guard summary.failures.isEmpty else { throw ExitCode(1) }
        } catch let error as LocalnetError {
            network.stop()
            Merit.leave(error.description, 1)
        }
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
        let transfers = try await network.sendTransfers(12)
        let tables = try await network.waitForEpochs(epochs, secondsPerEpoch: secondsPerEpoch)
        var summary = LocalnetSummary(chainID: network.chainID)
        summary.epochs = tables
        summary.transfers = transfers
        summary.tips = try await network.equalTips()
        summary.lightQuery = try network.lightQuery()
        summary.supply = try await network.supplyOfCopy()
        summary.seconds = Int(Date().timeIntervalSince(start))
        return summary
    }

    private func show(_ summary: LocalnetSummary) {
        if json { print(summary.json.text) } else { print(summary.text) }
    }
}
