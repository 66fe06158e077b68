// Every formula of the reward design, one static function each, named as the outside vectors name it. Integers only;
// `/` is floor on non-negative integers, multiply before dividing, and whatever does not fit its type throws.
// Invariant: a result depends on the arguments alone. No account, block or signature is known here.

import Primitives

package enum Rule {
    /// Rates are parts per million.
    package static let million: UInt64 = 1_000_000
    /// The scale of delegation accumulators and of the validator share's fine unit is decimal: 10^18 per share.
    package static let accumulatorScale: UInt128 = 1_000_000_000_000_000_000
}

extension UInt128 {
    /// `floor(self * numerator / denominator)` through 256 bits; throws where the result does not fit 128.
    func scaled(by numerator: UInt128, over denominator: UInt128) throws(ArithmeticError) -> UInt128 {
        if denominator == 0 { throw .divisionByZero }
        let product = multipliedFullWidth(by: numerator)
        if product.high >= denominator { throw .overflow }
        return denominator.dividingFullWidth(product).quotient
    }

    func plus(_ other: UInt128) throws(ArithmeticError) -> UInt128 {
        let (sum, overflow) = addingReportingOverflow(other)
        if overflow { throw .overflow }
        return sum
    }

    func times(_ other: UInt128) throws(ArithmeticError) -> UInt128 {
        let (product, overflow) = multipliedReportingOverflow(by: other)
        if overflow { throw .overflow }
        return product
    }

    func narrowed() throws(ArithmeticError) -> UInt64 {
        guard let value = UInt64(exactly: self) else { throw .overflow }
        return value
    }
}

extension UInt64 {
    func plus(_ other: UInt64) throws(ArithmeticError) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        if overflow { throw .overflow }
        return sum
    }

    func minus(_ other: UInt64) throws(ArithmeticError) -> UInt64 {
        let (difference, overflow) = subtractingReportingOverflow(other)
        if overflow { throw .underflow }
        return difference
    }

    /// `floor(self * rate / 10^6)`.
    func atRate(_ ppm: UInt64) throws(ArithmeticError) -> UInt64 { try scaled(by: ppm, over: Rule.million) }
}

extension Amount {
    /// `floor(self * rate / 10^6)`.
    func atRate(_ ppm: UInt64) throws(ArithmeticError) -> Amount { Amount(try units.atRate(ppm)) }

    static func sum(_ amounts: some Sequence<Amount>) throws(ArithmeticError) -> Amount {
        var total = Amount.zero
        for amount in amounts { total = try total.adding(amount) }
        return total
    }
}
