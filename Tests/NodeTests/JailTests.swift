// A validator that was away is jailed, and its node brings it back when the term is over, or says what to type.
import Chain
import Cryptography
import Foundation
import Ledger
import Logging
import NodeCore
import Primitives
import Quorum
import Rewards
import Synchronization
import Testing

@testable import Node

/// Keeps what is logged.
private final class LoggedLines: Sendable {
    private let lines = Mutex<[String]>([])

    var all: [String] { lines.withLock { $0 } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }

    struct Handler: LogHandler {
        let lines: LoggedLines
        var metadata = Logger.Metadata()
        var logLevel = Logger.Level.debug

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { lines.add("\(event.message) \(event.metadata ?? [:])") }
    }
}

@Suite("jail", .timeLimit(.minutes(2)), .serialized)
struct JailTests {
    private static func jail(epoch: UInt64, free: UInt64) throws -> Jail {
        let address = try #require(Address(Bytes(repeating: 1, count: 20)))
        return Jail(operatorAddress: address, epoch: epoch, freeEpoch: free, nextSequence: 0)
    }

    @Test("a term is announced once, and its end is answered once in each epoch, never while the node is behind")
    func plan() throws {
        var plan = JailPlan()
        let (early, late) = (try Self.jail(epoch: 3, free: 5), try Self.jail(epoch: 5, free: 5))
        #expect(plan.next(nil, isBehind: false) == .wait)
        #expect(plan.next(early, isBehind: true) == .wait)
        #expect(plan.next(early, isBehind: false) == .announce(early))
        #expect(plan.next(try Self.jail(epoch: 4, free: 5), isBehind: false) == .wait)
        #expect(plan.next(late, isBehind: true) == .wait)
        #expect(plan.next(late, isBehind: false) == .ask(late, isLast: false))
        #expect(plan.next(late, isBehind: false) == .wait)
        let next = try Self.jail(epoch: 6, free: 5)
        #expect(plan.next(next, isBehind: false) == .ask(next, isLast: false))
        // A second term is news again.
        #expect(plan.next(nil, isBehind: false) == .wait)
        #expect(plan.next(early, isBehind: false) == .announce(early))
    }

    @Test("put off, it asks again with the next block, 16 times in an epoch, and from the start in the next one")
    func putOff() throws {
        var plan = JailPlan()
        for epoch in [5, 6] as [UInt64] {
            let jail = try Self.jail(epoch: epoch, free: 5)
            for left in (0..<JailPlan.triesMax).reversed() {
                #expect(plan.next(jail, isBehind: false) == .ask(jail, isLast: left == 0))
                plan.isPutOff()
            }
            #expect(plan.next(jail, isBehind: false) == .wait)
        }
    }

    /// One validator that decides alone, and a small one that is away; epochs of a second, a term of none.
    private static func genesis(_ keys: [[KeyFile.Role: SigningKey]]) throws -> Genesis {
        var parameters = LedgerParameters(rewards: try Parameters.local(epochSeconds: 5))
        (parameters.rewards.slashing.signedWindow, parameters.rewards.slashing.jailDays) = (8, 0)
        var consensus = ConsensusParameters()
        consensus.blockInterval = .milliseconds(20)
        consensus.evidenceAgeSeconds = 10
        let members = keys.enumerated().map { number, keys in
            GenesisValidator(
                operatorAddress: keys[.account]!.address,
                keys: ValidatorKeys(
                    consensus: keys[.consensus]!.publicKey, audit: keys[.audit]!.publicKey,
                    transport: keys[.transport]!.publicKey),
                stake: Amount((number == 0 ? 100_000 : 20_000) * Amount.unitsPerToken), name: Bytes("n\(number)".utf8))
        }
        return Genesis(
            chain: (TestNetwork.chainID, Timestamp(seconds: 1_767_323_045, nanoseconds: 0)!, Amount(7)),
            consensus: consensus,
            accounts: keys.map { GenesisAccount(address: $0[.account]!.address, balance: Amount(1_000_000)) },
            bonded: (members, []), settings: parameters.differences)
    }

    private static func start(_ home: NodeHome, _ lines: LoggedLines) async throws -> RunningNode {
        let logger = Logger(label: "test") { _ in LoggedLines.Handler(lines: lines) }
        return try await RunningNode.start(home, passphrase: .none, logger: logger) { preconditionFailure("\($0)") }
    }

    private static func wait(_ node: RunningNode, until condition: () -> Bool) async throws {
        let heights = try #require(node.board.heights())
        if condition() { return }
        for await _ in heights where condition() { return }
    }

    @Test("a node without leave to sign says what to type; with it, and the operator's key, the validator is back")
    func comesBack() async throws {
        let folder = try TemporaryFolder()
        let keys = [TestNetwork.keys(1), TestNetwork.keys(2)]
        let genesis = try Self.genesis(keys)
        let first = try await TestNetwork.start(try TestNetwork.home(folder.path + "/0", keys[0], genesis))
        let away = try #require(keys[1][.consensus]).address
        func jail() -> Jail? { Ledger.jail(of: away, on: first.snapshot()) }
        try await Self.wait(first) { jail() != nil }
        let term = try #require(jail())
        #expect(term.operatorAddress == keys[1][.account]?.address)
        try await Self.wait(first) { jail()?.isOver == true }

        let peer = NodeConfiguration.PersistentPeer(id: first.facts.peerID, address: first.facts.listenAddress)
        let home = try TestNetwork.home(folder.path + "/1", keys[1], genesis, peers: [peer])
        try await obstacles(folder, first, keys[1])
        try await silent(home, first, jail)
        try await returning(home, first, jail)
        await first.stop()
    }

    /// What a watch of its own says when it hears of blocks after the term, and how often it handed something in.
    private static func lines(
        _ home: NodeHome, _ first: RunningNode, of validator: Address, answer: Reply.Answer
    ) async throws -> (lines: [String], submitted: Int) {
        let lines = LoggedLines()
        let submitted = Mutex(0)
        let board = StatusBoard(tip: first.board.status.tip)
        let watch = JailWatch(
            validator,
            JailWatch.Surroundings(
                home: home, isAutomatic: true, rpc: SocketAddress(host: "127.0.0.1", port: 7),
                chainID: TestNetwork.chainID, board: board, snapshot: { first.snapshot() },
                submit: { _ in
                    submitted.withLock { $0 += 1 }
                    return answer
                }, logger: Logger(label: "test") { _ in LoggedLines.Handler(lines: lines) }))
        while lines.all.isEmpty, !Task.isCancelled {
            board.committed(first.board.status.tip, items: 0)
            await Task.yield()
        }
        await watch.stop()
        return (lines.all, submitted.withLock(\.self))
    }

    /// Each key that is not there to be read, and each answer of the node.
    private func obstacles(
        _ folder: TemporaryFolder, _ first: RunningNode, _ keys: [KeyFile.Role: SigningKey]
    ) async throws {
        let home = NodeHome(folder.path + "/keys")
        let path = home.keyPath(.account)
        try FileManager.default.createDirectory(
            atPath: home.path + "/keys", withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        let (validator, own) = (try #require(keys[.consensus]).address, try #require(keys[.account]))
        let stranger = try #require(TestNetwork.keys(3)[.account])
        let stale = Reply.Answer.refused(code: 3, reason: "nonce_stale")
        let other = Reply.Answer.refused(code: 4, reason: "insufficient_balance")
        let rows: [(key: SigningKey?, words: String?, answer: Reply.Answer, said: String?, asked: Int)] = [
            (nil, nil, .admitted, "the operator's key is not at \(path)", 0),
            (own, "words", .admitted, "the operator's key is sealed", 0),
            (stranger, nil, .admitted, "\(path) is another account's key", 0),
            (own, nil, other, "insufficient_balance", 1),
            (own, nil, .busy, "no room for a transaction", JailPlan.triesMax),
            (own, nil, .unready("starting"), "no link to a validator", JailPlan.triesMax),
            (own, nil, stale, nil, 1), (own, nil, .admitted, nil, 1),
        ]
        for row in rows {
            try? FileManager.default.removeItem(atPath: path)
            if let key = row.key {
                try KeyFile.store(
                    key, .account, at: path, passphrase: row.words.map { Bytes($0.utf8) }, cost: HomeTests.quick)
            }
            let end = try await Self.lines(home, first, of: validator, answer: row.answer)
            #expect(end.submitted == row.asked && end.lines.count == 1, "\(end)")
            let warnings = end.lines.filter { $0.contains("merit stake unjail --key \(path)") }
            #expect(warnings.count == (row.said == nil ? 0 : 1), "\(end)")
            #expect(row.said.map { end.lines.first?.contains($0) == true } ?? true, "\(end)")
        }
    }

    private func silent(_ home: NodeHome, _ first: RunningNode, _ jail: () -> Jail?) async throws {
        try Self.allow(false, home)
        let lines = LoggedLines()
        let node = try await Self.start(home, lines)
        let command = Self.command(home)
        try await Self.wait(first) { lines.all.contains { $0.contains(command) } }
        let line = try #require(lines.all.first { $0.contains(command) })
        #expect(
            line.contains("the jail of this validator is over") && line.contains("automatic_unjail is off"),
            "\(lines.all)")
        #expect(jail() != nil)
        await node.stop()
    }

    private func returning(_ home: NodeHome, _ first: RunningNode, _ jail: () -> Jail?) async throws {
        try Self.allow(true, home)
        let lines = LoggedLines()
        let node = try await Self.start(home, lines)
        try await Self.wait(first) { jail() == nil }
        #expect(lines.all.contains { $0.hasPrefix("asked to return from the jail") })
        #expect(!lines.all.contains { $0.contains(Self.command(home)) }, "\(lines.all)")
        await node.stop()
    }

    private static func command(_ home: NodeHome) -> String {
        "merit stake unjail --key \(home.keyPath(.account)) --node http://"
    }

    private static func allow(_ flag: Bool, _ home: NodeHome) throws {
        let text = try String(contentsOfFile: home.configurationPath, encoding: .utf8)
        let other = text.replacingOccurrences(
            of: "automatic_unjail = \(!flag)", with: "automatic_unjail = \(flag)")
        #expect(other.contains("automatic_unjail = \(flag)"))
        try other.write(toFile: home.configurationPath, atomically: true, encoding: .utf8)
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: home.configurationPath)
    }
}
