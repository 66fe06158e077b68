// Sizes as a ratchet: the limits may go down, never up.
import Testing

@Suite("sizes")
struct SizeTests {
    static let lineColumnsMax = 120
    static let functionLinesMax = 70
    static let fileLinesMax = 500
    static let testFileLinesMax = 800
    static let parametersMax = 5
    static let nestingMax = 3

    static func violations(_ source: SwiftSource) -> [String] {
        var found: [String] = []
        for (index, line) in source.lines.enumerated() where line.count > lineColumnsMax {
            found.append("\(source.path):\(index + 1): \(line.count) columns, at most \(lineColumnsMax)")
        }
        let fileMax = source.path.hasPrefix("Tests/") ? testFileLinesMax : fileLinesMax
        let lineCount = source.lines.count - (source.lines.last == "" ? 1 : 0)
        if lineCount > fileMax {
            found.append("\(source.path): \(lineCount) lines, at most \(fileMax)")
        }
        for function in SwiftShape(source).functions {
            let place = "\(source.path):\(function.line): \(function.name)"
            if function.lines > functionLinesMax {
                found.append("\(place) has \(function.lines) lines, at most \(functionLinesMax)")
            }
            if function.parameters > parametersMax {
                found.append("\(place) has \(function.parameters) parameters, at most \(parametersMax)")
            }
            if function.nesting > nestingMax {
                found.append("\(place) nests \(function.nesting) levels, at most \(nestingMax)")
            }
        }
        return found
    }

    @Test("lines, functions, files, parameter lists and nesting stay within their limits")
    func repository() {
        let sources = Repository.current.swiftSources("Sources", "Tests")
        #expect(sources.count > 5)
        let found = sources.flatMap(Self.violations)
        expectNone(found)
    }

    static let body = String(repeating: "    work()\n", count: 69)

    @Test(
        "each size rule finds its bad sample and spares the sample at the limit",
        arguments: [
            (String(repeating: "x", count: 121), 1), (String(repeating: "x", count: 120), 0),
            (String(repeating: "\n", count: 501), 1), (String(repeating: "\n", count: 500), 0),
            ("func long() {\n" + body + "\n}", 1), ("func fits() {\n" + body.dropLast(12) + "\n}", 0),
            ("var long: Int {\n" + body + "\n}", 1), ("init() {\n" + body + "\n}", 1),
            ("func six<A, B>(a: A, b: [A: B], c: (A, B), d: Map<A, B> = [:], e: Int, f: Int) {}", 1),
            ("func five(a: A, b: (A, B) -> C, c: Map<A, B>, d: Int = f(1, 2), e: Int) {}", 0),
            ("func f() { if a { for b in c { while d { switch e { default: g() } } } } }", 1),
            (
                "func f() { if a { for b in c { while d { guard e else { g() } } } } else { work() } }",
                0
            ),
            ("func f() { let text = \"if { if { if { if {\" /* if { if { if { if { */ }", 0),
        ])
    func samples(text: String, count: Int) {
        #expect(Self.violations(SwiftSource(path: "Sources/A/A.swift", text: text)).count == count)
    }
}
