import ArgumentParser
import Client
import Codec
import Foundation
import Ledger
import Primitives
import RPC

struct NodeOptions: ParsableArguments {
    @Option(help: "The node, as http://host:port.") var node: String

    func url() throws -> NodeURL {
        guard let url = NodeURL(node) else { throw ValidationError("\(node) is no http://host:port") }
        return url
    }

    func client() throws -> RPCClient { RPCClient(try url()) }

    /// The result of a call; ends the process when there is none.
    func ask(_ method: String, _ parameters: JSON = [:]) throws -> JSON {
        let client = try client()
        do { return try client.call(method, parameters) } catch {
            switch error {
            case .exchange(let reason): Merit.leave("\(node): not reached: \(reason)", 4)
            case .refused(let reason): Merit.leave("\(node): \(reason.data.isEmpty ? reason.message : reason.data)", 1)
            case .notJSON, .shape: Merit.leave("\(node): no answer of the protocol: \(error)", 1)
            }
        }
    }
}

/// Asks a node and prints what it says, unverified.
struct QueryCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "query",
        abstract: "Ask a trusted node; but for `why` nothing is verified (`merit light` does that).",
        subcommands: [AccountQuery.self, Block.self, Validators.self, Status.self, WhyCommand.self, SupplyQuery.self])

    static func answer(_ command: String, _ result: JSON) {
        let schema: JSON = ["schema": .string("merit.\(command).1")]
        print(schema.adding("result", result).text)
    }

    struct Block: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "A block, the newest one without a height.")

        @Argument var height: UInt64?
        @OptionGroup var options: NodeOptions

        func run() throws {
            QueryCommand.answer("query-block", try options.ask("block", height.map { ["height": .decimal($0)] } ?? [:]))
        }
    }

    struct Validators: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "The validator set of a height.")

        @Argument var height: UInt64?
        @OptionGroup var options: NodeOptions

        func run() throws {
            let place: JSON = height.map { ["height": .decimal($0), "per_page": "100"] } ?? ["per_page": "100"]
            QueryCommand.answer("query-validators", try options.ask("validators", place))
        }
    }

    struct Status: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Who the node is and where it stands.")

        @OptionGroup var options: NodeOptions

        func run() throws { QueryCommand.answer("query-status", try options.ask("status")) }
    }
}

extension NodeOptions {
    /// The account as the node says, and the height it says it for.
    func account(_ address: Address) throws -> (account: Account, height: String) {
        let key = Hex.lower(StateKey.account(address))
        let response = try ask("abci_query", ["path": "/key", "data": .string(key)]).member("response")
        let value = try response.base64("value")
        let account = try value.isEmpty ? Account() : Account(decoding: value)
        return (account, try response.text("height"))
    }
}
