// Money in base units: 1 MRT = 10^9 nMRT, held in a UInt64 (10^9 MRT is 2^59.8 units).
// Invariant: arithmetic either is exact or throws; there is no raw `+`, so no amount can wrap or trap.

/// What went wrong in checked integer arithmetic.
package enum ArithmeticError: Error, Equatable, Sendable {
    /// The exact result does not fit the type.
    case overflow
    /// The exact result would be negative.
    case underflow
    /// A division by zero was asked for.
    case divisionByZero
}

/// An amount of MRT in base units (nMRT).
package struct Amount: Hashable, Comparable, Sendable {
    /// Base units, 10^-9 MRT each.
    package let units: UInt64

    package init(_ units: UInt64) { self.units = units }

    package static let zero = Amount(0)
    /// Base units in one MRT.
    package static let unitsPerToken: UInt64 = 1_000_000_000

    package static func < (lhs: Amount, rhs: Amount) -> Bool { lhs.units < rhs.units }

    package func adding(_ other: Amount) throws(ArithmeticError) -> Amount {
        let (sum, overflow) = units.addingReportingOverflow(other.units)
        if overflow { throw .overflow }
        return Amount(sum)
    }

    package func subtracting(_ other: Amount) throws(ArithmeticError) -> Amount {
        let (difference, overflow) = units.subtractingReportingOverflow(other.units)
        if overflow { throw .underflow }
        return Amount(difference)
    }

    /// `floor(self * numerator / denominator)` through 128 bits.
    package func scaled(by numerator: UInt64, over denominator: UInt64) throws(ArithmeticError) -> Amount {
        Amount(try units.scaled(by: numerator, over: denominator))
    }
}

extension Amount: CustomStringConvertible {
    /// The exact number of base units in decimal, as every JSON answer prints it.
    package var description: String { String(units) }
}

extension UInt64 {
    /// `floor(self * numerator / denominator)` through 128 bits; throws where the result does not fit 64.
    package func scaled(by numerator: UInt64, over denominator: UInt64) throws(ArithmeticError) -> UInt64 {
        if denominator == 0 { throw .divisionByZero }
        let product = multipliedFullWidth(by: numerator)
        if product.high >= denominator { throw .overflow }
        return denominator.dividingFullWidth(product).quotient
    }
}
