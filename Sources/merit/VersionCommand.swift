import ArgumentParser
import Node

/// Prints the version and what this program speaks.
struct VersionCommand: ParsableCommand {
    static let configuration = CommandConfiguration(commandName: "version", abstract: "Print the version.")

    @OptionGroup var output: OutputOptions

    func run() {
        output.answer(
            "version",
            [
                ("version", .text(Merit.version)), ("peer_protocol", .text("\(PeerHello.version)")),
                ("block_protocol", .text("11")),
            ],
            text: "merit \(Merit.version), peer protocol \(PeerHello.version), block protocol 11")
    }
}
