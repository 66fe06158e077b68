// A store in memory, ordered as the disk's tables are.
import Primitives

struct MemorySnapshot: Snapshot {
    private var tables: [[(key: Bytes, value: Bytes)]] = Array(repeating: [], count: 256)

    mutating func apply(_ batch: WriteBatch) {
        for write in batch.writes {
            let table = Int(write.table.rawValue)
            let index = place(table, write.key)
            let isThere = index < tables[table].count && tables[table][index].key == write.key
            switch (write.value, isThere) {
            case (let value?, true): tables[table][index].value = value
            case (let value?, false): tables[table].insert((write.key, value), at: index)
            case (nil, true): tables[table].remove(at: index)
            case (nil, false): break
            }
        }
    }

    func count(_ table: Table) -> Int { tables[Int(table.rawValue)].count }
    func keys(_ table: Table) -> [Bytes] { tables[Int(table.rawValue)].map(\.key) }

    /// The first index whose key is not below `key`.
    private func place(_ table: Int, _ key: Bytes) -> Int {
        var (low, high) = (0, tables[table].count)
        while low < high {
            let middle = (low + high) / 2
            if tables[table][middle].key.lexicographicallyPrecedes(key) { low = middle + 1 } else { high = middle }
        }
        return low
    }

    func load(_ table: Table, key: Bytes) -> Bytes? {
        guard let entry = first(table, from: key), entry.key == key else { return nil }
        return entry.value
    }

    func first(_ table: Table, from key: Bytes) -> (key: Bytes, value: Bytes)? {
        let index = place(Int(table.rawValue), key)
        return index < count(table) ? tables[Int(table.rawValue)][index] : nil
    }

    func last(_ table: Table, upTo key: Bytes) -> (key: Bytes, value: Bytes)? {
        let index = place(Int(table.rawValue), key)
        if index < count(table), tables[Int(table.rawValue)][index].key == key {
            return tables[Int(table.rawValue)][index]
        }
        return index > 0 ? tables[Int(table.rawValue)][index - 1] : nil
    }
}
