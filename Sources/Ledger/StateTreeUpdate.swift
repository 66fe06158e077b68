// One version's changes applied in one pass: sorted by hashed key and handed down in groups, so that each node on a
// changed path is loaded, written and hashed once. Used by `StateTree.update` only.
import Chain
import Codec
import Primitives

// Not generic over the snapshot: unspecialised, every array of changes would ask the runtime for its type.
struct StateTreeUpdate {
    let version: UInt64
    let snapshot: any Snapshot
    private(set) var writes = WriteBatch()
    /// Keys of nodes that this version replaces, each with its length in front.
    private var stale = Bytes()

    init(version: UInt64, snapshot: any Snapshot) { (self.version, self.snapshot) = (version, snapshot) }

    /// What is to stand at a hashed key.
    private struct Change {
        let keyHash: Digest
        let content: Content
    }

    private enum Content {
        case deleted
        /// A leaf of an older version that stays as it is.
        case kept(TreeChild)
        case written(key: Bytes, value: Bytes, hash: Digest)
    }

    mutating func run(_ changes: [(key: Bytes, value: Bytes?)]) -> Digest {
        var root: TreeChild?
        if let newest = snapshot.last(.tree, upTo: Bytes(repeating: 0xFF, count: 9)) {
            let base = Bytes(newest.key.prefix(8))
            precondition(
                base.lexicographicallyPrecedes(version.bigEndianBytes),
                "state version \(version) is not above the newest, \(Hex.lower(base))")
            guard let bytes = snapshot.load(.tree, key: base) else {
                preconditionFailure("the state tree is broken: version \(Hex.lower(base)) has no root")
            }
            root = TreeRoot.decode(bytes)
            retire(base)
        }
        let sorted = Self.sorted(changes)
        if !sorted.isEmpty { root = apply(sorted[...], to: root, depth: 0) }
        writes.put(.tree, key: TreeKey.root(version), value: TreeRoot.encode(root))
        if !stale.isEmpty { writes.put(.stale, key: version.bigEndianBytes, value: stale) }
        return root?.hash ?? StateTree.emptyRoot
    }

    /// By hashed key; of equal keys only the last.
    private static func sorted(_ changes: [(key: Bytes, value: Bytes?)]) -> [Change] {
        var keyed: [(order: Int, change: Change)] = []
        keyed.reserveCapacity(changes.count)
        for (order, entry) in changes.enumerated() {
            precondition(!entry.key.isEmpty && entry.value?.isEmpty != true, "an empty key or value of \(entry.key)")
            let keyHash = StateHash.key(entry.key)
            let content: Content =
                entry.value.map { value in
                    .written(key: entry.key, value: value, hash: StateHash.leaf(keyHash: keyHash, value: value))
                } ?? .deleted
            keyed.append((order, Change(keyHash: keyHash, content: content)))
        }
        keyed.sort { left, right in
            left.change.keyHash == right.change.keyHash
                ? left.order > right.order : left.change.keyHash < right.change.keyHash
        }
        var result: [Change] = []
        result.reserveCapacity(keyed.count)
        for entry in keyed where entry.change.keyHash != result.last?.keyHash { result.append(entry.change) }
        return result
    }

    private mutating func retire(_ key: Bytes) {
        stale.append(UInt8(key.count))
        stale += key
    }

    /// `changes` are not empty and agree in their first `depth` half-bytes.
    private mutating func apply(_ changes: ArraySlice<Change>, to child: TreeChild?, depth: Int) -> TreeChild? {
        guard let child else { return build(changes, depth: depth) }
        guard let keyHash = child.keyHash else { return apply(changes, toNode: child, depth: depth) }
        return build(merge(changes, leaf: child, keyHash), depth: depth)
    }

    private mutating func apply(_ changes: ArraySlice<Change>, toNode child: TreeChild, depth: Int) -> TreeChild? {
        let path = changes[changes.startIndex].keyHash.path(depth)
        let old = StateTree.load(node: child, path: path, in: snapshot).children
        var children = old
        Self.forEachGroup(changes, depth: depth) { place, group in
            children[place] = apply(group, to: old[place], depth: depth + 1)
        }
        if children == old { return child }
        retire(TreeKey.node(child.version, path: path))
        return store(children, path: path)
    }

    /// The changes with the leaf that stands here among them, unless one of them replaces it.
    private mutating func merge(
        _ changes: ArraySlice<Change>, leaf: TreeChild, _ keyHash: Digest
    ) -> ArraySlice<Change> {
        let kept = Change(keyHash: keyHash, content: .kept(leaf))
        var merged = Array(changes)
        let place = merged.firstIndex { $0.keyHash >= keyHash } ?? merged.count
        guard place < merged.count, merged[place].keyHash == keyHash else {
            merged.insert(kept, at: place)
            return merged[...]
        }
        if case .written(_, _, leaf.hash) = merged[place].content {
            merged[place] = kept
        } else {
            retire(TreeKey.leaf(leaf.version, keyHash))
        }
        return merged[...]
    }

    /// A subtree from nothing.
    private mutating func build(_ changes: ArraySlice<Change>, depth: Int) -> TreeChild? {
        let standing = changes.filter { if case .deleted = $0.content { false } else { true } }
        guard let first = standing.first else { return nil }
        if standing.count == 1 { return store(first) }
        var children = [TreeChild?](repeating: nil, count: 16)
        Self.forEachGroup(standing[...], depth: depth) { place, group in
            children[place] = build(group, depth: depth + 1)
        }
        return store(children, path: first.keyHash.path(depth))
    }

    private static func forEachGroup(
        _ changes: ArraySlice<Change>, depth: Int, _ body: (Int, ArraySlice<Change>) -> Void
    ) {
        var rest = changes
        while let first = rest.first {
            let place = first.keyHash.nibble(depth)
            let end = rest.firstIndex { $0.keyHash.nibble(depth) != place } ?? rest.endIndex
            body(Int(place), rest[rest.startIndex..<end])
            rest = rest[end...]
        }
    }

    private mutating func store(_ change: Change) -> TreeChild? {
        switch change.content {
        case .deleted: return nil
        case .kept(let child): return child
        case .written(let key, let value, let hash):
            let leaf = TreeLeaf(key: key, value: value)
            writes.put(.tree, key: TreeKey.leaf(version, change.keyHash), value: leaf.encoded)
            return TreeChild(version: version, hash: hash, keyHash: change.keyHash)
        }
    }

    /// Nothing for no children, the leaf itself for a single leaf.
    private mutating func store(_ children: [TreeChild?], path: [UInt8]) -> TreeChild? {
        let present = children.compactMap { $0 }
        guard let first = present.first else { return nil }
        if present.count == 1, first.keyHash != nil { return first }
        let node = TreeNode(children: children)
        writes.put(.tree, key: TreeKey.node(version, path: path), value: node.encoded)
        return TreeChild(version: version, hash: node.hash, keyHash: nil)
    }
}
