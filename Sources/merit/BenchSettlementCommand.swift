// `merit bench settlement`: what the last block of an epoch costs a node with very many participants. The figures are
// reported, whatever they are; only records that do not add up to the supply are a failure.
import ArgumentParser
import Bench
import Economy
import Foundation
import RPC
import Storage

struct BenchSettlementCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "settlement", abstract: "Measure what settling an epoch costs with very many participants.",
        discussion: """
            Makes a chain with so many providers and delegations in a store on this disk, and lets the ledger apply \
            three epochs to it, with the clock at their last blocks: judgement, tables, roots and state tree, then \
            the commit. In the first and the third epoch every provider only has a slot; in the second all have \
            answered 45 or 48 signs of life, and the active ones have delivered a task each. Beside each figure, in \
            the same run, stands what the processor needs to hash as many bytes and the disk to store them. At the \
            end all records are summed and compared with the supply.

            The defaults need two gigabytes of disk, six of memory, and one to three minutes, most of it for making \
            the chain.
            """)

    @Option(help: ArgumentHelp("A new folder for the store; a temporary one is made and removed.", valueName: "folder"))
    var home: String?
    @Option(help: "Providers with a slot.") var providers = 100_000
    @Option(help: "Delegations, each of another account.") var delegations = 1_000_000
    @Option(help: "Providers with a task to settle; all of them when not given.") var active: Int?
    @Option(help: "Validators.") var validators = 64
    @Flag(help: "Answer with one JSON object instead of text; progress goes to standard error.") var json = false

    private static let epochs: UInt64 = 3

    func validate() throws {
        guard (1...1_000_000).contains(providers) else { throw ValidationError("--providers is 1 to 1000000") }
        guard (0...10_000_000).contains(delegations) else { throw ValidationError("--delegations is 0 to 10000000") }
        guard (1...128).contains(validators) else { throw ValidationError("--validators is 1 to 128") }
        guard (0...providers).contains(active ?? 0) else { throw ValidationError("--active is 0 to --providers") }
    }

    func run() throws {
        let folder = home ?? FileManager.default.temporaryDirectory.path + "/merit-settlement-\(getpid())"
        guard !FileManager.default.fileExists(atPath: folder) else { throw LocalnetError.foreignFolder(folder) }
        defer { if home == nil { try? FileManager.default.removeItem(atPath: folder) } }
        let crowd = Crowd(
            validators: validators, providers: providers, delegations: delegations, active: active ?? providers)
        let run = SettlementRun(crowd, folder: folder) { Merit.complain($0) }
        do {
            let figures = try run.measure(epochs: Self.epochs)
            let report = SettlementReport(
                crowd, cores: ProcessInfo.processInfo.activeProcessorCount, figures: figures)
            print(json ? report.json.text : report.text)
        } catch SettlementRunError.storage(let error) {
            throw error
        } catch {
            Merit.leave("\(error)", 1)
        }
    }
}
