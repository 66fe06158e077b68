// SHA-256, RFC 6962 roots and row bytes for this suite alone: the module under test has no hash and no encoding, and a
// second implementation here keeps its vectors independent of the ones the node uses.

import Primitives

@testable import Rewards

enum ReferenceBytes {
    static func sha256(_ message: Bytes) -> Bytes {
        var hash: [UInt32] = roots(of: primes(8), power: .square)
        let constants = roots(of: primes(64), power: .cube)
        var padded = message + [0x80]
        while padded.count % 64 != 56 { padded.append(0) }
        padded += UInt64(message.count * 8).bigEndianBytes
        for block in stride(from: 0, to: padded.count, by: 64) {
            compress(Array(padded[block..<block + 64]), &hash, constants)
        }
        return hash.flatMap(\.bigEndianBytes)
    }

    private static func compress(_ block: Bytes, _ hash: inout [UInt32], _ constants: [UInt32]) {
        func rotate(_ word: UInt32, _ count: UInt32) -> UInt32 { word >> count | word << (32 - count) }
        var words = (0..<16).map { UInt32(bigEndian: block[$0 * 4..<$0 * 4 + 4])! }
        for index in 16..<64 {
            let (a, b) = (words[index - 15], words[index - 2])
            let first = rotate(a, 7) ^ rotate(a, 18) ^ a >> 3
            let second = rotate(b, 17) ^ rotate(b, 19) ^ b >> 10
            words.append(words[index - 16] &+ first &+ words[index - 7] &+ second)
        }
        var state = hash
        for index in 0..<64 {
            let (a, e) = (state[0], state[4])
            let choice = e & state[5] ^ ~e & state[6]
            let majority = a & state[1] ^ a & state[2] ^ state[1] & state[2]
            let upper = rotate(e, 6) ^ rotate(e, 11) ^ rotate(e, 25)
            let first = state[7] &+ upper &+ choice &+ constants[index] &+ words[index]
            let second = (rotate(a, 2) ^ rotate(a, 13) ^ rotate(a, 22)) &+ majority
            state = [first &+ second, a, state[1], state[2], state[3] &+ first, e, state[5], state[6]]
        }
        hash = zip(hash, state).map { $0 &+ $1 }
    }

    private enum Power { case square, cube }

    private static func primes(_ count: Int) -> [UInt128] {
        var found: [UInt128] = []
        var candidate: UInt128 = 2
        while found.count < count {
            if found.allSatisfy({ candidate % $0 != 0 }) { found.append(candidate) }
            candidate += 1
        }
        return found
    }

    /// First 32 bits of the fractional part of a root: `floor(root * 2^32) mod 2^32`.
    private static func roots(of numbers: [UInt128], power: Power) -> [UInt32] {
        numbers.map { number in
            let scaled = number << (power == .square ? 64 : 96)
            var (low, high): (UInt128, UInt128) = (0, 1 << 40)
            while low < high {
                let middle = (low + high + 1) / 2
                let raised = power == .square ? middle * middle : middle * middle * middle
                if raised <= scaled { low = middle } else { high = middle - 1 }
            }
            return UInt32(truncatingIfNeeded: low)
        }
    }

    static func root(_ leaves: [Bytes]) -> Bytes {
        if leaves.isEmpty { return sha256([]) }
        if leaves.count == 1 { return sha256([0] + leaves[0]) }
        var split = 1
        while split * 2 < leaves.count { split *= 2 }
        return sha256([1] + root(Array(leaves[..<split])) + root(Array(leaves[split...])))
    }

    static func encode(_ row: RewardRow) -> Bytes {
        var bytes: Bytes = [0x0A, 20] + row.key.account.bytes
        let numbers: [(UInt8, UInt64)] = [
            (0x10, UInt64(row.key.kind.rawValue)), (0x18, UInt64(row.key.asset.rawValue)),
            (0x20, row.amount.units), (0x28, UInt64(row.reason.rawValue)),
        ]
        for (tag, value) in numbers where value > 0 { bytes += [tag] + varint(value) }
        if let evidence = row.evidence { bytes += [0x32, 32] + evidence.bytes }
        return bytes
    }

    private static func varint(_ value: UInt64) -> Bytes {
        value < 0x80 ? [UInt8(value)] : [UInt8(value & 0x7F | 0x80)] + varint(value >> 7)
    }
}
