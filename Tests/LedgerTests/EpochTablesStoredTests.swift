// Tables of many rows as they are stored.
import Codec
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
        var store = MemoryStore()
        store.commit(stored.writes)
        let read = TableRows(.rewards, epoch: 7, on: store).map(\.row)
        #expect(stored.roots.rewards == MerkleTree.root(of: read))
        #expect(writes.count == count && zip(writes, writes.dropFirst()).allSatisfy { $0.key.precedes($1.key) })
    }

    @Test("the rows of an account lie in one record, each with what it was computed from")
    func accounts() throws {
        let accounts = [UInt8(1), 2].compactMap { Address(Bytes(repeating: $0, count: 20)) }
        func row(_ account: Int, _ kind: RewardKind) -> RewardRow {
            RewardRow(key: RewardKey(account: accounts[account], kind: kind), amount: Amount(1), reason: .tasksSettled)
        }
        var fees = FeeTotals()
        fees.provider = Amount(1)
        let rows = [row(0, .fee), row(0, .standby), row(1, .fee)]
        let tables = try EpochTables(rewards: rows, slashes: [], bases: [.fee(fees), nil, nil])
        let stored = tables.stored(epoch: 7, on: MemoryStore())
        var store = MemoryStore()
        store.commit(stored.writes)
        #expect(stored.writes.writes.count == 2)
        let all = Array(TableRows(.rewards, epoch: 7, on: store))
        #expect(all.map(\.account) == [accounts[0], accounts[0], accounts[1]])
        #expect(all.map(\.basis) == [RowBasis.fee(fees).encoded, nil, nil])
        let read = try all.map { try RewardRow(decoding: $0.row) }
        #expect(read.map(\.key) == rows.map(\.key))
        #expect(read.map(\.evidence) == [Hash.sha256(RowBasis.fee(fees).encoded), nil, nil])
        let own = TableRows(.rewards, epoch: 7, of: accounts[1], on: store).map(\.row)
        #expect(own == [all[2].row] && Array(TableRows(.rewards, epoch: 8, on: store)).isEmpty)
    }
}
