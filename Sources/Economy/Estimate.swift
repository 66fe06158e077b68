// A mean of paired runs with its confidence bounds, in integers. Invariant: the bounds hold 95 % of such means if the
// runs are independent; one run alone has no bounds.
import Primitives

package struct Estimate: Hashable, Sendable {
    package let mean: Int64
    /// Half the width of the interval; nil for fewer than two runs.
    package let margin: Int64?
    private let runs: Int

    package init(_ values: [Int64]) {
        let count = Int128(max(1, values.count))
        let sum = values.reduce(Int128(0)) { $0 + Int128($1) }
        let mean = sum / count
        self.mean = Int64(clamping: mean)
        runs = values.count
        guard values.count > 1 else {
            margin = nil
            return
        }
        // Rounded to 10^3 units, the squares of any amounts fit 128 bits.
        let squares = values.reduce(UInt128(0)) { total, value in
            let (difference, _) = (Int128(value) - mean).magnitude.quotientAndRemainder(dividingBy: Self.grain)
            return total + difference * difference
        }
        let error = Self.root(squares / UInt128(values.count - 1) * UInt128(Self.precision) / UInt128(values.count))
        // The root of a precision of 10^6 is 10^3, and so is the quantile's.
        let width = error * UInt128(Self.quantile(values.count - 1)) * Self.grain / 1_000_000
        margin = Int64(clamping: width)
    }

    private static let grain: UInt128 = 1_000
    private static let precision: UInt64 = 1_000_000

    package var low: Int64? { margin.map { mean.subtractingReportingOverflow($0).partialValue } }
    package var high: Int64? { margin.map { mean.addingReportingOverflow($0).partialValue } }

    /// How many such runs would have this margin; nil if none or too many to count would. By the quantile of these few,
    /// which is larger than that of more: rather too many.
    func runs(forMargin wanted: UInt64) -> Int? {
        guard let margin, wanted > 0 else { return nil }
        let ratio = UInt128(margin.magnitude) * UInt128(margin.magnitude) * UInt128(runs)
        let (whole, rest) = ratio.quotientAndRemainder(dividingBy: UInt128(wanted) * UInt128(wanted))
        return Int(exactly: whole + (rest == 0 ? 0 : 1))
    }

    /// Student's t for 95 % of both sides, in thousandths.
    static func quantile(_ degrees: Int) -> UInt64 {
        let table: [UInt64] = [
            12_706, 4_303, 3_182, 2_776, 2_571, 2_447, 2_365, 2_306, 2_262, 2_228, 2_201, 2_179, 2_160, 2_145, 2_131,
            2_120, 2_110, 2_101, 2_093, 2_086, 2_080, 2_074, 2_069, 2_064, 2_060, 2_056, 2_052, 2_048, 2_045, 2_042,
        ]
        return degrees < 1 ? table[0] : degrees <= table.count ? table[degrees - 1] : 1_960
    }

    /// floor of the square root, by Newton's steps from above.
    package static func root(_ value: UInt128) -> UInt128 {
        if value < 2 { return value }
        var guess = UInt128(1) << UInt128((128 - value.leadingZeroBitCount + 1) / 2)
        while true {
            let next = (guess + value / guess) / 2
            if next >= guess { return guess }
            guess = next
        }
    }
}
