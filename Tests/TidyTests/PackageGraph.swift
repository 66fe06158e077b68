// The module graph, read twice: from the target list of Package.swift and from the block in README.md.
// Both readers work on text, so that a difference between the two files is seen without running either.
import Foundation

struct PackageGraph: Equatable {
    /// Each non-test target with its sorted dependencies inside the package.
    private(set) var edges: [String: [String]] = [:]

    /// Reads the elements of `targets: [...]`: calls whose first argument is the name. Test targets and targets under
    /// Tests are no part of the graph.
    init(package text: String) {
        let code = SwiftSource.withoutComments(text)
        guard let start = code.range(of: "let package"), let list = code[start.upperBound...].range(of: "targets: [")
        else { return }
        for element in Self.elements(code[list.upperBound...]) where !element.callee.lowercased().contains("test") {
            let isSupport = element.arguments.contains { $0.hasPrefix("path: \"Tests/") }
            guard !isSupport, let name = Self.literals(element.arguments.first ?? "").first else { continue }
            let list = element.arguments.dropFirst().first { $0.hasPrefix("dependencies:") || $0.hasPrefix("[") }
            edges[name] = list.map { Self.literals($0) } ?? []
        }
        for (name, dependencies) in edges { edges[name] = dependencies.filter { edges[$0] != nil }.sorted() }
    }

    /// Reads lines `Name` or `Name -> Name, Name` between two `<!-- graph -->` marks; nil without such a block.
    init?(readme text: String) {
        let parts = text.split(separator: "<!-- graph -->", omittingEmptySubsequences: false)
        guard parts.count == 3 else { return nil }
        for line in parts[1].split(separator: "\n") where !line.hasPrefix("```") {
            let sides = line.split(separator: "->").map { $0.filter { $0 != " " } }
            guard let name = sides.first, !name.isEmpty else { continue }
            edges[name] = sides.count < 2 ? [] : sides[1].split(separator: ",").map(String.init).sorted()
        }
    }

    /// One line for every target that only one side has or that differs.
    func differences(from other: PackageGraph, here: String, there: String) -> [String] {
        Set(edges.keys).union(other.edges.keys).sorted().compactMap { name in
            guard edges[name] != other.edges[name] else { return nil }
            func line(_ graph: PackageGraph) -> String { graph.edges[name].map { "\($0)" } ?? "absent" }
            return "\(name): \(here) has \(line(self)), \(there) has \(line(other))"
        }
    }

    private struct Call {
        var callee = ""
        var arguments: [String] = [""]
    }

    /// The calls of an array literal up to its closing bracket, each argument as trimmed text.
    private static func elements(_ text: Substring) -> [Call] {
        var calls: [Call] = []
        var call = Call()
        var depth = 0
        var isString = false
        for character in text {
            if character == "\"" { isString.toggle() }
            if isString {
                call.arguments[call.arguments.count - 1].append(character)
                continue
            }
            if "([".contains(character) { depth += 1 }
            if ")]".contains(character) { depth -= 1 }
            if depth < 0 { break }
            switch (depth, character) {
            case (0, ")"):
                call.arguments = call.arguments.map(trimmed)
                calls.append(call)
                call = Call()
            case (0, _): if !" \n,".contains(character) { call.callee.append(character) }
            case (1, "("): break
            case (1, ","): call.arguments.append("")
            default: call.arguments[call.arguments.count - 1].append(character)
            }
        }
        return calls
    }

    private static func trimmed(_ text: String) -> String {
        let start = text.drop(while: \.isWhitespace)
        return String(start.reversed().drop(while: \.isWhitespace).reversed())
    }

    private static func literals(_ text: String) -> [String] {
        text.split(separator: "\"", omittingEmptySubsequences: false).enumerated()
            .compactMap { $0.offset % 2 == 1 ? String($0.element) : nil }
    }
}
