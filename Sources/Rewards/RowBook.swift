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
    /// Of which each has its own key, above that of the one before.
    private var ascending: (rows: [RewardRow], bases: [RowBasis?]) = ([], [])

    /// Before about so many are added in order.
    mutating func expect(_ count: Int) {
        ascending.rows.reserveCapacity(count)
        ascending.bases.reserveCapacity(count)
    }

    /// A row with the reason for its pay, or for its zero, and with what it was computed from.
    mutating func add(_ key: RewardKey, _ amount: Amount, paid: Reason, zero: Reason, basis: RowBasis?) {
        let row = RewardRow(key: key, amount: amount, reason: amount == .zero ? zero : paid)
        entries.append(Entry(row: row, basis: basis, isMixed: basis == nil && amount > .zero))
    }

    /// The same for many rows that come in the order of their keys.
    mutating func append(_ key: RewardKey, _ amount: Amount, paid: Reason, zero: Reason, basis: RowBasis) {
        if let last = ascending.rows.last { precondition(last.key < key, "\(key) after \(last.key)") }
        ascending.rows.append(RewardRow(key: key, amount: amount, reason: amount == .zero ? zero : paid))
        ascending.bases.append(basis)
    }

    /// A row that was computed elsewhere.
    mutating func add(_ row: RewardRow) { entries.append(Entry(row: row, basis: nil, isMixed: true)) }

    /// The rows, ascending, one for each key, and what each was computed from where one formula gives all of it. No
    /// row that came in order has the key of another.
    func merged() throws(ArithmeticError) -> (rows: [RewardRow], bases: [RowBasis?]) {
        let others = try mergedEntries()
        if others.isEmpty { return ascending }
        var (rows, bases): ([RewardRow], [RowBasis?]) = ([], [])
        rows.reserveCapacity(ascending.rows.count + others.count)
        bases.reserveCapacity(ascending.rows.count + others.count)
        var place = 0
        for other in others {
            var end = place
            while end < ascending.rows.count, ascending.rows[end].key < other.row.key { end += 1 }
            rows += ascending.rows[place..<end]
            bases += ascending.bases[place..<end]
            rows.append(other.row)
            bases.append(other.isMixed ? nil : other.basis)
            place = end
        }
        rows += ascending.rows[place...]
        bases += ascending.bases[place...]
        return (rows, bases)
    }

    /// Ascending, one for each key.
    private func mergedEntries() throws(ArithmeticError) -> [Entry] {
        var result: [Entry] = []
        var rest = inOrder()[...]
        while let key = rest.first?.key {
            let places = rest.prefix { $0.key == key }.map(\.place)
            rest = rest.dropFirst(places.count)
            result.append(places.count == 1 ? entries[places[0]] : try merge(places))
        }
        return result
    }

    /// By key, in the order in which they came where keys are equal. Without the entries, which are large.
    private func inOrder() -> [(key: RewardKey, place: Int)] {
        entries.enumerated().map { (key: $0.element.row.key, place: $0.offset) }
            .sorted { $0.key == $1.key ? $0.place < $1.place : $0.key < $1.key }
    }

    /// Entries of one key, each looked at once.
    private func merge(_ places: [Int]) throws(ArithmeticError) -> Entry {
        var row = entries[places[0]].row
        for place in places.dropFirst() { row = try Self.merge(row, entries[place].row) }
        let bases = places.compactMap { entries[$0].basis }
        let basis = bases.isEmpty ? nil : RowBasis.merged(bases)
        let isMixed = places.contains { entries[$0].isMixed } || (basis == nil && !bases.isEmpty)
        return Entry(row: row, basis: basis, isMixed: isMixed)
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
