// Where the passphrase of the key files comes from: a file, the file an environment variable names, or the terminal.
// Never a flag's value, which every process of the machine could read.
import Foundation
package import Primitives

package struct Passphrase: Sendable {
    private let source: @Sendable () -> Bytes?

    package init(_ source: @escaping @Sendable () -> Bytes?) { self.source = source }

    package static let none = Passphrase { nil }

    /// `file`, else MERIT_PASSPHRASE_FILE, else a prompt when there is a terminal. Throws when a named file is missing.
    package static func find(file: String?, prompt: String) throws(HomeError) -> Passphrase {
        guard let path = file ?? ProcessInfo.processInfo.environment["MERIT_PASSPHRASE_FILE"] else {
            return Passphrase { ask(prompt) }
        }
        let content = try TextFile.read(path, max: 4_096, way: "name the file that holds the passphrase")
        let line = Bytes(content.prefix { $0 != UInt8(ascii: "\n") && $0 != UInt8(ascii: "\r") })
        return Passphrase { line.isEmpty ? nil : line }
    }

    private static func ask(_ prompt: String) -> Bytes? {
        guard isatty(STDIN_FILENO) == 1, let text = getpass(prompt + ": ") else { return nil }
        let line = Bytes(String(cString: text).utf8)
        return line.isEmpty ? nil : line
    }

    /// nil when there is none.
    package func read() -> Bytes? { source() }
}
