// `merit provider init|start|status`: the agent that executes tasks for pay.
import ArgumentParser
import Chain
import Client
import Cryptography
import Foundation
import Ledger
import LightClient
import Logging
import Node
import Primitives
import Provider
import RPC
import Storage

struct ProviderCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "provider", abstract: "Execute tasks of paid jobs.",
        discussion: """
            A provider is an account with a bond: 350 MRT for each slot. Its agent follows the chain as a light client \
            of any nodes, believes the genesis hash alone, executes the tasks that the chain draws for it, and hands \
            in signed receipts. Requesters fetch outputs from it by their hash.

              merit provider init --home ~/.merit-provider
              merit provider start --home ~/.merit-provider --node http://127.0.0.1:26657 --genesis-hash HASH
              merit provider status --home ~/.merit-provider --node http://127.0.0.1:26657
            """,
        subcommands: [Init.self, Register.self, ProviderStartCommand.self, Status.self])

    struct Init: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Make a provider's folder with the key of its account.",
            discussion: """
                The account must have a bond before it is drawn for tasks: `merit provider register` on a running \
                chain, or a line under app_state.providers of a genesis. Keep keys/account.json: it owns the bond \
                and the pay.
                """)

        @OptionGroup var options: ProviderHome
        @OptionGroup var output: OutputOptions

        func run() throws {
            let key = try NodeHome(options.path).createAccount(passphrase: options.newPassphrase())
            output.answer(
                "provider.init",
                [
                    ("home", .string(options.path)), ("address", .string(key.address.bech32)),
                    ("public_key", .string(key.publicKey.description)),
                ],
                text: "\(key.address.bech32)\nkey in \(options.keyPath); back it up, it owns the bond and the pay")
        }
    }

    struct Register: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Move a bond out of the account's balance and become a provider.",
            discussion: """
                Fund the account first. Each 350 MRT (the chain's slot bond) pay for one slot; the bond is lost for \
                wrong results, and a part of it for each task that is late. `merit provider start` then sets the \
                offers.

                  merit provider register --home ~/.merit-provider --bond 700 --node http://127.0.0.1:26657
                """)

        @OptionGroup var options: ProviderHome
        @Option(help: ArgumentHelp("The bond.", valueName: "MRT")) var bond: UInt64
        @OptionGroup var nodes: NodeOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let (units, overflow) = bond.multipliedReportingOverflow(by: Amount.unitsPerToken)
            if overflow { throw ValidationError("--bond is in MRT, not in base units") }
            let key = try KeyFile.load(.account, at: options.keyPath, passphrase: try options.passphrase())
            let registration = RegisterProvider(bond: Amount(units), offers: [])
            _ = try nodes.perform(.registerProvider(registration), by: key)
            output.answer(
                "provider.register", [("address", .string(key.address.bech32)), ("bond", .string("\(units)"))],
                text: "\(key.address.bech32) is a provider with a bond of \(bond) MRT; now `merit provider start`")
        }
    }

    struct Status: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "What the chain knows of this provider, and what it keeps.",
            discussion: "The node is believed; ends with 1 when the account is no provider of the chain.")

        @OptionGroup var options: ProviderHome
        @OptionGroup var nodes: NodeOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let key = try KeyFile.load(.account, at: options.keyPath, passphrase: try options.passphrase())
            let address = key.address
            let market = try nodes.ask("market")
            let record: ProviderRecord? = try nodes.record(StateKey.provider(address))
            let reputation = try record.map { try nodes.reputation($0.number) } ?? Reputation()
            let work: WorkRecord? = try nodes.record(StateKey.work(address))
            let assignments = try nodes.ask("assignments", ["provider": .string(address.bech32)])
            let admission = try assignments.member("admission")
            let slotBond: UInt64 = try market.decimal("slot_bond")
            let bond = record?.bond ?? .zero
            let outputs = options.keptOutputs
            let asks = work?.offers.map { "\($0.ask)" } ?? []
            let endpoint = String(decoding: work?.endpoint ?? [], as: UTF8.self)
            output.answer(
                "provider.status",
                [
                    ("address", .string(address.bech32)), ("registered", .bool(record != nil)),
                    ("bond", .string("\(bond)")), ("slots", .string("\(bond.units / max(1, slotBond))")),
                    ("asks", .array(asks.map { .string($0) })), ("endpoint", .string(endpoint)),
                    ("open_tasks", .string("\(work?.openTasks ?? 0)")), ("paused", .bool(work?.isPaused ?? false)),
                    ("reliability", .string("\(reputation.reliability)")), ("outputs", .number(Int64(outputs))),
                    ("height", .string(try market.text("height"))), ("admission", admission),
                ],
                text: """
                    \(address.bech32)  \(record == nil ? "no provider of this chain" : "bond \(bond) nMRT")
                    asks \(asks.isEmpty ? "nothing yet" : asks.joined(separator: ", ") + " nMRT per compute unit")
                    endpoint \(endpoint.isEmpty ? "none" : endpoint)
                    open tasks \(work?.openTasks ?? 0)\(work?.isPaused == true ? ", paused after timeouts" : "")
                    \(record == nil ? "" : try Self.text(admission))
                    outputs kept here: \(outputs)
                    """)
            if record == nil { throw ExitCode(1) }
        }

        private static func text(_ admission: JSON) throws -> String {
            if admission["admitted"] == true { return "admitted" }
            let (right, needed) = (try admission.text("right"), try admission.text("needed"))
            return """
                not admitted: \(right) of \(needed) answers right, \(try admission.text("open")) open, \
                \(try admission.text("wrong")) wrong; waits: \(try admission.text("waits_for"))
                """
        }
    }
}

/// A provider's folder: keys/account.json log/provider.log outputs/ panels/, locked by one process.
struct ProviderHome: ParsableArguments {
    @Option(help: ArgumentHelp("The provider's folder.", valueName: "folder"))
    var home = FileManager.default.homeDirectoryForCurrentUser.path + "/.merit-provider"

    @Option(
        help: ArgumentHelp(
            "A file whose first line is the passphrase of the key; else MERIT_PASSPHRASE_FILE, else a prompt.",
            valueName: "file"))
    var passphraseFile: String?

    var path: String { URL(fileURLWithPath: home).path }
    var keyPath: String { path + "/keys/account.json" }
    var outputsPath: String { path + "/outputs" }
    var panelsPath: String { path + "/panels" }

    var keptOutputs: Int {
        ((try? FileManager.default.contentsOfDirectory(atPath: outputsPath)) ?? []).count { Digest(hex: $0) != nil }
    }

    func passphrase() throws -> Passphrase { try Passphrase.find(file: passphraseFile, prompt: "Passphrase") }

    /// The passphrase for a new key; nil leaves it plain. Nobody is asked.
    func newPassphrase() throws -> Bytes? {
        let isNamed = passphraseFile != nil || ProcessInfo.processInfo.environment["MERIT_PASSPHRASE_FILE"] != nil
        return isNamed ? try passphrase().read() : nil
    }
}
