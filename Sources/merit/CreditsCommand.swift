// Credits: prepaid fees. They buy work and nothing else, and cannot be turned back.
import ArgumentParser
import Chain
import Cryptography
import Ledger
import Primitives
import RPC

struct CreditsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "credits", abstract: "Prepay fees of jobs as credits, and be paid in them.",
        discussion: """
            A credit is one base unit of MRT that was set aside for fees: it pays for jobs and can be neither sent nor
            turned back. Requesters buy them; a provider that asks for work itself may take its pay in them.
            `merit query account` shows how many an account has.

              merit credits buy --amount 5000000000 --key KEY.json --node http://127.0.0.1:26657
              merit credits elect --take credits --key PROVIDER/keys/account.json --node http://127.0.0.1:26657
            """,
        subcommands: [Buy.self, Elect.self])

    struct Buy: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Turn MRT into as many credits, for good.",
            discussion: "They are there with the block that the command waits for, and pay for jobs from then on.")
        @Option(help: ArgumentHelp("Base units (10^-9 MRT).", valueName: "units")) var amount: UInt64
        @OptionGroup var account: AccountOptions
        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let key = try account.signer()
            _ = try node.perform(.buyCredits(BuyCredits(amount: Amount(amount))), by: key)
            output.answer(
                "credits.buy", [("account", .string(key.address.bech32)), ("amount", .string("\(amount)"))],
                text: "\(amount) nMRT are credits now")
        }
    }

    struct Elect: ParsableCommand {
        enum Pay: String, ExpressibleByArgument, CaseIterable {
            case mrt, credits
        }

        static let configuration = CommandConfiguration(
            abstract: "Say in what a provider is paid its part of fees.",
            discussion: """
                From the next settlement on, until it says otherwise. Subsidies stay MRT, and so does all pay of an
                epoch in which a panel judged a task of the provider.
                """)
        @Option(help: "What fees are paid in.") var take: Pay
        @OptionGroup var account: AccountOptions
        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let key = try account.signer()
            _ = try node.perform(.electPay(ElectPay(takesCredits: take == .credits)), by: key)
            output.answer(
                "credits.elect",
                [("account", .string(key.address.bech32)), ("takes_credits", .bool(take == .credits))],
                text: "fees are paid in \(take == .credits ? "credits" : "MRT") from the next settlement on")
        }
    }
}
