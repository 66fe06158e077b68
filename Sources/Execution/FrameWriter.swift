// The bytes of a frame between a node and its executor child: fields in fixed order, integers little endian, byte
// strings behind a u32 length.

import Primitives

struct FrameWriter {
    private(set) var bytes: Bytes = []

    mutating func number<T: FixedWidthInteger & UnsignedInteger>(_ value: T) {
        for shift in stride(from: 0, to: T.bitWidth, by: 8) {
            bytes.append(UInt8(truncatingIfNeeded: value >> T(shift)))
        }
    }

    mutating func field(_ content: Bytes) {
        number(UInt32(content.count))
        bytes += content
    }

    mutating func raw(_ content: Bytes) { bytes += content }
}
