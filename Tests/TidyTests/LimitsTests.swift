// A bound that no code checks is a wish: every member of an `enum …Limits` is named somewhere else in Sources.
import Testing

@Suite("limits")
struct LimitsTests {
    struct Limit: Hashable {
        let owner: String
        let name: String
        let place: String
    }

    static func declared(_ source: SwiftSource) -> [Limit] {
        let tokens = source.tokens.filter { $0.text != "\n" }
        var found: [Limit] = []
        var owner: (name: String, depth: Int)?
        var depth = 0
        for (index, token) in tokens.enumerated() {
            switch token.text {
            case "{": depth += 1
            case "}":
                depth -= 1
                if let current = owner, depth <= current.depth { owner = nil }
            case "enum" where index + 1 < tokens.count && tokens[index + 1].text.hasSuffix("Limits"):
                owner = (tokens[index + 1].text, depth)
            case "let" where index > 0 && index + 1 < tokens.count && tokens[index - 1].text == "static":
                guard let owner else { continue }
                found.append(Limit(owner: owner.name, name: tokens[index + 1].text, place: source.path))
            default: break
            }
        }
        return found
    }

    static func unused(_ sources: [SwiftSource]) -> [String] {
        var used: Set<String> = []
        for source in sources {
            let tokens = source.tokens.map(\.text).filter { $0 != "\n" }
            for index in tokens.indices.dropFirst(2) where tokens[index - 1] == "." {
                used.insert("\(tokens[index - 2]).\(tokens[index])")
            }
        }
        return sources.flatMap(declared).filter { !used.contains("\($0.owner).\($0.name)") }
            .map { "\($0.place): \($0.owner).\($0.name) is used nowhere" }
    }

    @Test("every limit is used by code")
    func repository() {
        let sources = Repository.current.swiftSources("Sources")
        #expect(!sources.flatMap(Self.declared).isEmpty)
        let found = Self.unused(sources)
        expectNone(found)
    }

    @Test("an unused limit is found, a used one is not")
    func samples() {
        let limits = SwiftSource(
            path: "Sources/A/Limits.swift",
            text:
                "enum FrameLimits {\n static let bytesMax = 1\n package static let itemsMax = 2\n}\nstatic let free = 1"
        )
        let code = SwiftSource(path: "Sources/A/A.swift", text: "x < FrameLimits.bytesMax // FrameLimits.itemsMax")
        #expect(Self.unused([limits, code]) == ["Sources/A/Limits.swift: FrameLimits.itemsMax is used nowhere"])
    }
}
