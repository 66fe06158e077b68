// RFC 6962 Merkle hashing over SHA-256: leaf SHA256(00 ‖ item), inner SHA256(01 ‖ left ‖ right), split at the largest
// power of two strictly below n, the empty list is SHA256(""). Recursion depth is log2 of the count, at most 64.
package import Primitives

package enum MerkleTree {
    package static let emptyRoot = Hash.sha256(Bytes())

    package static func leafHash(_ item: Bytes) -> Digest {
        var hasher = SHA256()
        hasher.update(leafPrefix)
        hasher.update(item)
        return hasher.finish()
    }

    /// Before an item where it is hashed.
    package static let leafPrefix: Bytes = [0]

    package static func innerHash(_ left: Digest, _ right: Digest) -> Digest {
        Digest.withJoined(1, left, right) { Hash.sha256($0) }
    }

    package static func root(of items: [Bytes]) -> Digest { root(ofLeafHashes: items.map(leafHash)) }

    package static func root(ofLeafHashes leaves: [Digest]) -> Digest {
        if leaves.isEmpty { return emptyRoot }
        // Pairing neighbours level by level and carrying an odd one up gives the tree of RFC 6962, section 2.1.
        var level = leaves
        while level.count > 1 {
            var next: [Digest] = []
            next.reserveCapacity((level.count + 1) / 2)
            for index in stride(from: 0, to: level.count - 1, by: 2) {
                next.append(innerHash(level[index], level[index + 1]))
            }
            if level.count % 2 == 1, let last = level.last { next.append(last) }
            level = next
        }
        return level[0]
    }

    /// The proof that item `index` is in the list; nil when there is no such item.
    package static func proof(for index: Int, in items: [Bytes]) -> MerkleProof? {
        items.indices.contains(index) ? proofs(for: [index], ofLeafHashes: items.map(leafHash))[0] : nil
    }

    /// The proofs of several leaves, which must exist, with one walk over the tree.
    package static func proofs(for indexes: [Int], ofLeafHashes leaves: [Digest]) -> [MerkleProof] {
        var level = leaves
        var positions = indexes
        var aunts: [[Digest]] = indexes.map { _ in [] }
        while level.count > 1 {
            for place in positions.indices {
                let sibling = positions[place] ^ 1
                if sibling < level.count { aunts[place].append(level[sibling]) }
                positions[place] /= 2
            }
            var next: [Digest] = []
            next.reserveCapacity((level.count + 1) / 2)
            for pair in stride(from: 0, to: level.count - 1, by: 2) {
                next.append(innerHash(level[pair], level[pair + 1]))
            }
            if level.count % 2 == 1, let last = level.last { next.append(last) }
            level = next
        }
        return zip(indexes, aunts).map { index, aunts in
            MerkleProof(total: UInt64(leaves.count), index: UInt64(index), leafHash: leaves[index], aunts: aunts)
        }
    }
}

/// Why a Merkle proof was refused.
package enum MerkleError: Error, Equatable, Sendable {
    case indexOutsideTree
    case wrongLeaf
    /// More or fewer aunts than the path from this leaf has.
    case wrongNumberOfAunts
    case wrongRoot
}

/// An inclusion proof: aunts go from the leaf's sibling up to the root's child.
package struct MerkleProof: Hashable, Sendable {
    package let total: UInt64
    package let index: UInt64
    package let leafHash: Digest
    package let aunts: [Digest]

    package init(total: UInt64, index: UInt64, leafHash: Digest, aunts: [Digest]) {
        (self.total, self.index, self.leafHash, self.aunts) = (total, index, leafHash, aunts)
    }

    /// Throws unless `item` is element `index` of the list of `total` elements whose root is `root`.
    package func verify(item: Bytes, root: Digest) throws(MerkleError) {
        guard MerkleTree.leafHash(item) == leafHash else { throw .wrongLeaf }
        try verify(root: root)
    }

    /// The same for a leaf that is known by its hash alone.
    package func verify(root: Digest) throws(MerkleError) {
        guard index < total else { throw .indexOutsideTree }
        guard aunts.count <= Limits.merkleAuntsMax else { throw .wrongNumberOfAunts }
        var node = leafHash
        var (position, last) = (index, total - 1)
        var rest = aunts[...]
        // RFC 9162, section 2.1.3.2: walk up; a node without a right neighbour rises alone.
        while last > 0 {
            if position % 2 == 1 {
                guard let aunt = rest.popFirst() else { throw .wrongNumberOfAunts }
                node = MerkleTree.innerHash(aunt, node)
            } else if position < last {
                guard let aunt = rest.popFirst() else { throw .wrongNumberOfAunts }
                node = MerkleTree.innerHash(node, aunt)
            }
            (position, last) = (position / 2, last / 2)
        }
        guard rest.isEmpty else { throw .wrongNumberOfAunts }
        guard node == root else { throw .wrongRoot }
    }
}
