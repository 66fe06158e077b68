// Homes in a folder of the test's own, with keys made cheaply.
import Chain
import Cryptography
import Foundation
import Ledger
import Logging
import Node
import NodeCore
import Primitives
import Quorum
import Rewards
import Testing

/// A folder that is gone with its owner.
final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        path = NSTemporaryDirectory() + "merit-node-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }
}

enum TestNetwork {
    static let chainID = ChainID("node-test".utf8)!

    static func keys(_ number: UInt8) -> [KeyFile.Role: SigningKey] {
        var keys: [KeyFile.Role: SigningKey] = [:]
        for (place, role) in KeyFile.Role.allCases.enumerated() {
            keys[role] = SigningKey(seed: [UInt8(place), number] + Bytes(repeating: 9, count: 30))
        }
        return keys
    }

    static func validator(_ keys: [KeyFile.Role: SigningKey], _ name: String) -> GenesisValidator {
        GenesisValidator(
            operatorAddress: keys[.account]!.address,
            keys: ValidatorKeys(
                consensus: keys[.consensus]!.publicKey, audit: keys[.audit]!.publicKey,
                transport: keys[.transport]!.publicKey),
            stake: Amount(20_000 * Amount.unitsPerToken), name: Bytes(name.utf8))
    }

    /// As many validators as keys; the time is fixed, so equal keys give equal chains.
    /// The local network's parameters for epochs of a minute.
    static let scaled: [Setting] = {
        guard let rewards = try? Parameters.local(epochSeconds: 60) else { return [] }
        return LedgerParameters(rewards: rewards).differences
    }()

    static func genesis(
        _ keys: [[KeyFile.Role: SigningKey]],
        time: Timestamp = Timestamp(seconds: 1_767_323_045, nanoseconds: 6_000_000)!
    ) -> Genesis {
        var consensus = ConsensusParameters()
        consensus.blockInterval = .milliseconds(20)
        consensus.evidenceAgeSeconds = 180
        return Genesis(
            chain: (chainID, time, Amount(7)), consensus: consensus,
            accounts: keys.map { GenesisAccount(address: $0[.account]!.address, balance: Amount(1_000_000)) },
            bonded: (
                keys.enumerated().map { validator($1, "node\($0)") },
                [GenesisProvider(account: TestNetwork.keys(99)[.account]!.address, bond: Amount(5))]
            ),
            settings: [Setting(number: 1, value: 3)] + scaled)
    }

    /// A home that listens on a free port and knows these peers.
    static func home(
        _ path: String, _ keys: [KeyFile.Role: SigningKey], _ genesis: Genesis,
        peers: [NodeConfiguration.PersistentPeer] = []
    ) throws -> NodeHome {
        var configuration = NodeConfiguration()
        configuration.listen = SocketAddress(host: "127.0.0.1", port: 0)
        configuration.persistentPeers = peers
        configuration.doppelgangerHeights = 0
        let home = NodeHome(path)
        try home.create(configuration, keys: keys, passphrase: nil)
        try home.store(genesis)
        return home
    }

    static func start(_ home: NodeHome) async throws -> RunningNode {
        let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        return try await RunningNode.start(home, passphrase: .none, logger: logger) { preconditionFailure("\($0)") }
    }
}

extension RunningNode {
    /// Returns once this height is committed; the test's time limit is the deadline.
    func reach(_ height: UInt64) async throws {
        let heights = try #require(board.heights())
        if status.tip.height.value >= height { return }
        for await committed in heights where committed.value >= height { return }
    }
}
