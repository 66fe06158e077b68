// What a task costs: cu = 10 + ceil(fuel / 10^6) + 4 * peak pages + ceil((input + output bytes) / 65,536).
// Every term is re-derived by whoever executes the task again.

package enum ComputeUnits {
    /// Total for all arguments: the largest sum is below 2^45.
    package static func of(fuel: UInt64, peakPages: UInt32, inputBytes: UInt32, outputBytes: UInt32) -> UInt64 {
        let work = fuel / 1_000_000 + (fuel % 1_000_000 == 0 ? 0 : 1)
        let traffic = (UInt64(inputBytes) + UInt64(outputBytes) + 65_535) / 65_536
        return 10 + work + 4 * UInt64(peakPages) + traffic
    }
}
