// Rows of settled tables with the proof that each stands in its table: what an explanation is made of.
import Codec
package import Cryptography
package import Primitives
import Rewards

/// A row, what it was computed from, and its place under the table's root.
package struct ProvedRow: Sendable {
    package let row: Bytes
    /// An encoded `RowBasis`, whose SHA-256 is the row's evidence; nil where no formula gives the amount.
    package let basis: Bytes?
    package let proof: MerkleProof
}

extension Ledger {
    /// The rows of `account` in an epoch's table, at most `limit` of them; nil where the table has more than
    /// `tableMax` rows.
    package static func provedRows(
        _ table: EpochTable, epoch: UInt64, of account: Address, limits: (rows: Int, table: Int),
        on snapshot: some Snapshot
    ) -> [ProvedRow]? {
        let prefix = table.prefix(epoch: epoch)
        let own = prefix + account.bytes
        var leaves: [Digest] = []
        var found: [(index: Int, key: Bytes, row: Bytes)] = []
        var next = snapshot.first(.rows, from: prefix)
        while let entry = next, entry.key.starts(with: prefix) {
            if leaves.count == limits.table { return nil }
            if entry.key.starts(with: own), found.count < limits.rows {
                found.append((leaves.count, entry.key, entry.value))
            }
            leaves.append(MerkleTree.leafHash(entry.value))
            next = snapshot.first(.rows, from: entry.key + [0])
        }
        let proofs = MerkleTree.proofs(for: found.map(\.index), ofLeafHashes: leaves)
        return zip(found, proofs).map { entry, proof in
            let place = EpochTable.bases.prefix(epoch: epoch) + entry.key.dropFirst(prefix.count)
            let basis = table == .rewards ? snapshot.load(.rows, key: place) : nil
            return ProvedRow(row: entry.row, basis: basis, proof: proof)
        }
    }
}
