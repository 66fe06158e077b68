// edwards25519 group operations as libsodium 1.0.18 offers them, with the checks it leaves out. Points are 32-byte
// encodings, scalars 32 bytes little-endian. nil means "not a point on the curve" or a result libsodium refuses.
internal import CSodium
internal import Primitives

enum Curve {
    static let identity: Bytes = [1] + Bytes(repeating: 0, count: 31)
    /// p = 2^255 - 19, little-endian.
    private static let prime: Bytes = [0xED] + Bytes(repeating: 0xFF, count: 30) + [0x7F]
    /// L = 2^252 + 27742317777372353535851937790883648493, little-endian.
    private static let order: Bytes = [
        0xED, 0xD3, 0xF5, 0x5C, 0x1A, 0x63, 0x12, 0x58, 0xD6, 0x9C, 0xF7, 0xA2, 0xDE, 0xF9, 0xDE, 0x14,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ]

    private static func isBelow(_ value: Bytes, _ bound: Bytes) -> Bool {
        value.reversed().lexicographicallyPrecedes(bound.reversed())
    }

    static func isReduced(_ scalar: Bytes) -> Bool { isBelow(scalar, order) }

    /// RFC 8032, section 5.1.3: y < p, and x = 0 (y = 1 or y = p - 1) never carries the sign bit.
    static func isCanonical(point: Bytes) -> Bool {
        var y = point
        y[31] &= 0x7F
        guard isBelow(y, prime) else { return false }
        var minusOne = prime
        minusOne[0] -= 1
        return point[31] & 0x80 == 0 || (y != identity && y != minusOne)
    }

    static func add(_ left: Bytes, _ right: Bytes) -> Bytes? {
        var result = Bytes(repeating: 0, count: 32)
        return crypto_core_ed25519_add(&result, left, right) == 0 ? result : nil
    }

    static func subtract(_ left: Bytes, _ right: Bytes) -> Bytes? {
        var result = Bytes(repeating: 0, count: 32)
        return crypto_core_ed25519_sub(&result, left, right) == 0 ? result : nil
    }

    /// Refuses points outside the main subgroup and a zero scalar.
    static func multiply(_ point: Bytes, by scalar: Bytes) -> Bytes? {
        var result = Bytes(repeating: 0, count: 32)
        return crypto_scalarmult_ed25519_noclamp(&result, scalar, point) == 0 ? result : nil
    }

    static func multiplyBase(by scalar: Bytes) -> Bytes? {
        var result = Bytes(repeating: 0, count: 32)
        return crypto_scalarmult_ed25519_base_noclamp(&result, scalar) == 0 ? result : nil
    }

    /// 8·P by three doublings; works for any point on the curve.
    static func clearCofactor(_ point: Bytes) -> Bytes? {
        guard let two = add(point, point), let four = add(two, two) else { return nil }
        return add(four, four)
    }

    /// scalar·P for any point on the curve, torsion included, by double-and-add: slow, for evidence only.
    static func multiplyAny(_ point: Bytes, by scalar: Bytes) -> Bytes? {
        var result = identity
        for index in (0..<256).reversed() {
            guard let doubled = add(result, result) else { return nil }
            result = doubled
            if scalar[index / 8] >> UInt8(index % 8) & 1 == 1 {
                guard let sum = add(result, point) else { return nil }
                result = sum
            }
        }
        return result
    }

    static func reduce(_ wide: Bytes) -> Bytes {
        var result = Bytes(repeating: 0, count: 32)
        crypto_core_ed25519_scalar_reduce(&result, wide)
        return result
    }

    static func multiply(scalar left: Bytes, _ right: Bytes) -> Bytes {
        var result = Bytes(repeating: 0, count: 32)
        crypto_core_ed25519_scalar_mul(&result, left, right)
        return result
    }

    static func add(scalar left: Bytes, _ right: Bytes) -> Bytes {
        var result = Bytes(repeating: 0, count: 32)
        crypto_core_ed25519_scalar_add(&result, left, right)
        return result
    }
}
