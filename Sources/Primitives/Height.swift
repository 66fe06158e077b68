// The height of a block. Invariant: 0 <= value <= Int64.max, because the wire and every outside verifier hold an int64;
// 0 stands for "before the first block".

package struct Height: Hashable, Comparable, Sendable {
    package let value: UInt64

    /// Refuses what an int64 cannot hold.
    package init?(_ value: UInt64) {
        if value > UInt64(Int64.max) { return nil }
        self.value = value
    }

    /// Refuses negative heights.
    package init?(signed value: Int64) {
        if value < 0 { return nil }
        self.value = UInt64(value)
    }

    private init(unchecked value: UInt64) { self.value = value }

    package static let zero = Height(unchecked: 0)
    package static let first = Height(unchecked: 1)

    package var signed: Int64 { Int64(value) }

    package static func < (lhs: Height, rhs: Height) -> Bool { lhs.value < rhs.value }

    /// The height `count` above this one; saturates at the largest height, which no chain reaches.
    package func advanced(by count: UInt64 = 1) -> Height {
        let (sum, overflow) = value.addingReportingOverflow(count)
        return Height(unchecked: overflow ? UInt64(Int64.max) : min(sum, UInt64(Int64.max)))
    }

    /// The height `count` below this one; stops at zero.
    package func lowered(by count: UInt64 = 1) -> Height {
        Height(unchecked: value > count ? value - count : 0)
    }

    /// Blocks from `earlier` up to this height; 0 when `earlier` is not earlier.
    package func distance(from earlier: Height) -> UInt64 { value > earlier.value ? value - earlier.value : 0 }
}

extension Height: CustomStringConvertible {
    package var description: String { String(value) }
}
