// The few calls to the file system, each with its error named. A file replaced here is either the old one or the new
// one after any crash: content synced, renamed, folder synced.
import CLMDB
import Glibc
import Primitives

enum Disk {
    /// The error for a failed call; LMDB reports a short write as EIO, which on a full disk means just that.
    static func failure(_ code: Int32, _ operation: String, _ path: String) -> StorageError {
        switch code {
        case ENOSPC, EDQUOT: .diskFull(path: path)
        case EFBIG: .fileLimit(path: path)
        case EIO where freeBytes(path) < 1 << 20: .diskFull(path: path)
        case EACCES, EPERM, EROFS: .permission(path: path)
        case MDB_CORRUPTED, MDB_PAGE_NOTFOUND, MDB_INVALID, MDB_PANIC, MDB_VERSION_MISMATCH:
            .corruptStore(path: path, reason: String(cString: mdb_strerror(code)))
        default: .io(path: path, operation: operation, reason: String(cString: mdb_strerror(code)))
        }
    }

    private static func freeBytes(_ path: String) -> UInt64 {
        var info = statvfs()
        return statvfs(path, &info) == 0 ? UInt64(info.f_bavail) * UInt64(info.f_frsize) : .max
    }

    static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    /// Makes the folder and those above it, for this user alone.
    static func makeFolder(_ path: String) throws(StorageError) {
        if exists(path) { return }
        let above = folder(of: path)
        if above != path { try makeFolder(above) }
        if mkdir(path, 0o700) != 0, errno != EEXIST { throw failure(errno, "create", path) }
        try syncFolder(above)
    }

    static func syncFolder(_ path: String) throws(StorageError) {
        let file = try open(path, O_RDONLY | O_DIRECTORY)
        defer { close(file) }
        if fsync(file) != 0 { throw failure(errno, "sync", path) }
    }

    static func open(_ path: String, _ flags: Int32) throws(StorageError) -> Int32 {
        let file = Glibc.open(path, flags | O_CLOEXEC, 0o600)
        if file < 0 { throw failure(errno, "open", path) }
        return file
    }

    static func read(_ path: String) throws(StorageError) -> Bytes {
        let file = try open(path, O_RDONLY)
        defer { close(file) }
        var content = Bytes()
        var chunk = Bytes(repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(file, &chunk, chunk.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw failure(errno, "read", path)
            }
            if count == 0 { return content }
            content += chunk[..<count]
        }
    }

    static func write(_ bytes: Bytes, to file: Int32, _ path: String) throws(StorageError) {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.write(file, $0.baseAddress.map { $0 + written }, bytes.count - written)
            }
            if count < 0 {
                if errno == EINTR { continue }
                throw failure(errno, "write", path)
            }
            written += count
        }
    }

    /// Puts a file with this content at the path, atomically and durably.
    static func replace(_ path: String, with content: Bytes) throws(StorageError) {
        let fresh = path + ".fresh"
        let file = try open(fresh, O_WRONLY | O_CREAT | O_TRUNC)
        defer { close(file) }
        try write(content, to: file, fresh)
        if fsync(file) != 0 { throw failure(errno, "sync", fresh) }
        if rename(fresh, path) != 0 { throw failure(errno, "rename", fresh) }
        try syncFolder(folder(of: path))
    }

    /// The end of a node whose disk is broken: one line of reason, no clean-up that could make things worse.
    static func endProcess(_ error: StorageError) -> Never {
        let line = Array("\(error)\n".utf8)
        _ = line.withUnsafeBytes { Glibc.write(2, $0.baseAddress, $0.count) }
        _exit(74)
    }
}
