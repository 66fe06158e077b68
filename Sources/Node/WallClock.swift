// The node's clock: UTC in nanoseconds, never going backward within a process. When the machine's clock is set back,
// this one runs at half speed until the machine has caught up, so that no deadline freezes.
import Glibc
package import Primitives

package struct WallClock {
    private var last: Int64 = 0
    private var lastMonotonic: Int64 = 0

    private static func read(_ clock: clockid_t) -> Int64 {
        var time = timespec()
        precondition(clock_gettime(clock, &time) == 0, "clock \(clock) cannot be read")
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }

    mutating func read() -> Instant {
        let monotonic = Self.read(CLOCK_MONOTONIC)
        let elapsed = last == 0 ? 0 : monotonic - lastMonotonic
        last = max(Self.read(CLOCK_REALTIME), last + elapsed / 2)
        lastMonotonic = monotonic
        return Instant(nanoseconds: last)
    }

    /// Now, for those who compare nothing.
    package static var timestamp: Timestamp { Instant(nanoseconds: read(CLOCK_REALTIME)).timestamp }
    static var monotonicSeconds: Int64 { read(CLOCK_MONOTONIC) / 1_000_000_000 }
}
