// Log lines: `time LEVEL message key=value …`, to standard error and to log/node.log. A file that reaches its bound is
// put aside once, over the one before.
import Foundation
package import Logging
import Primitives
import RPC
import Synchronization

package struct NodeLog: LogHandler {
    private let sink: Sink
    package var logLevel: Logger.Level
    package var metadata: Logger.Metadata = [:]

    /// `folder` nil logs to standard error alone; else also to `folder/name.log`.
    package init(folder: String?, name: String = "node", level: NodeConfiguration.LogLevel) {
        sink = Sink(path: folder.map { "\($0)/\(name).log" })
        logLevel = Logger.Level(rawValue: level.rawValue) ?? .info
    }

    package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    package func log(event: LogEvent) {
        let all = metadata.merging(event.metadata ?? [:]) { _, own in own }
        let facts = all.sorted { $0.key < $1.key }.map { " \($0.key)=\(Self.quoted($0.value.description))" }
        let time = WallClock.timestamp.description
        sink.write("\(time) \(event.level.rawValue.uppercased()) \(event.message)\(facts.joined())\n")
    }

    /// A value with a space or a control character is quoted, so that a line stays a line.
    private static func quoted(_ text: String) -> String {
        let isPlain = text.utf8.allSatisfy { (0x21...0x7E).contains($0) && $0 != UInt8(ascii: "\"") }
        return isPlain && !text.isEmpty ? text : JSON.string(text).text
    }

    private final class Sink: Sendable {
        private struct State {
            var file: Int32 = -1
            var bytes = 0
        }

        private let path: String?
        private let state = Mutex(State())

        init(path: String?) { self.path = path }

        func write(_ line: String) {
            let bytes = Array(line.utf8)
            state.withLock { state in
                bytes.withUnsafeBytes { _ = Foundation.write(STDERR_FILENO, $0.baseAddress, $0.count) }
                guard let path else { return }
                if state.file < 0 { open(path, &state) }
                // A log that cannot be written is no reason to stop a validator.
                bytes.withUnsafeBytes { _ = Foundation.write(state.file, $0.baseAddress, $0.count) }
                state.bytes += bytes.count
                if state.bytes > RuntimeLimits.logBytesMax {
                    close(state.file)
                    rename(path, path + ".1")
                    open(path, &state)
                }
            }
        }

        private func open(_ path: String, _ state: inout State) {
            state.file = Foundation.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
            state.bytes = state.file < 0 ? 0 : Int(lseek(state.file, 0, SEEK_END))
        }
    }
}
