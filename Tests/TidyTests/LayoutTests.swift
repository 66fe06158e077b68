// Where files live and what they are called; and nothing in them that is true on one machine only.
import Foundation
import Testing

@Suite("layout")
struct LayoutTests {
    static let topLevel: Set = [
        "Package.swift", "README.md", "LICENSE", "Genesis", "Network", "Scripts", "Sources", "Tests", ".ci",
        ".gitignore",
        ".swift-format",
    ]

    static func strangers(_ paths: [String]) -> [String] {
        Set(paths.map { String($0.prefix { $0 != "/" }) }).subtracting(topLevel).sorted()
    }

    @Test("the top level holds the agreed entries only")
    func topLevelEntries() { #expect(Self.strangers(Repository.current.paths) == []) }

    @Test("a stranger at the top level is found")
    func strangerSample() {
        #expect(Self.strangers(["Sources/A/A.swift", "docs/a.md", "notes.txt"]) == ["docs", "notes.txt"])
    }

    static let typeWords: Set = ["struct", "class", "enum", "actor", "protocol", "typealias"]

    /// Names declared outside all braces, by the words given.
    static func declared(_ source: SwiftSource, by words: Set<String>) -> Set<String> {
        var found: Set<String> = []
        var depth = 0
        let tokens = source.tokens.filter { $0.text != "\n" }
        for (index, token) in tokens.enumerated() {
            if token.text == "{" { depth += 1 }
            if token.text == "}" { depth -= 1 }
            if depth == 0, words.contains(token.text), index + 1 < tokens.count { found.insert(tokens[index + 1].text) }
        }
        return found
    }

    static func misnamed(_ source: SwiftSource) -> Bool {
        let name = ((source.path as NSString).lastPathComponent as NSString).deletingPathExtension
        if name == "main" { return false }
        let parts = name.split(separator: "+", omittingEmptySubsequences: false).map(String.init)
        return !declared(source, by: parts.count == 2 ? ["extension"] : typeWords).contains(parts[0])
    }

    @Test("a source file is named after a type it declares, or Type+Topic after one it extends")
    func names() {
        let found = Repository.current.swiftSources("Sources").filter { !$0.path.hasPrefix("Sources/Programs/") }
            .filter(Self.misnamed).map(\.path)
        expectNone(found)
    }

    @Test(
        "a file whose name no declaration explains is found",
        arguments: [
            ("Vote.swift", "struct Vote {}", false),
            ("Vote.swift", "// struct Vote\nstruct Other { struct Vote {} }", true),
            ("Vote+Sign.swift", "extension Vote {}", false), ("Vote+Sign.swift", "struct Vote {}", true),
            ("main.swift", "run()", false),
        ])
    func nameSamples(name: String, text: String, isMisnamed: Bool) {
        #expect(Self.misnamed(SwiftSource(path: "Sources/A/\(name)", text: text)) == isMisnamed)
    }

    /// Names after `func`, `var` and `let`, at any depth.
    static func members(_ source: SwiftSource) -> [String] {
        let tokens = source.tokens.map(\.text)
        return zip(tokens, tokens.dropFirst()).filter { ["func", "var", "let"].contains($0.0) }.map(\.1)
    }

    /// Swift files that no target builds, and files of which no other file names anything: no top-level type, nor a
    /// member where the file extends a type.
    static func dead(_ sources: [SwiftSource], targets: Set<String>) -> [String] {
        var users: [String: Set<String>] = [:]
        for source in sources {
            for token in source.tokens where token.isWord { users[token.text, default: []].insert(source.path) }
        }
        return sources.compactMap { source in
            let parts = source.path.split(separator: "/").map(String.init)
            guard parts[0] == "Sources", parts[1] != "Programs" else { return nil }
            if !targets.contains(parts[1]) { return "\(source.path): no target builds it" }
            if source.tokens.contains(where: { $0.text == "main" }) { return nil }
            var names = declared(source, by: typeWords)
            if !declared(source, by: ["extension"]).isEmpty { names.formUnion(members(source)) }
            let isUsed = names.contains { !(users[$0] ?? []).subtracting([source.path]).isEmpty }
            return isUsed || names.isEmpty ? nil : "\(source.path): no other file names what it declares"
        }
    }

    @Test("every source file belongs to a target and is named by another file")
    func deadFiles() throws {
        let graph = PackageGraph(package: try #require(Repository.current.text("Package.swift")))
        let found = Self.dead(Repository.current.swiftSources("Sources", "Tests"), targets: Set(graph.edges.keys))
        expectNone(found)
    }

    @Test("a dead file is found")
    func deadSamples() {
        let sources = [
            ("A/A", "struct A { let b: B }"), ("A/B", "struct B { let a: A = .b() }"), ("A/C", "struct C {}"),
            ("X/D", "A"),
            ("A/A+X", "struct Pair {}\nextension A { func b() {} }"), ("A/A+Y", "extension A { func lost() {} }"),
        ]
        .map { SwiftSource(path: "Sources/\($0).swift", text: $1) }
        let found = Self.dead(sources, targets: ["A"])
        #expect(
            found == [
                "Sources/A/C.swift: no other file names what it declares", "Sources/X/D.swift: no target builds it",
                "Sources/A/A+Y.swift: no other file names what it declares",
            ])
    }

    // Written in parts, so that this file does not hold them.
    static let machinePaths = ["work", "root", "home", "Users", "mnt"].map { "/" + $0 + "/" }
    static let registries = [
        "py" + "pi.org", "python" + "hosted.org", "crates" + ".io", "npm" + "js.org", "gh" + "cr.io",
    ]

    static func machineWords(_ text: String, above: String) -> [String] {
        var found = registries.filter { text.contains($0) }
        for path in machinePaths + [above + "/"] {
            var rest = text[...]
            while let range = rest.range(of: path) {
                let before = range.lowerBound > text.startIndex ? text[text.index(before: range.lowerBound)] : " "
                // A path from the root starts after a space or a quote, not inside another path.
                if !(before.isLetter || before.isNumber || "._-}$)>/".contains(before)) { found.append(path) }
                rest = rest[range.upperBound...]
            }
        }
        return found
    }

    @Test("no file names a folder of one machine or a package registry")
    func machines() {
        let repository = Repository.current
        let above = repository.root.deletingLastPathComponent().path
        let found = repository.paths.flatMap { path in
            (repository.text(path).map { Self.machineWords($0, above: above) } ?? []).map { "\(path): \($0)" }
        }
        expectNone(found)
    }

    @Test("a machine path and a registry host are found, a path inside a home folder is not")
    func machineSamples() {
        #expect(Self.machineWords("a = \"\(Self.machinePaths[2])me/x\"", above: "/srv/build") == [Self.machinePaths[2]])
        #expect(Self.machineWords("cd /srv/build/merit", above: "/srv/build") == ["/srv/build/"])
        #expect(Self.machineWords("get \(Self.registries[0])/simple", above: "/srv") == [Self.registries[0]])
        #expect(
            Self.machineWords("data\(Self.machinePaths[0])log \(Self.machinePaths[1].dropLast())", above: "/srv")
                .isEmpty)
    }
}
