import ArgumentParser
import Chain
import Cryptography
import Foundation
import Node
import Primitives
import Quorum
import RPC
import Storage

/// Writes the homes of a local network: node0 … node{N-1}, one genesis, everybody a persistent peer of everybody.
struct TestnetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "testnet", abstract: "Write the homes of a local network.",
        discussion: """
            Node i listens for peers on port P+10i and for clients on P+10i+1 of 127.0.0.1; with --base-port 0 free
            ports are picked now. Every node's account is funded. Start each with `merit start --home DIR/nodeI`.
            """)

    @Option(help: "Validators, 1 to 16.") var validators = 4
    @Option(help: ArgumentHelp("The folder of all homes; made here.", valueName: "folder")) var home: String
    @Option(help: "The first port; 0 picks free ones.") var basePort = 26_656
    @Option(help: "The name of the chain.") var chainId = "merit-local"
    @Option(help: "Length of an epoch in seconds; it divides 86400.") var secondsPerEpoch: UInt64?
    @Option(help: ArgumentHelp("Parameters and further accounts, as Genesis/local.json has them.", valueName: "file"))
    var genesis: String?
    @OptionGroup var output: OutputOptions

    func validate() throws {
        guard (1...16).contains(validators) else { throw ValidationError("--validators is 1 to 16") }
        guard basePort == 0 || (1_024...65_535 - 10 * validators).contains(basePort) else {
            throw ValidationError("--base-port is 0, or 1024 to \(65_535 - 10 * validators)")
        }
    }

    func run() throws {
        let folder = URL(fileURLWithPath: home).path
        let chain = try InitCommand.chainID(chainId)
        let ports = basePort == 0 ? FreePorts.pick(validators * 2) : []
        var nodes: [(home: NodeHome, configuration: NodeConfiguration, keys: [KeyFile.Role: SigningKey])] = []
        for index in 0..<validators {
            let node = NodeHome("\(folder)/node\(index)")
            var configuration = NodeConfiguration()
            configuration.moniker = "node\(index)"
            let port = ports.isEmpty ? basePort + 10 * index : ports[2 * index]
            let rpc = ports.isEmpty ? port + 1 : ports[2 * index + 1]
            configuration.doppelgangerHeights = 0
            configuration.listen = SocketAddress(host: "127.0.0.1", port: port)
            configuration.rpc = SocketAddress(host: "127.0.0.1", port: rpc)
            nodes.append((node, configuration, try node.makeKeys()))
        }
        let peers = nodes.compactMap { node in
            node.keys[.transport].map {
                NodeConfiguration.PersistentPeer(id: $0.address, address: node.configuration.listen)
            }
        }
        let founders = nodes.map { Founder(name: $0.configuration.moniker, keys: $0.keys) }
        let beginning = ChainBeginning(
            chainID: chain, founders: founders, template: try self.genesis.map { try NodeHome.loadTemplate($0) },
            epochSeconds: secondsPerEpoch)
        let genesis = try beginning.genesis()
        for (index, node) in nodes.enumerated() {
            var configuration = node.configuration
            configuration.persistentPeers = peers.indices.filter { $0 != index }.map { peers[$0] }
            try node.home.create(configuration, keys: node.keys, passphrase: nil)
            try node.home.store(genesis)
        }
        answer(folder, genesis, nodes.map { ($0.home, $0.configuration, $0.keys) })
    }

    private func answer(
        _ folder: String, _ genesis: Genesis,
        _ nodes: [(home: NodeHome, configuration: NodeConfiguration, keys: [KeyFile.Role: SigningKey])]
    ) {
        let rows = nodes.map { node -> JSON in
            .object([
                ("home", .string(node.home.path)),
                ("peer_id", .string(node.keys[.transport]?.address.description ?? "")),
                ("listen", .string(node.configuration.listen.description)),
                ("rpc", .string(node.configuration.rpc.description)),
                ("validator", .string(Hex.upper(node.keys[.consensus]?.address.bytes ?? []))),
                ("account", .string(node.keys[.account]?.address.bech32 ?? "")),
            ])
        }
        let lines = nodes.map { "merit start --home \($0.home.path)   # RPC http://\($0.configuration.rpc)" }
        output.answer(
            "testnet-files",
            [
                ("chain_id", .string(genesis.chainID.description)), ("genesis_hash", .string(genesis.hash.description)),
                ("nodes", .array(rows)),
            ],
            text: "chain \(genesis.chainID), genesis \(genesis.hash)\n" + lines.joined(separator: "\n"))
    }
}

/// Ports of 127.0.0.1 that nobody uses now.
enum FreePorts {
    static func pick(_ count: Int) -> [Int] {
        // All are held open until the last is known, so that none comes twice.
        var sockets: [Int32] = []
        defer { for socket in sockets { close(socket) } }
        return (0..<count).map { _ in
            let socket = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
            sockets.append(socket)
            var address = sockaddr_in()
            address.sin_family = sa_family_t(AF_INET)
            address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
            var length = socklen_t(MemoryLayout<sockaddr_in>.size)
            let code = withUnsafeMutablePointer(to: &address) { pointer in
                pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                    bind(socket, pointer, length) == 0 ? getsockname(socket, pointer, &length) : -1
                }
            }
            precondition(code == 0, "no free port: \(String(cString: strerror(errno)))")
            return Int(UInt16(bigEndian: address.sin_port))
        }
    }
}
