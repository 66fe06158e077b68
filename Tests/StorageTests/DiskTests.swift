import CLMDB
import Glibc
import Testing

@testable import Storage

@Suite("failed calls")
struct DiskTests {
    @Test("each error of the system is reported as what has to be done about it")
    func failures() {
        let path = "/nonexistent/file"
        let rows: [(Int32, StorageError)] = [
            (ENOSPC, .diskFull(path: path)), (EDQUOT, .diskFull(path: path)), (EFBIG, .fileLimit(path: path)),
            (EACCES, .permission(path: path)), (EPERM, .permission(path: path)), (EROFS, .permission(path: path)),
            (EIO, .io(path: path, operation: "write", reason: String(cString: strerror(EIO)))),
            (ENOENT, .io(path: path, operation: "write", reason: String(cString: strerror(ENOENT)))),
            (MDB_CORRUPTED, .corruptStore(path: path, reason: String(cString: mdb_strerror(MDB_CORRUPTED)))),
        ]
        for (code, error) in rows { #expect(Disk.failure(code, "write", path) == error, "\(code)") }
    }

    @Test("a full disk and a limit of the length of files send the operator different ways")
    func advice() {
        #expect(StorageError.diskFull(path: "f").description.contains("free some space"))
        #expect(StorageError.fileLimit(path: "f").description.contains("ulimit -f"))
        #expect(StorageError.fileLimit(path: "f").description.split(separator: "\n").count == 1)
    }
}
