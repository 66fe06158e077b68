// The state while a block is executed: the committed values below, the block's own changes above. Nothing is written to
// the store here; `changes` leave in key order, so that equal blocks make equal bytes.
// A record in the store that does not decode is our bug (the store's checksums hold), so it stops the process.
package import Codec
package import Primitives

package struct WorkingState {
    private let base: any Snapshot
    /// By tag, so that a scan of one table does not walk over the changes of all.
    private var pending = Self.nothing
    /// Shared by all states that only read.
    private static let nothing = [[Bytes: Bytes?]](repeating: [:], count: 256)

    package init(_ base: any Snapshot) { self.base = base }

    private func changes(under tag: UInt8) -> [Bytes: Bytes?] { pending[Int(tag)] }

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
        pending[Int(key[0])][key] = .some(value)
    }

    /// Before many changes under a tag, so that they are not moved again and again.
    mutating func expect(_ count: Int, _ tag: StateTag) { pending[Int(tag.rawValue)].reserveCapacity(count) }

    mutating func store(_ record: some Message, _ which: Singleton) { store(record, at: StateKey.singleton(which)) }

    mutating func remove(_ key: Bytes) { pending[Int(key[0])][key] = .some(nil) }

    /// Every record under a tag, ascending by the rest of the key, which is given without the tag.
    func scan<Record: Message>(_ tag: StateTag, as type: Record.Type = Record.self) -> [(id: Bytes, record: Record)] {
        scan(prefix: [tag.rawValue])
    }

    /// Every record whose key begins with `prefix`, ascending by the rest of the key, which is given without it.
    func scan<Record: Message>(prefix: Bytes, as type: Record.Type = Record.self) -> [(id: Bytes, record: Record)] {
        let pending = changes(under: prefix[0])
        var found: [(key: Bytes, value: Bytes)] = []
        var next = base.first(.state, from: prefix)
        while let entry = next, entry.key.starts(with: prefix) {
            if pending[entry.key] == nil { found.append(entry) }
            next = base.first(.state, from: entry.key + [0])
        }
        let stored = found.count
        for (key, change) in pending where key.starts(with: prefix) {
            if let value = change { found.append((key, value)) }
        }
        if found.count > stored { found.sort { $0.key.precedes($1.key) } }
        return found.map { (Bytes($0.key.dropFirst(prefix.count)), Self.record($0.value, $0.key)) }
    }

    /// Keys that begin with `prefix`, ascending.
    func keys(prefix: Bytes) -> [Bytes] {
        let pending = changes(under: prefix[0])
        var found: [Bytes] = []
        var next = base.first(.state, from: prefix)
        while let entry = next, entry.key.starts(with: prefix) {
            if pending[entry.key] == nil { found.append(entry.key) }
            next = base.first(.state, from: entry.key + [0])
        }
        for (key, change) in pending where change != nil && key.starts(with: prefix) { found.append(key) }
        return found.sorted { $0.precedes($1) }
    }

    /// The first key that is not below `bound`, of any tag.
    func firstKey(from bound: Bytes) -> Bytes? {
        var next = base.first(.state, from: bound)
        while let entry = next, changes(under: entry.key[0])[entry.key] == .some(nil) {
            next = base.first(.state, from: entry.key + [0])
        }
        var best = next?.key
        for (key, change) in pending[Int(bound[0])...].joined()
        where change != nil && !key.lexicographicallyPrecedes(bound) {
            if best.map(key.lexicographicallyPrecedes) ?? true { best = key }
        }
        return best
    }

    /// The first `limit` records under a tag whose ids begin with at most `bound`, ascending.
    func range<Record: Message>(
        _ tag: StateTag, upTo bound: Bytes, limit: Int, as type: Record.Type = Record.self
    ) -> [(id: Bytes, record: Record)] {
        func isInside(_ key: Bytes) -> Bool {
            key.first == tag.rawValue
                && !bound.lexicographicallyPrecedes(key.dropFirst().prefix(bound.count))
        }
        let pending = changes(under: tag.rawValue)
        var found: [(key: Bytes, value: Bytes)] = []
        var next = base.first(.state, from: [tag.rawValue])
        while let entry = next, found.count < limit, isInside(entry.key) {
            if pending[entry.key] == nil { found.append(entry) }
            next = base.first(.state, from: entry.key + [0])
        }
        for (key, change) in pending where isInside(key) {
            if let value = change { found.append((key, value)) }
        }
        found.sort { $0.key.precedes($1.key) }
        return found.prefix(limit).map { (Bytes($0.key.dropFirst()), Self.record($0.value, $0.key)) }
    }

    /// The record under a tag with the largest id that is not above `id`. Nothing of this tag is removed and asked for
    /// in one block.
    func last<Record: Message>(_ tag: StateTag, upTo id: Bytes, as type: Record.Type = Record.self) -> Record? {
        let bound = [tag.rawValue] + id
        var best = base.last(.state, upTo: bound)?.key ?? []
        for (key, change) in changes(under: tag.rawValue)
        where change != nil && !bound.lexicographicallyPrecedes(key) && best.lexicographicallyPrecedes(key) {
            best = key
        }
        return best.first == tag.rawValue ? load(best) : nil
    }

    /// Every change, ascending by key; nil deletes. A value stored again as it was is no change.
    var changes: [(key: Bytes, value: Bytes?)] {
        let tables = pending.filter { !$0.isEmpty }
        let isLarge = tables.contains { $0.count >= 512 }
        return base.parts(tables.count, isLarge: isLarge) { table in
            let found = tables[table].filter { base.load(.state, key: $0.key) != $0.value }
                .map { (key: $0.key, value: $0.value) }
            return KeyOrder.places(of: found.map(\.key)).map { found[$0] }
        }.flatMap(\.self)
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
