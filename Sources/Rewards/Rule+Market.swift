// The floor price per class, slots, and the weights of assignment (design, sections 4 and 7).
// Invariant: the floor price never falls below its minimum and moves at most once a day-epoch.

package import Primitives

extension Rule {
    /// `min(10^6, 10^6 * settled cu / capacity cu)`; 0 without capacity.
    package static func utilisation(settled: UInt64, capacity: UInt64) throws(ArithmeticError) -> UInt64 {
        if capacity == 0 { return 0 }
        if settled >= capacity { return million }
        return try settled.scaled(by: million, over: capacity)
    }

    /// The floor price of the next day-epoch in base units per cu; unchanged inside the band and without capacity.
    package static func floorPrice(
        _ price: UInt64, settled: UInt64, capacity: UInt64, rules: MarketRules
    ) throws(ArithmeticError) -> UInt64 {
        if capacity == 0 { return price }
        let utilisation = try utilisation(settled: settled, capacity: capacity)
        if utilisation > rules.bandHigh {
            return try priceStep(price, distance: utilisation - rules.bandHigh, isUp: true, rules: rules)
        }
        if utilisation < rules.bandLow {
            return try priceStep(price, distance: rules.bandLow - utilisation, isUp: false, rules: rules)
        }
        return price
    }

    /// `max(min_price, price ± max(1 (up only), price * distance / 10^6 / 8))`.
    package static func priceStep(
        _ price: UInt64, distance: UInt64, isUp: Bool, rules: MarketRules
    ) throws(ArithmeticError) -> UInt64 {
        if rules.stepDivisor == 0 { throw .divisionByZero }
        let step = try price.atRate(distance) / rules.stepDivisor
        let moved = isUp ? try price.plus(max(1, step)) : (price > step ? price - step : 0)
        return max(rules.priceMin.units, moved)
    }

    /// `floor(bond / 350 MRT)`.
    package static func assignmentSlots(bond: Amount, slotBond: Amount) throws(ArithmeticError) -> UInt64 {
        if slotBond == .zero { throw .divisionByZero }
        return bond.units / slotBond.units
    }

    /// `slots * (65_536 + reliability)`: a provider's weight in the draw of an assignment.
    package static func assignmentWeight(slots: UInt64, reliability: UInt64) -> UInt128 {
        UInt128(slots) * (65_536 + UInt128(reliability))
    }

    /// Blocks that a task may use before it is slow: `D = max(3, ceil(fuel / class_rate))`.
    package static func blockBudget(
        fuel: UInt64, fuelPerBlock: UInt64, least: UInt64
    ) throws(ArithmeticError) -> UInt64 {
        if fuelPerBlock == 0 { throw .divisionByZero }
        let (quotient, remainder) = fuel.quotientAndRemainder(dividingBy: fuelPerBlock)
        return max(least, quotient + (remainder > 0 ? 1 : 0))
    }
}
