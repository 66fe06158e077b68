// The state while a block is executed: the committed values below, the block's own changes above. Nothing is written to
// the store here; `changes` leave in key order, so that equal blocks make equal bytes.
// A record in the store that does not decode is our bug (the store's checksums hold), so it stops the process.
package import Codec
package import Primitives

package struct WorkingState {
    /// What a block changes of one table.
    private struct TableChanges {
        /// nil removes. They came after what was settled.
        var single: [Bytes: Bytes?] = [:]
        /// Written in one stroke, ascending by key.
        var settled: [(key: Bytes, value: Bytes)] = []

        var isEmpty: Bool { single.isEmpty && settled.isEmpty }

        /// nil where the key is not changed.
        subscript(key: Bytes) -> Bytes?? {
            if let change = single[key] { return .some(change) }
            if settled.isEmpty { return nil }
            var (low, high) = (0, settled.count)
            while low < high {
                let middle = (low + high) / 2
                if settled[middle].key.precedes(key) { low = middle + 1 } else { high = middle }
            }
            return low < settled.count && settled[low].key == key ? .some(settled[low].value) : nil
        }

        /// In no order.
        func entries(where isInside: (Bytes) -> Bool) -> [(key: Bytes, value: Bytes?)] {
            var found: [(key: Bytes, value: Bytes?)] = []
            for (key, change) in single where isInside(key) { found.append((key, change)) }
            for (key, value) in settled where isInside(key) && single[key] == nil { found.append((key, value)) }
            return found
        }

        /// Ascending, without what stands below already.
        func changes(over base: any Snapshot) -> [(key: Bytes, value: Bytes?)] {
            let found = single.map { (key: $0.key, value: $0.value) }
            let ordered = KeyOrder.places(of: found.map(\.key)).map { found[$0] }
            let changed = ordered.filter { base.load(.state, key: $0.key) != $0.value }
            if settled.isEmpty { return changed }
            var merged: [(key: Bytes, value: Bytes?)] = []
            merged.reserveCapacity(changed.count + settled.count)
            var rest = changed[...]
            for (key, value) in settled {
                while let next = rest.first, next.key.precedes(key) { merged.append(rest.removeFirst()) }
                if single[key] == nil { merged.append((key, value)) }
            }
            return merged + rest
        }
    }

    private let base: any Snapshot
    /// By tag, so that a scan of one table does not walk over the changes of all.
    private var pending = Self.nothing
    /// Shared by all states that only read.
    private static let nothing = [TableChanges](repeating: TableChanges(), count: 256)

    package init(_ base: any Snapshot) { self.base = base }

    func bytes(_ key: Bytes) -> Bytes? {
        if let change = pending[Int(key[0])][key] { return change }
        return base.load(.state, key: key)
    }

    package func load<Record: Message>(_ key: Bytes, as type: Record.Type = Record.self) -> Record? {
        bytes(key).map { Self.record($0, key) }
    }

    /// For records that genesis writes.
    func require<Record: Message>(_ which: Singleton, as type: Record.Type = Record.self) -> Record {
        guard let record: Record = load(StateKey.singleton(which)) else {
            preconditionFailure("the state has no \(which); it was not made by a genesis")
        }
        return record
    }

    static func record<Record: Message>(_ bytes: Bytes, _ key: Bytes) -> Record {
        do { return try Record(decoding: bytes) } catch {
            preconditionFailure("state record \(Hex.lower(key)) does not decode: \(error)")
        }
    }

    mutating func store(_ record: some Message, at key: Bytes) { store(encoded: record.encoded, at: key) }

    mutating func store(encoded value: Bytes, at key: Bytes) {
        precondition(!value.isEmpty, "an empty value at \(Hex.lower(key)) could not be proved")
        pending[Int(key[0])].single[key] = .some(value)
    }

    /// Many records of one table at once: ascending by key, and each different from what stands in the store.
    mutating func settle(_ records: [(key: Bytes, value: Bytes)], _ tag: StateTag) {
        let table = Int(tag.rawValue)
        precondition(pending[table].settled.isEmpty, "\(tag) is settled twice")
        if pending[table].single.isEmpty {
            pending[table].settled = records
            return
        }
        for (key, value) in records {
            if pending[table].single[key] == nil {
                pending[table].settled.append((key, value))
            } else {
                pending[table].single[key] = .some(value)
            }
        }
    }

    mutating func store(_ record: some Message, _ which: Singleton) { store(record, at: StateKey.singleton(which)) }

    mutating func remove(_ key: Bytes) { pending[Int(key[0])].single[key] = .some(nil) }

    /// Every record under a tag, ascending by the rest of the key, which is given without the tag.
    func scan<Record: Message>(_ tag: StateTag, as type: Record.Type = Record.self) -> [(id: Bytes, record: Record)] {
        scan(prefix: [tag.rawValue])
    }

    /// Every record whose key begins with `prefix`, ascending by the rest of the key, which is given without it.
    func scan<Record: Message>(prefix: Bytes, as type: Record.Type = Record.self) -> [(id: Bytes, record: Record)] {
        let found = entries(from: prefix) { $0.starts(with: prefix) }
        return found.map { (Bytes($0.key.dropFirst(prefix.count)), Self.record($0.value, $0.key)) }
    }

    /// A sixteenth of a table, by the first half-byte of the id, ascending by id: to read a large table in parts.
    func scan<Record: Message>(
        _ tag: StateTag, sixteenth: Int, as type: Record.Type = Record.self
    ) -> [(id: Bytes, record: Record)] {
        let found = entries(from: [tag.rawValue, UInt8(16 * sixteenth)]) { key in
            key.count > 1 && key[0] == tag.rawValue && Int(key[1] >> 4) == sixteenth
        }
        return found.map { (Bytes($0.key.dropFirst()), Self.record($0.value, $0.key)) }
    }

    /// Of one tag, ascending: those that stand together from `first` on.
    private func entries(from first: Bytes, _ isInside: (Bytes) -> Bool) -> [(key: Bytes, value: Bytes)] {
        let pending = pending[Int(first[0])]
        var found: [(key: Bytes, value: Bytes)] = []
        var next = base.first(.state, from: first)
        while let entry = next, isInside(entry.key) {
            if pending[entry.key] == nil { found.append(entry) }
            next = base.first(.state, from: entry.key + [0])
        }
        let stored = found.count
        for (key, change) in pending.entries(where: isInside) {
            if let value = change { found.append((key, value)) }
        }
        if found.count > stored { found.sort { $0.key.precedes($1.key) } }
        return found
    }

    /// Keys that begin with `prefix`, ascending.
    func keys(prefix: Bytes) -> [Bytes] {
        let pending = pending[Int(prefix[0])]
        var found: [Bytes] = []
        var next = base.first(.state, from: prefix)
        while let entry = next, entry.key.starts(with: prefix) {
            if pending[entry.key] == nil { found.append(entry.key) }
            next = base.first(.state, from: entry.key + [0])
        }
        for (key, change) in pending.entries(where: { $0.starts(with: prefix) }) where change != nil {
            found.append(key)
        }
        return found.sorted { $0.precedes($1) }
    }

    /// The first key that is not below `bound`, of any tag.
    func firstKey(from bound: Bytes) -> Bytes? {
        var next = base.first(.state, from: bound)
        while let entry = next, pending[Int(entry.key[0])][entry.key] == .some(nil) {
            next = base.first(.state, from: entry.key + [0])
        }
        var best = next?.key
        for table in pending[Int(bound[0])...] where !table.isEmpty {
            for (key, change) in table.entries(where: { !$0.precedes(bound) }) where change != nil {
                if best.map(key.precedes) ?? true { best = key }
            }
        }
        return best
    }

    /// The first `limit` records under a tag whose ids begin with at most `bound`, ascending.
    func range<Record: Message>(
        _ tag: StateTag, upTo bound: Bytes, limit: Int, as type: Record.Type = Record.self
    ) -> [(id: Bytes, record: Record)] {
        entries(tag, upTo: bound, limit: limit).map { (Bytes($0.key.dropFirst()), Self.record($0.value, $0.key)) }
    }

    func entries(_ tag: StateTag, upTo bound: Bytes, limit: Int) -> [(key: Bytes, value: Bytes)] {
        func isInside(_ key: Bytes) -> Bool {
            key.first == tag.rawValue
                && !bound.lexicographicallyPrecedes(key.dropFirst().prefix(bound.count))
        }
        let pending = pending[Int(tag.rawValue)]
        var found: [(key: Bytes, value: Bytes)] = []
        var next = base.first(.state, from: [tag.rawValue])
        while let entry = next, found.count < limit, isInside(entry.key) {
            if pending[entry.key] == nil { found.append(entry) }
            next = base.first(.state, from: entry.key + [0])
        }
        for (key, change) in pending.entries(where: isInside) {
            if let value = change { found.append((key, value)) }
        }
        found.sort { $0.key.precedes($1.key) }
        return Array(found.prefix(limit))
    }

    /// Of each record whose key begins with `prefix`, ascending: for records that are long to decode, in parts.
    func large<Result>(_ prefix: Bytes, _ decode: (Bytes, Bytes) -> Result) -> [Result] {
        large(entries(from: prefix) { $0.starts(with: prefix) }, decode)
    }

    func large<Result>(_ found: [(key: Bytes, value: Bytes)], _ decode: (Bytes, Bytes) -> Result) -> [Result] {
        let count = min(16, max(1, found.count / 8))
        let parts = base.parts(count, isLarge: count > 1) { part in
            found[found.count * part / count..<found.count * (part + 1) / count].map { decode($0.key, $0.value) }
        }
        return parts.flatMap(\.self)
    }

    /// The record under a tag with the largest id that is not above `id`. Nothing of this tag is removed and asked for
    /// in one block.
    func last<Record: Message>(_ tag: StateTag, upTo id: Bytes, as type: Record.Type = Record.self) -> Record? {
        let bound = [tag.rawValue] + id
        var best = base.last(.state, upTo: bound)?.key ?? []
        let pending = pending[Int(tag.rawValue)]
        for (key, change) in pending.entries(where: { !bound.precedes($0) && best.precedes($0) })
        where change != nil && best.precedes(key) {
            best = key
        }
        return best.first == tag.rawValue ? load(best) : nil
    }

    /// Every change, ascending by key; nil deletes. A value stored again as it was is no change.
    var changes: [(key: Bytes, value: Bytes?)] {
        let tables = pending.filter { !$0.isEmpty }
        let isLarge = tables.contains { $0.single.count >= 512 }
        return base.parts(tables.count, isLarge: isLarge) { tables[$0].changes(over: base) }.flatMap(\.self)
    }

    // MARK: Accounts

    package func account(_ address: Address) -> Account { load(StateKey.account(address)) ?? Account() }

    mutating func store(_ account: Account, of address: Address) {
        let key = StateKey.account(address)
        if account.isVoid { remove(key) } else { store(account, at: key) }
    }
}

/// What is below the first state.
struct EmptySnapshot: Snapshot {
    func load(_ table: Table, key: Bytes) -> Bytes? { nil }
    func first(_ table: Table, from key: Bytes) -> (key: Bytes, value: Bytes)? { nil }
    func last(_ table: Table, upTo key: Bytes) -> (key: Bytes, value: Bytes)? { nil }
}
