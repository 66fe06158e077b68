// swift-tools-version: 6.2
// The module graph is the architecture: a rule we care about is a missing edge here. Arrows point downward only;
// TidyTests compares this file with the graph in README.md.
import PackageDescription

let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .treatAllWarnings(as: .error),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
]

func module(_ name: String, _ dependencies: [Target.Dependency] = [], path: String? = nil) -> Target {
    .target(name: name, dependencies: dependencies, path: path, swiftSettings: settings)
}

func tests(_ name: String, _ dependencies: [Target.Dependency], exclude: [String] = []) -> Target {
    .testTarget(name: name, dependencies: dependencies, exclude: exclude, swiftSettings: settings)
}

let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let nioSSL: Target.Dependency = .product(name: "NIOSSL", package: "swift-nio-ssl")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")
let nioTLS: Target.Dependency = .product(name: "NIOTLS", package: "swift-nio")

let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
    name: "merit",
    dependencies: [
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
        .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.0.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.6.0"),
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/LebJe/TOMLKit", from: "0.6.0"),
    ],
    targets: [
        // Ground
        .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
        module("Primitives"),
        module("Codec", ["Primitives"]),
        module("Cryptography", ["Primitives", "Codec", "CSodium", crypto]),
        // Words
        module("Quorum", ["Primitives", "Codec", "Cryptography"]),
        module("Chain", ["Primitives", "Codec", "Cryptography", "Quorum"]),
        // Machines
        module("Consensus", ["Primitives", "Codec", "Cryptography", "Quorum"]),
        module("Dissemination", ["Primitives", "Codec", "Quorum", "Chain"]),
        module("Rewards", ["Primitives"]),
        module("ProgramRules", ["Primitives", "Cryptography"]),
        module("Ledger", ["Primitives", "Codec", "Cryptography", "Quorum", "Chain", "Rewards", "ProgramRules"]),
        module("Sync", ["Primitives"]),
        module("LightClient", ["Primitives", "Codec", "Cryptography", "Quorum", "Chain"]),
        module("Auditor", ["Primitives", "Codec", "Cryptography", "Quorum", "Chain", "Rewards", "Ledger"]),
        module(
            "Economy",
            [
                "Primitives", "Codec", "Cryptography", "Quorum", "Chain", "Rewards", "ProgramRules", "Ledger",
                "Auditor",
            ]),
        // Core
        module(
            "NodeCore",
            [
                "Primitives", "Codec", "Cryptography", "Quorum", "Chain", "Consensus", "Dissemination", "Ledger",
                "Sync",
            ]),
        // Adapters
        .systemLibrary(name: "CLMDB", pkgConfig: "lmdb", providers: [.apt(["liblmdb-dev"])]),
        module("Storage", ["Primitives", "CLMDB"]),
        .target(
            name: "CWasmtime", cSettings: [.define("_GNU_SOURCE")], linkerSettings: [.linkedLibrary("dl")]),
        module("Execution", ["Primitives", "Cryptography", "ProgramRules", "CWasmtime"]),
        module("Transport", ["Primitives", "Cryptography", nioCore, nioPosix, nioSSL, nioTLS]),
        // Shells
        module(
            "Node",
            [
                "Primitives", "Codec", "Cryptography", "Quorum", "Chain", "Consensus", "Ledger", "Sync", "Auditor",
                "NodeCore", "RPC", "Storage", "Transport", "Execution", logging,
                .product(name: "TOMLKit", package: "TOMLKit"),
            ]),
        module("RPC", ["Primitives", "Cryptography", "Quorum", "Chain", "Ledger", "Rewards"]),
        module(
            "API",
            [
                "Primitives", "Codec", "Cryptography", "Quorum", "Chain", "Ledger", "NodeCore", "RPC", "Rewards",
                "ProgramRules", "Transport", logging, nioCore,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ]),
        module(
            "Client",
            [
                "Primitives", "Codec", "Cryptography", "Quorum", "Chain", "Rewards", "Ledger", "LightClient", "RPC",
            ]),
        module(
            "Bench",
            [
                "Primitives", "Codec", "Cryptography", "CSodium", "Quorum", "Chain", "Ledger", "ProgramRules", "RPC",
                "Client", "Economy", "Storage",
            ]),
        module(
            "Provider",
            [
                "Primitives", "Codec", "Cryptography", "Quorum", "Chain", "Ledger", "LightClient", "ProgramRules",
                "Execution", "RPC", "Client", "Transport", logging, nioCore,
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "HummingbirdCore", package: "hummingbird"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ]),
        module("Simulator", ["Primitives", "Codec", "Cryptography", "Quorum", "Chain", "Ledger", "NodeCore"]),
        // Entry
        .executableTarget(
            name: "merit",
            dependencies: [
                "Primitives", "Codec", "Cryptography", "Quorum", "Chain", "Ledger", "Auditor", "LightClient",
                "NodeCore",
                "Storage",
                "Transport", "Execution", "Node", "RPC", "Rewards", "API", "Client", "Provider", "Bench",
                "ProgramRules", "Economy",
                logging,
                argumentParser,
            ],
            swiftSettings: settings),
        // Tests
        module("TestVectors", path: "Tests/TestVectors"),
        .executableTarget(
            name: "ExecutorFixture", dependencies: ["Execution"], path: "Tests/ExecutorFixture", swiftSettings: settings
        ),
        tests("PrimitivesTests", ["Primitives"]),
        tests("CodecTests", ["Codec", "Primitives"]),
        tests("CryptographyTests", ["Cryptography", "Codec", "Primitives", "TestVectors"]),
        tests("QuorumTests", ["Quorum", "Cryptography", "Codec", "Primitives"]),
        tests("ChainTests", ["Chain", "Quorum", "Cryptography", "Codec", "Primitives", "TestVectors"]),
        tests("ConsensusTests", ["Consensus", "Quorum", "Cryptography", "Codec", "Primitives"], exclude: ["Scripts"]),
        tests("DisseminationTests", ["Dissemination", "Chain", "Quorum", "Cryptography", "Codec", "Primitives"]),
        tests(
            "LedgerTests",
            ["Auditor", "Ledger", "Rewards", "ProgramRules", "Chain", "Quorum", "Cryptography", "Codec", "Primitives"],
            exclude: ["Tables"]),
        tests("RewardsTests", ["Rewards", "Primitives", "TestVectors"]),
        tests("EconomyTests", ["Economy", "Rewards", "Ledger", "Chain", "Cryptography", "Primitives"]),
        tests("AuditorTests", ["Auditor", "Chain", "Cryptography", "Codec", "Primitives"]),
        tests("SyncTests", ["Sync", "Primitives"]),
        tests(
            "LightClientTests",
            ["LightClient", "Chain", "Quorum", "Cryptography", "Codec", "Primitives", "TestVectors"]),
        tests(
            "NodeCoreTests",
            ["NodeCore", "Consensus", "Dissemination", "Chain", "Quorum", "Cryptography", "Codec", "Primitives"],
            exclude: ["Tables"]),
        tests("StorageTests", ["Storage", "CLMDB", "Primitives"]),
        tests(
            "ExecutionTests", ["Execution", "ProgramRules", "ExecutorFixture", "Cryptography", "Primitives"],
            exclude: ["Tables"]),
        tests("TransportTests", ["Transport", "Cryptography", "Primitives", nioCore, nioPosix, nioSSL]),
        tests(
            "SimulationTests",
            ["Simulator", "NodeCore", "Ledger", "Chain", "Quorum", "Cryptography", "Codec", "Primitives"]),
        tests(
            "NodeTests",
            [
                "Node", "NodeCore", "RPC", "Transport", "Storage", "Ledger", "Rewards", "Chain", "Quorum",
                "Cryptography",
                "Codec",
                "Primitives", logging,
            ]),
        tests(
            "APITests",
            [
                "API", "Client", "LightClient", "RPC", "NodeCore", "Ledger", "Rewards", "ProgramRules", "Chain",
                "Quorum",
                "Cryptography", "Codec", "Primitives",
            ], exclude: ["Golden"]),
        tests(
            "ProviderTests",
            ["Provider", "Client", "Ledger", "Chain", "Cryptography", "Codec", "Primitives"]),
        tests("BenchTests", ["Bench", "Ledger", "Chain", "Quorum", "Cryptography", "RPC", "Primitives"]),
        tests(
            "MeritTests",
            [
                "merit", "Client", "LightClient", "Economy", "Execution", "Chain", "Quorum", "Codec", "Cryptography",
                "Ledger", "Rewards", "ProgramRules", "RPC", "Primitives",
            ], exclude: ["Golden"]),
        tests(
            "EndToEndTests", ["merit", "Client", "Ledger", "Rewards", "RPC", "Cryptography", "Codec", "Primitives"],
            exclude: ["Tables"]),
        tests("TidyTests", []),
    ]
)
