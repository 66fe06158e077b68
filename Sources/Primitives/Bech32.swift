// Bech32 as BIP-173 defines it: the form in which people read and type account addresses. Its checksum finds any four
// wrong characters.

package enum Bech32 {
    private static let alphabet = Bytes("qpzry9x8gf2tvdw0s3jn54khce6mua7l".utf8)
    private static let checksumCount = 6
    /// Characters of a whole text.
    static let textMax = 90

    /// `prefix`: lower-case ASCII letters.
    package static func encode(_ bytes: Bytes, prefix: String) -> String {
        let words = regroup(bytes, from: 8, to: 5, padded: true) ?? []
        let head = Bytes(prefix.utf8)
        let sum = polymod(expand(head) + words + Bytes(repeating: 0, count: checksumCount)) ^ 1
        let checksum = (0..<checksumCount).map { UInt8(truncatingIfNeeded: sum >> UInt32(5 * (5 - $0)) & 31) }
        return prefix + "1" + String(decoding: (words + checksum).map { alphabet[Int($0)] }, as: UTF8.self)
    }

    /// nil for another prefix, a wrong checksum, upper case, or bits left over.
    package static func decode(_ text: String, prefix: String) -> Bytes? {
        let (characters, head) = (Bytes(text.utf8), Bytes((prefix + "1").utf8))
        guard characters.count <= textMax, characters.starts(with: head),
            characters.count >= head.count + checksumCount
        else { return nil }
        var words = Bytes()
        for character in characters.dropFirst(head.count) {
            guard let word = alphabet.firstIndex(of: character) else { return nil }
            words.append(UInt8(word))
        }
        guard polymod(expand(Bytes(prefix.utf8)) + words) == 1 else { return nil }
        return regroup(Bytes(words.dropLast(checksumCount)), from: 5, to: 8, padded: false)
    }

    private static func expand(_ prefix: Bytes) -> Bytes { prefix.map { $0 >> 5 } + [0] + prefix.map { $0 & 31 } }

    private static func polymod(_ values: Bytes) -> UInt32 {
        let generators: [UInt32] = [0x3B6A_57B2, 0x2650_8E6D, 0x1EA1_19FA, 0x3D42_33DD, 0x2A14_62B3]
        var sum: UInt32 = 1
        for value in values {
            let top = sum >> 25
            sum = (sum & 0x1FF_FFFF) << 5 ^ UInt32(value)
            for (index, generator) in generators.enumerated() where top >> UInt32(index) & 1 == 1 { sum ^= generator }
        }
        return sum
    }

    private static func regroup(_ values: Bytes, from: UInt32, to: UInt32, padded: Bool) -> Bytes? {
        var (pending, bits): (UInt32, UInt32) = (0, 0)
        var result = Bytes()
        let mask: UInt32 = 1 << to - 1
        for value in values {
            pending = (pending << from | UInt32(value)) & 0xFFF
            bits += from
            while bits >= to {
                bits -= to
                result.append(UInt8(truncatingIfNeeded: pending >> bits & mask))
            }
        }
        let rest = pending << (to - bits) & mask
        if padded {
            if bits > 0 { result.append(UInt8(truncatingIfNeeded: rest)) }
        } else if bits >= from || rest != 0 {
            return nil
        }
        return result
    }
}

extension Address {
    private static let accountPrefix = "merit"

    /// As people see an account: `merit1…`.
    package var bech32: String { Bech32.encode(bytes, prefix: Self.accountPrefix) }

    /// nil unless the text is an account's name, spelled exactly.
    package init?(bech32: String) {
        guard let bytes = Bech32.decode(bech32, prefix: Self.accountPrefix) else { return nil }
        self.init(bytes)
    }
}
