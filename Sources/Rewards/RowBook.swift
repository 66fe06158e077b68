// Collects rows in any order and merges those of one key, so that a referrer of ten accounts gets one row.
// Invariant: the result does not depend on the order of the calls. For Settlement only.

import Primitives

struct RowBook {
    private var rows: [RewardRow] = []
    private var found: [RewardKey: RowBasis] = [:]
    /// Rows with a part that no formula of their kind gives.
    private var mixed: Set<RewardKey> = []

    /// What rows were computed from.
    var bases: [RewardKey: RowBasis] { found.filter { !mixed.contains($0.key) } }

    /// A row with the reason for its pay, or for its zero, and with what it was computed from.
    mutating func add(_ key: RewardKey, _ amount: Amount, paid: Reason, zero: Reason, basis: RowBasis?) {
        rows.append(RewardRow(key: key, amount: amount, reason: amount == .zero ? zero : paid))
        if let basis { found[key] = found[key]?.merged(with: basis) ?? basis }
        if basis == nil && amount > .zero { mixed.insert(key) }
    }

    /// A row that was computed elsewhere.
    mutating func add(_ row: RewardRow) {
        rows.append(row)
        mixed.insert(row.key)
    }

    func merged() throws(ArithmeticError) -> [RewardRow] {
        var result: [RewardRow] = []
        for row in rows.sorted(by: { $0.key < $1.key }) {
            if let last = result.last, last.key == row.key {
                result[result.count - 1] = try Self.merge(last, row)
            } else {
                result.append(row)
            }
        }
        return result
    }

    /// Amounts add; a reason for pay wins over one for a zero, then the larger code; the smaller evidence stays.
    private static func merge(_ left: RewardRow, _ right: RewardRow) throws(ArithmeticError) -> RewardRow {
        let amount = try left.amount.adding(right.amount)
        let reasons = [left.reason, right.reason].filter { $0.explainsZero == (amount == .zero) }
        let reason = reasons.max { $0.rawValue < $1.rawValue } ?? left.reason
        let evidence = [left.evidence, right.evidence].compactMap(\.self).min()
        return RewardRow(key: left.key, amount: amount, reason: reason, evidence: evidence)
    }
}
