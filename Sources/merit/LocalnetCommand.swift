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
            `up` writes the homes, starts the validators, sends transfers between their accounts, waits for the asked \
            number of settled epochs, and checks: equal app hashes, equal epoch tables, the supply, and a balance \
            proved to a light client. It exits 0 only if every check held. Ctrl-C leaves nothing running.
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
        let rpc: String
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

    var running: [Node] { nodes.filter { kill($0.process, 0) == 0 } }
}

enum LocalnetError: Error, CustomStringConvertible {
    case noNetwork(String)
    case stillRunning(String)
    case foreignFolder(String)
    case nodeEnded(String, log: String)
    case late(String)
    case child(String)

    var description: String {
        switch self {
        case .noNetwork(let path): "no local network is recorded in \(path); start one with `Scripts/testnet`"
        case .stillRunning(let home):
            "a network runs in \(home): stop it with `Scripts/testnet stop --home \(home)`, or choose another --home"
        case .foreignFolder(let home): "\(home) exists and is no local network's: choose another --home"
        case .nodeEnded(let node, let log): "\(node) ended. Its last lines:\n\(log)"
        case .late(let what): "gave up waiting for \(what)"
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
        LocalnetProcesses.stop(running.map(\.process))
        print("stopped \(running.count) of \(record.nodes.count) nodes")
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
            if let tip = try NodeClient(node.rpc).tip() {
                print("\(name)  height \(tip.height)  app hash \(tip.appHash)  \(node.rpc)")
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
        LocalnetProcesses.stop(record.running.map(\.process))
        try FileManager.default.removeItem(atPath: options.folder)
        print("removed \(options.folder)")
    }
}

enum LocalnetProcesses {
    /// SIGTERM, ten seconds of grace, SIGKILL.
    static func stop(_ processes: [Int32]) {
        for process in processes { kill(process, SIGTERM) }
        let deadline = Date().addingTimeInterval(10)
        while Date() < deadline, processes.contains(where: { kill($0, 0) == 0 && !hasEnded($0) }) { usleep(50_000) }
        for process in processes where kill(process, 0) == 0 { kill(process, SIGKILL) }
    }

    /// A child of ours that has ended stays a zombie until it is waited for.
    private static func hasEnded(_ process: Int32) -> Bool { waitpid(process, nil, WNOHANG) == process }
}
