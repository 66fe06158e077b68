import ArgumentParser
import Chain
import Codec
import Cryptography
import Foundation
import Ledger
import Node
import Primitives
import Quorum
import RPC

/// Makes, signs and hands in transactions.
struct TxCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "tx", abstract: "Sign a transaction and hand it to a node.",
        subcommands: [TransferCommand.self, Propose.self, Vote.self])

    struct TransferCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "transfer", abstract: "Move money from the key's account to another one.",
            discussion:
                "Ends with 0 when the node took it (with --wait: when it succeeded in a block), with 1 when not.")

        @Option(help: "The recipient, merit1….") var to: String
        @Option(help: ArgumentHelp("Base units (10^-9 MRT).", valueName: "units")) var amount: UInt64
        @OptionGroup var account: AccountOptions
        @Flag(help: "Wait until it stands in a block.") var wait = false
        @OptionGroup var options: NodeOptions

        func run() throws {
            guard let recipient = Address(bech32: to) else { throw ValidationError("\(to) is no account") }
            let signer = try account.signer()
            let chainID = try options.chainID()
            let content = TransactionContent(
                sender: signer.publicKey, sequence: try options.account(signer.address).account.nextSequence,
                action: .transfer(Transfer(recipient: recipient, amount: Amount(amount))))
            let item = Item.transaction(Transaction(signing: content, by: signer, chainID: chainID)).encoded
            let method = wait ? "broadcast_tx_commit" : "broadcast_tx_sync"
            let result = try options.ask(method, ["tx": .string(Base64.encode(item))])
            QueryCommand.answer("tx-transfer", result)
            let isDone = wait ? Self.isSuccess(result) : result["code"] == .number(0)
            if !isDone { throw ExitCode(1) }
        }

        private static func isSuccess(_ result: JSON) -> Bool {
            result["check_tx"]?["code"] == .number(0) && result["tx_result"]?["code"] == .number(0)
                && result["height"] != "0"
        }
    }
}
