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
        var leaves: [Digest] = []
        var found: [(index: Int, row: TableRow)] = []
        for row in TableRows(table, epoch: epoch, on: snapshot) {
            if leaves.count == limits.table { return nil }
            if row.account == account, found.count < limits.rows { found.append((leaves.count, row)) }
            leaves.append(MerkleTree.leafHash(row.row))
        }
        let proofs = MerkleTree.proofs(for: found.map(\.index), ofLeafHashes: leaves)
        return zip(found, proofs).map { ProvedRow(row: $0.row.row, basis: $0.row.basis, proof: $1) }
    }
}
