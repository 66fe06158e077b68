// When the agent looks at the chain: soon after a block or a finished task, and after a while without either. No clock
// of its own. Invariants: two looks are never closer than the gap; the next one is never farther than the interval.
package struct LookPace: Sendable {
    package typealias Instant = ContinuousClock.Instant

    /// The earliest next look, and the one that nothing has to happen for.
    private var earliest: Instant
    private var latest: Instant
    private var isHurried = false

    package init(now: Instant) { (earliest, latest) = (now, now) }

    /// Something happened that a look may tell more about.
    package mutating func hurry() { isHurried = true }

    private var due: Instant { isHurried ? earliest : latest }

    /// Whether to look now; a look that begins answers everything that happened before it.
    package mutating func begin(at now: Instant) -> Bool {
        guard now >= due else { return false }
        isHurried = false
        earliest = now.advanced(by: ProviderLimits.lookGap)
        latest = now.advanced(by: ProviderLimits.lookInterval)
        return true
    }

    /// The look came to nothing: it is repeated in a moment, and not before, whatever happens.
    package mutating func failed(at now: Instant) {
        earliest = now.advanced(by: ProviderLimits.failureInterval)
        latest = earliest
    }

    /// How long there is nothing to look at unless something happens.
    package func rest(at now: Instant) -> Duration { max(.zero, now.duration(to: due)) }
}

/// The pauses between streams that fail one after the other.
package struct StreamPause: Sendable {
    private var next = ProviderLimits.streamPause

    package init() {}

    package mutating func take() -> Duration {
        defer { next = min(next * 2, ProviderLimits.streamPauseMax) }
        return next
    }

    /// A block came.
    package mutating func reset() { next = ProviderLimits.streamPause }
}
