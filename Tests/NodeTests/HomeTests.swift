import Chain
import Codec
import Cryptography
import Foundation
import Ledger
import Node
import NodeCore
import Primitives
import Quorum
import Rewards
import RPC
import Testing

@Suite("home folder")
struct HomeTests {
    static let quick = SealedSecret.Cost(passes: 1, memory: 8 << 10)!

    // MARK: Configuration

    static let configurationRows: [(text: String, part: String)] = [
        ("listn = \"a:1\"", "unknown key `listn`; did you mean `listen`?"),
        ("persistent_peer = []", "did you mean `persistent_peers`?"),
        ("moniker = 3", "`moniker` is a text in quotes"), ("moniker = \"\"", "`moniker` has 1 to 64 bytes"),
        ("listen = \"nowhere\"", "`listen` is \"host:port\""), ("listen = \"a:65536\"", "`listen` is \"host:port\""),
        ("log_level = \"loud\"", "`log_level` is one of debug, info"), ("verifiers = 0", "`verifiers` is 1 to 64"),
        ("verifiers = \"2\"", "`verifiers` is a whole number"), ("automatic_unjail = 1", "is true or false"),
        ("persistent_peers = \"x\"", "is a list"),
        ("persistent_peers = [\"a@b:1\"]", "\"id@host:port\""), ("moniker = \"a\"\nlisten = ", "line 2"),
        ("moniker = \"a\"\nmoniker = \"b\"", "line 2"),
    ]

    @Test("a bad configuration is refused with the key or the line", arguments: configurationRows)
    func badConfiguration(text: String, part: String) {
        let error = #expect(throws: HomeError.self) { try NodeConfiguration(toml: text, path: "config.toml") }
        #expect(error?.description.contains(part) == true, "\(error?.description ?? "none")")
    }

    @Test("a configuration reads back as it was written")
    func configurationRoundTrip() throws {
        var configuration = NodeConfiguration()
        configuration.moniker = "first"
        configuration.listen = SocketAddress(host: "::1", port: 4)
        configuration.logLevel = .warning
        let id = TestNetwork.keys(3)[.transport]!.address
        configuration.persistentPeers = [.init(id: id, address: SocketAddress(host: "example.org", port: 26_656))]
        #expect(try NodeConfiguration(toml: configuration.toml, path: "") == configuration)
    }

    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    @Test("Genesis/local.json is a template in the one spelling, with the defaults of the local network")
    func genesisTemplate() throws {
        let path = Self.root.appendingPathComponent("Genesis/local.json").path
        let template = try NodeHome.loadTemplate(path)
        var consensus = ConsensusParameters()
        consensus.evidenceAgeSeconds = 60
        #expect(template.consensus == consensus)
        // A block every 250 ms: 20 of them are 5 seconds (decisions 6 and 18).
        var rewards = Parameters.local
        rewards.market.budgetBlocksMin = 60
        rewards.usage.answerBlocks = 24
        #expect(template.settings == LedgerParameters(rewards: rewards).differences)
        let text = String(decoding: GenesisFile.encode(template), as: UTF8.self)
        #expect(try String(contentsOfFile: path, encoding: .utf8) == text)
        #expect(throws: HomeError.genesis(path: path, .noValidators)) {
            try GenesisFile.decode(GenesisFile.encode(template), path: path)
        }
    }

    @Test("Network/node.toml is what init writes")
    func template() throws {
        let text = try String(contentsOf: Self.root.appendingPathComponent("Network/node.toml"), encoding: .utf8)
        #expect(text == NodeConfiguration().toml)
    }

    // MARK: Keys

    @Test("a key reads back, plain and sealed, and its file is for its owner alone")
    func keyRoundTrip() throws {
        let folder = try TemporaryFolder()
        let key = TestNetwork.keys(1)[.audit]!
        for (name, words) in [("plain", nil), ("sealed", Bytes("words".utf8))] {
            let path = "\(folder.path)/\(name)"
            try KeyFile.store(key, .audit, at: path, passphrase: words, cost: Self.quick)
            let loaded = try KeyFile.load(.audit, at: path, passphrase: Passphrase { words })
            #expect(loaded.publicKey == key.publicKey)
            let mode = try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? NSNumber
            #expect(mode?.intValue == 0o600)
            let text = try String(contentsOfFile: path, encoding: .utf8)
            #expect(text.contains(Hex.lower(key.seed)) == (words == nil))
        }
    }

    @Test("a wrong passphrase, none, another role, open permissions and a swapped key are each refused by name")
    func keyRefusals() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/key"
        let keys = TestNetwork.keys(1)
        try KeyFile.store(keys[.audit]!, .audit, at: path, passphrase: Bytes("right".utf8), cost: Self.quick)
        func load(_ role: KeyFile.Role, _ words: String?) throws -> SigningKey {
            try KeyFile.load(role, at: path, passphrase: Passphrase { words.map { Bytes($0.utf8) } })
        }
        #expect(throws: HomeError.wrongPassphrase(path: path)) { try load(.audit, "wrong") }
        #expect(throws: HomeError.noPassphrase(path: path)) { try load(.audit, nil) }
        #expect(throws: HomeError.wrongRole(path: path, expected: "consensus", found: "audit")) {
            try load(.consensus, "right")
        }
        #expect(throws: HomeError.exists(path: path)) {
            try KeyFile.store(keys[.audit]!, .audit, at: path, passphrase: nil)
        }
        let text = try String(contentsOfFile: path, encoding: .utf8)
        let swapped = text.replacingOccurrences(
            of: keys[.audit]!.publicKey.description, with: keys[.account]!.publicKey.description)
        try swapped.write(toFile: path, atomically: false, encoding: .utf8)
        #expect(throws: HomeError.keyMismatch(path: path)) { try load(.audit, "right") }
        #expect(chmod(path, 0o640) == 0)
        #expect(throws: HomeError.openToOthers(path: path)) { try load(.audit, "right") }
    }

    // MARK: Genesis

    @Test("a genesis reads back as the same value under the same hash, and writes the same text again")
    func genesisRoundTrip() throws {
        let genesis = TestNetwork.genesis((1...4).map { TestNetwork.keys(UInt8($0)) })
        let text = GenesisFile.encode(genesis)
        let loaded = try GenesisFile.decode(text, path: "genesis.json")
        #expect(loaded == genesis)
        #expect(loaded.hash == genesis.hash)
        #expect(GenesisFile.encode(loaded) == text)
        #expect(try Genesis(json: JSON(parsing: text, max: text.count)) == genesis)
    }

    @Test("a file with a name twice is refused, not read by its last value")
    func duplicateName() throws {
        let text = String(decoding: GenesisFile.encode(TestNetwork.genesis([TestNetwork.keys(1)])), as: UTF8.self)
        let twice = text.replacingOccurrences(
            of: "\"chain_id\": ", with: "\"chain_id\": \"other\",\n  \"chain_id\": ")
        #expect(throws: HomeError.malformed(path: "g", place: "whole file", reason: "no JSON: duplicateName")) {
            try GenesisFile.decode(Bytes(twice.utf8), path: "g")
        }
    }

    /// Parts of a good file, what replaces each, and a part of the refusal.
    static let genesisRows: [(part: String, other: String, refusal: String)] = [
        ("\"chain_id\"", "\"chain\"", "unknown key"), ("node-test", "node test", "chain_id"),
        ("\"initial_height\": \"1\"", "\"initial_height\": \"2\"", "initial_height"),
        ("\"app_hash\": \"\"", "\"app_hash\": \"AA\"", "app_hash"),
        ("2026-01-02", "2026-13-02", "genesis_time"), ("\"max_gas\": \"-1\"", "\"max_gas\": -1", "max_gas"),
        ("epoch_seconds", "epoch_second", "unknown parameter; known are"),
        ("\"epoch_seconds\": \"60\"", "\"epoch_seconds\": \"7\"", "epochSecondsDoNotDivideDay"),
        ("\"balance\": \"1000000\"", "\"balance\": \"0\"", "zeroAmount"), ("merit1", "merit2", "is no account address"),
        ("\"power\": \"20000\"", "\"power\": \"20001\"", "is not 20000"), ("ed25519\"", "sr25519\"", "pub_key_types"),
        ("\"reserve\": \"7\"", "\"reserve\": \"18446744073709551615\"", "supplyTooLarge"), ("{", "[", "no JSON"),
        ("\"stake\"", "\"steak\"", "unknown key"), ("\"name\": \"node0\"", "\"name\": \"nodeX\"", "name"),
    ]

    @Test("a bad genesis is refused with the place or the rule", arguments: genesisRows)
    func badGenesis(part: String, other: String, refusal: String) throws {
        let genesis = TestNetwork.genesis([TestNetwork.keys(1)])
        let text = String(decoding: GenesisFile.encode(genesis), as: UTF8.self)
        let range = try #require(text.range(of: part))
        let changed = text.replacingCharacters(in: range, with: other)
        let error = #expect(throws: HomeError.self) {
            try GenesisFile.decode(Bytes(changed.utf8), path: "genesis.json")
        }
        #expect(error?.description.contains(refusal) == true, "\(error?.description ?? "none")")
    }

    // MARK: Hello

    @Test("a hello of another chain, genesis or version, or no hello, is refused with the reason")
    func hello() throws {
        let (digest, chain) = (Hash.sha256([1]), TestNetwork.chainID)
        let own = PeerHello(chainID: chain, genesisHash: digest, tip: Height(4)!)
        #expect(own.refusal(of: PeerHello(chainID: chain, genesisHash: digest, tip: Height(9)!).encoded) == nil)
        let others: [(PeerHello, String)] = [
            (PeerHello(chainID: ChainID("other".utf8)!, genesisHash: digest, tip: Height(4)!), "chain other"),
            (PeerHello(chainID: chain, genesisHash: Hash.sha256([2]), tip: Height(4)!), "genesis"),
            (PeerHello(chainID: chain, genesisHash: digest, version: 2, tip: Height(4)!), "protocol version 2"),
        ]
        for (other, reason) in others { #expect(own.refusal(of: other.encoded)?.contains(reason) == true) }
        #expect(own.refusal(of: [0xFF])?.contains("malformed") == true)
    }
}
