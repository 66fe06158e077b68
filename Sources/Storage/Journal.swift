// The rows of the open height, durable before a message leaves. A row carries its height, so a decided height costs no
// sync: its rows are passed over at the next opening, and a file that grew past its bound is replaced by one without
// them.
import Glibc
package import Primitives

package final class Journal {
    package struct Row: Equatable, Sendable {
        package let height: UInt64
        package let content: Bytes
    }

    private let log: AppendLog
    private let identity: AppendLog.Identity
    private let repair: String
    private let bytesMax: Int

    private init(_ log: AppendLog, _ identity: AppendLog.Identity, repair: String, bytesMax: Int) {
        (self.log, self.identity, self.repair, self.bytesMax) = (log, identity, repair, bytesMax)
    }

    /// Opens the journal of a node, or makes it. The rows above `height`, the last durable one, are to be replayed in
    /// order.
    package static func open(
        _ path: String, owner: Bytes, above height: UInt64, repair: String,
        bytesMax: Int = StorageLimits.journalBytesMax
    ) throws(StorageError) -> (journal: Journal, rows: [Row], tornBytes: Int) {
        let identity = AppendLog.Identity(kind: "journal", version: 1, owner: owner)
        guard Disk.exists(path) else {
            let log = try AppendLog.create(path, identity)
            return (Journal(log, identity, repair: repair, bytesMax: bytesMax), [], 0)
        }
        let (log, content) = try AppendLog.open(path, identity, repair: repair)
        let journal = Journal(log, identity, repair: repair, bytesMax: bytesMax)
        let rows = try journal.rows(content.records).filter { $0.height > height }
        return (journal, rows, content.tornBytes)
    }

    package var byteCount: Int { log.byteCount }

    /// Appends without syncing.
    package func append(_ content: Bytes, height: UInt64) throws(StorageError) {
        try log.append(height.bigEndianBytes + content)
    }

    /// Every row appended is durable when it returns.
    package func sync() throws(StorageError) { try log.sync() }

    /// Tells that the rows up to `height` are needed no more, because its block is durable.
    package func drop(upTo height: UInt64) throws(StorageError) {
        guard log.byteCount > bytesMax else { return }
        let records = try AppendLog.read(log.path, identity, repair: repair).records
        let kept = try rows(records).filter { $0.height > height }
        try log.reset(keeping: kept.map { $0.height.bigEndianBytes + $0.content })
    }

    private func rows(_ records: [Bytes]) throws(StorageError) -> [Row] {
        var rows: [Row] = []
        for record in records {
            // A record with a good checksum that is no row was written by something else.
            guard let height = UInt64(bigEndian: record.prefix(8)) else {
                throw .corruptLog(path: log.path, offset: 0, repair: repair)
            }
            rows.append(Row(height: height, content: Bytes(record.dropFirst(8))))
        }
        return rows
    }
}
