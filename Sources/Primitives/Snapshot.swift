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
    package private(set) var writes: [Write] = []

    package init() {}
    package var isEmpty: Bool { writes.isEmpty }

    package mutating func put(_ table: Table, key: Bytes, value: Bytes) {
        writes.append(Write(table, key: key, value: value))
    }
    package mutating func delete(_ table: Table, key: Bytes) { writes.append(Write(table, key: key, value: nil)) }
    package mutating func append(_ other: WriteBatch) { writes += other.writes }
}

/// The committed content of the store at one moment. It does not change while it is held.
package protocol Snapshot {
    func load(_ table: Table, key: Bytes) -> Bytes?
    /// The first entry with a key `>= key` (bytewise), nil when there is none.
    func first(_ table: Table, from key: Bytes) -> (key: Bytes, value: Bytes)?
    /// The last entry with a key `<= key` (bytewise), nil when there is none.
    func last(_ table: Table, upTo key: Bytes) -> (key: Bytes, value: Bytes)?
}

/// Big-endian bytes of an integer, so that keys sort as numbers do.
extension FixedWidthInteger where Self: UnsignedInteger {
    package var bigEndianBytes: Bytes {
        withUnsafeBytes(of: bigEndian) { Bytes($0) }
    }

    /// nil unless exactly as many bytes as the type has.
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
