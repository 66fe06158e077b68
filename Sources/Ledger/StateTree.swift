// The authenticated state: a radix-16 tree over SHA-256(key) in the manner of Jellyfish, hashed as the binary sparse
// Merkle tree of ICS-23's `SmtSpec` (formats A10), one version a height. Nodes are never changed: a version writes the
// nodes on the changed paths and lists in `Table.stale` those it replaced, so every version stays readable and provable
// until `prune` frees what only older ones need. Invariant: root(v) is a pure function of the set of (key, value) pairs
// at v, whatever the order and grouping of the changes that led there. The root of a tree without leaves is 32 zero
// bytes, `SmtSpec`'s empty child; absence in such a tree has no proof (published verifiers refuse one without
// neighbours), but its root says it all. Latest values are read from `Table.state`, which the ledger writes; this tree
// is for roots, proofs and old versions.
import Chain
import Codec
package import Primitives

package enum StateTreeLimits {
    /// Versions whose stale nodes one call of `prune` frees, so that one transaction stays small.
    package static let prunedVersionsMax = 128
}

package enum StateTree {
    package static let emptyRoot = StateHash.empty

    /// Applies `changes` to the newest version and gives the new root and what to write for it. A nil value deletes;
    /// deleting what is not there, or writing what is there already, changes nothing. A version without changes must be
    /// written too. Keys and values are never empty; of two changes to one key the later wins.
    package static func update(
        _ changes: [(key: Bytes, value: Bytes?)], version: Height, on snapshot: some Snapshot
    ) -> (root: Digest, writes: WriteBatch) {
        StateTreeUpdate.run(changes, version: version.value, on: snapshot)
    }

    /// The root of a version; nil when it was never written or is pruned.
    package static func root(at version: Height, in snapshot: some Snapshot) -> Digest? {
        tree(at: version, in: snapshot).map { $0?.hash ?? emptyRoot }
    }

    /// The value of a key at a version; nil when the key or the version is not there.
    package static func value(of key: Bytes, at version: Height, in snapshot: some Snapshot) -> Bytes? {
        guard let root = tree(at: version, in: snapshot)?.flatMap({ $0 }) else { return nil }
        let keyHash = StateHash.key(key)
        guard let leaf = walk(to: keyHash, from: root, in: snapshot).leaf, leaf.keyHash == keyHash else { return nil }
        return load(leaf: leaf, in: snapshot).value
    }

    /// All leaves of a version in the order of their hashed keys, those above `after` only; nil when the version is not
    /// there.
    package static func leaves<Source: Snapshot>(
        at version: Height, after: Digest? = nil, in snapshot: Source
    ) -> StateTreeLeaves<Source>? {
        guard let root = tree(at: version, in: snapshot) else { return nil }
        return StateTreeLeaves(root: root, after: after, snapshot: snapshot)
    }

    /// Deletes what only versions below `version` need, at most `prunedVersionsMax` versions' worth; the result is
    /// empty when nothing is left to free. The pruned versions have no root any more.
    package static func prune(upTo version: Height, in snapshot: some Snapshot) -> WriteBatch {
        var writes = WriteBatch()
        var from = Bytes()
        let last = version.value.bigEndianBytes
        for _ in 0..<StateTreeLimits.prunedVersionsMax {
            guard let entry = snapshot.first(.stale, from: from), !last.lexicographicallyPrecedes(entry.key) else {
                break
            }
            var rest = entry.value[...]
            while let length = rest.popFirst() {
                precondition(rest.count >= Int(length), "the state tree is broken: stale list \(entry.key)")
                writes.delete(.tree, key: Bytes(rest.prefix(Int(length))))
                rest = rest.dropFirst(Int(length))
            }
            writes.delete(.stale, key: entry.key)
            from = entry.key + [0]
        }
        return writes
    }
}

extension StateTree {
    /// nil: no such version; `.some(nil)`: a version without leaves.
    static func tree(at version: Height, in snapshot: some Snapshot) -> TreeChild?? {
        snapshot.load(.tree, key: TreeKey.root(version.value)).map { TreeRoot.decode($0) }
    }

    static func load(node child: TreeChild, path: [UInt8], in snapshot: some Snapshot) -> TreeNode {
        load(node: TreeKey.node(child.version, path: path), in: snapshot)
    }

    static func load(node key: Bytes, in snapshot: some Snapshot) -> TreeNode {
        guard let bytes = snapshot.load(.tree, key: key) else {
            preconditionFailure("the state tree is broken: no node \(Hex.lower(key))")
        }
        return TreeNode(decoding: bytes)
    }

    static func load(leaf child: TreeChild, in snapshot: some Snapshot) -> TreeLeaf {
        let key = TreeKey.leaf(child.version, child.keyHash ?? .zero)
        guard let bytes = snapshot.load(.tree, key: key) else {
            preconditionFailure("the state tree is broken: no leaf \(Hex.lower(key))")
        }
        do { return try TreeLeaf(decoding: bytes) } catch {
            preconditionFailure("the state tree is broken: leaf \(Hex.lower(key)): \(error)")
        }
    }

    /// Goes down towards `keyHash` and ends at the leaf that stands there (of this key or of another), or at nothing.
    /// `path` is the way from the leaf up.
    static func walk(
        to keyHash: Digest, from root: TreeChild, in snapshot: some Snapshot
    ) -> (leaf: TreeChild?, path: [InnerOp]) {
        var current = root
        var steps: [InnerOp] = []
        for depth in 0..<64 {
            if current.keyHash != nil { return (current, steps.reversed()) }
            let node = load(node: TreeKey.node(current.version, keyHash, depth: depth), in: snapshot)
            let place = Int(keyHash.nibble(depth))
            let levels = node.levels
            for level in (0..<4).reversed() {
                guard case .inner = levels[level + 1][place >> (level + 1)] else { break }
                let position = place >> level
                steps.append(InnerOp(sibling: levels[level][position ^ 1].hash, isRight: position & 1 == 1))
            }
            guard let next = standing(at: place, in: node, levels) else { return (nil, steps.reversed()) }
            current = next
        }
        precondition(current.keyHash != nil, "the state tree is broken: a node below its last half-byte")
        return (current, steps.reversed())
    }

    /// The child that the walk to `place` ends at: its own, or the only leaf of the subtree where the walk stopped.
    private static func standing(at place: Int, in node: TreeNode, _ levels: [[Subtree]]) -> TreeChild? {
        for level in (0...4).reversed() {
            let position = place >> level
            switch levels[level][position] {
            case .empty: return nil
            case .leaf: return node.children[(position << level)..<((position + 1) << level)].compactMap { $0 }.first
            case .inner: continue
            }
        }
        return node.children[place]
    }
}
