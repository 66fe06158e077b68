// The chain on disk: one LMDB environment, a sub-database per table. Invariants: a batch is durable and whole when
// `commit` returns, or absent; every value read was checked against its checksum; one process has the folder open. No
// NOSYNC, no WRITEMAP. A thread that commits holds no snapshot meanwhile. Errors are the end of the process.
import CLMDB
import Foundation
package import Primitives

package final class LedgerStore: @unchecked Sendable {
    /// Version of the layout on disk: tables, records and rows. A store of any other is refused, never converted: its
    /// blocks are what other nodes have, and syncing makes the rest anew.
    package static let schema: UInt32 = 2

    let folder: String
    private let lock: FolderLock
    private let environment: OpaquePointer
    private let gate = ReaderGate()
    private let growthWait: Duration
    /// Read transactions of a snapshot: the shared one, and one for each thread that may run parts.
    private let lanes = min(StorageLimits.lanesMax, ProcessInfo.processInfo.activeProcessorCount + 1)
    /// By the table's number; written once, in `init`.
    private var handles = [MDB_dbi](repeating: 0, count: 256)

    /// Opens the store of a chain, or makes an empty one. `mapBytes` is where a fresh map starts; `schema` is the
    /// layout that the caller knows.
    package init(
        folder: String, chainID: Bytes, mapBytes: Int = StorageLimits.mapBytesInitial,
        growthWait: Duration = StorageLimits.growthWait, schema: UInt32 = LedgerStore.schema
    ) throws(StorageError) {
        (self.folder, self.growthWait) = (folder, growthWait)
        lock = try FolderLock(folder: folder)
        var raw: OpaquePointer?
        var code = mdb_env_create(&raw)
        guard code == 0, let raw else { throw Disk.failure(code, "create", folder) }
        environment = raw
        mdb_env_set_maxdbs(raw, UInt32(Table.allCases.count + 1))
        mdb_env_set_maxreaders(raw, UInt32(StorageLimits.snapshotsMax * StorageLimits.lanesMax + 8))
        // An existing file that is larger than this keeps its size.
        mdb_env_set_mapsize(raw, mapBytes)
        code = mdb_env_open(raw, folder, UInt32(MDB_NOTLS), 0o600)
        if code != 0 { throw Disk.failure(code, "open", folder) }
        let refusal: StorageError?
        do { refusal = try prepare(chainID, schema) } catch { throw Disk.failure(error.value, "open", folder) }
        if let refusal { throw refusal }
        try Disk.syncFolder(folder)
    }

    deinit { mdb_env_close(environment) }

    /// Opens the tables; checks, or on a fresh store writes, whose it is. Returns why the store is not ours.
    private func prepare(_ chainID: Bytes, _ known: UInt32) throws(LMDBCode) -> StorageError? {
        let (chainKey, schemaKey) = (Array("chain".utf8), Array("schema".utf8))
        let transaction = try WriteTransaction(environment)
        let identity = try transaction.open("identity")
        if let found = try transaction.get(identity, 0, key: chainKey) {
            let schema = try transaction.get(identity, 0, key: schemaKey).flatMap { UInt32(bigEndian: $0) } ?? 0
            if schema > known { return .newerSchema(path: folder, found: schema, known: known) }
            if schema < known { return .olderSchema(path: folder, found: schema, known: known) }
            if found != chainID { return .foreignChain(path: folder, expected: chainID, found: found) }
        } else {
            try transaction.put(identity, 0, key: chainKey, value: chainID)
            try transaction.put(identity, 0, key: schemaKey, value: known.bigEndianBytes)
        }
        for table in Table.allCases { handles[Int(table.rawValue)] = try transaction.open("table-\(table.rawValue)") }
        try transaction.commit()
        return nil
    }

    func handle(_ table: Table) -> MDB_dbi { handles[Int(table.rawValue)] }

    /// Waits while the map grows and while too many snapshots are held.
    package func snapshot() -> StoreSnapshot { snapshot {} }

    /// `pause` runs before each transaction but the first: what a test lets another thread do there.
    func snapshot(pause: () -> Void) -> StoreSnapshot {
        gate.enter()
        let transactions = (0..<lanes).map { lane in
            if lane > 0 { pause() }
            var transaction: OpaquePointer?
            let code = mdb_txn_begin(environment, nil, UInt32(MDB_RDONLY), &transaction)
            guard code == 0, let transaction else { Disk.endProcess(Disk.failure(code, "read", folder)) }
            return transaction
        }
        return StoreSnapshot(self, transactions)
    }

    func release() { gate.leave { growEarly() } }

    /// Makes the writes durable together, in one transaction. Keys have 1 to 511 bytes.
    package func commit(_ batch: WriteBatch) throws(StorageError) {
        for write in batch.parts.joined() {
            let count = write.key.count
            precondition((1...StorageLimits.keyBytesMax).contains(count), "a key of \(count) bytes in \(write.table)")
        }
        gate.beginWriting { growEarly() }
        defer { gate.endWriting() }
        while true {
            do {
                return try perform(batch)
            } catch  where error.value == MDB_MAP_FULL {
                guard let code = gate.closed(within: growthWait, { grow() }) else {
                    throw .snapshotsHeld(count: gate.readerCount)
                }
                if code == MDB_MAP_FULL { throw .mapLimit(path: folder, bytes: StorageLimits.mapBytesMax) }
                if code != 0 { throw Disk.failure(code, "grow", folder) }
            } catch {
                throw Disk.failure(error.value, "write", folder)
            }
        }
    }

    private func perform(_ batch: WriteBatch) throws(LMDBCode) {
        let transaction = try WriteTransaction(environment)
        for part in batch.parts {
            var rest = part[...]
            while let table = rest.first?.table {
                let end = rest.firstIndex { $0.table != table } ?? rest.endIndex
                try transaction.perform(rest[..<end], handle(table))
                rest = rest[end...]
            }
        }
        try transaction.commit()
    }

    /// Bytes of the map, and how many of them hold pages.
    package var mapBytes: (size: Int, used: Int) {
        var info = MDB_envinfo()
        var stat = MDB_stat()
        mdb_env_info(environment, &info)
        mdb_env_stat(environment, &stat)
        return (info.me_mapsize, (info.me_last_pgno + 1) * Int(stat.ms_psize))
    }

    /// A commit waits for snapshots because the map is full.
    var isWaitingToGrow: Bool { gate.isWaiting }

    /// Doubles the map. Only with nobody inside; MDB_MAP_FULL at the limit.
    private func grow() -> Int32 {
        let size = mapBytes.size
        if size >= StorageLimits.mapBytesMax { return MDB_MAP_FULL }
        return mdb_env_set_mapsize(environment, min(size * 2, StorageLimits.mapBytesMax))
    }

    /// Grows a half-full map while nobody is inside, so that commits seldom have to wait. A refusal here is met again,
    /// and reported, by the commit that needs the room.
    private func growEarly() {
        let (size, used) = mapBytes
        if used > size / 2 { _ = grow() }
    }

    /// Reads every value of every table; throws the first that is corrupt. The number of values.
    @discardableResult
    package func verify() throws(StorageError) -> Int {
        let snapshot = snapshot()
        var count = 0
        for table in Table.allCases { count += try snapshot.scrub(table) }
        return count
    }

    /// Writes a compacted copy as of now into a folder that does not exist yet; commits go on meanwhile.
    package func copy(to target: String) throws(StorageError) {
        if Disk.exists(target) { throw .notEmpty(folder: target) }
        let partial = target + ".partial"
        try Disk.makeFolder(partial)
        let file = partial + "/data.mdb"
        if Disk.exists(file), unlink(file) != 0 { throw Disk.failure(errno, "replace", file) }
        gate.enter()
        let code = mdb_env_copy2(environment, partial, UInt32(MDB_CP_COMPACT))
        gate.leave { growEarly() }
        if code != 0 { throw Disk.failure(code, "copy to", partial) }
        let handle = try Disk.open(file, O_RDONLY)
        defer { close(handle) }
        if fsync(handle) != 0 { throw Disk.failure(errno, "sync", file) }
        try Disk.syncFolder(partial)
        if rename(partial, target) != 0 { throw Disk.failure(errno, "rename", partial) }
        try Disk.syncFolder(Disk.folder(of: target))
    }
}
