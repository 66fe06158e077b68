import API
import ArgumentParser
import Chain
import Dispatch
import Foundation
import Ledger
import Logging
import Node
import Primitives

/// Runs a node until SIGTERM or SIGINT.
struct StartCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "start", abstract: "Run the node of a home folder.",
        discussion: """
            Runs until SIGTERM or SIGINT, then finishes the commit under way and ends with 0. Logs one line per block
            to standard error and to log/node.log. A second process on the same home is refused. SIGUSR1 drops every
            link to other nodes; they are dialled again.
            """)

    @OptionGroup var options: HomeOptions

    func run() async throws {
        let home = options.node
        let configuration = try home.loadConfiguration()
        let log = NodeLog(folder: home.logFolder, level: configuration.logLevel)
        let logger = Logger(label: "merit") { _ in log }
        // Signals are taken from here on, so that an early one still ends cleanly.
        let signals = StopSignals()
        let executor = LocalRun.command
        let node = try await RunningNode.start(
            home, passphrase: options.passphrase(), executor: executor, logger: logger
        ) { reason in
            Merit.leave(reason.description, reason.code.rawValue)
        }
        let facts = node.facts
        logger.info(
            "started",
            metadata: [
                "chain": "\(facts.genesis.chainID)", "height": "\(node.status.tip.height)", "id": "\(facts.peerID)",
                "listen": "\(facts.listenAddress)", "rpc": "\(facts.rpcAddress)",
            ])
        let serving = Self.serve(node, logger)
        let drops = SignalHandler(SIGUSR1) {
            logger.info("dropping every link")
            node.dropLinks()
        }
        await signals.first()
        drops.cancel()
        serving.cancel()
        await node.stop()
        logger.info("stopped", metadata: ["height": "\(node.status.tip.height)"])
    }

    /// Answers questions until the task is cancelled. A taken port ends the process.
    private static func serve(_ node: RunningNode, _ logger: Logger) -> Task<Void, Never> {
        let served = ServedNode(node)
        let address = node.facts.rpcAddress
        let server = APIServer(served, host: address.host, port: address.port)
        return Task {
            async let following: Void = served.followCommits()
            do {
                try await server.run { port in
                    logger.info("serving", metadata: ["rpc": "\(SocketAddress(host: address.host, port: port))"])
                }
            } catch is CancellationError {
                // The node stops.
            } catch {
                let reason = "cannot serve on \(address): \(error); change `rpc` in config.toml"
                Merit.leave(reason, NodeEnd.Code.unreachable.rawValue)
            }
            await following
        }
    }
}

/// Calls its action at every signal of one kind.
final class SignalHandler {
    private let source: any DispatchSourceSignal

    init(_ number: Int32, _ action: @escaping @Sendable () -> Void) {
        signal(number, SIG_IGN)
        source = DispatchSource.makeSignalSource(signal: number, queue: .global())
        source.setEventHandler(handler: action)
        source.resume()
    }

    func cancel() { source.cancel() }
}

/// SIGTERM and SIGINT as something to wait for. A second signal ends the process at once.
final class StopSignals {
    private let stream: AsyncStream<Void>
    private let sources: [any DispatchSourceSignal]

    init() {
        let (stream, continuation) = AsyncStream.makeStream(of: Void.self)
        self.stream = stream
        sources = [SIGTERM, SIGINT].map { number in
            signal(number, SIG_IGN)
            let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
            source.setEventHandler {
                continuation.yield()
                signal(number, SIG_DFL)
            }
            source.resume()
            return source
        }
    }

    func first() async {
        for await _ in stream { return }
    }
}
