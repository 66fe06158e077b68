// The core's only notion of time: the shell reads its clock once per event and passes the reading in.
// Nanoseconds since 1970 in UTC, made monotone by the shell; the simulator counts them itself.

package struct Instant: Hashable, Comparable, Sendable {
    /// Nanoseconds since 1970-01-01T00:00:00Z; an Int64 lasts until the year 2262.
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

    package static let zero = Instant(nanoseconds: 0)
    package static func < (lhs: Instant, rhs: Instant) -> Bool { lhs.nanoseconds < rhs.nanoseconds }

    /// Saturates at the ends of Int64.
    package func advanced(by duration: Span) -> Instant {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(duration.nanoseconds)
        return Instant(nanoseconds: overflow ? (duration.nanoseconds > 0 ? .max : .min) : sum)
    }

    /// How long after `earlier` this instant is; negative when it is before; saturates.
    package func since(_ earlier: Instant) -> Span {
        let (difference, overflow) = nanoseconds.subtractingReportingOverflow(earlier.nanoseconds)
        return Span(nanoseconds: overflow ? (nanoseconds > earlier.nanoseconds ? .max : .min) : difference)
    }

    /// The same moment as header time.
    package var timestamp: Timestamp { Timestamp.epoch1970.adding(nanoseconds: nanoseconds) }
}

extension Timestamp {
    /// The same moment as an instant; saturates outside 1677...2262.
    package var instant: Instant {
        let (product, overflow) = seconds.multipliedReportingOverflow(by: 1_000_000_000)
        if overflow { return Instant(nanoseconds: seconds < 0 ? .min : .max) }
        return Instant(nanoseconds: product).advanced(by: Span(nanoseconds: Int64(nanoseconds)))
    }
}

/// A length of logical time in nanoseconds.
package struct Span: Hashable, Comparable, Sendable {
    package let nanoseconds: Int64

    package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }
    /// Saturates.
    package static func milliseconds(_ count: Int64) -> Span { scaled(count, 1_000_000) }
    /// Saturates.
    package static func seconds(_ count: Int64) -> Span { scaled(count, 1_000_000_000) }

    private static func scaled(_ count: Int64, _ unit: Int64) -> Span {
        let (product, overflow) = count.multipliedReportingOverflow(by: unit)
        return Span(nanoseconds: overflow ? (count > 0 ? .max : .min) : product)
    }

    package static let zero = Span(nanoseconds: 0)
    package static func < (lhs: Span, rhs: Span) -> Bool { lhs.nanoseconds < rhs.nanoseconds }

    /// Saturates.
    package func adding(_ other: Span) -> Span {
        let (sum, overflow) = nanoseconds.addingReportingOverflow(other.nanoseconds)
        return Span(nanoseconds: overflow ? (nanoseconds > 0 ? .max : .min) : sum)
    }

    /// Saturates.
    package func times(_ factor: Int64) -> Span { Self.scaled(nanoseconds, factor) }
}
