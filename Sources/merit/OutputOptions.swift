// What every command shares: where it looks, and how it answers, for people or as one JSON object.
import ArgumentParser
import Foundation
import Node
import Primitives
import RPC

struct HomeOptions: ParsableArguments {
    @Option(help: ArgumentHelp("The node's folder.", valueName: "folder"))
    var home = FileManager.default.homeDirectoryForCurrentUser.path + "/.merit"

    @Option(
        help: ArgumentHelp(
            "A file whose first line is the passphrase of the keys; else MERIT_PASSPHRASE_FILE, else a prompt.",
            valueName: "file"))
    var passphraseFile: String?

    var node: NodeHome { NodeHome(URL(fileURLWithPath: home).path) }

    func passphrase() throws -> Passphrase { try Passphrase.find(file: passphraseFile, prompt: "Passphrase") }

    /// The passphrase for new keys; nil leaves them plain. Nobody is asked.
    func newPassphrase() throws -> Bytes? {
        let isNamed = passphraseFile != nil || ProcessInfo.processInfo.environment["MERIT_PASSPHRASE_FILE"] != nil
        return isNamed ? try passphrase().read() : nil
    }
}

struct OutputOptions: ParsableArguments {
    @Flag(help: "Answer with one JSON object instead of text.")
    var json = false

    /// `members` without the schema, which comes first.
    func answer(_ command: String, _ members: [(String, JSON)], text: String) {
        if json {
            print(JSON.object([("schema", .string("merit.\(command).1"))] + members).text)
        } else {
            print(text)
        }
    }
}
