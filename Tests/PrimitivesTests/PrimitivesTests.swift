import Primitives
import Testing

@Suite("Numbers")
struct NumberTests {
    @Test("amounts throw instead of wrapping")
    func amounts() throws {
        #expect(try Amount(3).adding(Amount(4)) == Amount(7))
        #expect(throws: ArithmeticError.overflow) { try Amount(.max).adding(Amount(1)) }
        #expect(throws: ArithmeticError.underflow) { try Amount(3).subtracting(Amount(4)) }
        #expect(try Amount(.max).scaled(by: 999_999, over: 1_000_000) == Amount(18_446_725_626_965_477_905))
        #expect(throws: ArithmeticError.overflow) { try Amount(.max).scaled(by: 2, over: 1) }
        #expect(throws: ArithmeticError.divisionByZero) { try Amount(1).scaled(by: 2, over: 0) }
    }

    @Test("heights stay inside an int64")
    func heights() {
        #expect(Height(UInt64(Int64.max) + 1) == nil)
        #expect(Height(signed: -1) == nil)
        #expect(Height.first.lowered(by: 5) == .zero)
        #expect(Height.first.advanced(by: .max).signed == .max)
    }

    @Test("a seed gives the same numbers everywhere, and draws below a bound cover it")
    func random() {
        var random = Random(seed: 0)
        // The published first output of xoshiro256** seeded by splitmix64(0).
        #expect(random.next() == 0x99EC_5F36_CB75_F2B4)
        var seen = Set<UInt64>()
        for _ in 0..<400 { seen.insert(random.below(7)) }
        #expect(seen == Set(0..<7))
    }
}

@Suite("Bytes and text")
struct ByteTests {
    @Test("fixed byte strings keep their bytes, order and length")
    func fixed() throws {
        let bytes = (0..<32).map { UInt8($0) }
        let digest = try #require(Digest(bytes))
        #expect(digest.bytes == bytes)
        #expect(Digest(bytes.dropLast()) == nil)
        #expect(digest.leadingWord == 0x0001_0203_0405_0607)
        #expect((0..<64).map { digest.nibble($0) } == bytes.flatMap { [$0 >> 4, $0 & 15] })
        #expect((0..<256).filter { digest.bit($0) }.count == bytes.map { $0.nonzeroBitCount }.reduce(0, +))
        let address = try #require(Address(bytes.prefix(20)))
        #expect(address.bytes == Bytes(bytes.prefix(20)))
        #expect(try address < #require(Address(bytes.dropFirst().prefix(20))))
        #expect(Signature(bytes + bytes)?.bytes == bytes + bytes)
    }

    @Test(
        "hex takes pairs of digits and nothing else",
        arguments: [
            ("00ff", [0, 255]), ("aB", [0xAB]), ("", []), ("0", nil), ("0x00", nil), ("0g", nil), (" 00", nil),
        ] as [(String, Bytes?)])
    func hex(text: String, bytes: Bytes?) {
        #expect(Hex.decode(text) == bytes)
    }

    @Test(
        "times print and parse as RFC 3339",
        arguments: [
            ("0001-01-01T00:00:00Z", -62_135_596_800, 0), ("1970-01-01T00:00:00Z", 0, 0),
            ("2026-01-02T03:04:05.006Z", 1_767_323_045, 6_000_000),
            ("2024-02-29T23:59:59.999999999Z", 1_709_251_199, 999_999_999),
            ("9999-12-31T23:59:59Z", 253_402_300_799, 0), ("2000-03-01T00:00:00Z", 951_868_800, 0),
        ] as [(String, Int64, Int32)])
    func times(text: String, seconds: Int64, nanoseconds: Int32) throws {
        let time = try #require(Timestamp(seconds: seconds, nanoseconds: nanoseconds))
        #expect(time.description == text)
        #expect(Timestamp(rfc3339: text) == time)
    }

    @Test(
        "malformed times are refused",
        arguments: [
            "", "2026-01-02", "2026-13-02T03:04:05Z", "2025-02-29T00:00:00Z", "2026-01-02T24:00:00Z",
            "2026-01-02T03:04:05",
            "2026-01-02T03:04:05.Z", "2026-01-02T03:04:05.1234567890Z", "0000-01-01T00:00:00Z",
            "2026-01-02T03:04:05+00:00Z",
        ])
    func badTimes(text: String) { #expect(Timestamp(rfc3339: text) == nil) }

    @Test("time arithmetic carries nanoseconds and stops at the ends")
    func arithmetic() throws {
        let time = try #require(Timestamp(seconds: 10, nanoseconds: 900_000_000))
        #expect(time.adding(nanoseconds: 200_000_000) == Timestamp(seconds: 11, nanoseconds: 100_000_000))
        #expect(time.adding(nanoseconds: -1_000_000_000) == Timestamp(seconds: 9, nanoseconds: 900_000_000))
        #expect(Timestamp.zero.adding(seconds: -1) == .zero)
        #expect(time.instant.timestamp == time)
        #expect(Instant(nanoseconds: .max).advanced(by: .seconds(1)) == Instant(nanoseconds: .max))
    }
}
