// What can be wrong with a home folder: one case per rule, each with the way out.
package import Chain
import Cryptography
package import Primitives
import Quorum

package enum HomeError: Error, Equatable, Sendable {
    case missing(path: String, way: String)
    case exists(path: String)
    case unreadable(path: String, reason: String)
    case tooLarge(path: String, bytes: Int, max: Int)
    /// A file or folder with secrets that others may read.
    case openToOthers(path: String)
    case configuration(path: String, line: Int?, reason: String)
    case unknownKey(path: String, key: String, nearest: String)
    case malformed(path: String, place: String, reason: String)
    case wrongRole(path: String, expected: String, found: String)
    /// The file's public key is not the one of its secret.
    case keyMismatch(path: String)
    case noPassphrase(path: String)
    case wrongPassphrase(path: String)
    case noSigningRecord(address: Address, home: String)
    case genesis(path: String, GenesisError)
    case foreignGenesis(path: String, expected: Digest, found: Digest)
}

extension HomeError: CustomStringConvertible {
    package var description: String {
        switch self {
        case .missing(let path, let way): "\(path) is not there: \(way)"
        case .exists(let path): "\(path) exists already: name another home folder, or move it away first"
        case .unreadable(let path, let reason): "cannot read or write \(path): \(reason)"
        case .tooLarge(let path, let bytes, let max): "\(path) has \(bytes) bytes, at most \(max) are read"
        case .openToOthers(let path): "\(path) holds a secret and others may read it: run chmod 600 \(path)"
        case .configuration(let path, let line, let reason):
            line.map { "\(path), line \($0): \(reason)" } ?? "\(path): \(reason)"
        case .unknownKey(let path, let key, let nearest): "\(path): unknown key `\(key)`; did you mean `\(nearest)`?"
        case .malformed(let path, let place, let reason): "\(path), \(place): \(reason)"
        case .wrongRole(let path, let expected, let found): "\(path) is the \(found) key, not the \(expected) key"
        case .keyMismatch(let path): "\(path) names another public key than its secret has: restore a backup"
        case .noPassphrase(let path):
            "\(path) is encrypted: give --passphrase-file, or set MERIT_PASSPHRASE_FILE, or start from a terminal"
        case .wrongPassphrase(let path): "the passphrase does not open \(path): use the one it was made with"
        case .noSigningRecord(let address, let home):
            "the consensus key \(Hex.upper(address.bytes)) has no signing record in \(home)/data/signing: import the "
                + "one it left (merit keys import-record --home \(home) FILE), or, only if this key never signed, run "
                + "merit keys accept-fresh --home \(home)"
        case .genesis(let path, let error): "\(path) is refused: \(error)"
        case .foreignGenesis(let path, let expected, let found):
            "\(path) has genesis \(found), but the stored chain began with \(expected): use the genesis file of this "
                + "chain, or another home folder"
        }
    }

    /// The process's exit code for it.
    package var code: NodeEnd.Code {
        switch self {
        case .openToOthers, .keyMismatch, .noPassphrase, .wrongPassphrase, .noSigningRecord, .foreignGenesis: .refused
        case .unreadable: .disk
        default: .usage
        }
    }
}
