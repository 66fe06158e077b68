// The committed content of the store at one moment, read in place. Hold it shortly and not across a commit on the same
// thread: pages it can see are not reused, and the map cannot grow. Any number of threads may read it at once; as many
// as there are lanes do so without waiting for each other.
// Invariant: all lanes see the same commit.
import CLMDB
import Foundation
package import Primitives

package final class StoreSnapshot: Snapshot {
    /// A read transaction and its cursors: used by one thread at a time. What it points to stays until it ends.
    private final class Lane {
        let transaction: OpaquePointer
        let turn = NSLock()
        /// By the table's number. An open one finds a neighbour of its entry without a search.
        var cursors = [OpaquePointer?](repeating: nil, count: Table.allCases.count + 1)

        init(_ transaction: OpaquePointer) { self.transaction = transaction }

        deinit {
            for case let cursor? in cursors { mdb_cursor_close(cursor) }
            mdb_txn_abort(transaction)
        }
    }

    private let store: LedgerStore
    private var lanes: [Lane]

    /// `transactions`: read transactions, the first of which counts; another is ended at once where a commit came
    /// between the two.
    init(_ store: LedgerStore, _ transactions: [OpaquePointer]) {
        self.store = store
        let moment = mdb_txn_id(transactions[0])
        lanes = transactions.map { Lane($0) }.filter { mdb_txn_id($0.transaction) == moment }
    }

    deinit {
        lanes = []
        store.release()
    }

    /// Threads that read without waiting for each other.
    var laneCount: Int { lanes.count }

    /// The first lane that is free, else the first.
    private func withLane<Result>(_ body: (Lane) throws(StorageError) -> Result) throws(StorageError) -> Result {
        let lane =
            lanes.first { $0.turn.try() }
            ?? {
                lanes[0].turn.lock()
                return lanes[0]
            }()
        defer { lane.turn.unlock() }
        return try body(lane)
    }

    package func load(_ table: Table, key: Bytes) -> Bytes? {
        orEnd { () throws(StorageError) in try read(table, key: key) }
    }

    package func first(_ table: Table, from key: Bytes) -> (key: Bytes, value: Bytes)? {
        orEnd { () throws(StorageError) in try readFirst(table, from: key) }
    }

    package func last(_ table: Table, upTo key: Bytes) -> (key: Bytes, value: Bytes)? {
        orEnd { () throws(StorageError) in try readLast(table, upTo: key) }
    }

    package func forEach(below count: Int, _ body: (Int) -> Void) {
        withoutActuallyEscaping(body) { body in
            // Whoever asks for parts vouches that they are independent.
            nonisolated(unsafe) let body = body
            DispatchQueue.concurrentPerform(iterations: count) { body($0) }
        }
    }

    private func orEnd<Result>(_ body: () throws(StorageError) -> Result) -> Result {
        do { return try body() } catch { Disk.endProcess(error) }
    }

    /// As `load`, for those who can say more about a corrupt value than that the process ends.
    package func read(_ table: Table, key: Bytes) throws(StorageError) -> Bytes? {
        if key.isEmpty || key.count > StorageLimits.keyBytesMax { return nil }
        var content = MDB_val()
        let code = try withLane { lane throws(StorageError) in
            key.withVal { mdb_get(lane.transaction, store.handle(table), &$0, &content) }
        }
        if code == MDB_NOTFOUND { return nil }
        if code != 0 { throw Disk.failure(code, "read", store.folder) }
        return try decode(content, table, key)
    }

    package func readFirst(_ table: Table, from key: Bytes) throws(StorageError) -> (key: Bytes, value: Bytes)? {
        try withCursor(table) { cursor throws(StorageError) in
            try key.isEmpty ? move(cursor, table, MDB_FIRST) : move(cursor, table, MDB_SET_RANGE, key)
        }
    }

    package func readLast(_ table: Table, upTo key: Bytes) throws(StorageError) -> (key: Bytes, value: Bytes)? {
        if key.isEmpty { return nil }
        return try withCursor(table) { cursor throws(StorageError) in
            guard let found = try move(cursor, table, MDB_SET_RANGE, key) else {
                return try move(cursor, table, MDB_LAST)
            }
            return found.key == key ? found : try move(cursor, table, MDB_PREV)
        }
    }

    /// Visits every entry of the table in order; the first corrupt one is thrown.
    func scrub(_ table: Table) throws(StorageError) -> Int {
        try withCursor(table) { cursor throws(StorageError) in
            var count = 0
            var entry = try move(cursor, table, MDB_FIRST)
            while entry != nil {
                count += 1
                entry = try move(cursor, table, MDB_NEXT)
            }
            return count
        }
    }

    private func withCursor<Result>(
        _ table: Table, _ body: (OpaquePointer) throws(StorageError) -> Result
    ) throws(StorageError) -> Result {
        try withLane { lane throws(StorageError) in
            let place = Int(table.rawValue)
            var cursor = lane.cursors[place]
            if cursor == nil {
                let code = mdb_cursor_open(lane.transaction, store.handle(table), &cursor)
                lane.cursors[place] = cursor
                if code != 0 { throw Disk.failure(code, "read", store.folder) }
            }
            guard let cursor else { preconditionFailure("a cursor of table \(table) that was opened") }
            return try body(cursor)
        }
    }

    private func move(
        _ cursor: OpaquePointer, _ table: Table, _ operation: MDB_cursor_op, _ key: Bytes = []
    ) throws(StorageError) -> (key: Bytes, value: Bytes)? {
        precondition(key.count <= StorageLimits.keyBytesMax, "a key of \(key.count) bytes in table \(table)")
        var content = MDB_val()
        var name = MDB_val()
        let code = key.withVal { start in
            name = start
            return mdb_cursor_get(cursor, &name, &content, operation)
        }
        if code == MDB_NOTFOUND { return nil }
        if code != 0 { throw Disk.failure(code, "read", store.folder) }
        let found = Bytes(UnsafeRawBufferPointer(start: name.mv_data, count: name.mv_size))
        return (found, try decode(content, table, found))
    }

    private func decode(_ content: MDB_val, _ table: Table, _ key: Bytes) throws(StorageError) -> Bytes {
        guard let value = StoredValue.decode(content, table.rawValue, key: key) else {
            throw .corruptValue(table: table, key: key)
        }
        return value
    }
}
