// CRC-64/XZ (reflected polynomial 0xC96C5795D7870F42): finds every error burst of up to 64 bits and misses another
// damage once in 2^64. It guards against disks, not against people: whoever can write the file can write the checksum.

struct Checksum {
    private var state = UInt64.max

    /// table[8 k + …]: slicing by eight. Row k advances a byte by k more zero bytes.
    private static let table: [UInt64] = {
        var rows = [UInt64](repeating: 0, count: 8 * 256)
        for byte in 0..<256 {
            var word = UInt64(byte)
            for _ in 0..<8 { word = word & 1 == 1 ? word >> 1 ^ 0xC96C_5795_D787_0F42 : word >> 1 }
            rows[byte] = word
        }
        for index in 256..<rows.count {
            let word = rows[index - 256]
            rows[index] = word >> 8 ^ rows[Int(word & 0xFF)]
        }
        return rows
    }()

    mutating func add(_ bytes: UnsafeRawBufferPointer) {
        var state = state
        Self.table.withUnsafeBufferPointer { table in
            var index = 0
            while index + 8 <= bytes.count {
                let word = state ^ UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                state = 0
                for lane in 0..<8 { state ^= table[(7 - lane) * 256 + Int(word >> UInt64(8 * lane) & 0xFF)] }
                index += 8
            }
            while index < bytes.count {
                state = state >> 8 ^ table[Int((state ^ UInt64(bytes[index])) & 0xFF)]
                index += 1
            }
        }
        self.state = state
    }

    var value: UInt64 { ~state }

    static func of(_ parts: [UInt8]...) -> UInt64 {
        var checksum = Checksum()
        for part in parts { part.withUnsafeBytes { checksum.add($0) } }
        return checksum.value
    }
}
