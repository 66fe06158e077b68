// How the rows of the epoch tables lie in `Table.rows`: reward rows by account, each with what it was computed from, so
// that a settlement writes one record for each participant; a slash row alone. Keys are epoch (8 bytes) ‖ table
// (1 byte) ‖ account, and for a slash its offence and evidence, so rows lie in the order of the table, which is the
// order of the leaves under the root (RFC 6962; rewards design, section 9).
// Only this node reads these records; ones that do not decode mean a broken store, which ends the process.
import Codec
import Cryptography
package import Primitives

/// Which table of an epoch a row belongs to.
package enum EpochTable: UInt8, Sendable {
    case rewards = 1
    case slashes = 2

    /// The part of `Table.rows` keys that all rows of this table share.
    package func prefix(epoch: UInt64) -> Bytes { epoch.bigEndianBytes + [rawValue] }
}

package struct TableRow: Sendable {
    package let account: Address
    package let row: Bytes
    /// An encoded `RowBasis`; nil where no formula gives the amount, and for a slash.
    package let basis: Bytes?
}

/// The reward rows of one account, ascending, in one record: of each its length and bytes, then the length and bytes
/// of its calculation, which is empty where there is none. A row lies there without what its place and its calculation
/// say already: the account it begins with, and the evidence it ends with where that is the calculation's hash.
struct AccountRows {
    private(set) var bytes: Bytes = []

    /// Of a leaf: its first byte, then field 1 of the row and its account.
    private static let headCount = MerkleTree.leafPrefix.count + 2 + Address.count
    /// Field 6 of a row and a hash.
    private static let tailCount = 2 + Digest.count
    private static let tail: Bytes = [0x32, 0x20]

    /// Of the common kinds: three rows with their calculations.
    init() { bytes.reserveCapacity(224) }

    /// A row as it is hashed; it ends with the hash of `basis` unless that is empty.
    mutating func append(leaf: Bytes, basis: Bytes) {
        let end = leaf.count - (basis.isEmpty ? 0 : Self.tailCount)
        append(part: leaf, Self.headCount..<end)
        append(part: basis, basis.indices)
    }

    private mutating func append(part: Bytes, _ range: Range<Int>) {
        Encoder.append(varint: UInt64(range.count), to: &bytes)
        part.withUnsafeBytes { bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    static func rows(_ bytes: Bytes, of account: Address) -> [TableRow] {
        var rest = bytes[...]
        var rows: [TableRow] = []
        let head: Bytes = [0x0A, UInt8(Address.count)] + account.bytes
        while !rest.isEmpty {
            let (middle, basis) = (part(&rest, account), part(&rest, account))
            let evidence = basis.isEmpty ? [] : tail + Hash.sha256(basis).bytes
            rows.append(TableRow(account: account, row: head + middle + evidence, basis: basis.isEmpty ? nil : basis))
        }
        return rows
    }

    private static func part(_ rest: inout ArraySlice<UInt8>, _ account: Address) -> Bytes {
        var (length, shift) = (0, 0)
        while let byte = rest.popFirst(), shift < 28 {
            length |= Int(byte & 0x7F) << shift
            shift += 7
            if byte & 0x80 == 0 { break }
        }
        precondition(shift > 0 && length <= rest.count, "the rows of \(account) do not decode: the store is broken")
        defer { rest = rest.dropFirst(length) }
        return Bytes(rest.prefix(length))
    }
}

/// The rows of a table in its order: all, or those of one account.
package struct TableRows: Sequence, IteratorProtocol {
    private let table: EpochTable
    private let prefix: Bytes
    private let snapshot: any Snapshot
    /// The first key that was not read.
    private var place: Bytes
    /// Of the record that was read last, the next one at the end.
    private var waiting: [TableRow] = []

    package init(_ table: EpochTable, epoch: UInt64, of account: Address? = nil, on snapshot: any Snapshot) {
        (self.table, self.snapshot) = (table, snapshot)
        prefix = table.prefix(epoch: epoch) + (account?.bytes ?? [])
        place = prefix
    }

    package mutating func next() -> TableRow? {
        if let row = waiting.popLast() { return row }
        guard let entry = snapshot.first(.rows, from: place), entry.key.starts(with: prefix) else { return nil }
        place = entry.key + [0]
        guard let account = Address(entry.key[9..<29]) else { preconditionFailure("row key \(Hex.lower(entry.key))") }
        switch table {
        case .slashes: return TableRow(account: account, row: entry.value, basis: nil)
        case .rewards: waiting = AccountRows.rows(entry.value, of: account).reversed()
        }
        return waiting.popLast()
    }
}
