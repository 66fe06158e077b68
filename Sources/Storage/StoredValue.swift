// A value as it lies on disk: 8 bytes of CRC-64 over table, key length, key and value, then the value. With the key
// inside, a value that lands under another key is found as surely as a flipped bit.
import CLMDB
import Primitives

enum StoredValue {
    static func checksum(_ table: UInt8, key: Bytes) -> Checksum {
        var checksum = Checksum()
        let length = UInt16(truncatingIfNeeded: key.count)
        withUnsafeBytes(of: (table, UInt8(length >> 8), UInt8(length & 0xFF))) { checksum.add($0) }
        key.withUnsafeBytes { checksum.add($0) }
        return checksum
    }

    /// nil when the checksum does not fit.
    static func decode(_ content: MDB_val, _ table: UInt8, key: Bytes) -> Bytes? {
        let buffer = UnsafeRawBufferPointer(start: content.mv_data, count: content.mv_size)
        guard buffer.count >= 8 else { return nil }
        let value = UnsafeRawBufferPointer(rebasing: buffer[8...])
        var checksum = checksum(table, key: key)
        checksum.add(value)
        let sum = UInt64(bigEndian: buffer.loadUnaligned(as: UInt64.self))
        return sum == checksum.value ? Bytes(value) : nil
    }
}
