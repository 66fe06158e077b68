// README.md shows the module graph; Package.swift is the module graph.
import Testing

@Suite("module graph")
struct GraphTests {
    @Test("the graph in README.md is the graph of Package.swift")
    func repository() throws {
        let package = PackageGraph(package: try #require(Repository.current.text("Package.swift")))
        let readme = try #require(PackageGraph(readme: Repository.current.text("README.md") ?? ""))
        #expect(package.edges["Primitives"] == [])
        expectNone(package.differences(from: readme, here: "Package.swift", there: "README.md"))
    }

    static let package = """
        func module(_ name: String) -> Target { .target(name: name, dependencies: ["Wrong"]) }
        let package = Package(name: "p", dependencies: [.package(url: "u", from: "1.0.0")], targets: [
            .systemLibrary(name: "CA", pkgConfig: "a", providers: [.apt(["liba-dev"])]),
            module("A"), // module("Not", ["A"])
            module("B", ["A", "CA"]), module("C", [
                "B",
                .product(name: "Outside", package: "u"), .target(name: "A"),
            ], resources: [.copy("page")]),
            .executableTarget(name: "run", dependencies: ["C"], swiftSettings: settings),
            module("Support", path: "Tests/Support"),
            tests("ATests", ["A"]), .testTarget(name: "BTests", dependencies: ["B"]),
        ])
        """
    static let readme = "x\n<!-- graph -->\n```\nrun -> C\nC -> A, B\nB -> CA,A\nA\nCA\n```\n<!-- graph -->\n"

    @Test("both readers agree on a sample of every form")
    func agreement() throws {
        let graph = PackageGraph(package: Self.package)
        #expect(graph.edges == ["CA": [], "A": [], "B": ["A", "CA"], "C": ["A", "B"], "run": ["C"]])
        #expect(PackageGraph(readme: Self.readme) == graph)
    }

    @Test(
        "a missing target, a missing edge and an edge too many are found",
        arguments: [
            ("A\nCA", "A"), ("C -> A, B", "C -> B"), ("B -> CA,A", "B -> CA,A,run"), ("run -> C", "run -> C\nX"),
        ])
    func differences(part: String, changed: String) throws {
        let text = Self.readme.split(separator: part, maxSplits: 1).joined(separator: changed)
        let readme = try #require(PackageGraph(readme: text))
        #expect(PackageGraph(package: Self.package).differences(from: readme, here: "a", there: "b").count == 1)
    }

    @Test("a README without the block has no graph")
    func noBlock() { #expect(PackageGraph(readme: "<!-- graph -->\nA\n") == nil) }
}
