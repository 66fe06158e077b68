// Cuts the byte stream of one link into frames. Invariant: a header is judged as soon as its 5 bytes are there, so
// never more than one admissible frame and one socket read are held; each byte is copied a bounded number of times
// however slowly it drips in.
import NIOCore
import Primitives

/// Why a byte stream is not a sequence of frames; each ends the link.
package enum FrameError: Error, Equatable, Sendable {
    case unknownClass(UInt8)
    case tooLong(class: UInt8, length: UInt32)
    /// A data frame without a body.
    case empty
    /// A data frame before both hellos are accepted, or a greeting after.
    case outOfPhase(class: UInt8)
}

struct Frame: Equatable {
    let wireClass: WireClass
    let body: Bytes

    static let headerBytes = 5

    static func write(_ wireClass: WireClass, _ body: Bytes, into buffer: inout ByteBuffer) {
        precondition(body.count <= wireClass.bytesMax, "body of \(body.count) bytes in a \(wireClass) frame")
        buffer.writeInteger(UInt32(body.count))
        buffer.writeInteger(wireClass.byte)
        buffer.writeBytes(body)
    }
}

struct FrameDecoder {
    enum Phase { case greeting, up }

    var phase = Phase.greeting
    private var buffer = ByteBuffer()

    /// Bytes received and not yet cut into frames.
    var pendingBytes: Int { buffer.readableBytes }

    mutating func append(_ bytes: inout ByteBuffer) {
        if buffer.readableBytes == 0 {
            buffer = bytes
            bytes.moveReaderIndex(to: bytes.writerIndex)
        } else {
            buffer.discardReadBytes()
            buffer.writeBuffer(&bytes)
        }
    }

    /// The next whole frame; nil until more bytes arrive.
    mutating func next() throws(FrameError) -> Frame? {
        guard let length = buffer.getInteger(at: buffer.readerIndex, as: UInt32.self),
            let byte = buffer.getInteger(at: buffer.readerIndex + 4, as: UInt8.self)
        else { return nil }
        let wireClass = try check(length: length, byte: byte)
        guard buffer.readableBytes - Frame.headerBytes >= Int(length) else { return nil }
        buffer.moveReaderIndex(forwardBy: Frame.headerBytes)
        guard let body = buffer.readBytes(length: Int(length)) else {
            preconditionFailure("\(length) bytes were there")
        }
        if buffer.readableBytes == 0, buffer.capacity > TransportLimits.decoderBytesKept { buffer = ByteBuffer() }
        return Frame(wireClass: wireClass, body: body)
    }

    private func check(length: UInt32, byte: UInt8) throws(FrameError) -> WireClass {
        guard let wireClass = WireClass(byte: byte) else { throw .unknownClass(byte) }
        switch (phase, wireClass) {
        case (.greeting, .data), (.greeting, .control(.ping)), (.up, .control(.hello)), (.up, .control(.accept)):
            throw .outOfPhase(class: byte)
        default: break
        }
        if length > UInt32(wireClass.bytesMax) { throw .tooLong(class: byte, length: length) }
        if case .data = wireClass, length == 0 { throw .empty }
        return wireClass
    }
}
