// Decided blocks in parts: what is cut is put together again, and what contradicts itself is refused.
import Codec
import NodeCore
import Primitives
import Testing

@Suite("Parts of blocks")
struct BlockPartTests {
    @Test(
        "parts cover the block without a gap, and there is none beyond the last",
        arguments: [(1, 1), (NodeLimits.blockPartBytes, 1), (NodeLimits.blockPartBytes + 1, 2), (9 << 20, 3)])
    func cut(bytes: Int, parts: Int) throws {
        let block = (0..<bytes).map { UInt8(truncatingIfNeeded: $0) }
        var joined: Bytes = []
        for number in 0..<parts {
            let part = try #require(BlockPart(BlockRequest(.first, part: UInt32(number)), of: block))
            #expect(part.parts == parts)
            #expect(try BlockPart(decoding: part.encoded) == part)
            joined += part.bytes
        }
        #expect(joined == block)
        #expect(BlockPart(BlockRequest(.first, part: UInt32(parts)), of: block) == nil)
    }

    @Test("as many parts as the limit are taken, in whole parts of 4 MiB")
    func limits() throws {
        #expect(NodeLimits.blockPartBytes == 4 << 20 && NodeLimits.blockPartsMax == 16)
        let last = try #require(
            BlockPart(BlockRequest(.first, part: 15), of: Bytes(repeating: 1, count: 15 * (4 << 20) + 1)))
        #expect(last.parts == 16 && last.bytes == [1])
        #expect(try BlockPart(decoding: last.encoded) == last)
    }

    @Test(
        "a part without bytes, beyond its number, of too many, or short in the middle is refused",
        arguments: [(0, 1, 0), (1, 1, 3), (0, 0, 3), (0, 17, 4 << 20), (0, 2, 3)])
    func refused(part: UInt64, parts: UInt64, bytes: Int) {
        var encoder = Encoder()
        encoder.signed(1, 1)
        encoder.unsigned(2, part)
        encoder.unsigned(3, parts)
        encoder.data(4, Bytes(repeating: 1, count: bytes))
        #expect(throws: DecodeError.self) { try BlockPart(decoding: encoder.bytes) }
    }
}
