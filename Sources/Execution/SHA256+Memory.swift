// Hashing of mapped memory in pieces, without a copy of the whole.

import Cryptography
import Primitives

extension SHA256 {
    private static let pieceBytes = 1 << 16

    mutating func update(_ memory: UnsafeRawBufferPointer) {
        var start = 0
        while start < memory.count {
            let end = min(start + Self.pieceBytes, memory.count)
            update(Bytes(memory[start..<end]))
            start = end
        }
    }

    /// SHA-256(prefix ‖ memory).
    static func hash(_ prefix: Bytes, _ memory: UnsafeRawBufferPointer) -> Digest {
        var hasher = SHA256()
        hasher.update(prefix)
        hasher.update(memory)
        return hasher.finish()
    }
}
