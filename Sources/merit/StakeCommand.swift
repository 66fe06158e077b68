// Stake: becoming a validator, and moving bonds of validators and providers.
import ArgumentParser
import Chain
import Cryptography
import Foundation
import Ledger
import Node
import Primitives
import Quorum
import RPC

struct StakeCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "stake", abstract: "Become a validator; move stake of an own or another validator.",
        discussion: """
            A validator that joins or leaves changes the set at the end of the epoch, in force two blocks later. What \
            leaves a bond is free after the unbonding time and can be slashed until then.

              merit stake register --home ~/.merit --amount 1000000000000 --node http://127.0.0.1:26657
              merit stake unbond --amount 5000000000 --key ~/.merit/keys/account.json --node http://127.0.0.1:26657
            """,
        subcommands: [
            Register.self, Bond.self, Unbond.self, Unjail.self, Delegate.self, Undelegate.self, Redelegate.self,
            Claim.self, Commission.self,
        ])

    struct Register: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make the node of a home a validator, with its account as the operator.",
            discussion: "Each of the node's keys signs that this account may register it.")

        @OptionGroup var home: HomeOptions
        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions
        @Option(help: ArgumentHelp("The first bond in base units (10^-9 MRT).", valueName: "units")) var amount: UInt64
        @Option(help: "The name that others see; at most 64 bytes.") var name = "merit"

        func run() throws {
            guard name.utf8.count <= GenesisLimits.nameBytesMax else {
                throw ValidationError("--name has at most \(GenesisLimits.nameBytesMax) bytes")
            }
            let words = try home.passphrase().read()
            let known = Passphrase { words }
            func key(_ role: KeyFile.Role) throws -> SigningKey {
                try KeyFile.load(role, at: home.node.keyPath(role), passphrase: known)
            }
            let account = try key(.account)
            let keys = try [key(.consensus), key(.audit), key(.transport)]
            let message = RegisterValidator.proofMessage(operatorKey: account.publicKey, chainID: try node.chainID())
            let registration = RegisterValidator(
                keys: ValidatorKeys(
                    consensus: keys[0].publicKey, audit: keys[1].publicKey, transport: keys[2].publicKey),
                stake: Amount(amount), name: Bytes(name.utf8), proofs: keys.map { $0.sign(message) })
            _ = try node.perform(.registerValidator(registration), by: account)
            output.answer(
                "stake.register",
                [
                    ("account", .string(account.address.bech32)),
                    ("validator", .hex(keys[0].address)), ("bond", .string("\(amount)")),
                ],
                text: "\(Hex.upper(keys[0].address.bytes)) is a validator from the end of this epoch on")
        }
    }

    struct Change: ParsableArguments {
        @Option(help: ArgumentHelp("Base units (10^-9 MRT).", valueName: "units")) var amount: UInt64
        @Flag(help: "The bond of the account's provider instead of its validator's.") var provider = false
        @OptionGroup var account: AccountOptions
        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions

        func perform(_ action: Action, _ command: String, _ text: String) throws {
            let key = try account.signer()
            _ = try node.perform(action, by: key)
            output.answer(
                "stake.\(command)", [("account", .string(key.address.bech32)), ("amount", .string("\(amount)"))],
                text: text)
        }

        var change: BondChange { BondChange(amount: Amount(amount)) }
    }

    struct Unjail: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Return after a jail.",
            discussion: "Once the term is over; the validator has its seat again from the next epoch on.")
        @OptionGroup var account: AccountOptions
        @OptionGroup var node: NodeOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let key = try account.signer()
            _ = try node.perform(.unjail(Chain.Unjail()), by: key)
            output.answer(
                "stake.unjail", [("account", .string(key.address.bech32))],
                text: "the validator has its seat again from the end of this epoch on")
        }
    }

    struct Bond: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Add to a bond.")
        @OptionGroup var change: Change

        func run() throws {
            let action: Action = change.provider ? .bondProvider(change.change) : .bond(change.change)
            try change.perform(action, "bond", "\(change.amount) nMRT joined the bond")
        }
    }

    struct Unbond: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take from a bond.", discussion: "Free after the unbonding time; slashable until then.")
        @OptionGroup var change: Change

        func run() throws {
            let action: Action = change.provider ? .unbondProvider(change.change) : .unbond(change.change)
            try change.perform(action, "unbond", "\(change.amount) nMRT leave the bond after the unbonding time")
        }
    }
}
