// A folder of one test, removed with its last reference; and files seen as bytes, for the tests that damage them.
import Foundation
import Primitives

final class TemporaryFolder: Sendable {
    let path: String

    init() throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("merit-storage-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        path = url.path
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func file(_ name: String) -> String { path + "/" + name }
}

enum File {
    static func read(_ path: String) throws -> Bytes { Bytes(try Data(contentsOf: URL(fileURLWithPath: path))) }
    static func write(_ bytes: some Sequence<UInt8>, to path: String) throws {
        try Data(Bytes(bytes)).write(to: URL(fileURLWithPath: path))
    }

    /// Where the pattern starts, everywhere in the file.
    static func offsets(of pattern: Bytes, in bytes: Bytes) -> [Int] {
        let data = Data(bytes)
        var found: [Int] = []
        var start = 0
        while let range = data.range(of: Data(pattern), in: start..<data.count) {
            found.append(range.lowerBound)
            start = range.upperBound
        }
        return found
    }
}

func text(_ string: String) -> Bytes { Array(string.utf8) }
