// An append-only file of checksummed records: a header line `merit.KIND.VERSION OWNER CRC`, then records
//   length (4) ‖ CRC-64 of offset and length, low half (4) ‖ payload ‖ CRC-64 of offset and payload (8) ‖ 0x0A.
// Invariant: after any crash the file holds a prefix of the appended records that includes all synced ones. A tail that
// a crash can leave (cut short, or ended by zeros) is dropped at opening; any other damage is an error with its offset.
// One thread owns a log. An append that failed ends the process.
import Glibc
package import Primitives

package final class AppendLog {
    package struct Identity: Equatable, Sendable {
        /// A word: `journal`, `signing`.
        package let kind: String
        package let version: UInt8
        package let owner: Bytes

        package init(kind: String, version: UInt8, owner: Bytes) {
            (self.kind, self.version, self.owner) = (kind, version, owner)
        }

        var header: Bytes {
            let text = "merit.\(kind).\(version) \(Hex.lower(owner))"
            return Array("\(text) \(Hex.lower(Checksum.of(Array(text.utf8)).bigEndianBytes))\n".utf8)
        }
    }

    /// What a file holds.
    package struct Content: Equatable, Sendable {
        package var records: [Bytes] = []
        /// Bytes of the torn tail.
        package var tornBytes = 0
        /// Where the records end.
        var end = 0
    }

    package let path: String
    private let identity: Identity
    private var file: Int32
    /// Bytes of the file.
    package private(set) var byteCount: Int
    private var isFailed = false

    private init(_ path: String, _ identity: Identity, file: Int32, byteCount: Int) {
        (self.path, self.identity, self.file, self.byteCount) = (path, identity, file, byteCount)
    }

    deinit { close(file) }

    /// Makes a durable empty log; refuses to replace one.
    package static func create(_ path: String, _ identity: Identity) throws(StorageError) -> AppendLog {
        if Disk.exists(path) { throw .recordExists(path: path) }
        try Disk.makeFolder(Disk.folder(of: path))
        try Disk.replace(path, with: identity.header)
        let file = try Disk.open(path, O_WRONLY | O_APPEND)
        return AppendLog(path, identity, file: file, byteCount: identity.header.count)
    }

    /// Opens an existing log and drops its torn tail. `repair` is the command that the error of a damaged one names.
    package static func open(
        _ path: String, _ identity: Identity, repair: String
    ) throws(StorageError) -> (log: AppendLog, content: Content) {
        let content = try read(path, identity, repair: repair)
        let file = try Disk.open(path, O_WRONLY | O_APPEND)
        let log = AppendLog(path, identity, file: file, byteCount: content.end)
        if content.tornBytes > 0 {
            if ftruncate(file, off_t(content.end)) != 0 { throw Disk.failure(errno, "truncate", path) }
            if fsync(file) != 0 { throw Disk.failure(errno, "sync", path) }
        }
        return (log, content)
    }

    /// Appends without syncing; at most `StorageLimits.logRecordBytesMax` bytes.
    package func append(_ payload: Bytes) throws(StorageError) {
        precondition(!isFailed, "an append to \(path) after a failed one")
        let record = try Self.frame(payload, at: byteCount, path)
        isFailed = true
        try Disk.write(record, to: file, path)
        isFailed = false
        byteCount += record.count
    }

    /// Everything appended is durable when it returns.
    package func sync() throws(StorageError) {
        precondition(!isFailed, "a sync of \(path) after a failed append")
        isFailed = true
        if fdatasync(file) != 0 { throw Disk.failure(errno, "sync", path) }
        isFailed = false
    }

    /// The log holds these records alone when it returns: a new file takes the place of the old one, durably.
    package func reset(keeping records: [Bytes]) throws(StorageError) {
        precondition(!isFailed, "a reset of \(path) after a failed append")
        isFailed = true
        var content = identity.header
        for record in records { content += try Self.frame(record, at: content.count, path) }
        try Disk.replace(path, with: content)
        let fresh = try Disk.open(path, O_WRONLY | O_APPEND)
        close(file)
        (file, byteCount, isFailed) = (fresh, content.count, false)
    }

    /// What `repair` commands do: keeps a copy at `path.damaged` and cuts the file at its first damage. Returns the
    /// bytes cut.
    package static func cutAtDamage(_ path: String, _ identity: Identity) throws(StorageError) -> Int {
        do {
            return try open(path, identity, repair: "").content.tornBytes
        } catch {
            guard case .corruptLog(_, let offset, _) = error else { throw error }
            let content = try Disk.read(path)
            try Disk.replace(path + ".damaged", with: content)
            try Disk.replace(path, with: offset == 0 ? identity.header : Bytes(content[..<offset]))
            return content.count - offset
        }
    }

    /// The records of a file, which stays as it is.
    package static func read(_ path: String, _ identity: Identity, repair: String) throws(StorageError) -> Content {
        let bytes = try Disk.read(path)
        let header = identity.header
        guard bytes.starts(with: header) else {
            let line = bytes.prefix(512).prefix { $0 != 0x0A }
            if let found = text(ofHeader: Bytes(line)) {
                throw .foreignLog(path: path, expected: text(ofHeader: Bytes(header.dropLast())) ?? "", found: found)
            }
            throw .corruptLog(path: path, offset: 0, repair: repair)
        }
        var content = Content(end: header.count)
        while content.end < bytes.count {
            switch record(in: bytes, at: content.end) {
            case .whole(let payload, let end):
                content.records.append(payload)
                content.end = end
            case .short where !isFollowed(bytes, after: content.end):
                content.tornBytes = bytes.count - content.end
                return content
            case .short, .damaged: throw .corruptLog(path: path, offset: content.end, repair: repair)
            }
        }
        return content
    }

    /// Kind, version and owner of a sound header line; nil for anything else.
    private static func text(ofHeader line: Bytes) -> String? {
        guard let space = line.lastIndex(of: 0x20), line.starts(with: Array("merit.".utf8)) else { return nil }
        let sum = Array(Hex.lower(Checksum.of(Bytes(line[..<space])).bigEndianBytes).utf8)
        return Bytes(line[(space + 1)...]) == sum ? String(decoding: line[..<space], as: UTF8.self) : nil
    }

    private enum Found {
        case whole(Bytes, end: Int)
        /// What a crash during an append leaves: the file ends inside the record, or in zeros.
        case short
        case damaged
    }

    private static let headBytes = 8
    private static let tailBytes = 9

    private static func frame(_ payload: Bytes, at offset: Int, _ path: String) throws(StorageError) -> Bytes {
        let max = StorageLimits.logRecordBytesMax
        if payload.count > max { throw .recordTooLong(path: path, bytes: payload.count, max: max) }
        let place = UInt64(offset).bigEndianBytes
        let length = UInt32(payload.count).bigEndianBytes
        return length + Checksum.of(place, length).bigEndianBytes[4...] + payload
            + Checksum.of(place, payload).bigEndianBytes + [0x0A]
    }

    private static func record(in bytes: Bytes, at offset: Int) -> Found {
        let endsInZero = bytes[bytes.count - 1] == 0
        let start = offset + headBytes
        if start > bytes.count { return .short }
        let place = UInt64(offset).bigEndianBytes
        let length = Bytes(bytes[offset..<(offset + 4)])
        guard Checksum.of(place, length).bigEndianBytes[4...] == bytes[(offset + 4)..<start],
            let count = UInt32(bigEndian: length), count <= StorageLimits.logRecordBytesMax
        else { return endsInZero ? .short : .damaged }
        let end = start + Int(count) + tailBytes
        if end > bytes.count { return .short }
        let payload = Bytes(bytes[start..<(start + Int(count))])
        let sum = bytes[(start + Int(count))..<(end - 1)]
        if Checksum.of(place, payload).bigEndianBytes[...] == sum, bytes[end - 1] == 0x0A {
            return .whole(payload, end: end)
        }
        return endsInZero ? .short : .damaged
    }

    /// Is there a whole record behind the bad one? Then a crash did not do this.
    private static func isFollowed(_ bytes: Bytes, after offset: Int) -> Bool {
        var place = offset + 1
        while place + headBytes + tailBytes <= bytes.count {
            // Cheap first: most places do not even hold a length that fits.
            let count = bytes[place..<(place + 4)].reduce(0) { $0 << 8 | Int($1) }
            let fits = count <= bytes.count - place - headBytes - tailBytes
            if fits, case .whole = record(in: bytes, at: place) { return true }
            place += 1
        }
        return false
    }
}
