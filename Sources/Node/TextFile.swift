// Whole small files, read with a bound and written so that a crash leaves the old content or the new.
import Foundation
package import Primitives

enum TextFile {
    static func exists(_ path: String) -> Bool { FileManager.default.fileExists(atPath: path) }

    static func read(_ path: String, max: Int, way: String) throws(HomeError) -> Bytes {
        guard exists(path) else { throw .missing(path: path, way: way) }
        do {
            let size = (try FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber)?.intValue ?? 0
            guard size <= max else { throw HomeError.tooLarge(path: path, bytes: size, max: max) }
            return Bytes(try Data(contentsOf: URL(fileURLWithPath: path)))
        } catch let error as HomeError {
            throw error
        } catch {
            throw .unreadable(path: path, reason: error.localizedDescription)
        }
    }

    /// Refuses to replace a file.
    static func create(_ path: String, _ content: Bytes, mode: Int) throws(HomeError) {
        if exists(path) { throw .exists(path: path) }
        let file = open(path + ".partial", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode_t(mode))
        guard file >= 0 else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
        defer { close(file) }
        var rest = content[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            guard count > 0 else { throw .unreadable(path: path, reason: String(cString: strerror(errno))) }
            rest = rest.dropFirst(count)
        }
        guard fsync(file) == 0, rename(path + ".partial", path) == 0 else {
            throw .unreadable(path: path, reason: String(cString: strerror(errno)))
        }
    }

    static func makeFolder(_ path: String) throws(HomeError) {
        do {
            try FileManager.default.createDirectory(
                atPath: path, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw .unreadable(path: path, reason: error.localizedDescription)
        }
    }

    /// Permission bits, 0 when the file is gone.
    static func mode(_ path: String) -> Int {
        var info = stat()
        return stat(path, &info) == 0 ? Int(info.st_mode) & 0o777 : 0
    }
}

/// Bytes from the system's generator, for keys, salts and nonces.
package enum Entropy {
    package static func bytes(_ count: Int) -> Bytes {
        var generator = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
    }
}
