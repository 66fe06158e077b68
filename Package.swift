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

let package = Package(
    name: "merit",
    targets: [
        // Ground
        .systemLibrary(name: "CSodium", pkgConfig: "libsodium", providers: [.apt(["libsodium-dev"])]),
        module("Primitives"),
        module("Codec", ["Primitives"]),
        module("Cryptography", ["Primitives", "Codec", "CSodium"]),
        // Words
        module("Quorum", ["Primitives", "Codec", "Cryptography"]),
        module("Chain", ["Primitives", "Codec", "Cryptography", "Quorum"]),
        // Machines
        module("Consensus", ["Primitives", "Codec", "Cryptography", "Quorum"]),
        module("Dissemination", ["Primitives", "Codec", "Quorum", "Chain"]),
        module("Ledger", ["Primitives", "Codec", "Cryptography", "Quorum", "Chain", "Rewards"]),
        module("Rewards", ["Primitives"]),
        module("Sync", ["Primitives"]),
        // Core
        module(
            "NodeCore",
            [
                "Primitives", "Codec", "Cryptography", "Quorum", "Chain", "Consensus", "Dissemination", "Ledger", "Sync",
            ]),
        // Adapters
        .systemLibrary(name: "CLMDB", pkgConfig: "lmdb", providers: [.apt(["liblmdb-dev"])]),
        module("Storage", ["Primitives", "CLMDB"]),
        // Shells
        module("Simulator", ["Primitives", "Codec", "Cryptography", "Quorum", "Chain", "Ledger", "NodeCore"]),
        // Tests
        module("TestVectors", path: "Tests/TestVectors"),
        tests("PrimitivesTests", ["Primitives"]),
        tests("CodecTests", ["Codec", "Primitives"]),
        tests("CryptographyTests", ["Cryptography", "Codec", "Primitives", "TestVectors"]),
        tests("QuorumTests", ["Quorum", "Cryptography", "Codec", "Primitives"]),
        tests("ChainTests", ["Chain", "Quorum", "Cryptography", "Codec", "Primitives", "TestVectors"]),
        tests("ConsensusTests", ["Consensus", "Quorum", "Cryptography", "Codec", "Primitives"], exclude: ["Scripts"]),
        tests("DisseminationTests", ["Dissemination", "Chain", "Quorum", "Cryptography", "Codec", "Primitives"]),
        tests("LedgerTests", ["Ledger", "Chain", "Quorum", "Cryptography", "Codec", "Primitives"]),
        tests("RewardsTests", ["Rewards", "Primitives", "TestVectors"]),
        tests("SyncTests", ["Sync", "Primitives"]),
        tests("StorageTests", ["Storage", "CLMDB", "Primitives"]),
        tests(
            "SimulationTests",
            ["Simulator", "NodeCore", "Ledger", "Chain", "Quorum", "Cryptography", "Codec", "Primitives"]),
        tests("TidyTests", []),
    ]
)
