import Chain
import Codec
import Cryptography
import Foundation
import Ledger
import Node
import NodeCore
import Primitives
import Storage
import Testing
import Transport

@Suite("running node", .timeLimit(.minutes(2)), .serialized)
struct RunningNodeTests {
    @Test("a validator alone makes blocks, and a restart goes on above its tip")
    func restart() async throws {
        let folder = try TemporaryFolder()
        let keys = TestNetwork.keys(1)
        let home = try TestNetwork.home(folder.path + "/a", keys, TestNetwork.genesis([keys]))
        let tip = try await run(home, past: 0)
        #expect(tip >= 3)
        let next = try await run(home, past: tip)
        #expect(next >= tip + 3)
    }

    /// Starts, checks that nothing was lost, runs three heights, stops; returns the tip.
    private func run(_ home: NodeHome, past height: UInt64) async throws -> UInt64 {
        let node = try await TestNetwork.start(home)
        #expect(node.status.tip.height.value >= height)
        try await node.reach(height + 3)
        await node.stop()
        #expect(node.status.counters.refusedSignatures == 0)
        return node.status.tip.height.value
    }

    @Test("four nodes over TLS reach height 6 with equal blocks, and an admitted transfer is in all of them")
    func fourNodes() async throws {
        let folder = try TemporaryFolder()
        let keys = (1...4).map { TestNetwork.keys(UInt8($0)) }
        let genesis = TestNetwork.genesis(keys)
        var nodes: [RunningNode] = []
        for (index, keys) in keys.enumerated() {
            let peers = nodes.map {
                NodeConfiguration.PersistentPeer(id: $0.facts.peerID, address: $0.facts.listenAddress)
            }
            let home = try TestNetwork.home("\(folder.path)/\(index)", keys, genesis, peers: peers)
            nodes.append(try await TestNetwork.start(home))
        }
        for node in nodes { try await node.reach(2) }
        let content = TransactionContent(
            sender: keys[0][.account]!.publicKey, sequence: 0,
            action: .transfer(Transfer(recipient: keys[1][.account]!.address, amount: Amount(11))))
        let item = Item.transaction(
            Transaction(signing: content, by: keys[0][.account]!, chainID: TestNetwork.chainID)
        ).encoded
        #expect(await nodes[2].submit(item) == .admitted)
        #expect(await nodes[2].submit([1, 2, 3]) != .admitted)
        let height = try #require(await place(of: item, in: nodes[2]))
        for node in nodes { try await node.reach(max(height, 6)) }
        let rows = nodes.map { node in
            (1...max(height, 6)).map { node.snapshot().load(.blocks, key: $0.bigEndianBytes) }
        }
        #expect(rows[0].allSatisfy { $0 != nil })
        #expect(rows.allSatisfy { $0 == rows[0] })
        #expect(nodes.allSatisfy { $0.connected.count == 3 })
        for node in nodes { await node.stop() }
    }

    /// The height of the block that holds the item.
    private func place(of item: Bytes, in node: RunningNode) async throws -> UInt64? {
        let key = Hash.sha256(item).bytes
        let heights = try #require(node.board.heights())
        for await _ in heights {
            if let place = node.snapshot().load(.transactions, key: key) { return UInt64(bigEndian: place.prefix(8)) }
        }
        return nil
    }

    @Test("a part of a block and a batch fit the frames of their classes")
    func frames() {
        #expect(NodeLimits.blockPartBytes + 64 <= FrameClass.blocks.bytesMax)
        #expect(NodeLimits.batchBytesMax + 64 <= FrameClass.batches.bytesMax)
        let block = Block.itemBytesMax + Item.bytesMax + Block.itemsMax * 6 + (2 << 20)
        #expect(block <= Int(NodeLimits.blockPartsMax) * NodeLimits.blockPartBytes)
    }

    @Test("a second process on one home is refused with the holder's id")
    func secondProcess() async throws {
        let folder = try TemporaryFolder()
        let keys = TestNetwork.keys(1)
        let home = try TestNetwork.home(folder.path + "/a", keys, TestNetwork.genesis([keys]))
        let lock = try home.lock()
        await #expect(throws: StorageError.alreadyOpen(folder: folder.path + "/a/data", pid: getpid())) {
            try await TestNetwork.start(home)
        }
        withExtendedLifetime(lock) {}
    }

    @Test("a consensus key without its signing record does not start, and is told the way out")
    func missingRecord() async throws {
        let folder = try TemporaryFolder()
        let keys = TestNetwork.keys(1)
        let home = try TestNetwork.home(folder.path + "/a", keys, TestNetwork.genesis([keys]))
        let address = keys[.consensus]!.address
        try FileManager.default.removeItem(atPath: home.recordPath(address))
        let error = HomeError.noSigningRecord(address: address, home: home.path)
        await #expect(throws: error) { try await TestNetwork.start(home) }
        #expect(error.description.contains("merit keys accept-fresh"))
    }

    @Test("a store that began with another genesis is refused")
    func foreignGenesis() async throws {
        let folder = try TemporaryFolder()
        let keys = TestNetwork.keys(1)
        let genesis = TestNetwork.genesis([keys])
        let home = try TestNetwork.home(folder.path + "/a", keys, genesis)
        try withExtendedLifetime(home.openStore(genesis)) {}
        let other = TestNetwork.genesis([keys], time: .epoch1970)
        let error = HomeError.foreignGenesis(path: home.genesisPath, expected: genesis.hash, found: other.hash)
        #expect(throws: error) { try home.openStore(other) }
    }
}
