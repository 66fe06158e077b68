import ArgumentParser
import Chain
import Cryptography
import Foundation
import Node
import Primitives
import Quorum
import RPC

/// Makes a home: four keys, a signing record, config.toml and, for a chain of its own, genesis.json.
struct InitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init", abstract: "Make a node's home folder with fresh keys.",
        discussion: """
            Writes config.toml, keys/{account,consensus,audit,transport}.json (mode 0600, encrypted when a passphrase
            file is given) and an empty signing record. With --chain-id it also writes a genesis.json in which this
            node is the only validator; without it, copy the genesis file of the chain you join into the folder.
            """)

    @OptionGroup var options: HomeOptions
    @OptionGroup var output: OutputOptions

    @Option(help: ArgumentHelp("Begin a chain of this name, with this node as its validator.", valueName: "name"))
    var chainId: String?

    @Option(help: "The name that other operators see.")
    var moniker = "merit"

    @Option(help: ArgumentHelp("Where peers connect.", valueName: "host:port"))
    var listen = "0.0.0.0:26656"

    @Option(help: ArgumentHelp("Where clients connect.", valueName: "host:port"))
    var rpc = "127.0.0.1:26657"

    func run() throws {
        var configuration = NodeConfiguration()
        configuration.moniker = moniker
        configuration.listen = try Self.address(listen, "listen")
        configuration.rpc = try Self.address(rpc, "rpc")
        let chain = try chainId.map(Self.chainID)
        let home = options.node
        let keys = try home.create(configuration, passphrase: try options.newPassphrase())
        if let chain {
            let founder = Founder(name: moniker, keys: keys)
            try home.store(try ChainBeginning(chainID: chain, founders: [founder]).genesis())
        }
        guard let transport = keys[.transport], let consensus = keys[.consensus], let account = keys[.account] else {
            preconditionFailure("a home is made with every key")
        }
        let next = chain == nil ? "\nNext: copy the chain's genesis.json to \(home.genesisPath)." : ""
        output.answer(
            "init",
            [
                ("home", .string(home.path)), ("peer_id", .string(transport.address.description)),
                ("validator", .string(Hex.upper(consensus.address.bytes))),
                ("account", .string(account.address.bech32)),
            ],
            text: """
                home       \(home.path)
                peer id    \(transport.address)
                validator  \(Hex.upper(consensus.address.bytes))
                account    \(account.address.bech32)\(next)
                Start with: merit start --home \(home.path)
                """)
    }

    static func address(_ text: String, _ name: String) throws -> SocketAddress {
        guard let address = SocketAddress(text) else {
            throw ValidationError("--\(name) takes host:port, for example 127.0.0.1:26656, not '\(text)'")
        }
        return address
    }

    static func chainID(_ text: String) throws -> ChainID {
        guard let chainID = ChainID(text.utf8) else {
            throw ValidationError("--chain-id takes 1 to 50 of the characters A-Z a-z 0-9 . _ -, not '\(text)'")
        }
        return chainID
    }
}
