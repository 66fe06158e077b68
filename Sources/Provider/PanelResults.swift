// The results that were sealed, as files of one folder, so that a provider that starts again reveals what it sealed
// even where its engine would not give the same twice. The nonce is not kept: it follows from the key.
// Invariant: a result is on the disk before its seal leaves this machine.
package import Chain
import Codec
package import Cryptography
import Foundation
package import Primitives

package struct PanelResults: Sendable {
    private let folder: String

    package init(folder: String) throws {
        self.folder = folder
        try FileManager.default.createDirectory(
            atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        for name in try FileManager.default.contentsOfDirectory(atPath: folder) where name.hasSuffix(".partial") {
            try FileManager.default.removeItem(atPath: folder + "/" + name)
        }
    }

    /// Known to nobody without the key, and the same after a restart. The chain's name is in it, so that what is
    /// revealed on one chain opens no seal on another.
    package static func nonce(_ place: TaskPlace, chain: Bytes, key: SigningKey) -> Digest {
        let secret = Hash.sha256([Bytes("merit.panel-nonce.1".utf8), key.seed])
        return Hash.sha256([secret.bytes, [UInt8(clamping: chain.count)], chain, place.bytes])
    }

    private func path(_ place: TaskPlace) -> String { "\(folder)/\(place.job)-\(place.index)" }

    package func load(_ place: TaskPlace) -> TaskResult? {
        guard let data = FileManager.default.contents(atPath: path(place)) else { return nil }
        do { return try TaskResult(decoding: Bytes(data)) } catch { return nil }
    }

    package func store(_ result: TaskResult, of place: TaskPlace) throws {
        let partial = path(place) + ".partial"
        try Data(result.encoded).write(to: URL(fileURLWithPath: partial))
        guard rename(partial, path(place)) == 0 else { throw CocoaError(.fileWriteUnknown) }
        try dropOldest()
    }

    private func dropOldest() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: folder)
        if names.count <= ProviderLimits.resultsMax { return }
        let dated = try names.map { name in
            let facts = try FileManager.default.attributesOfItem(atPath: folder + "/" + name)
            return (name, facts[.modificationDate] as? Date ?? .distantPast)
        }
        for (name, _) in dated.sorted(by: { $0.1 < $1.1 }).prefix(names.count - ProviderLimits.resultsMax / 2) {
            try FileManager.default.removeItem(atPath: folder + "/" + name)
        }
    }
}
