import ArgumentParser
import Cryptography
import Foundation
import Node
import Primitives
import RPC
import Storage

/// Looks after a node's keys and its signing record.
struct KeysCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "keys", abstract: "Show keys; move or begin a signing record.",
        discussion: """
            The signing record says what the consensus key has signed; without it a restored key could sign twice and
            be slashed. Moving a validator: stop the old node, `export-record` there, copy the key, `import-record`
            here. Only a key that has never signed may `accept-fresh`.
            """,
        subcommands: [Show.self, AcceptFresh.self, ExportRecord.self, ImportRecord.self])

    struct Show: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Print addresses and public keys, no secret.")

        @OptionGroup var options: HomeOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let home = options.node
            let passphrase = try options.passphrase()
            var rows: [(role: KeyFile.Role, key: SigningKey)] = []
            for role in KeyFile.Role.allCases where FileManager.default.fileExists(atPath: home.keyPath(role)) {
                rows.append((role, try KeyFile.load(role, at: home.keyPath(role), passphrase: passphrase)))
            }
            func name(_ role: KeyFile.Role, _ key: SigningKey) -> String {
                switch role {
                case .account: key.address.bech32
                case .consensus, .audit: Hex.upper(key.address.bytes)
                case .transport: key.address.description
                }
            }
            let members = rows.map { role, key in
                (
                    role.rawValue,
                    JSON.object([
                        ("address", .string(name(role, key))), ("public_key", .string(key.publicKey.description)),
                    ])
                )
            }
            let lines = rows.map { role, key in
                role.rawValue.padding(toLength: 10, withPad: " ", startingAt: 0)
                    + " \(name(role, key))  \(key.publicKey)"
            }
            output.answer("keys-show", members, text: lines.joined(separator: "\n"))
        }
    }

    struct AcceptFresh: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Begin the signing record of a consensus key that has never signed.")

        @OptionGroup var options: HomeOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let (home, lock, key) = try Self.consensusKey(options)
            let path = home.recordPath(key)
            _ = try SigningRecord.create(path, key: key)
            output.answer(
                "keys-accept-fresh", [("validator", .string(Hex.upper(key.bytes))), ("record", .string(path))],
                text: "\(Hex.upper(key.bytes)) may sign from now on; its record is \(path)")
            withExtendedLifetime(lock) {}
        }

        static func consensusKey(_ options: HomeOptions) throws -> (home: NodeHome, lock: HomeLock, key: Address) {
            let home = options.node
            let lock = try home.lock()
            let passphrase = try options.passphrase()
            let key = try KeyFile.load(.consensus, at: home.keyPath(.consensus), passphrase: passphrase)
            return (home, lock, key.address)
        }
    }

    struct ExportRecord: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Print the signing record as interchange text; the node must be stopped.")

        @OptionGroup var options: HomeOptions
        @OptionGroup var output: OutputOptions

        func run() throws {
            let (home, lock, key) = try AcceptFresh.consensusKey(options)
            let text = try home.openRecord(key).exported()
            if output.json {
                output.answer(
                    "keys-export-record",
                    [("validator", .string(Hex.upper(key.bytes))), ("interchange", .string(text))], text: "")
            } else {
                print(text, terminator: "")
            }
            withExtendedLifetime(lock) {}
        }
    }

    struct ImportRecord: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Take over a signing record that `export-record` wrote.")

        @OptionGroup var options: HomeOptions
        @Argument(help: "The interchange file.") var file: String
        @OptionGroup var output: OutputOptions

        func run() throws {
            let (home, lock, key) = try AcceptFresh.consensusKey(options)
            guard let content = FileManager.default.contents(atPath: file) else {
                throw ValidationError("\(file) cannot be read")
            }
            let path = home.recordPath(key)
            let isNew = !FileManager.default.fileExists(atPath: path)
            let record = isNew ? try SigningRecord.create(path, key: key) : try home.openRecord(key)
            do {
                let count = try record.import(String(decoding: content, as: UTF8.self))
                output.answer(
                    "keys-import-record",
                    [("validator", .string(Hex.upper(key.bytes))), ("entries", .number(Int64(count)))],
                    text: "\(count) entries taken over by the record of \(Hex.upper(key.bytes))")
            } catch {
                // A refused import must not leave an empty record, which would allow everything.
                if isNew { try FileManager.default.removeItem(atPath: path) }
                throw error
            }
            withExtendedLifetime(lock) {}
        }
    }
}
