// When to dial again: delay(n) = min(max, min * 2^n), of which a seeded draw takes up to half away, so that nodes that
// failed together do not come back together.
import Primitives

struct RedialSchedule {
    private let delayMin: Duration
    private let delayMax: Duration
    private var random: Random
    private var failures = 0

    init(delayMin: Duration, delayMax: Duration, seed: UInt64) {
        (self.delayMin, self.delayMax, random) = (delayMin, delayMax, Random(seed: seed))
    }

    mutating func next() -> Duration {
        let doublings = min(failures, TransportLimits.redialDoublingsMax)
        failures += 1
        let delay = min(delayMax, delayMin * (1 << doublings))
        return delay / 2 + delay / 2 * Int(random.below(1_001)) / 1_000
    }

    mutating func reset() { failures = 0 }
}
