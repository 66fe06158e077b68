// The byte stream under the decoder alone: whole, dripped, hostile.
import NIOCore
import Primitives
import Testing

@testable import Transport

@Suite("Frames")
struct FrameDecoderTests {
    static func wire(_ frames: [(WireClass, Bytes)]) -> Bytes {
        var buffer = ByteBuffer()
        for (wireClass, body) in frames { Frame.write(wireClass, body, into: &buffer) }
        return Bytes(buffer.readableBytesView)
    }

    static func header(_ length: UInt32, _ byte: UInt8) -> Bytes {
        var buffer = ByteBuffer()
        buffer.writeInteger(length)
        buffer.writeInteger(byte)
        return Bytes(buffer.readableBytesView)
    }

    private func decode(_ bytes: Bytes, chunk: Int, phase: FrameDecoder.Phase) throws -> [Frame] {
        var decoder = FrameDecoder()
        decoder.phase = phase
        var frames: [Frame] = []
        for start in stride(from: 0, to: bytes.count, by: chunk) {
            var piece = ByteBuffer(bytes: bytes[start..<min(start + chunk, bytes.count)])
            decoder.append(&piece)
            while let frame = try decoder.next() { frames.append(frame) }
        }
        #expect(decoder.pendingBytes == 0)
        return frames
    }

    @Test("the wire form is length, class, body")
    func wireForm() {
        #expect(Self.wire([(.data(.votes), [7, 8])]) == [0, 0, 0, 2, 0x10, 7, 8])
        #expect(Self.wire([(.control(.ping), [])]) == [0, 0, 0, 0, 0x04])
    }

    @Test("a stream gives the same frames however it is cut", arguments: [1, 2, 3, 5, 7, 64, 1_000_000])
    func dripFed(chunk: Int) throws {
        var random = Random(seed: 1)
        let bodies = FrameClass.allCases.map { (WireClass.data($0), random.bytes(1 + Int(random.below(3_000)))) }
        let sent = bodies + [(.control(.ping), [])] + bodies
        let received = try decode(Self.wire(sent), chunk: chunk, phase: .up)
        #expect(received == sent.map { Frame(wireClass: $0.0, body: $0.1) })
    }

    @Test("the longest body of each class passes, one byte more is refused at the header")
    func lengthBounds() throws {
        for kind in FrameClass.allCases {
            let longest = Bytes(repeating: 1, count: kind.bytesMax)
            #expect(try decode(Self.wire([(.data(kind), longest)]), chunk: 65_536, phase: .up).count == 1)
            let length = UInt32(kind.bytesMax + 1)
            #expect(throws: FrameError.tooLong(class: kind.rawValue, length: length)) {
                try decode(Self.header(length, kind.rawValue), chunk: 1, phase: .up)
            }
        }
        #expect(throws: FrameError.tooLong(class: 0x10, length: .max)) {
            try decode(Self.header(.max, 0x10), chunk: 5, phase: .up)
        }
    }

    @Test(
        "what a phase does not allow is refused",
        arguments: [
            (FrameDecoder.Phase.greeting, header(1, 0x10), FrameError.outOfPhase(class: 0x10)),
            (.greeting, header(0, 0x04), .outOfPhase(class: 0x04)),
            (.greeting, header(4_097, 0x01), .tooLong(class: 0x01, length: 4_097)),
            (.greeting, header(1, 0x02), .tooLong(class: 0x02, length: 1)),
            (.greeting, header(201, 0x03), .tooLong(class: 0x03, length: 201)),
            (.up, header(1, 0x01), .outOfPhase(class: 0x01)),
            (.up, header(0, 0x02), .outOfPhase(class: 0x02)),
            (.up, header(0, 0x12), .empty),
            (.up, header(1, 0x15), .unknownClass(0x15)),
            (.up, header(1, 0x00), .unknownClass(0x00)),
        ])
    func phases(phase: FrameDecoder.Phase, bytes: Bytes, expected: FrameError) {
        #expect(throws: expected) { try decode(bytes, chunk: bytes.count, phase: phase) }
    }

    @Test("any bytes either decode or throw")
    func hostileBytes() {
        var random = Random(seed: 2)
        for _ in 0..<2_000 {
            var decoder = FrameDecoder()
            decoder.phase = random.chance(ppm: 500_000) ? .up : .greeting
            var bytes = ByteBuffer(bytes: [0, 0, UInt8(random.below(2))] + random.bytes(Int(random.below(600))))
            decoder.append(&bytes)
            do throws(FrameError) {
                while try decoder.next() != nil {}
            } catch { continue }
        }
    }
}
