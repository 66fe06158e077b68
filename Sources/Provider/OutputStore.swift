// Outputs by their SHA-256, as files of one folder. Invariant: what `load` gives has the digest it was asked by; the
// oldest go first when the bound is reached.
import Cryptography
import Foundation
package import Primitives
import Synchronization

package struct OutputStoreError: Error, CustomStringConvertible {
    package let description: String
}

package final class OutputStore: Sendable {
    private struct Kept {
        let digest: Digest
        let size: Int
    }

    private struct State {
        /// Oldest first.
        var kept: [Kept] = []
        var known: Set<Digest> = []
        var bytes = 0
    }

    private let folder: String
    private let bytesMax: Int
    private let state = Mutex(State())

    /// Takes over what the folder holds already.
    package init(folder: String, bytesMax: Int = ProviderLimits.outputBytesMax) throws(OutputStoreError) {
        (self.folder, self.bytesMax) = (folder, bytesMax)
        do {
            try FileManager.default.createDirectory(
                atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
            let found = try Self.files(folder)
            state.withLock { state in
                for kept in found { Self.add(kept, &state) }
            }
        } catch {
            throw OutputStoreError(description: "cannot use \(folder): \(error.localizedDescription)")
        }
    }

    private static func files(_ folder: String) throws -> [Kept] {
        var found: [(kept: Kept, date: Date)] = []
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) {
            let path = folder + "/" + name
            guard let digest = Digest(hex: name) else {
                if name.hasSuffix(".partial") { try FileManager.default.removeItem(atPath: path) }
                continue
            }
            let facts = try FileManager.default.attributesOfItem(atPath: path)
            let size = (facts[.size] as? NSNumber)?.intValue ?? 0
            found.append((Kept(digest: digest, size: size), facts[.modificationDate] as? Date ?? .distantPast))
        }
        return found.sorted { $0.date < $1.date }.map(\.kept)
    }

    private static func add(_ kept: Kept, _ state: inout State) {
        state.kept.append(kept)
        state.known.insert(kept.digest)
        state.bytes += kept.size
    }

    private func path(_ digest: Digest) -> String { "\(folder)/\(digest)" }

    package var count: Int { state.withLock { $0.kept.count } }

    /// Keeps an output. A disk that cannot take it costs the requester the bytes, never the receipt.
    package func store(_ output: Bytes) throws(OutputStoreError) {
        let digest = Hash.sha256(output)
        if state.withLock({ $0.known.contains(digest) }) { return }
        do {
            let partial = path(digest) + ".partial"
            try Data(output).write(to: URL(fileURLWithPath: partial))
            guard rename(partial, path(digest)) == 0 else {
                throw OutputStoreError(description: String(cString: strerror(errno)))
            }
        } catch let error as OutputStoreError {
            throw error
        } catch {
            throw OutputStoreError(description: error.localizedDescription)
        }
        let dropped = state.withLock { state in
            Self.add(Kept(digest: digest, size: output.count), &state)
            return Self.dropOldest(&state, bytesMax)
        }
        for digest in dropped { unlink(path(digest)) }
    }

    private static func dropOldest(_ state: inout State, _ bytesMax: Int) -> [Digest] {
        var dropped: [Digest] = []
        while state.kept.count > 1, state.bytes > bytesMax || state.kept.count > ProviderLimits.outputsMax {
            let oldest = state.kept.removeFirst()
            state.known.remove(oldest.digest)
            state.bytes -= oldest.size
            dropped.append(oldest.digest)
        }
        return dropped
    }

    /// nil when it is not kept, or its file was changed by somebody.
    package func load(_ digest: Digest) -> Bytes? {
        guard state.withLock({ $0.known.contains(digest) }),
            let data = FileManager.default.contents(atPath: path(digest))
        else { return nil }
        let bytes = Bytes(data)
        return Hash.sha256(bytes) == digest ? bytes : nil
    }
}
