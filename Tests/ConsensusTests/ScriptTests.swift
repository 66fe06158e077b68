// Runs every file of Scripts/: a command, `----`, and the whole trace it must leave. MERIT_REWRITE=1 writes the traces
// anew; then the diff is the review.
import Foundation
import Testing

@Suite("Consensus scripts")
struct ScriptTests {
    private static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("Scripts")
    private static let isRewriting = ProcessInfo.processInfo.environment["MERIT_REWRITE"] == "1"

    private static let names: [String] = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".txt") }.sorted()
    }()

    @Test("there are scripts")
    func count() { #expect(Self.names.count >= 14) }

    @Test("every command leaves exactly the written trace", arguments: names)
    func script(name: String) throws {
        let file = Self.folder.appendingPathComponent(name)
        let written = try String(contentsOf: file, encoding: .utf8)
        let produced = try Self.run(written)
        if Self.isRewriting {
            try produced.write(to: file, atomically: true, encoding: .utf8)
        } else if written != produced {
            Issue.record("\(name) differs; MERIT_REWRITE=1 rewrites it\n\(Self.difference(written, produced))")
        }
    }

    /// The same script with the trace that its commands leave now.
    private static func run(_ script: String) throws -> String {
        var world = ScriptWorld()
        var result: [String] = []
        for block in script.components(separatedBy: "\n\n") {
            let source = block.components(separatedBy: "\n").filter { !$0.isEmpty }
            let commands = source.prefix { $0 != "----" }
            if commands.isEmpty { continue }
            var lines = Array(commands)
            let runnable = commands.filter { !$0.hasPrefix("#") }
            if !runnable.isEmpty {
                lines.append("----")
                for command in runnable { lines += try world.perform(command) }
            }
            result.append(lines.joined(separator: "\n"))
        }
        return result.joined(separator: "\n\n") + "\n"
    }

    private static func difference(_ written: String, _ produced: String) -> String {
        let (old, new) = (written.components(separatedBy: "\n"), produced.components(separatedBy: "\n"))
        return new.difference(from: old).map { change in
            switch change {
            case .remove(let offset, let line, _): "-\(offset + 1): \(line)"
            case .insert(let offset, let line, _): "+\(offset + 1): \(line)"
            }
        }.joined(separator: "\n")
    }
}
