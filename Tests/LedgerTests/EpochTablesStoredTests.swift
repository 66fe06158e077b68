// Tables of many rows as they are stored.
import Cryptography
import Primitives
import Rewards
import Testing

@testable import Ledger

@Suite("an epoch's tables as they are stored")
struct EpochTablesStoredTests {
    /// The parts' root is that of RFC 6962 only if each part but the last is a whole subtree.
    @Test("the root over many rows is that over their leaves in one piece", arguments: [0, 1, 16_384, 16_385, 40_000])
    func root(count: Int) throws {
        let rows = try (0..<count).map { index in
            let account = try #require(Address(Hash.sha256(UInt64(index).bigEndianBytes).bytes.prefix(20)))
            return RewardRow(
                key: RewardKey(account: account, kind: .fee), amount: Amount(UInt64(index) + 1), reason: .tasksSettled)
        }
        let tables = try EpochTables(rewards: rows, slashes: [])
        let stored = tables.stored(epoch: 7, on: MemoryStore())
        let writes = stored.writes.writes
        #expect(stored.roots.rewards == MerkleTree.root(of: writes.compactMap(\.value)))
        #expect(writes.count == count && zip(writes, writes.dropFirst()).allSatisfy { $0.key.precedes($1.key) })
    }
}
