// Hexadecimal text. Decoding accepts either case and nothing else: no prefix, no white space, no odd length.

package enum Hex {
    package static func lower(_ bytes: some Sequence<UInt8>) -> String {
        encode(bytes, digits: Array("0123456789abcdef".utf8))
    }
    package static func upper(_ bytes: some Sequence<UInt8>) -> String {
        encode(bytes, digits: Array("0123456789ABCDEF".utf8))
    }

    private static func encode(_ bytes: some Sequence<UInt8>, digits: Bytes) -> String {
        var text = Bytes()
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 0xF)])
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// nil unless `text` is an even number of hex digits.
    package static func decode(_ text: String) -> Bytes? {
        var result = Bytes()
        var pending: UInt8?
        for character in text.utf8 {
            guard let digit = value(of: character) else { return nil }
            if let high = pending {
                result.append(high << 4 | digit)
                pending = nil
            } else {
                pending = digit
            }
        }
        return pending == nil ? result : nil
    }

    private static func value(of character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): character - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
