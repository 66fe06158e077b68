// What can be wrong with a disk or with what is on it. Each description is one line that says what to do: the shell
// prints it and ends the process. Nobody logs one of these and goes on.
package import Primitives

package enum StorageError: Error, Equatable, Sendable {
    /// Another process (or another store of this one) holds the folder; 0 when its id could not be read.
    case alreadyOpen(folder: String, pid: Int32)
    case diskFull(path: String)
    /// The process or the file system lets no file grow further; the disk may have room.
    case fileLimit(path: String)
    case permission(path: String)
    /// A value whose checksum does not fit.
    case corruptValue(table: Table, key: Bytes)
    /// A file that LMDB refuses.
    case corruptStore(path: String, reason: String)
    case foreignChain(path: String, expected: Bytes, found: Bytes)
    case newerSchema(path: String, found: UInt32, known: UInt32)
    case olderSchema(path: String, found: UInt32, known: UInt32)
    /// A log damaged before its tail; `repair` is the caller's exact command.
    case corruptLog(path: String, offset: Int, repair: String)
    /// A log of another kind, version or owner.
    case foreignLog(path: String, expected: String, found: String)
    case recordTooLong(path: String, bytes: Int, max: Int)
    /// A signing key without its record.
    case missingRecord(path: String)
    case recordExists(path: String)
    case malformedInterchange(reason: String)
    case foreignInterchange(expected: Address, found: Address)
    /// The map had to grow, and snapshots were held for too long.
    case snapshotsHeld(count: Int)
    case mapLimit(path: String, bytes: Int)
    case notEmpty(folder: String)
    case io(path: String, operation: String, reason: String)
}

extension StorageError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .alreadyOpen(let folder, let pid):
            "\(folder) is in use by process \(pid): stop that one, or choose another home folder"
        case .diskFull(let path): "the disk of \(path) is full: free some space and start again; nothing is lost"
        case .fileLimit(let path):
            "\(path) has the length that a file may have here: raise the limit (`ulimit -f`), or move the home to a "
                + "file system with longer files, and start again; nothing is lost"
        case .permission(let path): "no permission for \(path): give it to this user, or start as its owner"
        case .corruptValue(let table, let key):
            "the value of \(Hex.lower(key)) in table \(table) is corrupt: restore a backup, or remove the chain folder "
                + "and sync again"
        case .corruptStore(let path, let reason):
            "\(path) is no readable store (\(reason)): restore a backup, or remove the folder and sync again"
        case .foreignChain(let path, let expected, let found):
            "\(path) holds chain \(Self.text(found)), not \(Self.text(expected)): choose the home folder of this chain"
        case .newerSchema(let path, let found, let known):
            "\(path) was written by a newer version (schema \(found), this one knows \(known)): install that version"
        case .olderSchema(let path, let found, let known):
            "\(path) was written by an older version (schema \(found), this one knows \(known)): remove that folder "
                + "and start again, and it syncs anew; keys and signing records lie elsewhere"
        case .corruptLog(let path, let offset, let repair):
            "\(path) is damaged at byte \(offset), before its tail; after saving a copy, run: \(repair)"
        case .foreignLog(let path, let expected, let found):
            "\(path) belongs to \(found), not to \(expected): put the right file in its place"
        case .recordTooLong(let path, let bytes, let max):
            "a record of \(bytes) bytes for \(path) is over the limit of \(max): report this, it is a defect"
        case .missingRecord(let path):
            "the key has no signing record at \(path): import its record, or create one if the key has never signed"
        case .recordExists(let path): "\(path) exists already: keep it, or move it away first"
        case .malformedInterchange(let reason): "the signing interchange is refused (\(reason)): export it again"
        case .foreignInterchange(let expected, let found):
            "the signing interchange is of key \(found), not of \(expected): use the file of this key"
        case .snapshotsHeld(let count):
            "the store must grow while \(count) snapshots stay held: start again, and report this, it is a defect"
        case .mapLimit(let path, let bytes): "\(path) reached its limit of \(bytes) bytes: prune, or sync a new store"
        case .notEmpty(let folder): "\(folder) is not empty: name a folder that does not exist yet"
        case .io(let path, let operation, let reason):
            "cannot \(operation) \(path): \(reason); check the disk and start again"
        }
    }

    /// The bytes as text when they are printable ASCII, else in hex.
    private static func text(_ bytes: Bytes) -> String {
        let isPrintable = !bytes.isEmpty && bytes.allSatisfy { (0x20..<0x7F).contains($0) }
        return isPrintable ? String(decoding: bytes, as: UTF8.self) : Hex.lower(bytes)
    }
}
