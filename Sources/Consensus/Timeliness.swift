// Proposer-based timestamps: a fresh proposal of header time t, received at r in `round`, is timely iff
//     t - PRECISION <= r <= t + DELAY * 1.1^round + PRECISION
// in whole nanoseconds. A local judgement (two correct nodes may differ), so it moves a prevote and never validity.
package import Primitives
package import Quorum

package struct Timeliness: Hashable, Sendable {
    /// How far apart the clocks of correct validators may stand.
    package let precision: Span
    /// How long a signed compact proposal may travel in round 0.
    package let messageDelay: Span

    /// Both are consensus parameters and not negative.
    package init(precision: Span, messageDelay: Span) {
        precondition(precision >= .zero && messageDelay >= .zero, "negative time bounds \(precision) \(messageDelay)")
        (self.precision, self.messageDelay) = (precision, messageDelay)
    }

    package func isTimely(_ time: Timestamp, receivedAt: Instant, round: Round) -> Bool {
        let proposed = Int128(time.seconds) * 1_000_000_000 + Int128(time.nanoseconds)
        let received = Int128(receivedAt.nanoseconds)
        let slack = Int128(precision.nanoseconds)
        return proposed - slack <= received && received <= proposed + Int128(delay(round: round).nanoseconds) + slack
    }

    /// DELAY * 11^round / 10^round in nanoseconds, saturating. Computed with 60 binary places, rounded up at each
    /// round; at most 460 rounds pass before any delay of 1 ns or more saturates.
    package func delay(round: Round) -> Span {
        if messageDelay == .zero { return .zero }
        let bound = UInt128(Int64.max) << 60
        var scaled = UInt128(messageDelay.nanoseconds) << 60
        for _ in 0..<round {
            scaled = (scaled * 11 + 9) / 10
            if scaled >= bound { return Span(nanoseconds: .max) }
        }
        return Span(nanoseconds: Int64(scaled >> 60))
    }
}
