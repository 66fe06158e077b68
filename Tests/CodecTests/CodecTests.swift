import Codec
import Primitives
import Testing

private struct Sample: Message, Equatable {
    var number: UInt64 = 0
    var signed: Int64 = 0
    var fixed: Int64 = 0
    var data: Bytes = []
    var time: Timestamp = .epoch1970
    var list: [Bytes] = []
    var inner: [Sample] = []

    init() {}

    func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, number)
        encoder.signed(2, signed)
        encoder.fixed(3, fixed)
        encoder.data(4, data)
        encoder.message(5, time)
        for element in list { encoder.element(6, element) }
        encoder.messages(7, inner)
    }

    init(from decoder: inout Decoder) throws(DecodeError) {
        number = try decoder.unsigned(1)
        signed = try decoder.signed(2)
        fixed = try decoder.fixed(3)
        data = try decoder.data(4, max: 8)
        time = try decoder.message(5)
        list = try decoder.elements(6, count: 3, max: 4)
        inner = try decoder.messages(7, count: 2)
    }
}

@Suite("Canonical encoding")
struct CodecTests {
    @Test(
        "each way to break the canonical form has its own refusal",
        arguments: [
            ("08", DecodeError.truncated),
            ("0880", .truncated),
            ("088000 2a00", .varintNotMinimal),
            ("08ffffffffffffffffff02 2a00", .varintNotMinimal),
            ("08ffffffffffffffffff8101 2a00", .varintNotMinimal),
            ("0800 2a00", .explicitDefault(field: 1)),
            ("00", .malformedTag),
            ("0b", .malformedTag),
            ("0d00000000", .malformedTag),
            ("0a0101 2a00", .wrongWireType(field: 1)),
            ("0801 0801 2a00", .missing(field: 5)),
            ("2a00 0801", .unexpectedField(1)),
            ("2a00 4001", .unexpectedField(8)),
            ("2a00 2a00", .unexpectedField(5)),
            ("", .missing(field: 5)),
            ("19 0000000000000000 2a00", .explicitDefault(field: 3)),
            ("19 00000000", .truncated),
            ("2209 000000000000000000 2a00", .tooLong(field: 4)),
            ("22ff01", .truncated),
            ("2200 2a00", .explicitDefault(field: 4)),
            ("2a021001 10", .unexpectedField(2)),
            ("2a0610ffffffff0f", .outOfRange(field: 2)),
            ("2a00 3200 3200 3200 3200", .tooLong(field: 6)),
            ("2a00 3205 0000000000", .tooLong(field: 6)),
            ("2a00 3a022a00 3a022a00 3a022a00", .tooLong(field: 7)),
            ("2a00 3a00", .missing(field: 5)),
        ])
    func refusals(hex: String, error: DecodeError) throws {
        let bytes = try #require(Hex.decode(hex.filter { $0 != " " }))
        #expect(throws: error) { try Sample(decoding: bytes) }
    }

    /// Its content, whatever it is: the length in front of it is the caller's.
    private struct Content: Message {
        var bytes: Bytes

        func encode(into encoder: inout Encoder) { encoder.append(encoded: bytes) }
        init(_ bytes: Bytes) { self.bytes = bytes }
        init(from decoder: inout Decoder) throws(DecodeError) { throw .missing(field: 1) }
    }

    private struct Around: Message {
        var inner: [Content]

        func encode(into encoder: inout Encoder) {
            encoder.messages(1, inner)
            encoder.unsigned(2, 1)
        }
        init(_ inner: [Content]) { self.inner = inner }
        init(from decoder: inout Decoder) throws(DecodeError) { throw .missing(field: 1) }
    }

    @Test(
        "an embedded message has the length of its content in front, in as many bytes as that takes",
        arguments: [(0, "00"), (1, "01"), (127, "7f"), (128, "8001"), (16_383, "ff7f"), (16_384, "808001")])
    func lengths(count: Int, length: String) {
        let content = Bytes(repeating: 7, count: count)
        let entry = [0x0A] + (Hex.decode(length) ?? []) + content
        #expect(Around([Content(content)]).encoded == entry + [0x10, 1])
        #expect(Around([Content(content), Content(content)]).encoded == entry + entry + [0x10, 1])
    }

    @Test("messages nested deeper than the limit are refused")
    func depth() throws {
        func nested(_ levels: Int) -> Sample {
            var value = Sample()
            for _ in 0..<levels {
                var outer = Sample()
                outer.inner = [value]
                value = outer
            }
            return value
        }
        let deepest = nested(Limits.messageDepthMax - 1)
        #expect(try Sample(decoding: deepest.encoded) == deepest)
        #expect(throws: DecodeError.tooDeep) { try Sample(decoding: nested(Limits.messageDepthMax).encoded) }
    }

    @Test("what is encoded decodes to itself, and a changed byte never decodes to the same value")
    func roundTrip() throws {
        var random = Random(seed: 1)
        for _ in 0..<300 {
            var value = Sample()
            value.number = random.next() >> random.below(64)
            value.signed = Int64(bitPattern: random.next())
            value.fixed = Int64(bitPattern: random.next() >> random.below(64))
            value.data = random.bytes(Int(random.below(9)))
            value.list = (0..<random.below(4)).map { _ in random.bytes(2) }
            value.inner = (0..<random.below(3)).map { _ in Sample() }
            let bytes = value.encoded
            #expect(try Sample(decoding: bytes) == value)
            var changed = bytes
            changed[Int(random.below(UInt64(bytes.count)))] ^= UInt8(1 + random.below(255))
            if let other = try? Sample(decoding: changed) {
                #expect(other != value)
                #expect(other.encoded == changed)
            }
        }
    }

    @Test("random bytes are refused or are the one encoding of what they decode to")
    func fuzz() throws {
        var random = Random(seed: 2)
        for _ in 0..<20_000 {
            let bytes = random.bytes(Int(random.below(24)))
            if let value = try? Sample(decoding: bytes) { #expect(value.encoded == bytes) }
        }
    }

    @Test("the zero time is the year 1, and 1970 is the empty message")
    func times() throws {
        #expect(Hex.lower(Timestamp.zero.encoded) == "088092b8c398feffffff01")
        #expect(Timestamp.epoch1970.encoded.isEmpty)
    }
}
