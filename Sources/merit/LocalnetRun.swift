// The processes of one network and what is asked of them.
import Foundation
import Node
import Primitives

final class LocalnetRun: @unchecked Sendable {
    struct Node {
        let home: String
        let rpc: String
        let account: String
        var process: Process?
        var name: String { URL(fileURLWithPath: home).lastPathComponent }
    }

    /// What `merit testnet --json` answers.
    private struct Files: Decodable {
        struct Node: Decodable {
            let home: String
            let rpc: String
            let account: String
        }
        let chain_id: String
        let genesis_hash: String
        let nodes: [Node]
    }

    let folder: String
    let chainID: String
    let genesisHash: String
    /// Only the run's own task and the signal task touch it; the latter ends the process.
    private(set) var nodes: [Node]
    /// The program that the nodes run.
    var program = Child.executable
    private var lastProgress = ""

    init(folder: String, validators: Int, secondsPerEpoch: UInt64, basePort: Int, genesis: String?) throws {
        self.folder = folder
        let arguments =
            [
                "testnet", "--home", folder, "--validators", "\(validators)", "--base-port", "\(basePort)",
                "--seconds-per-epoch", "\(secondsPerEpoch)", "--json",
            ] + (genesis.map { ["--genesis", $0] } ?? [])
        let files = try JSONDecoder().decode(Files.self, from: try Child.run(arguments).output)
        (chainID, genesisHash) = (files.chain_id, files.genesis_hash)
        nodes = files.nodes.map { Node(home: $0.home, rpc: "http://" + $0.rpc, account: $0.account) }
    }

    func start() throws {
        for index in nodes.indices { try start(index) }
        progress("started \(nodes.count) validators of chain \(chainID)")
    }

    func start(_ index: Int) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: program)
        process.arguments = ["start", "--home", nodes[index].home]
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        nodes[index].process = process
        let running = nodes.map {
            LocalnetRecord.Node(home: $0.home, rpc: $0.rpc, process: $0.process?.processIdentifier ?? 0)
        }
        try LocalnetRecord(chain: chainID, genesisHash: genesisHash, nodes: running).store(folder + "/localnet.json")
    }

    func stop(_ index: Int) {
        guard let process = nodes[index].process else { return }
        process.terminate()
        process.waitUntilExit()
        nodes[index].process = nil
    }

    func stop() {
        LocalnetProcesses.stop(nodes.compactMap { $0.process?.processIdentifier })
    }

    func announce() {
        progress("running; stop it with `Scripts/testnet stop --home \(folder)`")
        for node in nodes { progress("\(node.name)  \(node.rpc)") }
    }

    /// One line on standard error; repeated lines are left out.
    func progress(_ line: String) {
        guard line != lastProgress else { return }
        lastProgress = line
        FileHandle.standardError.write(Data((line + "\n").utf8))
    }

    // MARK: Heights

    private func tips() throws -> [NodeClient.Tip]? {
        var tips: [NodeClient.Tip] = []
        for node in nodes {
            if let process = node.process, !process.isRunning {
                throw LocalnetError.nodeEnded(node.name, log: lastLines(of: node))
            }
            guard let tip = try NodeClient(node.rpc).tip() else { return nil }
            tips.append(tip)
        }
        return tips
    }

    private func lastLines(of node: Node) -> String {
        let log = (try? String(contentsOfFile: node.home + "/log/node.log", encoding: .utf8)) ?? "(no log)"
        return log.split(separator: "\n").suffix(20).joined(separator: "\n")
    }

    @discardableResult
    func wait(
        for what: String, seconds: TimeInterval = 60, until condition: ([NodeClient.Tip]) async throws -> Bool
    ) async throws -> [NodeClient.Tip] {
        let deadline = Date().addingTimeInterval(seconds)
        var nextLine = Date()
        while Date() < deadline {
            if let tips = try tips() {
                if nextLine <= Date() {
                    nextLine = Date().addingTimeInterval(2)
                    let heights = tips.map { "\($0.height)" }.joined(separator: " ")
                    progress("heights \(heights)  waiting for \(what)")
                }
                if try await condition(tips) { return tips }
            }
            try await Task.sleep(for: .milliseconds(400))
        }
        throw LocalnetError.late(what)
    }

    /// Each node's app hash at one height that all have reached.
    func equalTips() async throws -> [(address: String, height: UInt64, appHash: String)] {
        let tips = try await wait(for: "a common height") { !$0.isEmpty }
        let height = tips.map(\.height).min() ?? 0
        var result: [(address: String, height: UInt64, appHash: String)] = []
        for (node, tip) in zip(nodes, tips) {
            result.append((tip.address, height, try NodeClient(node.rpc).appHash(at: height)))
        }
        return result
    }

    // MARK: Load

    /// Hands transfers from node to node and waits until each is in a block.
    func sendTransfers(_ count: Int) async throws -> Int {
        var committed = 0
        for index in 0..<count {
            let sender = nodes[index % nodes.count]
            let recipient = nodes[(index + 1) % nodes.count]
            let arguments = [
                "tx", "transfer", "--to", recipient.account, "--amount", "\(1_000_000 + index)", "--key",
                sender.home + "/keys/account.json", "--node", sender.rpc, "--wait",
            ]
            if try Child.run(arguments, mayFail: true).code == 0 { committed += 1 }
        }
        progress("\(committed) of \(count) transfers committed")
        return committed
    }
}

/// The same program as a child: what a stranger would run.
enum Child {
    static let executable =
        ProcessInfo.processInfo.arguments[0].hasPrefix("/")
        ? ProcessInfo.processInfo.arguments[0]
        : (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "/proc/self/exe"

    struct Result {
        let code: Int32
        let output: Data
    }

    static func run(_ arguments: [String], mayFail: Bool = false) throws -> Result {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: executable)
        process.arguments = arguments
        let output = Pipe()
        let errors = Pipe()
        (process.standardOutput, process.standardError) = (output, errors)
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        let complaint = String(decoding: errors.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        if process.terminationStatus != 0, !mayFail {
            let command = "merit " + arguments.prefix(2).joined(separator: " ")
            throw LocalnetError.child("\(command) ended with \(process.terminationStatus): \(complaint)")
        }
        return Result(code: process.terminationStatus, output: data)
    }
}
