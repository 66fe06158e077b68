// One process per folder. The kernel holds the lock, so it ends with the process, however that ends; the file's content
// is the holder's id, for the message only.
import Glibc
import Primitives

package final class FolderLock: Sendable {
    private let file: Int32

    /// Takes `folder/process.lock`, or says who holds it.
    package init(folder: String) throws(StorageError) {
        try Disk.makeFolder(folder)
        let path = folder + "/process.lock"
        file = try Disk.open(path, O_RDWR | O_CREAT)
        if flock(file, LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            close(file)
            if code != EWOULDBLOCK { throw Disk.failure(code, "lock", path) }
            let holder = String(decoding: try Disk.read(path).prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)
            throw .alreadyOpen(folder: folder, pid: Int32(holder) ?? 0)
        }
        if ftruncate(file, 0) != 0 { throw Disk.failure(errno, "write", path) }
        try Disk.write(Array("\(getpid())\n".utf8), to: file, path)
    }

    /// A child between its fork and its program has a copy of the descriptor, which alone would keep the lock.
    deinit {
        flock(file, LOCK_UN)
        close(file)
    }
}
