import ArgumentParser
import Chain
import Cryptography
import Foundation
import Node
import Primitives
import Quorum
import RPC
import Storage

/// Writes the homes of a local network: node0 … node{N-1}, one genesis, everybody a persistent peer of everybody;
/// provider0 … and a requester with their accounts.
struct TestnetCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "testnet", abstract: "Write the homes of a local network.",
        discussion: """
            Node i listens for peers on port P+10i and for clients on P+10i+1 of 127.0.0.1; with --base-port 0 free
            ports are picked now. Every account is funded. Start each node with `merit start --home DIR/nodeI`.
            With --topology the file says who takes part, and with which stake or bond: providers get a home with an
            account key and a bond in the genesis, and a home `requester` holds the account that pays for work.
            """)

    @Option(help: "Validators, 1 to 16.") var validators: Int?
    @Option(help: ArgumentHelp("The folder of all homes; made here.", valueName: "folder")) var home: String
    @Option(help: "The first port; 0 picks free ones.") var basePort = 26_656
    @Option(help: "The name of the chain.") var chainId = "merit-local"
    @Option(help: "Length of an epoch in seconds; it divides 86400.") var secondsPerEpoch: UInt64?
    @Option(help: ArgumentHelp("Parameters and further accounts, as Genesis/local.json has them.", valueName: "file"))
    var genesis: String?
    @Option(help: ArgumentHelp("Who takes part, as Network/local.json says it.", valueName: "file"))
    var topology: String?
    @OptionGroup var output: OutputOptions

    func validate() throws {
        if let validators, !(1...Topology.validatorsMax).contains(validators) {
            throw ValidationError("--validators is 1 to \(Topology.validatorsMax)")
        }
        let highest = 65_535 - 10 * Topology.validatorsMax
        guard basePort == 0 || (1_024...highest).contains(basePort) else {
            throw ValidationError("--base-port is 0, or 1024 to \(highest)")
        }
    }

    private struct Node {
        let home: NodeHome
        var configuration: NodeConfiguration
        let keys: [KeyFile.Role: SigningKey]
    }

    private struct Member {
        let home: NodeHome
        let account: Address
        var provider: Topology.Provider?
    }

    func run() throws {
        let chain = try InitCommand.chainID(chainId)
        let plan = try topology.map { try Topology(path: $0) } ?? Topology(validators: validators ?? 4)
        let cast = plan.resized(validators: validators, providers: nil, cheaters: nil)
        var nodes = try self.nodes(cast.validators.count)
        let members = try self.members(cast)
        let founders = zip(nodes, cast.validators).map {
            Founder(name: $0.configuration.moniker, keys: $0.keys, stake: $1.stake)
        }
        var beginning = ChainBeginning(
            chainID: chain, founders: founders, template: try self.genesis.map { try NodeHome.loadTemplate($0) },
            epochSeconds: secondsPerEpoch)
        beginning.providers = members.compactMap { member in
            member.provider.map { GenesisProvider(account: member.account, bond: $0.bond) }
        }
        beginning.accounts = members.filter { $0.provider == nil }.map(\.account)
        let genesis = try beginning.genesis()
        let peers = nodes.compactMap { node in
            node.keys[.transport].map {
                NodeConfiguration.PersistentPeer(id: $0.address, address: node.configuration.listen)
            }
        }
        for index in nodes.indices {
            nodes[index].configuration.persistentPeers = peers.indices.filter { $0 != index }.map { peers[$0] }
            let node = nodes[index]
            try node.home.create(node.configuration, keys: node.keys, passphrase: nil)
            try node.home.store(genesis)
        }
        answer(genesis, nodes, members)
    }

    private func home(_ name: String) -> NodeHome { NodeHome(URL(fileURLWithPath: home).path + "/" + name) }

    private func nodes(_ count: Int) throws -> [Node] {
        let ports = basePort == 0 ? FreePorts.pick(count * 2) : []
        return try (0..<count).map { index in
            let node = home("node\(index)")
            var configuration = NodeConfiguration()
            configuration.moniker = "node\(index)"
            let port = ports.isEmpty ? basePort + 10 * index : ports[2 * index]
            let rpc = ports.isEmpty ? port + 1 : ports[2 * index + 1]
            configuration.doppelgangerHeights = 0
            configuration.listen = SocketAddress(host: "127.0.0.1", port: port)
            configuration.rpc = SocketAddress(host: "127.0.0.1", port: rpc)
            return Node(home: node, configuration: configuration, keys: try node.makeKeys())
        }
    }

    /// The providers, and the requester where there is work.
    private func members(_ cast: Topology) throws -> [Member] {
        var members = try cast.providers.enumerated().map { index, provider in
            let home = home("provider\(index)")
            return Member(home: home, account: try home.createAccount().address, provider: provider)
        }
        if !cast.jobs.isEmpty {
            let home = home("requester")
            members.append(Member(home: home, account: try home.createAccount().address))
        }
        return members
    }

    // MARK: Answer

    private func answer(_ genesis: Genesis, _ nodes: [Node], _ members: [Member]) {
        let starts = nodes.map { "merit start --home \($0.home.path)   # RPC http://\($0.configuration.rpc)" }
        let agents = members.map { member in
            member.provider == nil
                ? "# \(member.account.bech32) pays for work: --key \(member.home.keyPath(.account))"
                : "merit provider start --home \(member.home.path) --genesis-hash \(genesis.hash) --node URL"
        }
        let requester = members.last { $0.provider == nil }
        output.answer(
            "testnet-files",
            [
                ("chain_id", .string(genesis.chainID.description)), ("genesis_hash", .string(genesis.hash.description)),
                ("nodes", .array(nodes.map(Self.json))),
                ("providers", .array(members.filter { $0.provider != nil }.map(Self.json))),
                ("requester", requester.map(Self.json) ?? .null),
            ],
            text: "chain \(genesis.chainID), genesis \(genesis.hash)\n"
                + (starts + agents).joined(separator: "\n"))
    }

    private static func json(_ node: Node) -> JSON {
        .object([
            ("home", .string(node.home.path)), ("peer_id", .string(node.keys[.transport]?.address.description ?? "")),
            ("listen", .string(node.configuration.listen.description)),
            ("rpc", .string(node.configuration.rpc.description)),
            ("validator", .string(Hex.upper(node.keys[.consensus]?.address.bytes ?? []))),
            ("account", .string(node.keys[.account]?.address.bech32 ?? "")),
        ])
    }

    private static func json(_ member: Member) -> JSON {
        let own: [(String, JSON)] = [
            ("home", .string(member.home.path)), ("account", .string(member.account.bech32)),
        ]
        guard let provider = member.provider else { return .object(own) }
        return .object(
            own + [("bond", .string("\(provider.bond)"))] + provider.conduct.map { ($0.name, .number(Int64($0.rate))) })
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
