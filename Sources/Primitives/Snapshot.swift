// The vocabulary of the disk as the core sees it: named tables of bytes, an ordered batch of writes, and a snapshot to
// read from. What the bytes mean is known above, how they are kept is known in Storage and in the Simulator only.

/// A named, ordered map of byte strings. The raw value is the table's number on disk: never reuse one.
package enum Table: UInt8, CaseIterable, Sendable {
    /// Single values: chain id, schema version, tip.
    case meta = 1
    /// Height (8 bytes, big-endian) to the header, items, evidence and last commit as committed.
    case blocks = 2
    /// Height to the commit that decided the block, as collected by this node.
    case commits = 3
    /// Block hash to height.
    case blockHeights = 4
    /// SHA-256 of a whole item to height and index.
    case transactions = 5
    /// Height to the results of the block's items.
    case results = 6
    /// State key to its latest value.
    case state = 7
    /// Node key (version, path) of the state tree to node.
    case tree = 8
    /// Height to the keys of tree nodes that it made stale.
    case stale = 9
    /// Author and sequence to a batch that is durable here.
    case batches = 10
    /// Epoch, table and key to a row of the epoch tables.
    case rows = 11
    /// Digest to program, input or output bytes.
    case blobs = 12
    /// Peers, bans and other facts about the network that survive a restart.
    case peers = 13
    /// Hash of a validator set to the set.
    case validatorSets = 14
    /// Height to header, for the evidence age at least: a node that starts from a snapshot has these and no blocks.
    case headers = 15
}

/// One write. A nil value deletes.
package struct Write: Equatable, Sendable {
    package let table: Table
    package let key: Bytes
    package let value: Bytes?

    package init(_ table: Table, key: Bytes, value: Bytes?) {
        (self.table, self.key, self.value) = (table, key, value)
    }
}

/// Writes that become durable together or not at all, in order: a later write to the same key wins.
package struct WriteBatch: Equatable, Sendable {
    /// Batches that were appended whole, so that none of their writes moves, and what came between them.
    private var closed: [[Write]] = []
    /// What came last.
    private var open: [Write] = []

    /// Below it, moving the writes is cheaper than another part.
    private static let partMin = 64

    package init() {}
    package var isEmpty: Bool { closed.isEmpty && open.isEmpty }
    /// All writes in their order, in one piece or in several.
    package var parts: [[Write]] { open.isEmpty ? closed : closed + [open] }
    /// The same in one piece, which moves those of a large batch.
    package var writes: [Write] { closed.isEmpty ? open : Array(parts.joined()) }

    package mutating func put(_ table: Table, key: Bytes, value: Bytes) {
        open.append(Write(table, key: key, value: value))
    }
    package mutating func delete(_ table: Table, key: Bytes) { open.append(Write(table, key: key, value: nil)) }

    package mutating func append(_ other: WriteBatch) {
        for part in other.parts {
            if part.count < Self.partMin {
                open += part
                continue
            }
            if !open.isEmpty { closed.append(open) }
            closed.append(part)
            open = []
        }
    }

    package static func == (left: WriteBatch, right: WriteBatch) -> Bool { left.writes == right.writes }
}

/// The committed content of the store at one moment. It does not change while it is held.
package protocol Snapshot {
    func load(_ table: Table, key: Bytes) -> Bytes?
    /// The first entry with a key `>= key` (bytewise), nil when there is none.
    func first(_ table: Table, from key: Bytes) -> (key: Bytes, value: Bytes)?
    /// The last entry with a key `<= key` (bytewise), nil when there is none.
    func last(_ table: Table, upTo key: Bytes) -> (key: Bytes, value: Bytes)?
    /// Runs `body` once for each number below `count`, and returns when all are done. A snapshot that several threads
    /// may read at once runs them on several, so no part may depend on another.
    func forEach(below count: Int, _ body: (Int) -> Void)
}

extension Snapshot {
    package func forEach(below count: Int, _ body: (Int) -> Void) {
        for part in 0..<count { body(part) }
    }

    /// The results of independent parts, in their order: the same whatever runs them. `isLarge`: worth a thread.
    package func parts<Result>(_ count: Int, isLarge: Bool, _ body: (Int) -> Result) -> [Result] {
        if !isLarge { return (0..<count).map(body) }
        var results = [Result?](repeating: nil, count: count)
        results.withUnsafeMutableBufferPointer { places in
            let places = places
            forEach(below: count) { places[$0] = body($0) }
        }
        return results.map { result in
            guard let result else { preconditionFailure("a part that was not run") }
            return result
        }
    }

    /// The same over the parts of a list that begins at 0: one where it is short.
    package func parts<Result>(of list: Range<Int>, _ body: (Int, Range<Int>) -> Result) -> [Result] {
        let count = min(16, max(1, list.count / 256))
        return parts(count, isLarge: count > 1) { part in
            body(part, list.count * part / count..<list.count * (part + 1) / count)
        }
    }
}

extension Bytes {
    /// The order of keys, bytewise, eight at a time.
    package func precedes(_ other: Bytes) -> Bool {
        withUnsafeBytes { left in
            other.withUnsafeBytes { right in
                let shared = Swift.min(left.count, right.count)
                var index = 0
                while index + 8 <= shared {
                    let first = UInt64(bigEndian: left.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                    let second = UInt64(bigEndian: right.loadUnaligned(fromByteOffset: index, as: UInt64.self))
                    if first != second { return first < second }
                    index += 8
                }
                while index < shared {
                    if left[index] != right[index] { return left[index] < right[index] }
                    index += 1
                }
                return left.count < right.count
            }
        }
    }
}

/// Keys in their order, sorted without moving or counting references: the first 56 bytes decide, then the keys.
package struct KeyOrder {
    private let head: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)
    private let place: Int

    private init(_ key: Bytes, _ place: Int) {
        self.place = place
        head = key.withUnsafeBytes { memory in
            func word(_ index: Int) -> UInt64 {
                let rest = memory.count - 8 * index
                if rest >= 8 {
                    return UInt64(bigEndian: memory.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self))
                }
                return (0..<max(0, rest)).reduce(0) { $0 | UInt64(memory[8 * index + $1]) << UInt64(56 - 8 * $1) }
            }
            return (word(0), word(1), word(2), word(3), word(4), word(5), word(6))
        }
    }

    /// Where the keys stand, ascending; no key twice.
    package static func places(of keys: [Bytes]) -> [Int] {
        var order = keys.enumerated().map { KeyOrder($0.element, $0.offset) }
        order.sort { left, right in
            if left.head.0 != right.head.0 { return left.head.0 < right.head.0 }
            let (first, second) = (left.rest, right.rest)
            return first == second ? keys[left.place].precedes(keys[right.place]) : first < second
        }
        return order.map(\.place)
    }

    private var rest: (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64) {
        (head.1, head.2, head.3, head.4, head.5, head.6)
    }
}

/// Big-endian bytes of an integer, so that keys sort as numbers do.
extension FixedWidthInteger where Self: UnsignedInteger {
    @inlinable
    package var bigEndianBytes: Bytes {
        withUnsafeBytes(of: bigEndian) { Bytes($0) }
    }

    /// nil unless exactly as many bytes as the type has.
    @inlinable
    package init?(bigEndian bytes: some Collection<UInt8>) {
        guard bytes.count == Self.bitWidth / 8 else { return nil }
        var value: Self = 0
        withUnsafeMutableBytes(of: &value) { $0.copyBytes(from: bytes) }
        self = Self(bigEndian: value)
    }
}

/// The same where it is asked for in every key: generic code that another module calls runs unspecialised.
extension UInt64 {
    package var bigEndianBytes: Bytes { withUnsafeBytes(of: bigEndian) { Bytes($0) } }

    /// nil unless there are 8 bytes.
    package init?(bigEndian bytes: Bytes) { self.init(bigEndian: bytes[...]) }

    /// nil unless there are 8 bytes.
    package init?(bigEndian bytes: ArraySlice<UInt8>) {
        guard bytes.count == 8 else { return nil }
        self = bytes.withUnsafeBytes { UInt64(bigEndian: $0.loadUnaligned(as: UInt64.self)) }
    }
}
