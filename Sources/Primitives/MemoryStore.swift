// The store's vocabulary kept in memory, for the simulator and for tests: the same order of keys, the same batches, no
// disk. A copy is a snapshot: it never changes.

package struct MemoryStore: Snapshot, Sendable {
    private struct Rows: Sendable {
        var keys: [Bytes] = []
        var values: [Bytes: Bytes] = [:]

        /// The place of the first key `>= key`.
        func place(_ key: Bytes) -> Int {
            var (low, high) = (0, keys.count)
            while low < high {
                let middle = (low + high) / 2
                if keys[middle].precedes(key) { low = middle + 1 } else { high = middle }
            }
            return low
        }

        mutating func set(_ key: Bytes, _ value: Bytes?) {
            guard let value else {
                if values.removeValue(forKey: key) != nil { keys.remove(at: place(key)) }
                return
            }
            if values.updateValue(value, forKey: key) != nil { return }
            // Most keys ascend: heights, versions, epochs.
            if keys.last?.precedes(key) ?? true { keys.append(key) } else { keys.insert(key, at: place(key)) }
        }
    }

    private var tables: [Rows] = Table.allCases.map { _ in Rows() }

    package init() {}

    private func rows(_ table: Table) -> Rows { tables[Int(table.rawValue) - 1] }

    package mutating func commit(_ batch: WriteBatch) {
        for write in batch.parts.joined() {
            tables[Int(write.table.rawValue) - 1].set(write.key, write.value)
        }
    }

    package func load(_ table: Table, key: Bytes) -> Bytes? { rows(table).values[key] }

    package func first(_ table: Table, from key: Bytes) -> (key: Bytes, value: Bytes)? {
        let rows = rows(table)
        let place = rows.place(key)
        guard place < rows.keys.count, let value = rows.values[rows.keys[place]] else { return nil }
        return (rows.keys[place], value)
    }

    package func last(_ table: Table, upTo key: Bytes) -> (key: Bytes, value: Bytes)? {
        let rows = rows(table)
        let after = rows.place(key + [0])
        guard after > 0, let value = rows.values[rows.keys[after - 1]] else { return nil }
        return (rows.keys[after - 1], value)
    }

    /// Ascending.
    package func keys(_ table: Table) -> [Bytes] { rows(table).keys }
    package func count(_ table: Table) -> Int { rows(table).keys.count }
}
