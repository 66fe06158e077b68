// Who referred an account to the network.
import ArgumentParser
import Chain
import Cryptography
import Ledger
import Primitives
import RPC

extension TxCommand {
    struct RegisterRequesterCommand: ParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "register-requester", abstract: "Name who referred this account, before its first job.",
            discussion: """
                The referrer gets a part of what this account's fees bring the treasury, for a time; the account itself
                pays nothing more for it. It can be said once, and only before the account's first job.

                  merit tx register-requester --referrer merit1… --key KEY.json --node URL
                """)
        @Option(help: "Who referred it, merit1…; an account that exists and is another one.") var referrer: String
        @OptionGroup var account: AccountOptions
        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions

        func validate() throws {
            guard Address(bech32: referrer) != nil else {
                throw ValidationError("\(referrer) is no account, merit1…")
            }
        }

        func run() throws {
            guard let address = Address(bech32: referrer) else { throw ValidationError("\(referrer) is no account") }
            let key = try account.signer()
            _ = try node.perform(.registerRequester(RegisterRequester(referrer: address)), by: key)
            output.answer(
                "tx.register-requester",
                [("account", .string(key.address.bech32)), ("referrer", .string(referrer))],
                text: "\(key.address.bech32) was referred by \(referrer)")
        }
    }
}
