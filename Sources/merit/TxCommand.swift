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
        subcommands: [TransferCommand.self, RegisterRequesterCommand.self, Propose.self, Vote.self])

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
            let word = try options.ask("broadcast_tx_sync", ["tx": .string(Base64.encode(item))])
            guard wait, word["code"] == .number(0) else {
                QueryCommand.answer("tx-transfer", word)
                if word["code"] != .number(0) { throw ExitCode(1) }
                return
            }
            let answer = try options.committed(Hash.sha256(item))
            let result = try answer.member("tx_result")
            QueryCommand.answer(
                "tx-transfer",
                [
                    "code": .number(0), "hash": .hex(Hash.sha256(item)), "height": .string(try answer.text("height")),
                    "tx_result": result,
                ])
            if result["code"] != .number(0) { throw ExitCode(1) }
        }
    }
}
