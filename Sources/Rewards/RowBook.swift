// Collects rows in any order and merges those of one key, so that a referrer of ten accounts gets one row.
// Invariant: the result does not depend on the order of the calls. For Settlement only.

import Primitives

struct RowBook {
    private struct Entry {
        var row: RewardRow
        /// What it was computed from.
        var basis: RowBasis?
        /// A part of it no formula of its kind gives.
        var isMixed: Bool
    }

    private var entries: [Entry] = []

    /// A row with the reason for its pay, or for its zero, and with what it was computed from.
    mutating func add(_ key: RewardKey, _ amount: Amount, paid: Reason, zero: Reason, basis: RowBasis?) {
        let row = RewardRow(key: key, amount: amount, reason: amount == .zero ? zero : paid)
        entries.append(Entry(row: row, basis: basis, isMixed: basis == nil && amount > .zero))
    }

    /// A row that was computed elsewhere.
    mutating func add(_ row: RewardRow) { entries.append(Entry(row: row, basis: nil, isMixed: true)) }

    /// The rows, ascending, one for each key, and what each was computed from where one formula gives all of it.
    func merged() throws(ArithmeticError) -> (rows: [RewardRow], bases: [RowBasis?]) {
        var result: [Entry] = []
        result.reserveCapacity(entries.count)
        for entry in inOrder() {
            if let last = result.last, last.row.key == entry.row.key {
                result[result.count - 1] = Entry(
                    row: try Self.merge(last.row, entry.row), basis: Self.merge(last.basis, entry.basis),
                    isMixed: last.isMixed || entry.isMixed)
            } else {
                result.append(entry)
            }
        }
        return (result.map(\.row), result.map { $0.isMixed ? nil : $0.basis })
    }

    /// By key, in the order in which they came where keys are equal.
    private func inOrder() -> [Entry] {
        let order = entries.indices.sorted { left, right in
            let (first, second) = (entries[left].row.key, entries[right].row.key)
            return first == second ? left < right : first < second
        }
        return order.map { entries[$0] }
    }

    private static func merge(_ left: RowBasis?, _ right: RowBasis?) -> RowBasis? {
        guard let left, let right else { return left ?? right }
        return left.merged(with: right)
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
