// Where the vectors that nobody on this project wrote lie: the folder in MERIT_VECTORS, else `../shared/vectors` beside
// the checkout. Suites over them are skipped, visibly, only where neither exists.
package import Foundation

package enum VectorFolder {
    package static let root: URL? = {
        if let path = ProcessInfo.processInfo.environment["MERIT_VECTORS"] { return URL(fileURLWithPath: path) }
        let checkout = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent()
        let beside = checkout.deletingLastPathComponent().appendingPathComponent("shared/vectors")
        return FileManager.default.fileExists(atPath: beside.path) ? beside : nil
    }()

    package static var isPresent: Bool { root != nil }

    /// Every JSON file below `folder`, sorted by name, with its content. Throws when there is none.
    package static func files(in folder: String) throws -> [(name: String, content: Data)] {
        guard let root else { throw VectorError.noFolder }
        let directory = root.appendingPathComponent(folder)
        let names = try FileManager.default.contentsOfDirectory(atPath: directory.path).filter { $0.hasSuffix(".json") }
        if names.isEmpty { throw VectorError.empty(folder) }
        return try names.sorted().map { ($0, try Data(contentsOf: directory.appendingPathComponent($0))) }
    }

    package static func file(_ path: String) throws -> Data {
        guard let root else { throw VectorError.noFolder }
        return try Data(contentsOf: root.appendingPathComponent(path))
    }
}

package enum VectorError: Error {
    case noFolder
    case empty(String)
}
