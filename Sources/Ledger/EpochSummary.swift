// What an epoch came to: the roots and totals that the next header commits to, and the rows as they are stored.
package import Codec
import Cryptography
package import Primitives
package import Rewards

package struct EpochSummary: Hashable, Sendable, Message {
    /// Its last block.
    package let height: Height
    package let rewardsRoot: Digest
    package let slashesRoot: Digest
    package let rewardRows: UInt64
    package let slashRows: UInt64
    /// All reward rows in MRT.
    package let paid: Amount
    package let minted: Amount
    /// Everything burned within the epoch: fees of bytes, parts of fees, slashes.
    package let burned: Amount
    package let slashed: Amount

    init(
        _ tables: EpochTables, roots: (rewards: Digest, slashes: Digest), height: Height,
        issued: (minted: Amount, burned: Amount)
    ) {
        self.init(
            height: height, roots: roots, rows: (UInt64(tables.rewards.count), UInt64(tables.slashes.count)),
            totals: (tables.paid, issued.minted, issued.burned, tables.slashed))
    }

    package init(
        height: Height, roots: (rewards: Digest, slashes: Digest), rows: (rewards: UInt64, slashes: UInt64),
        totals: (paid: Amount, minted: Amount, burned: Amount, slashed: Amount)
    ) {
        self.height = height
        (rewardsRoot, slashesRoot) = roots
        (rewardRows, slashRows) = rows
        (paid, minted, burned, slashed) = totals
    }

    package func encode(into encoder: inout Encoder) {
        encoder.signed(1, height.signed)
        encoder.data(2, rewardsRoot)
        encoder.data(3, slashesRoot)
        encoder.unsigned(4, rewardRows)
        encoder.unsigned(5, slashRows)
        encoder.unsigned(6, paid.units)
        encoder.unsigned(7, minted.units)
        encoder.unsigned(8, burned.units)
        encoder.unsigned(9, slashed.units)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        guard let height = Height(signed: try decoder.signed(1)), height > .zero else { throw .outOfRange(field: 1) }
        self.height = height
        rewardsRoot = try decoder.fixedBytes(2)
        slashesRoot = try decoder.fixedBytes(3)
        rewardRows = try decoder.unsigned(4)
        slashRows = try decoder.unsigned(5)
        paid = Amount(try decoder.unsigned(6))
        minted = Amount(try decoder.unsigned(7))
        burned = Amount(try decoder.unsigned(8))
        slashed = Amount(try decoder.unsigned(9))
    }
}

extension EpochTables {
    /// Every row as it is stored, with the hash of its calculation as its evidence, and the roots over all rows.
    func stored(
        epoch: UInt64, on snapshot: some Snapshot
    ) -> (writes: WriteBatch, roots: (rewards: Digest, slashes: Digest)) {
        let groups = accountRanges()
        let prefix = EpochTable.rewards.prefix(epoch: epoch)
        let parts = snapshot.parts(of: groups.indices) { _, range in storedRewards(groups[range], under: prefix) }
        var (writes, slashLeaves): (WriteBatch, [Digest]) = (WriteBatch(), [])
        for part in parts { writes.append(part.rows) }
        for row in slashes {
            let key = row.key.account.bytes + row.key.offence.rawValue.bigEndianBytes + row.key.evidence.bytes
            let content = row.encoded
            writes.put(.rows, key: EpochTable.slashes.prefix(epoch: epoch) + key, value: content)
            slashLeaves.append(MerkleTree.leafHash(content))
        }
        let rewardLeaves = parts.flatMap(\.leaves)
        let roots = (Self.root(rewardLeaves, on: snapshot), MerkleTree.root(ofLeafHashes: slashLeaves))
        return (writes, roots)
    }

    /// Where the rows of each account stand.
    private func accountRanges() -> [Range<Int>] {
        var ranges: [Range<Int>] = []
        var start = rewards.startIndex
        while start < rewards.endIndex {
            let account = rewards[start].key.account
            let end = rewards[start...].firstIndex { $0.key.account != account } ?? rewards.endIndex
            ranges.append(start..<end)
            start = end
        }
        return ranges
    }

    /// A power of two, so that the leaves of a part are a subtree of their own.
    private static let leavesPerPart = 1 << 14

    private static func root(_ leaves: [Digest], on snapshot: some Snapshot) -> Digest {
        let count = max(1, (leaves.count + leavesPerPart - 1) / leavesPerPart)
        let roots = snapshot.parts(count, isLarge: count > 1) { part in
            let start = part * leavesPerPart
            return MerkleTree.root(ofLeafHashes: Array(leaves[start..<min(start + leavesPerPart, leaves.count)]))
        }
        return count == 1 ? roots[0] : MerkleTree.root(ofLeafHashes: roots)
    }

    private func storedRewards(
        _ accounts: ArraySlice<Range<Int>>, under prefix: Bytes
    ) -> (rows: WriteBatch, leaves: [Digest]) {
        var (writes, leaves): (WriteBatch, [Digest]) = (WriteBatch(), [])
        leaves.reserveCapacity(3 * accounts.count)
        // Used for one row after the other.
        var (calculation, leaf) = (Encoder(capacity: 512), Encoder(capacity: 128))
        for range in accounts {
            var record = AccountRows()
            for index in range {
                calculation.restart()
                bases[index]?.encode(into: &calculation)
                let hash = calculation.bytes.isEmpty ? nil : Hash.sha256(calculation.bytes)
                leaf.restart()
                leaf.append(encoded: MerkleTree.leafPrefix)
                rewards[index].encode(into: &leaf, explainedBy: hash)
                record.append(leaf: leaf.bytes, basis: calculation.bytes)
                leaves.append(Hash.sha256(leaf.bytes))
            }
            writes.put(.rows, key: prefix + rewards[range.lowerBound].key.account.bytes, value: record.bytes)
        }
        return (writes, leaves)
    }
}

extension RewardRow: Message {
    package func encode(into encoder: inout Encoder) { encode(into: &encoder, explainedBy: nil) }

    /// A calculation's hash is the evidence of its row.
    fileprivate func encode(into encoder: inout Encoder, explainedBy calculation: Digest?) {
        encoder.data(1, key.account)
        encoder.unsigned(2, UInt64(key.kind.rawValue))
        encoder.unsigned(3, UInt64(key.asset.rawValue))
        encoder.unsigned(4, amount.units)
        encoder.unsigned(5, UInt64(reason.rawValue))
        if let proof = calculation ?? evidence { encoder.data(6, proof) }
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        let account: Address = try decoder.fixedBytes(1)
        guard let kind = RewardKind(rawValue: try decoder.unsigned32(2)) else { throw .invalid(field: 2) }
        guard let asset = RewardAsset(rawValue: try decoder.unsigned32(3)) else { throw .invalid(field: 3) }
        let amount = Amount(try decoder.unsigned(4))
        guard let reason = Reason(rawValue: try decoder.unsigned32(5)) else { throw .invalid(field: 5) }
        self.init(
            key: RewardKey(account: account, kind: kind, asset: asset), amount: amount, reason: reason,
            evidence: try decoder.optionalFixedBytes(6))
    }
}

extension SlashRow: Message {
    package func encode(into encoder: inout Encoder) {
        encoder.data(1, key.account)
        encoder.unsigned(2, UInt64(key.offence.rawValue))
        encoder.unsigned(3, amount.units)
        encoder.data(4, key.evidence)
        encoder.unsigned(5, reporter.units)
        encoder.unsigned(6, injured.units)
        encoder.unsigned(7, burned.units)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        let account: Address = try decoder.fixedBytes(1)
        guard let offence = SlashOffence(rawValue: try decoder.unsigned32(2)) else { throw .invalid(field: 2) }
        let amount = Amount(try decoder.unsigned(3))
        let key = SlashKey(account: account, offence: offence, evidence: try decoder.fixedBytes(4))
        let (reporter, injured) = (Amount(try decoder.unsigned(5)), Amount(try decoder.unsigned(6)))
        let burned = Amount(try decoder.unsigned(7))
        do { try self.init(key: key, amount: amount, reporter: reporter, injured: injured) } catch {
            throw .outOfRange(field: 3)
        }
        if self.burned != burned { throw .invalid(field: 7) }
    }
}
