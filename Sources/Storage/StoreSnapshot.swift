// The committed content of the store at one moment, read in place. Hold it shortly and not across a commit on the same
// thread: pages it can see are not reused, and the map cannot grow. Any number of threads may read it at once; a part
// of `forEach` has a lane of its own where there is one left, and then neither waits nor shares a counter with others.
// Invariant: all lanes see the same commit.
import CLMDB
import Foundation
package import Primitives

package final class StoreSnapshot: Snapshot {
    /// A read transaction and its cursors: used by one thread at a time. What it points to stays until it ends.
    private final class Lane {
        let transaction: OpaquePointer
        let turn = NSLock()
        /// By the table's number.
        let handles: [MDB_dbi]
        /// By the table's number. An open one finds a neighbour of its entry without a search.
        var cursors = [OpaquePointer?](repeating: nil, count: Table.allCases.count + 1)
        /// Whose lane it is.
        var owner: ObjectIdentifier?

        init(_ transaction: OpaquePointer, _ store: LedgerStore) {
            self.transaction = transaction
            handles = (0...UInt8(Table.allCases.count)).map { Table(rawValue: $0).map(store.handle) ?? 0 }
        }

        func handle(_ table: Table) -> MDB_dbi { handles[Int(table.rawValue)] }

        /// Once, before the store may end.
        func end() {
            for case let cursor? in cursors { mdb_cursor_close(cursor) }
            mdb_txn_abort(transaction)
        }
    }

    private let store: LedgerStore
    /// The first is shared, each call has it for itself; a part of `forEach` holds one of the others while it runs.
    private let lanes: [Lane]

    /// The lane that this thread holds, of whichever snapshot.
    private static let held: pthread_key_t = {
        var key = pthread_key_t()
        precondition(pthread_key_create(&key, nil) == 0, "the system has no place for a thread's lane")
        return key
    }()

    /// `transactions`: read transactions, the first of which counts; another is ended at once where a commit came
    /// between the two.
    init(_ store: LedgerStore, _ transactions: [OpaquePointer]) {
        self.store = store
        let moment = mdb_txn_id(transactions[0])
        var lanes: [Lane] = []
        for lane in transactions.map({ Lane($0, store) }) {
            if mdb_txn_id(lane.transaction) == moment { lanes.append(lane) } else { lane.end() }
        }
        self.lanes = lanes
        for lane in lanes { lane.owner = ObjectIdentifier(self) }
    }

    deinit {
        for lane in lanes { lane.end() }
        store.release()
    }

    /// The shared one and those for parts.
    var laneCount: Int { lanes.count }

    private func withLane<Result>(_ body: (Lane) throws(StorageError) -> Result) throws(StorageError) -> Result {
        if let held = pthread_getspecific(Self.held) {
            let lane = Unmanaged<Lane>.fromOpaque(held).takeUnretainedValue()
            if lane.owner == ObjectIdentifier(self) { return try body(lane) }
        }
        lanes[0].turn.lock()
        defer { lanes[0].turn.unlock() }
        return try body(lanes[0])
    }

    package func forEach(below count: Int, _ body: (Int) -> Void) {
        withoutActuallyEscaping(body) { body in
            // Whoever asks for parts vouches that they are independent.
            nonisolated(unsafe) let body = { part in self.onOwnLane { body(part) } }
            DispatchQueue.concurrentPerform(iterations: count) { body($0) }
        }
    }

    /// Without a lane that is free, as a part of a part may be, the shared one serves.
    private func onOwnLane(_ body: () -> Void) {
        guard let lane = lanes.dropFirst().first(where: { $0.turn.try() }) else { return body() }
        let outer = pthread_getspecific(Self.held)
        pthread_setspecific(Self.held, Unmanaged.passUnretained(lane).toOpaque())
        body()
        pthread_setspecific(Self.held, outer)
        lane.turn.unlock()
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

    private func orEnd<Result>(_ body: () throws(StorageError) -> Result) -> Result {
        do { return try body() } catch { Disk.endProcess(error) }
    }

    /// As `load`, for those who can say more about a corrupt value than that the process ends.
    package func read(_ table: Table, key: Bytes) throws(StorageError) -> Bytes? {
        if key.isEmpty || key.count > StorageLimits.keyBytesMax { return nil }
        var content = MDB_val()
        let code = try withLane { lane throws(StorageError) in
            key.withVal { mdb_get(lane.transaction, lane.handle(table), &$0, &content) }
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
                let code = mdb_cursor_open(lane.transaction, lane.handle(table), &cursor)
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
