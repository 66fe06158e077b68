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

    /// Before about so many are added.
    mutating func expect(_ count: Int) { entries.reserveCapacity(count) }

    /// A row with the reason for its pay, or for its zero, and with what it was computed from.
    mutating func add(_ key: RewardKey, _ amount: Amount, paid: Reason, zero: Reason, basis: RowBasis?) {
        let row = RewardRow(key: key, amount: amount, reason: amount == .zero ? zero : paid)
        entries.append(Entry(row: row, basis: basis, isMixed: basis == nil && amount > .zero))
    }

    /// A row that was computed elsewhere.
    mutating func add(_ row: RewardRow) { entries.append(Entry(row: row, basis: nil, isMixed: true)) }

    /// The rows, ascending, one for each key, and what each was computed from where one formula gives all of it.
    func merged() throws(ArithmeticError) -> (rows: [RewardRow], bases: [RowBasis?]) {
        var (rows, bases): ([RewardRow], [RowBasis?]) = ([], [])
        rows.reserveCapacity(entries.count)
        bases.reserveCapacity(entries.count)
        let order = inOrder()
        var start = 0
        while start < order.count {
            let end = order[start...].firstIndex { $0.key != order[start].key } ?? order.count
            var merged = entries[order[start].place]
            for (_, place) in order[(start + 1)..<end] {
                let next = entries[place]
                merged = Entry(
                    row: try Self.merge(merged.row, next.row), basis: Self.merge(merged.basis, next.basis),
                    isMixed: merged.isMixed || next.isMixed)
            }
            rows.append(merged.row)
            bases.append(merged.isMixed ? nil : merged.basis)
            start = end
        }
        return (rows, bases)
    }

    /// By key, in the order in which they came where keys are equal. Without the entries, which are large.
    private func inOrder() -> [(key: RewardKey, place: Int)] {
        entries.enumerated().map { (key: $0.element.row.key, place: $0.offset) }
            .sorted { $0.key == $1.key ? $0.place < $1.place : $0.key < $1.key }
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
