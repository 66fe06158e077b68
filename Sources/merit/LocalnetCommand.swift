// `merit localnet`: a whole network of processes on this machine, from nothing to a verified balance, and every check
// on the way. It knows nodes only as a stranger does: by their process, their log and their RPC.
import ArgumentParser
import Foundation
import Node
import Primitives

struct LocalnetCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "localnet", abstract: "Run a local network of real processes and check it.",
        discussion: """
            `up` writes the homes, starts validators and providers, submits jobs, waits for the asked number of \
            settled epochs, and checks: equal app hashes, equal epoch tables, honest work paid, cheaters slashed and \
            nobody else, the supply, and a balance proved to a light client. It exits 0 only if every check held. \
            Ctrl-C leaves nothing running.
            """,
        subcommands: [LocalnetUp.self, LocalnetStop.self, LocalnetStatus.self, LocalnetClean.self],
        defaultSubcommand: LocalnetUp.self)
}

struct LocalnetOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The folder of all homes.", valueName: "folder"))
    var home = FileManager.default.homeDirectoryForCurrentUser.path + "/.merit-localnet"

    var folder: String { URL(fileURLWithPath: home).path }
    var recordPath: String { folder + "/localnet.json" }
}

/// What a running network is known by; written when the processes start.
struct LocalnetRecord: Codable {
    struct Node: Codable {
        let home: String
        /// nil for a provider.
        let rpc: String?
        let process: Int32
    }

    var chain: String
    var genesisHash: String
    var nodes: [Node]

    static func load(_ path: String) throws -> LocalnetRecord {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw LocalnetError.noNetwork(path)
        }
        return try JSONDecoder().decode(LocalnetRecord.self, from: data)
    }

    func store(_ path: String) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        try encoder.encode(self).write(to: URL(fileURLWithPath: path), options: .atomic)
    }

    var running: [Node] { nodes.filter { $0.process > 0 && kill($0.process, 0) == 0 } }
}

enum LocalnetError: Error, CustomStringConvertible {
    case noNetwork(String)
    case stillRunning(String)
    case foreignFolder(String)
    case ended(String, log: String)
    case late(String, log: String)
    case child(String)

    var description: String {
        switch self {
        case .noNetwork(let path): "no local network is recorded in \(path); start one with `Scripts/testnet`"
        case .stillRunning(let home):
            "a network runs in \(home): stop it with `Scripts/testnet stop --home \(home)`, or choose another --home"
        case .foreignFolder(let home): "\(home) exists and is no local network's: choose another --home"
        case .ended(let name, let log): "\(name) ended. Its last lines:\n\(log)"
        case .late(let what, let log): "gave up waiting for \(what). The last lines of the first node:\n\(log)"
        case .child(let line): line
        }
    }
}

struct LocalnetStop: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "stop", abstract: "Stop the network's processes.")
    @OptionGroup var options: LocalnetOptions

    func run() throws {
        let record = try LocalnetRecord.load(options.recordPath)
        let running = record.running
        Strangers.stop(running.map(\.process))
        print("stopped \(running.count) of \(record.nodes.count) processes")
    }
}

struct LocalnetStatus: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "status", abstract: "Show each node's height.")
    @OptionGroup var options: LocalnetOptions

    func run() throws {
        let record = try LocalnetRecord.load(options.recordPath)
        print("chain \(record.chain), genesis \(record.genesisHash)")
        for node in record.nodes {
            let name = URL(fileURLWithPath: node.home).lastPathComponent
            if let rpc = node.rpc, let tip = try NodeClient(rpc).tip() {
                print("\(name)  height \(tip.height)  app hash \(tip.appHash)  \(rpc)")
            } else if node.rpc == nil, kill(node.process, 0) == 0 {
                print("\(name)  running")
            } else {
                print("\(name)  not running")
            }
        }
    }
}

struct LocalnetClean: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "clean", abstract: "Stop the network and remove its folder.")
    @OptionGroup var options: LocalnetOptions

    func run() throws {
        let record = try LocalnetRecord.load(options.recordPath)
        Strangers.stop(record.running.map(\.process))
        try FileManager.default.removeItem(atPath: options.folder)
        print("removed \(options.folder)")
    }
}

/// Processes that another run of this program started.
enum Strangers {
    /// SIGTERM, ten seconds of grace, SIGKILL.
    static func stop(_ processes: [Int32]) {
        for process in processes { kill(process, SIGTERM) }
        let deadline = Date().addingTimeInterval(10)
        while Date() < deadline, processes.contains(where: { kill($0, 0) == 0 }) { usleep(50_000) }
        for process in processes where kill(process, 0) == 0 { kill(process, SIGKILL) }
    }
}
