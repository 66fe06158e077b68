// One run: bare rate, network, setup, load, bare rate. It knows nodes only by their process and their RPC.
import Bench
import Chain
import Client
import Codec
import Cryptography
import Execution
import Foundation
import Ledger
import Node
import Primitives
import Quorum
import RPC
import Rewards
import Synchronization

struct BenchRun {
    /// Long enough that no epoch ends while the clock runs.
    private static let epochSeconds: UInt64 = 3_600
    /// Tasks wait for the load to be signed, however many blocks that takes.
    private static let budgetBlocks: UInt64 = 1_000_000
    private static let validators = 4
    private static let providers = 16
    /// Claims for the bare rate: more than a second's worth of a core.
    private static let claims = 20_000
    private static let bareSeconds = 2.0

    let network: LocalnetRun
    private let attestations: AttestationLoad
    private let transfers: TransferLoad
    private let terms: Feeder.Terms
    private let chainID: ChainID
    private let nodes: [NodeURL]

    init(
        folder: String, template: String, processes: LocalProcesses, counts: (attestations: Int, transfers: Int),
        terms: Feeder.Terms
    ) throws {
        self.terms = terms
        attestations = AttestationLoad(tasks: counts.attestations, providers: Self.providers)
        transfers = TransferLoad(count: counts.transfers)
        let file = folder + "-genesis.json"
        defer { try? FileManager.default.removeItem(atPath: file) }
        let genesis = try Self.genesis(
            NodeHome.loadTemplate(template), accounts: attestations.accounts + transfers.accounts,
            attestations: attestations)
        try Data(GenesisFile.encode(genesis)).write(to: URL(fileURLWithPath: file))
        let plan = LocalnetPlan(
            folder: folder, topology: Topology(validators: Self.validators), epochs: 1,
            secondsPerEpoch: Self.epochSeconds, basePort: 0, genesis: file, programs: "")
        network = try LocalnetRun(plan, processes: processes)
        guard let chainID = ChainID(network.chainID.utf8) else { throw LocalnetError.child("no chain id") }
        self.chainID = chainID
        nodes = try network.nodes.map { node in
            guard let url = NodeURL(node.rpc) else { throw LocalnetError.child("\(node.rpc) is no http://host:port") }
            return url
        }
    }

    private static func genesis(
        _ template: Genesis, accounts: [GenesisAccount], attestations: AttestationLoad
    ) throws -> Genesis {
        guard let field = LedgerParameters.fields.first(where: { $0.name == "budget_blocks_min" }) else {
            preconditionFailure("the ledger has no budget_blocks_min")
        }
        let settings =
            template.settings.filter { $0.number != field.number }
            + [Setting(number: field.number, value: budgetBlocks)]
        let slotBond = try LedgerParameters(template.settings).rewards.market.slotBond
        return Genesis(
            chain: (template.chainID, template.time, template.reserve), consensus: template.consensus,
            accounts: template.accounts + accounts,
            bonded: (template.validators, attestations.bonds(slotBond: slotBond)), settings: settings)
    }

    // MARK: The run

    func measure() async throws -> BenchReport {
        let cores = ProcessInfo.processInfo.activeProcessorCount
        let bare = BareRate(AttestationLoad.claims(Self.claims, chainID: chainID))
        network.progress("measuring libsodium alone on \(cores) cores")
        let before = bare.measure(cores: cores, seconds: Self.bareSeconds)
        try network.start()
        try await network.wait(for: "the first blocks") { tips in tips.allSatisfy { $0.height >= 2 } }
        var loads = [try await figures(of: "attestations", try await attestationItems())]
        if transfers.count > 0 {
            network.progress("signing \(transfers.count) transfers")
            loads.append(try await figures(of: "transfers", transfers.items(chainID: chainID).map(\.encoded)))
        }
        network.processes.stopAll()
        network.progress("measuring libsodium alone again")
        let after = bare.measure(cores: cores, seconds: Self.bareSeconds)
        return BenchReport(
            bare: BenchReport.Bare(cores: cores, messageBytes: bare.messageBytes, before: before, after: after),
            setting: BenchReport.Setting(
                nodes: nodes.count, window: terms.window,
                genesis: [("epoch_seconds", Self.epochSeconds), ("budget_blocks_min", Self.budgetBlocks)]),
            loads: loads)
    }

    private func figures(of load: String, _ items: [Bytes]) async throws -> LoadFigures {
        let feeder = Feeder(items, to: nodes, terms: terms)
        let checkedBefore = try signaturesChecked()
        network.progress("the clock runs: \(items.count) \(load)")
        let start = ContinuousClock.now
        let sights = try await OwnThread.run { () throws(FeederError) in try feeder.run() }
        guard let first = sights.first, let last = sights.last else { throw LocalnetError.child("no block was seen") }
        let seconds = start.duration(to: last.at) / .seconds(1)
        try await network.wait(for: "every node to commit") { tips in tips.allSatisfy { $0.height >= last.height } }
        let latencies = try latencies(of: items, feeder.sentAt, sights)
        return LoadFigures(
            load: load, items: (items.count, Int(last.items - first.items)), seconds: seconds,
            signaturesChecked: try signaturesChecked() - checkedBefore, latencies: latencies)
    }

    private func signaturesChecked() throws -> UInt64 {
        try nodes.reduce(0) { $0 + (try Feeder.metrics(of: $1)["merit_signatures_checked_total"] ?? 0) }
    }

    /// From each item's request to the first sight of its block, read from the blocks themselves.
    private func latencies(
        of items: [Bytes], _ sentAt: [ContinuousClock.Instant?], _ sights: [Feeder.Sight]
    ) throws -> Latencies {
        guard let first = sights.first, let last = sights.last else { return Latencies(milliseconds: []) }
        let places = Dictionary(items.enumerated().map { ($1, $0) }) { first, _ in first }
        var samples: [Double] = []
        for height in (first.height + 1)...max(first.height + 1, last.height) {
            guard let seen = sights.first(where: { $0.height >= height }) else { continue }
            let answer = try RPCClient(nodes[0]).call("block", ["height": .string("\(height)")])
            guard case .array(let list)? = answer["block"]?["data"]?["txs"] else { continue }
            for case .string(let text) in list {
                guard let item = Base64.decode(text), let place = places[item], let sent = sentAt[place] else {
                    continue
                }
                samples.append(sent.duration(to: seen.at) / .milliseconds(1))
            }
        }
        return Latencies(milliseconds: samples)
    }

    // MARK: Attestations

    private func attestationItems() async throws -> [Bytes] {
        let result = try Self.execute()
        network.progress("\(attestations.jobs.count) jobs with \(attestations.tasks) tasks")
        let client = RPCClient(nodes[0])
        for item in attestations.setup(chainID: chainID) {
            let answer = try client.call("broadcast_tx_sync", ["tx": .string(Base64.encode(item.encoded))])
            guard answer["code"] == .number(0) else { throw LocalnetError.child("setup: \(answer.text)") }
        }
        try await network.wait(for: "every task to have a provider", seconds: 300) { _ in
            try attestations.jobs.allSatisfy { job in
                guard let bytes = try NodeClient(network.nodes[0].rpc).state(StateKey.job(job.id)) else { return false }
                return JobRecord.decoded(bytes)?.next == job.tasks
            }
        }
        network.progress("signing \(attestations.tasks) attestations")
        let owners = try self.owners()
        guard let items = attestations.items(owners, result: result, terms: (try epoch(), chainID)) else {
            throw LocalnetError.child("a task went to a stranger")
        }
        return items.map(\.encoded)
    }

    private func epoch() throws -> UInt64 {
        try NodeClient(network.nodes[0].rpc).state(StateKey.singleton(.epoch)).flatMap { EpochRecord.decoded($0) }?
            .number ?? 0
    }

    /// Who has which task, as the chain says.
    private func owners() throws -> [(place: TaskPlace, provider: Address)] {
        let client = RPCClient(nodes[0])
        var owners: [(place: TaskPlace, provider: Address)] = []
        let places = attestations.places
        for start in stride(from: 0, to: places.count, by: 32) {
            let part = places[start..<min(start + 32, places.count)]
            let questions = part.map { place -> JSON in
                ["path": "/key", "data": .string(Hex.lower(StateKey.task(place)))]
            }
            for (place, answer) in zip(part, try client.call("abci_query", each: questions)) {
                guard case .string(let text)? = answer["response"]?["value"],
                    let task = Base64.decode(text).flatMap({ TaskRecord.decoded($0) })
                else { throw LocalnetError.child("task \(place.index) has no record: \(answer.text)") }
                owners.append((place, task.provider))
            }
        }
        return owners
    }

    /// The program's output does not depend on the task, so one execution gives every receipt its true content.
    private static func execute() throws -> TaskResult {
        let child = ExecutorProcess(.init(path: Child.executable, arguments: [ExecutorChildCommand.name]))
        defer { child.stop() }
        let outcome = child.run(
            RunRequest(
                program: AttestationLoad.program, input: [], taskIndex: 0, fuelLimit: AttestationLoad.fuelLimit))
        guard case .result(let result) = outcome else { throw LocalnetError.child("the engine abstains: \(outcome)") }
        return TaskResult(
            output: Hash.sha256(result.output), finalState: result.finalMemory, fuel: result.fuel,
            peakPages: result.peakPages, outputBytes: UInt32(result.output.count))
    }
}

/// Blocking work of some seconds, kept off the threads that await.
enum OwnThread {
    static func run<Result: Sendable, Failure: Error>(
        _ body: @escaping @Sendable () throws(Failure) -> Result
    ) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            Thread {
                do throws(Failure) { continuation.resume(returning: try body()) } catch {
                    continuation.resume(throwing: error)
                }
            }.start()
        }
    }
}
