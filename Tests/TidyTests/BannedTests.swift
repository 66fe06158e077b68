// What the pure modules may not say, as identifiers of the language, never in comments or strings; and what no file
// may hold.
import Foundation
import Testing

@Suite("banned words")
struct BannedTests {
    /// Modules above the line: they own clocks, sockets, disks and threads. Programs are compiled for WebAssembly.
    static let shells: Set = [
        "Storage", "Transport", "Execution", "Node", "Provider", "API", "Client", "Bench", "merit", "Programs",
    ]

    /// Sequences of tokens, with what to write instead.
    static let rules: [(tokens: [String], instead: String)] = [
        (["Foundation"], "the standard library"), (["Date"], "Instant or Timestamp"), (["Clock"], "Instant"),
        ([".", "now"], "the instant passed in"), (["random", "("], "a seeded Random or the beacon"),
        (["UUID"], "a Digest"), (["Task", "{"], "an event"), (["Task", "<"], "an event"), (["async"], "an event"),
        (["await"], "an event"), (["actor"], "a struct"), (["Float"], "integers"), (["Double"], "integers"),
        (["hashValue"], "a Digest"), (["print", "("], "an output of the step"), (["try", "?"], "a typed throw"),
        (["try", "!"], "a typed throw"), (["as", "!"], "a typed throw"),
        (["fatalError"], "precondition with the state"),
        (["@", "unchecked"], "a value type"), (["DispatchQueue"], "an event"), (["Thread"], "an event"),
    ]

    static func isPure(_ path: String) -> Bool {
        let parts = path.split(separator: "/")
        return parts.count > 2 && parts[0] == "Sources" && !shells.contains(String(parts[1]))
    }

    static func violations(_ source: SwiftSource) -> [String] {
        guard isPure(source.path) else { return [] }
        let tokens = source.tokens.filter { $0.text != "\n" }
        var found: [String] = []
        for (index, token) in tokens.enumerated() {
            for rule in rules where tokens[index...].prefix(rule.tokens.count).map(\.text) == rule.tokens {
                let words = rule.tokens.joined()
                found.append("\(source.path):\(token.line): `\(words)` in a pure module; write \(rule.instead)")
            }
            if token.text.hasPrefix("NIO"), token.text.dropFirst(3).first?.isLowercase != true {
                found.append("\(source.path):\(token.line): `\(token.text)` in a pure module; it belongs in Transport")
            }
        }
        return found
    }

    @Test("pure modules use no clock, entropy, concurrency, floating point or trap")
    func pureModules() {
        let found = Repository.current.swiftSources("Sources").flatMap(Self.violations)
        expectNone(found)
    }

    @Test(
        "each banned form is found in a pure module",
        arguments: [
            "import Foundation", "let x = Date()", "Clock", "Instant.now", "Int.random(in: 0...1)", "UUID()",
            "Task { }",
            "Task<Void, Never>", "func f() async {}", "await f()", "actor A {}", "let x: Float", "let x: Double",
            "x.hashValue", "print(x)", "try? f()", "try! f()", "x as! Y", "fatalError()",
            "final class A: @unchecked Sendable",
            "DispatchQueue.main", "Thread.sleep", "import NIOCore", "NIO", "let text = \"\\(print(x))\"",
        ])
    func badSamples(text: String) {
        #expect(Self.violations(SwiftSource(path: "Sources/Ledger/A.swift", text: text)).count == 1)
        #expect(Self.violations(SwiftSource(path: "Sources/Node/A.swift", text: text)).isEmpty)
    }

    @Test(
        "the domain's words, comments and strings are free",
        arguments: [
            "JobTask {", "DoubleSign()", "// Date, async, try!", "/* actor /* Task { */ Float */",
            "\"Foundation \\\" UUID\"",
            "##\"print(\"# fatalError(\"##", "\"\"\"\nasync \"quoted\" Thread\n\"\"\"", "let dateFloatValue = now",
            "#/Date|Clock/#", "blueprint(x)", "try f()", "x as? Y",
        ])
    func freeSamples(text: String) {
        #expect(Self.violations(SwiftSource(path: "Sources/Ledger/A.swift", text: text)) == [])
    }

    // Written in two parts, so that this file does not hold them.
    static let words = ["TO" + "DO", "FIX" + "ME", "X" + "XX"]

    static func forbiddenWords(_ path: String, _ text: String) -> [String] {
        text.split(separator: "\n", omittingEmptySubsequences: false).enumerated().flatMap { index, line in
            words.filter { word in line.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.contains { $0 == word } }
                .map { "\(path):\(index + 1): `\($0)`" }
        }
    }

    @Test("no file holds a left-over mark")
    func leftOvers() {
        let repository = Repository.current
        let data: Set = ["json", "hex", "bin", "wasm"]
        let found = repository.paths.filter { !data.contains(($0 as NSString).pathExtension) }
            .flatMap { path in repository.text(path).map { Self.forbiddenWords(path, $0) } ?? [] }
        expectNone(found)
    }

    @Test("each left-over mark is found, in comments too", arguments: words)
    func leftOverSamples(word: String) {
        #expect(Self.forbiddenWords("a", "line\n// \(word): later") == ["a:2: `\(word)`"])
        #expect(Self.forbiddenWords("a", "\(word)Y \(word.lowercased())").isEmpty)
    }
}
