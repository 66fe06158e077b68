// Fractions in [0, 1) of any precision with directed rounding, for one question: is (x / 2^64)^n >= y / 2^64?
// The exact power has 64 * n bits (276,480 for a 20-second epoch), so it is bracketed from below and above, with more
// limbs until the bracket decides; with n limbs both ends are the exact power, so the loop always ends.
// For emission only.

/// Numerator over `2^(64 * limbs.count)`, little-endian limbs; always below 1.
struct Fraction64 {
    enum Rounding { case down, up }

    private let limbs: [UInt64]

    private init(limbs: [UInt64]) { self.limbs = limbs }

    /// `word / 2^64` held in `precision` limbs.
    init(word: UInt64, precision: Int) {
        var limbs = [UInt64](repeating: 0, count: precision)
        limbs[precision - 1] = word
        self.limbs = limbs
    }

    /// The product cut to this precision. Below 1 the upper end stays below 1: (1 - u)^2 < 1 - u for u = one last unit.
    func times(_ other: Fraction64, _ rounding: Rounding) -> Fraction64 {
        let count = limbs.count
        precondition(other.limbs.count == count, "fractions of \(count) and \(other.limbs.count) limbs")
        var product = [UInt64](repeating: 0, count: 2 * count)
        for row in 0..<count {
            var carry: UInt64 = 0
            for column in 0..<count {
                let wide = limbs[row].multipliedFullWidth(by: other.limbs[column])
                let (first, overflowA) = product[row + column].addingReportingOverflow(wide.low)
                let (second, overflowB) = first.addingReportingOverflow(carry)
                product[row + column] = second
                carry = wide.high &+ (overflowA ? 1 : 0) &+ (overflowB ? 1 : 0)
            }
            product[row + count] = carry
        }
        var high = Array(product[count...])
        if rounding == .up, product[..<count].contains(where: { $0 != 0 }) { Self.increment(&high) }
        return Fraction64(limbs: high)
    }

    private static func increment(_ limbs: inout [UInt64]) {
        for index in limbs.indices {
            limbs[index] &+= 1
            if limbs[index] != 0 { return }
        }
    }

    /// `self^exponent`, rounded in one direction at every step; `exponent >= 1`.
    func power(_ exponent: UInt64, _ rounding: Rounding) -> Fraction64 {
        precondition(exponent > 0, "the power 0 of a fraction below 1 is not held")
        var result: Fraction64?
        var square = self
        var rest = exponent
        while rest > 0 {
            if rest & 1 == 1 { result = result.map { $0.times(square, rounding) } ?? square }
            rest >>= 1
            if rest > 0 { square = square.times(square, rounding) }
        }
        return result ?? self
    }

    func isAtLeast(_ other: Fraction64) -> Bool {
        for (left, right) in zip(limbs.reversed(), other.limbs.reversed()) where left != right { return left > right }
        return true
    }

    /// `(base / 2^64)^exponent >= bound / 2^64`, exactly.
    static func power(of base: UInt64, _ exponent: UInt64, isAtLeast bound: UInt64) -> Bool {
        var precision = 4
        while true {
            let target = Fraction64(word: bound, precision: precision)
            let start = Fraction64(word: base, precision: precision)
            if start.power(exponent, .down).isAtLeast(target) { return true }
            if !start.power(exponent, .up).isAtLeast(target) { return false }
            precondition(UInt64(precision) < exponent, "\(base)^\(exponent) is undecided in \(precision) limbs")
            precision *= 2
        }
    }
}
