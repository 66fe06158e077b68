// Changing parameters by the votes of more than 2/3 of the stake.
import ArgumentParser
import Chain
import Cryptography
import Ledger
import Primitives
import RPC

extension TxCommand {
    struct Propose: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Propose other values of parameters, as the operator of a validator.",
            discussion:
                "Passes with the votes of more than 2/3 of the stake; a refusal names the rule that would break.")
        @Argument(help: ArgumentHelp("Settings as in a genesis, by name or number.", valueName: "name=value"))
        var changes: [String]
        @OptionGroup var account: AccountOptions
        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let settings = try changes.map(Self.setting).sorted { $0.number < $1.number }
            let key = try account.signer()
            _ = try node.perform(.proposeChange(ProposeChange(changes: settings)), by: key)
            let list = JSON.array(
                settings.map { ["number": .number($0.number), "value": .string("\($0.value)")] })
            output.answer(
                "tx.propose", [("account", .string(key.address.bech32)), ("changes", list)],
                text: "proposed \(changes.joined(separator: ", "))")
        }

        private static func setting(_ text: String) throws -> Setting {
            let sides = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard sides.count == 2, let value = UInt64(sides[1]) else {
                throw ValidationError("\(text) is not name=value")
            }
            guard
                let field = LedgerParameters.fields.first(where: { $0.name == sides[0] || "\($0.number)" == sides[0] })
            else { throw ValidationError("\(sides[0]) is no parameter") }
            return Setting(number: field.number, value: value)
        }
    }

    struct Vote: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Vote for a proposed change, as the operator of a validator.")
        @Option(help: ArgumentHelp("The proposal's number.", valueName: "number")) var proposal: UInt64
        @OptionGroup var account: AccountOptions
        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let key = try account.signer()
            _ = try node.perform(.voteForChange(VoteForChange(proposal: proposal)), by: key)
            output.answer(
                "tx.vote", [("account", .string(key.address.bech32)), ("proposal", .string("\(proposal)"))],
                text: "voted for proposal \(proposal)")
        }
    }
}
