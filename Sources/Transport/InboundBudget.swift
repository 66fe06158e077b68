// How much of one peer's traffic the owner has not finished with. Invariant: once more than `limit` is outstanding the
// link is not read until the owner has brought it down to half.

struct InboundBudget {
    private let limit: Int
    private(set) var outstanding = 0
    private(set) var isPaused = false

    init(limit: Int) { self.limit = limit }

    /// True when reading must stop now.
    mutating func charge(_ cost: Int) -> Bool {
        outstanding += cost
        if isPaused || outstanding <= limit { return false }
        isPaused = true
        return true
    }

    /// True when reading may go on now.
    mutating func release(_ cost: Int) -> Bool {
        precondition(cost <= outstanding, "\(cost) bytes consumed, \(outstanding) outstanding")
        outstanding -= cost
        if !isPaused || outstanding > limit / 2 { return false }
        isPaused = false
        return true
    }
}
