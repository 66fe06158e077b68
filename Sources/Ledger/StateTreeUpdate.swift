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
    private var input: [(key: Bytes, value: Bytes?)] = []
    /// Ascending by hashed key, each key once. Groups are ranges of it.
    private var changes: [Change] = []

    init(version: UInt64, snapshot: any Snapshot) { (self.version, self.snapshot) = (version, snapshot) }

    /// What is to stand at a hashed key. Without references, so that sorting moves nothing but bytes.
    private struct Change {
        let keyHash: Digest
        /// Of the leaf; nil deletes it.
        let leafHash: Digest?
        /// In the input.
        let place: Int
    }

    mutating func run(_ input: [(key: Bytes, value: Bytes?)]) -> Digest {
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
        (self.input, changes) = (input, Self.sorted(input))
        if !changes.isEmpty { root = apply(changes.indices, to: root, depth: 0) }
        writes.put(.tree, key: TreeKey.root(version), value: TreeRoot.encode(root))
        if !stale.isEmpty { writes.put(.stale, key: version.bigEndianBytes, value: stale) }
        return root?.hash ?? StateTree.emptyRoot
    }

    /// By hashed key; of equal keys only the last.
    private static func sorted(_ input: [(key: Bytes, value: Bytes?)]) -> [Change] {
        var all: [Change] = []
        all.reserveCapacity(input.count)
        for (place, entry) in input.enumerated() {
            precondition(!entry.key.isEmpty && entry.value?.isEmpty != true, "an empty key or value of \(entry.key)")
            let keyHash = StateHash.key(entry.key)
            let leafHash = entry.value.map { StateHash.leaf(keyHash: keyHash, value: $0) }
            all.append(Change(keyHash: keyHash, leafHash: leafHash, place: place))
        }
        all.sort { $0.keyHash == $1.keyHash ? $0.place > $1.place : $0.keyHash < $1.keyHash }
        var result: [Change] = []
        result.reserveCapacity(all.count)
        for change in all where change.keyHash != result.last?.keyHash { result.append(change) }
        return result
    }

    private mutating func retire(_ key: Bytes) {
        stale.append(UInt8(key.count))
        stale += key
    }

    /// The changes at `group` are not empty and agree in their first `depth` half-bytes.
    private mutating func apply(_ group: Range<Int>, to child: TreeChild?, depth: Int) -> TreeChild? {
        guard let child else { return build(group, beside: nil, depth: depth) }
        guard let keyHash = child.keyHash else { return apply(group, toNode: child, depth: depth) }
        let place = firstIndex(in: group) { $0.keyHash >= keyHash }
        guard place < group.upperBound, changes[place].keyHash == keyHash, changes[place].leafHash != child.hash else {
            return build(group, beside: child, depth: depth)
        }
        retire(TreeKey.leaf(child.version, keyHash))
        return build(group, beside: nil, depth: depth)
    }

    private mutating func apply(_ group: Range<Int>, toNode child: TreeChild, depth: Int) -> TreeChild? {
        let keyHash = changes[group.lowerBound].keyHash
        let key = TreeKey.node(child.version, keyHash, depth: depth)
        var children = StateTree.load(node: key, in: snapshot).children
        var isChanged = false
        var start = group.lowerBound
        while start < group.upperBound {
            let end = end(ofGroupAt: start, in: group, depth: depth)
            let place = Int(changes[start].keyHash.nibble(depth))
            let next = apply(start..<end, to: children[place], depth: depth + 1)
            if next != children[place] { (children[place], isChanged) = (next, true) }
            start = end
        }
        if !isChanged { return child }
        retire(key)
        return store(children, keyHash, depth: depth)
    }

    /// A subtree from nothing but a leaf of an older version, which stays as it is.
    private mutating func build(_ group: Range<Int>, beside kept: TreeChild?, depth: Int) -> TreeChild? {
        let isStanding = { (change: Change) in change.leafHash != nil && change.keyHash != kept?.keyHash }
        let first = changes[group].firstIndex(where: isStanding)
        guard let first else { return kept }
        let isAlone = kept == nil && !changes[(first + 1)..<group.upperBound].contains(where: isStanding)
        if isAlone { return leaf(changes[first]) }
        var children = [TreeChild?](repeating: nil, count: 16)
        if let kept, let keyHash = kept.keyHash { children[Int(keyHash.nibble(depth))] = kept }
        var start = group.lowerBound
        while start < group.upperBound {
            let end = end(ofGroupAt: start, in: group, depth: depth)
            let place = Int(changes[start].keyHash.nibble(depth))
            children[place] = build(start..<end, beside: children[place], depth: depth + 1)
            start = end
        }
        return store(children, changes[group.lowerBound].keyHash, depth: depth)
    }

    // MARK: Groups

    private func end(ofGroupAt start: Int, in group: Range<Int>, depth: Int) -> Int {
        let place = changes[start].keyHash.nibble(depth)
        return firstIndex(in: start..<group.upperBound) { $0.keyHash.nibble(depth) != place }
    }

    /// Where a condition that holds from some change of the group on begins to hold.
    private func firstIndex(in group: Range<Int>, _ holds: (Change) -> Bool) -> Int {
        var (low, high) = (group.lowerBound, group.upperBound)
        while low < high {
            let middle = (low + high) / 2
            if holds(changes[middle]) { high = middle } else { low = middle + 1 }
        }
        return low
    }

    // MARK: Nodes

    private mutating func leaf(_ change: Change) -> TreeChild? {
        guard let hash = change.leafHash, let value = input[change.place].value else { return nil }
        let leaf = TreeLeaf(key: input[change.place].key, value: value)
        writes.put(.tree, key: TreeKey.leaf(version, change.keyHash), value: leaf.encoded)
        return TreeChild(version: version, hash: hash, keyHash: change.keyHash)
    }

    /// Nothing for no children, the leaf itself for a single leaf.
    private mutating func store(_ children: [TreeChild?], _ keyHash: Digest, depth: Int) -> TreeChild? {
        guard let first = children.firstIndex(where: { $0 != nil }) else { return nil }
        let isSingle = children[first]?.keyHash != nil && !children[(first + 1)...].contains { $0 != nil }
        if isSingle { return children[first] }
        let node = TreeNode(children: children)
        writes.put(.tree, key: TreeKey.node(version, keyHash, depth: depth), value: node.encoded)
        return TreeChild(version: version, hash: node.hash, keyHash: nil)
    }
}
