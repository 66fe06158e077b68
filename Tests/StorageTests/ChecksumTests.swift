import Testing

@testable import Storage

@Suite("checksum")
struct ChecksumTests {
    @Test("CRC-64/XZ of 123456789 is its published check value")
    func checkValue() { #expect(Checksum.of(text("123456789")) == 0x995D_C9BB_DF19_39FA) }

    @Test("slicing by eight equals one byte at a time, at every length and split")
    func slices() {
        let bytes = (0..<67).map { UInt8(truncatingIfNeeded: $0 &* 73 &+ 5) }
        for count in 0...bytes.count {
            let whole = Checksum.of(Array(bytes[..<count]))
            #expect(Checksum.of(Array(bytes[..<(count / 3)]), Array(bytes[(count / 3)..<count])) == whole)
            var single = Checksum()
            for byte in bytes[..<count] { withUnsafeBytes(of: byte) { single.add($0) } }
            #expect(single.value == whole)
        }
    }
}
