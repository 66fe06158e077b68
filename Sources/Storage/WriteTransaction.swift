// One LMDB write transaction: it ends by `commit` or, when dropped, by abort; it cannot be ended twice or leave its
// thread. Writes to one table that follow each other share a cursor, which stays at its page where keys ascend, and
// appends where they ascend beyond the table's last: full pages, and no search.
import CLMDB
import Primitives

struct WriteTransaction: ~Copyable {
    private let raw: OpaquePointer

    /// The code of LMDB when it could not begin.
    init(_ environment: OpaquePointer) throws(LMDBCode) {
        var raw: OpaquePointer?
        let code = mdb_txn_begin(environment, nil, 0, &raw)
        guard code == 0, let raw else { throw LMDBCode(code) }
        self.raw = raw
    }

    deinit { mdb_txn_abort(raw) }

    /// Opens the named sub-database, making it when it is absent.
    func open(_ name: String) throws(LMDBCode) -> MDB_dbi {
        var handle: MDB_dbi = 0
        try LMDBCode.check(mdb_dbi_open(raw, name, UInt32(MDB_CREATE), &handle))
        return handle
    }

    /// nil when absent; MDB_CORRUPTED when the checksum does not fit.
    func get(_ handle: MDB_dbi, _ table: UInt8, key: Bytes) throws(LMDBCode) -> Bytes? {
        var content = MDB_val()
        let code = key.withVal { mdb_get(raw, handle, &$0, &content) }
        if code == MDB_NOTFOUND { return nil }
        try LMDBCode.check(code)
        guard let value = StoredValue.decode(content, table, key: key) else { throw LMDBCode(MDB_CORRUPTED) }
        return value
    }

    /// Stores checksum and value under the key.
    func put(_ handle: MDB_dbi, _ table: UInt8, key: Bytes, value: Bytes) throws(LMDBCode) {
        try Self.put(table, key, value) { mdb_put(raw, handle, &$0, &$1, UInt32(MDB_RESERVE)) }
    }

    private static func put(
        _ table: UInt8, _ key: Bytes, _ value: Bytes, _ reserve: (inout MDB_val, inout MDB_val) -> Int32
    ) throws(LMDBCode) {
        var checksum = StoredValue.checksum(table, key: key)
        value.withUnsafeBytes { checksum.add($0) }
        let sum = checksum.value
        try LMDBCode.check(
            key.withVal { name in
                var content = MDB_val(mv_size: 8 + value.count, mv_data: nil)
                let code = reserve(&name, &content)
                guard code == 0, let target = content.mv_data else { return code }
                target.storeBytes(of: sum.bigEndian, as: UInt64.self)
                value.withUnsafeBytes { source in
                    guard let start = source.baseAddress else { return }
                    (target + 8).copyMemory(from: start, byteCount: source.count)
                }
                return 0
            })
    }

    /// Performs writes to one table, in their order.
    func perform(_ writes: ArraySlice<Write>, _ handle: MDB_dbi) throws(LMDBCode) {
        var opened: OpaquePointer?
        try LMDBCode.check(mdb_cursor_open(raw, handle, &opened))
        guard let cursor = opened else { throw LMDBCode(MDB_BAD_TXN) }
        defer { mdb_cursor_close(cursor) }
        // No key of the table is above it.
        var last = try Self.lastKey(cursor)
        for write in writes {
            guard let value = write.value else {
                try delete(handle, key: write.key)
                continue
            }
            let isAbove = last.precedes(write.key)
            let flags = UInt32(isAbove ? MDB_RESERVE | MDB_APPEND : MDB_RESERVE)
            try Self.put(write.table.rawValue, write.key, value) { mdb_cursor_put(cursor, &$0, &$1, flags) }
            if isAbove { last = write.key }
        }
    }

    /// Empty, which is below every key, where there is none.
    private static func lastKey(_ cursor: OpaquePointer) throws(LMDBCode) -> Bytes {
        var (name, content) = (MDB_val(), MDB_val())
        let code = mdb_cursor_get(cursor, &name, &content, MDB_LAST)
        if code == MDB_NOTFOUND { return [] }
        try LMDBCode.check(code)
        return Bytes(UnsafeRawBufferPointer(start: name.mv_data, count: name.mv_size))
    }

    /// A key that is absent stays absent.
    func delete(_ handle: MDB_dbi, key: Bytes) throws(LMDBCode) {
        let code = key.withVal { mdb_del(raw, handle, &$0, nil) }
        if code != MDB_NOTFOUND { try LMDBCode.check(code) }
    }

    /// Durable when it returns.
    consuming func commit() throws(LMDBCode) {
        let raw = raw
        discard self
        try LMDBCode.check(mdb_txn_commit(raw))
    }
}

/// A return code of LMDB or of the system below it; never 0.
struct LMDBCode: Error {
    let value: Int32
    init(_ value: Int32) { self.value = value }

    static func check(_ code: Int32) throws(LMDBCode) {
        if code != 0 { throw LMDBCode(code) }
    }
}

extension Bytes {
    /// The bytes as LMDB wants them; it does not write through a key.
    func withVal<Result>(_ body: (inout MDB_val) -> Result) -> Result {
        withUnsafeBytes { buffer in
            var val = MDB_val(mv_size: buffer.count, mv_data: UnsafeMutableRawPointer(mutating: buffer.baseAddress))
            return body(&val)
        }
    }
}
