// Proofs out of the tree, of any version that is not pruned: of a key's value, or, by its neighbours in the order of
// the hashed keys, of its absence. What comes out holds for `CommitmentProof.verify` under the version's root.
package import Chain
package import Primitives

extension StateTree {
    /// nil when the version is not there, or has no leaves.
    package static func proof(
        for key: Bytes, version: Height, in snapshot: some Snapshot
    ) -> CommitmentProof? {
        guard let root = tree(at: version, in: snapshot)?.flatMap({ $0 }) else { return nil }
        let keyHash = StateHash.key(key)
        let (leaf, path) = walk(to: keyHash, from: root, in: snapshot)
        if let leaf, leaf.keyHash == keyHash {
            let content = load(leaf: leaf, in: snapshot)
            return .exist(ExistenceProof(key: content.key, value: content.value, path: path))
        }
        func existence(_ leaf: TreeChild?) -> ExistenceProof? {
            guard let leaf, let keyHash = leaf.keyHash else { return nil }
            let content = load(leaf: leaf, in: snapshot)
            return ExistenceProof(
                key: content.key, value: content.value, path: walk(to: keyHash, from: root, in: snapshot).path)
        }
        let left = neighbour(of: keyHash, .below, under: root, path: [], in: snapshot)
        let right = neighbour(of: keyHash, .above, under: root, path: [], in: snapshot)
        return .nonexist(NonExistenceProof(key: key, left: existence(left), right: existence(right)))
    }

    private enum Side { case below, above }

    /// The nearest leaf on one side of an absent key. `path` leads to `child` and is the beginning of `keyHash`.
    private static func neighbour(
        of keyHash: Digest, _ side: Side, under child: TreeChild, path: [UInt8], in snapshot: some Snapshot
    ) -> TreeChild? {
        if let other = child.keyHash { return (other < keyHash) == (side == .below) ? child : nil }
        let children = load(node: child, path: path, in: snapshot).children
        let place = Int(keyHash.nibble(path.count))
        if let own = children[place],
            let found = neighbour(of: keyHash, side, under: own, path: path + [UInt8(place)], in: snapshot)
        {
            return found
        }
        let others = side == .below ? Array((0..<place).reversed()) : Array((place + 1)..<16)
        for index in others {
            guard let other = children[index] else { continue }
            return outermost(of: other, towards: side, path: path + [UInt8(index)], in: snapshot)
        }
        return nil
    }

    /// The leaf of a subtree that lies nearest to a key outside it: the last one below the key, the first one above.
    private static func outermost(
        of child: TreeChild, towards side: Side, path: [UInt8], in snapshot: some Snapshot
    ) -> TreeChild {
        var (current, path) = (child, path)
        while current.keyHash == nil {
            let children = load(node: current, path: path, in: snapshot).children
            let place = side == .below ? children.lastIndex { $0 != nil } : children.firstIndex { $0 != nil }
            guard let place, let next = children[place] else {
                preconditionFailure("the state tree is broken: an empty node at \(Hex.lower(path))")
            }
            (current, path) = (next, path + [UInt8(place)])
        }
        return current
    }
}
