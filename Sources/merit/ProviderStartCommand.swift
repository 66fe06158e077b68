// Runs the agent until SIGTERM or SIGINT.
import ArgumentParser
import Client
import Cryptography
import Execution
import Foundation
import LightClient
import Logging
import Node
import Primitives
import ProgramRules
import Provider
import Storage

struct ProviderStartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Execute tasks until SIGTERM or SIGINT.",
        discussion: """
            Believes the genesis hash and nothing that a node says without proof. Give several --node: when one does
            not answer, the next is asked. On SIGTERM running tasks are finished and handed in, then it ends with 0.
            Logs to standard error and to HOME/log/provider.log.

              merit provider start --home ~/.merit-provider --node http://10.0.0.1:26657 \\
                --node http://10.0.0.2:26657 --genesis-hash HASH --listen 0.0.0.0:8080 --endpoint http://my.host:8080

            With --engine it also sits on panels for work that is not WebAssembly (class Q). COMMAND is started for each
            task, without a shell: it reads the job's input from standard input, finds the job's id and the task's
            number in MERIT_JOB and MERIT_TASK, and writes the output to standard output. A command that fails, writes
            more than the job allows or is not ready in time leaves its seat silent, which costs bond. Its output must
            be the same bytes as that of the other operators of the engine: a result in the minority is not paid, and
            where the panel was checked it costs the last pay and bond, up to 25 times a task's. The input is a
            stranger's: treat it so.

              merit provider start … --engine sha256=sha256sum --engine "upscale-2=/opt/upscale --batch 1"
            """)

    @OptionGroup var options: ProviderHome
    @Option(help: "A node, as http://host:port; may be given several times.") var node: [String]
    @Option(help: ArgumentHelp("The hash of the chain's genesis.", valueName: "hex")) var genesisHash: String
    @Option(help: ArgumentHelp("A header to start from instead of the genesis.", valueName: "height:hash"))
    var trust: String?
    @Option(help: ArgumentHelp("How old a trusted header may be.", valueName: "days")) var trustingDays: Int64 = 14
    @Option(help: ArgumentHelp("Where outputs are served; port 0 takes a free one.", valueName: "host:port"))
    var listen = "127.0.0.1:0"
    @Option(
        help: ArgumentHelp("The address that requesters use, where it is not that of --listen.", valueName: "url"))
    var endpoint: String?
    @Option(help: ArgumentHelp("The least price of a compute unit; default: the floor price.", valueName: "nMRT"))
    var ask: UInt64?
    @Option(
        help: ArgumentHelp(
            "An engine of class Q and what runs it; may be given \(ProviderLimits.enginesMax) times.",
            valueName: "name=command"))
    var engine: [String] = []
    @Option(help: "Tasks executed at once.") var workers = max(1, ProcessInfo.processInfo.activeProcessorCount)
    @Option(
        help: ArgumentHelp(
            "For test networks: answer so many of a million tasks wrongly, and lose the bond.", valueName: "ppm",
            visibility: .hidden))
    var cheatPpm: UInt32 = 0

    func validate() throws {
        guard (1...ProviderLimits.workersMax).contains(workers) else {
            throw ValidationError("--workers is 1 to \(ProviderLimits.workersMax)")
        }
        guard cheatPpm <= 1_000_000 else { throw ValidationError("--cheat-ppm is 0 to 1000000") }
        guard (1...36_500).contains(trustingDays) else { throw ValidationError("--trusting-days is 1 to 36500") }
        guard engine.count <= ProviderLimits.enginesMax else {
            throw ValidationError("--engine is given \(ProviderLimits.enginesMax) times at most")
        }
        for text in engine {
            guard let command = EngineCommand(text), PanelEngine.id(command.name) != nil else {
                throw ValidationError("--engine \(text) is not NAME=COMMAND, the name 1 to 64 of a-z 0-9 . _ -")
            }
        }
        guard Set(engine.map { $0.prefix { $0 != "=" } }).count == engine.count else {
            throw ValidationError("--engine names an engine twice")
        }
        guard !node.isEmpty else { throw ValidationError("give at least one --node http://host:port") }
    }

    func run() async throws {
        guard let address = SocketAddress(listen) else { throw ValidationError("\(listen) is no host:port") }
        if ["0.0.0.0", "::"].contains(address.host), endpoint == nil {
            throw ValidationError("--listen \(listen) names no host that requesters can use; add --endpoint URL")
        }
        var settings = try settings()
        try Self.checkEngine()
        let lock = try FolderLock(folder: options.path)
        let outputs = try OutputStore(folder: options.outputsPath)
        let log = NodeLog(folder: options.path + "/log", name: "provider", level: .info)
        let logger = Logger(label: "merit.provider") { _ in log }
        // Signals are taken from here on, so that an early one still ends cleanly.
        let signals = StopSignals()
        let (serving, port) = await serve(outputs, address)
        let own = endpoint ?? "http://\(SocketAddress(host: address.host, port: port))"
        settings.endpoint = Bytes(own.utf8)
        logger.info(
            "provider",
            metadata: [
                "account": "\(settings.key.address.bech32)", "endpoint": "\(own)", "workers": "\(workers)",
                "outputs": "\(outputs.count)",
            ])
        if cheatPpm > 0 { logger.warning("answers wrongly on purpose", metadata: ["ppm": "\(cheatPpm)"]) }
        let flag = StopFlag()
        let waiting = Task {
            await signals.first()
            flag.set()
        }
        let end = await Self.run(settings, outputs, logger, flag)
        waiting.cancel()
        serving.cancel()
        withExtendedLifetime(lock) {}
        Self.leave(end, logger)
    }

    /// A machine that cannot execute programs would only abstain, and pay for that.
    private static func checkEngine() throws {
        let probe = RunRequest(program: [], input: [], taskIndex: 0, fuelLimit: 1)
        guard case .abstained(.unavailable(let reason)) = LocalRun.run(probe) else { return }
        Merit.leave("this machine cannot execute programs: \(reason)", 4)
    }

    private func settings() throws -> ProviderSettings {
        var nodes: [NodeURL] = []
        for text in node {
            guard let url = NodeURL(text) else { throw ValidationError("\(text) is no http://host:port") }
            nodes.append(url)
        }
        guard let hash = Digest(hex: genesisHash) else { throw ValidationError("\(genesisHash) is no hash") }
        let checkpoint = trust.flatMap { Checkpoint($0) }
        guard trust == nil || checkpoint != nil else { throw ValidationError("--trust is HEIGHT:HASH") }
        guard let trusting = VerificationOptions(trustingPeriod: .seconds(trustingDays * 86_400)) else {
            throw ValidationError("--trusting-days is 1 to 36500")
        }
        if let endpoint, NodeURL(endpoint) == nil { throw ValidationError("\(endpoint) is no http://host:port") }
        let key = try KeyFile.load(.account, at: options.keyPath, passphrase: try options.passphrase())
        var settings = ProviderSettings(
            key: key, nodes: nodes, trust: (hash, trusting), executor: LocalRun.command, now: { WallClock.timestamp })
        (settings.checkpoint, settings.ask, settings.workers) = (checkpoint, ask, workers)
        settings.cheatRate = cheatPpm
        (settings.engines, settings.panelsFolder) = (engine.compactMap { EngineCommand($0) }, options.panelsPath)
        return settings
    }

    /// Serves outputs until the task is cancelled; the port it got. A taken port ends the process.
    private func serve(_ outputs: OutputStore, _ address: SocketAddress) async -> (Task<Void, Never>, Int) {
        let server = OutputServer(outputs, host: address.host, port: address.port)
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let task = Task {
            do {
                try await server.run { continuation.yield($0) }
            } catch is CancellationError {
                // The agent ends.
            } catch {
                Merit.leave("cannot serve on \(address): \(error); choose another --listen", 4)
            }
        }
        for await port in ports { return (task, port) }
        preconditionFailure("a server that neither listens nor fails")
    }

    /// The agent blocks, so it has a thread of its own.
    private static func run(
        _ settings: ProviderSettings, _ outputs: OutputStore, _ logger: Logger, _ flag: StopFlag
    ) async -> ProviderEnd {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread {
                var agent = ProviderAgent(settings, outputs: outputs, logger: logger)
                continuation.resume(returning: agent.run(until: flag))
            }
        }
    }

    private static func leave(_ end: ProviderEnd, _ logger: Logger) {
        switch end {
        case .stopped: logger.info("stopped")
        case .wrongGenesis(let found):
            Merit.leave("refused: every node follows another genesis, \(found); check --genesis-hash and --node", 3)
        case .trustExpired:
            Merit.leave("refused: the trusted header is too old; give a newer one with --trust HEIGHT:HASH", 3)
        case .notAProvider(let account):
            Merit.leave(
                "\(account.bech32) is no provider of this chain: register it with `merit provider register "
                    + "--home HOME --bond MRT --node URL`, or list it under app_state.providers of the genesis", 1)
        }
    }
}
