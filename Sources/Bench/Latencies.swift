// Every sample is kept: a percentile is a sample that was measured, never an estimate.

package struct Latencies: Sendable {
    private let sorted: [Double]

    /// Milliseconds, in any order.
    package init(milliseconds: [Double]) { sorted = milliseconds.sorted() }

    package var count: Int { sorted.count }

    /// The smallest sample that at least `percent` of all samples do not exceed (nearest rank); 0 without samples.
    package func percentile(_ percent: Int) -> Double {
        guard !sorted.isEmpty else { return 0 }
        let rank = (sorted.count * percent + 99) / 100
        return sorted[min(max(rank, 1), sorted.count) - 1]
    }
}
