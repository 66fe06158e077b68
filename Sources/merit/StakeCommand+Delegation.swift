// Stake behind a validator of somebody else, and the commission of an own one.
import ArgumentParser
import Chain
import Cryptography
import Foundation
import Ledger
import Node
import Primitives
import RPC

extension StakeCommand {
    /// Who signs, through which node.
    struct Delegator: ParsableArguments {
        @OptionGroup var account: AccountOptions
        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions

        static func validator(_ text: String) throws -> Address {
            guard let address = Address(bech32: text) else { throw ValidationError("\(text) is no account") }
            return address
        }

        func perform(_ action: Action, _ command: String, _ members: [(String, JSON)], text: String) throws {
            let key = try account.signer()
            _ = try node.perform(action, by: key)
            output.answer("stake.\(command)", [("account", .string(key.address.bech32))] + members, text: text)
        }
    }

    /// How much stake moves, and behind which validator.
    struct DelegatedAmount: ParsableArguments {
        @Option(help: ArgumentHelp("The validator's operator.", valueName: "account")) var validator: String
        @Option(help: ArgumentHelp("Base units (10^-9 MRT).", valueName: "units")) var amount: UInt64
        @OptionGroup var delegator: Delegator

        /// `verb`: what the amount does with the validator.
        func perform(_ action: (DelegationChange) -> Action, _ command: String, _ verb: String) throws {
            let change = DelegationChange(validator: try Delegator.validator(validator), amount: Amount(amount))
            try delegator.perform(
                action(change), command, [("validator", .string(validator)), ("amount", .string("\(amount)"))],
                text: "\(amount) nMRT \(verb) \(validator) at the end of this epoch")
        }
    }

    struct Delegate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Put stake behind a validator.",
            discussion:
                "It joins at the end of the epoch, earns from then on, and answers for the validator's offences.")
        @OptionGroup var amount: DelegatedAmount

        func run() throws { try amount.perform(Action.delegate, "delegate", "join") }
    }

    struct Undelegate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take stake back from a validator.",
            discussion: "Free after the unbonding time, and paid out then; slashable until then.")
        @OptionGroup var amount: DelegatedAmount

        func run() throws { try amount.perform(Action.undelegate, "undelegate", "leave") }
    }

    struct Redelegate: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Move stake from one validator to another.",
            discussion: "It stays slashable for the first one, and where it is, until the unbonding time is over.")
        @Option(help: ArgumentHelp("The operator that loses it.", valueName: "account")) var from: String
        @Option(help: ArgumentHelp("The operator that gets it.", valueName: "account")) var to: String
        @Option(help: ArgumentHelp("Base units (10^-9 MRT).", valueName: "units")) var amount: UInt64
        @OptionGroup var delegator: Delegator

        func run() throws {
            let change = Redelegation(
                from: try Delegator.validator(from), to: try Delegator.validator(to), amount: Amount(amount))
            try delegator.perform(
                .redelegate(change), "redelegate",
                [("from", .string(from)), ("to", .string(to)), ("amount", .string("\(amount)"))],
                text: "\(amount) nMRT go from \(from) to \(to) at the end of this epoch")
        }
    }

    struct Claim: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Be paid what a delegation has earned.")
        @Option(help: ArgumentHelp("The validator's operator.", valueName: "account")) var validator: String
        @OptionGroup var delegator: Delegator

        func run() throws {
            let claim = ClaimRewards(validator: try Delegator.validator(validator))
            try delegator.perform(
                .claim(claim), "claim", [("validator", .string(validator))],
                text: "paid what the delegation to \(validator) has earned")
        }
    }

    struct Commission: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Set what an own validator keeps of its delegators' rewards.",
            discussion: "At most 20 %, moved by at most 1 % a day; in force from the next epoch on.")
        @Option(help: ArgumentHelp("Parts per million.", valueName: "ppm")) var rate: UInt64
        @OptionGroup var delegator: Delegator

        func run() throws {
            try delegator.perform(
                .setCommission(CommissionChange(rate: rate)), "commission", [("rate", .string("\(rate)"))],
                text: "a commission of \(rate) ppm from the next epoch on")
        }
    }
}
