import ArgumentParser
import Node
import RPC

/// Prints the version and what this program speaks.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    @OptionGroup var output: OutputOptions

    func run() {
        output.answer(
            "version",
            [
                ("version", .string(Merit.version)), ("peer_protocol", .string("\(PeerHello.version)")),
                ("block_protocol", .string("11")),
            ],
            text: "merit \(Merit.version), peer protocol \(PeerHello.version), block protocol 11")
    }
}
