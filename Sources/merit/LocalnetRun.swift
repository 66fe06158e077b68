// One local network: its homes, its processes, what is done to them, and what a stranger sees of them.
import Client
import Foundation
import Node
import Primitives
import RPC

final class LocalnetRun {
    struct Node {
        let home: String
        let rpc: String
        let account: String
        var name: String { URL(fileURLWithPath: home).lastPathComponent }
    }

    struct Provider {
        let home: String
        let account: Address
        let cheatRate: UInt32
        var name: String { URL(fileURLWithPath: home).lastPathComponent }
    }

    /// What `merit testnet --json` answers.
    private struct Files: Decodable {
        struct Node: Decodable {
            let home: String
            let rpc: String
            let account: String
        }
        struct Provider: Decodable {
            let home: String
            let account: String
            let cheat_ppm: UInt32
        }
        struct Requester: Decodable { let home: String }
        let chain_id: String
        let genesis_hash: String
        let nodes: [Node]
        let providers: [Provider]
        let requester: Requester?
    }

    let plan: LocalnetPlan
    let chainID: String
    let genesisHash: String
    let nodes: [Node]
    let providers: [Provider]
    let processes: LocalProcesses
    /// nil where no work is asked for.
    let requester: (any Workload)?
    private var disturbances: [Topology.Perturbation]
    private var lastProgress = ""

    init(_ plan: LocalnetPlan, processes: LocalProcesses) throws {
        (self.plan, self.processes) = (plan, processes)
        let cast = plan.folder + "-topology.json"
        try Data((plan.topology.json.text + "\n").utf8).write(to: URL(fileURLWithPath: cast))
        defer { try? FileManager.default.removeItem(atPath: cast) }
        let arguments =
            [
                "testnet", "--home", plan.folder, "--topology", cast, "--base-port", "\(plan.basePort)",
                "--seconds-per-epoch", "\(plan.secondsPerEpoch)", "--json",
            ] + (plan.genesis.map { ["--genesis", $0] } ?? [])
        let files = try JSONDecoder().decode(Files.self, from: try Child.run(arguments).output)
        (chainID, genesisHash) = (files.chain_id, files.genesis_hash)
        let nodes = files.nodes.map { Node(home: $0.home, rpc: "http://" + $0.rpc, account: $0.account) }
        self.nodes = nodes
        providers = try files.providers.map { provider in
            guard let account = Address(bech32: provider.account) else {
                throw LocalnetError.child("\(provider.account) is no account")
            }
            return Provider(home: provider.home, account: account, cheatRate: provider.cheat_ppm)
        }
        requester = files.requester.map { requester -> any Workload in
            switch plan.workload {
            case .jobs:
                Requester(plan.topology.jobs, programs: plan.programs, home: requester.home, nodes: nodes.map(\.rpc))
            case .training: Trainer(programs: plan.programs, home: requester.home, nodes: nodes.map(\.rpc))
            }
        }
        disturbances = plan.topology.perturbations.sorted { $0.atHeight < $1.atHeight }
    }

    // MARK: Processes

    func start() throws {
        for node in nodes { try start(node) }
        for (index, provider) in providers.enumerated() {
            // Each has another node to ask first.
            let asked = nodes.indices.map { nodes[($0 + index) % nodes.count].rpc }
            let cheat = provider.cheatRate > 0 ? ["--cheat-ppm", "\(provider.cheatRate)"] : []
            let engines = Set(plan.topology.jobs.compactMap(\.work.engine?.command)).sorted()
            try processes.start(
                provider.name,
                ["provider", "start", "--home", provider.home, "--genesis-hash", genesisHash] + cheat
                    + engines.flatMap { ["--engine", $0] }
                    + asked.prefix(3).flatMap { ["--node", $0] })
        }
        try record()
        let cheaters = providers.count { $0.cheatRate > 0 }
        progress(
            "started \(nodes.count) validators and \(providers.count) providers (\(cheaters) cheating) "
                + "of chain \(chainID)")
    }

    func start(_ node: Node) throws {
        try processes.start(node.name, ["start", "--home", node.home])
        try record()
    }

    private func record() throws {
        let running = processes.running
        let entries =
            nodes.map { LocalnetRecord.Node(home: $0.home, rpc: $0.rpc, process: running[$0.name] ?? 0) }
            + providers.map { LocalnetRecord.Node(home: $0.home, rpc: nil, process: running[$0.name] ?? 0) }
        try LocalnetRecord(chain: chainID, genesisHash: genesisHash, nodes: entries)
            .store(plan.folder + "/localnet.json")
    }

    func announce() {
        progress("running; stop it with `Scripts/testnet stop --home \(plan.folder)`")
        for node in nodes { progress("\(node.name)  \(node.rpc)") }
    }

    /// One line on standard error; repeated lines are left out.
    func progress(_ line: String) {
        guard line != lastProgress else { return }
        lastProgress = line
        FileHandle.standardError.write(Data((line + "\n").utf8))
    }

    // MARK: Disturbances

    private func disturb(at height: UInt64) throws {
        while let next = disturbances.first, next.atHeight <= height {
            disturbances.removeFirst()
            let node = nodes[next.node]
            progress("height \(height): \(next.action.rawValue) \(node.name)")
            switch next.action {
            case .kill: processes.stop(node.name, SIGKILL)
            case .restart: processes.stop(node.name)
            case .disconnect: processes.signal(node.name, SIGUSR1)
            case .pause:
                processes.signal(node.name, SIGSTOP)
                Thread.sleep(forTimeInterval: 3)
                processes.signal(node.name, SIGCONT)
            }
            if !processes.isRunning(node.name) { try start(node) }
        }
    }

    // MARK: Heights

    /// nil while one of them does not answer.
    private func tips() throws -> [NodeClient.Tip]? {
        var tips: [NodeClient.Tip] = []
        for node in nodes {
            guard processes.isRunning(node.name) else {
                throw LocalnetError.ended(node.name, log: lastLines(node.home + "/log/node.log"))
            }
            guard let tip = try NodeClient(node.rpc).tip() else { return nil }
            tips.append(tip)
        }
        for provider in providers where !processes.isRunning(provider.name) {
            throw LocalnetError.ended(provider.name, log: lastLines(provider.home + "/log/provider.log"))
        }
        return tips
    }

    private func lastLines(_ path: String) -> String {
        let log = (try? String(contentsOfFile: path, encoding: .utf8)) ?? "(no log)"
        return log.split(separator: "\n").suffix(20).joined(separator: "\n")
    }

    /// Asks until the condition holds; shows where the network is every two seconds.
    @discardableResult
    func wait(
        for what: String, seconds: TimeInterval = 60, until condition: ([NodeClient.Tip]) async throws -> Bool
    ) async throws -> [NodeClient.Tip] {
        let deadline = Date().addingTimeInterval(seconds)
        var nextLine = Date()
        while Date() < deadline {
            do {
                if let tips = try tips() {
                    try disturb(at: tips.map(\.height).max() ?? 0)
                    if nextLine <= Date() {
                        nextLine = Date().addingTimeInterval(2)
                        progress(try state(tips) + "  waiting for \(what)")
                    }
                    if try await condition(tips) { return tips }
                }
            } catch ClientError.exchange {
                // A node that was just started again does not answer yet.
            }
            try await Task.sleep(for: .milliseconds(400))
        }
        let first = nodes[0]
        throw LocalnetError.late(what, log: lastLines(first.home + "/log/node.log"))
    }

    private func state(_ tips: [NodeClient.Tip]) throws -> String {
        let heights = tips.map { "\($0.height)" }.joined(separator: " ")
        return try "heights \(heights)  \(epochBar())  \(workLine())"
    }

    /// Each node's app hash at one height that all have reached.
    func equalTips() async throws -> [LocalnetSummary.Tip] {
        let tips = try await wait(for: "a common height") { !$0.isEmpty }
        let height = tips.map(\.height).min() ?? 0
        var result: [LocalnetSummary.Tip] = []
        for (node, tip) in zip(nodes, tips) {
            result.append(
                .init(address: tip.address, height: height, appHash: try NodeClient(node.rpc).appHash(at: height)))
        }
        return result
    }

    // MARK: Transfers

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
