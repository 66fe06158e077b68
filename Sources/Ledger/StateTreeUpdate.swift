// One version's changes applied in one pass: sorted by hashed key and handed down in groups, so that each node on a
// changed path is loaded, written and hashed once. The sixteen subtrees below the root are independent parts, which a
// snapshot may run beside each other; what comes out is the same. Used by `StateTree.update` only.
import Chain
import Codec
import Primitives

// Not generic over the snapshot: unspecialised, every array of changes would ask the runtime for its type.
struct StateTreeUpdate {
    private let version: UInt64
    private let snapshot: any Snapshot
    /// By depth, ascending by path: in the order of their keys, in which a store takes them fastest.
    private var nodes = [WriteBatch](repeating: WriteBatch(), count: 65)
    /// Keys of nodes that this version replaces, each with its length in front.
    private var stale = Bytes()
    /// Lent while the update runs: threads that shared an array would wait for each other to count its references.
    private let input: UnsafeBufferPointer<(key: Bytes, value: Bytes?)>
    /// Ascending by hashed key, each key once. Groups are ranges of it.
    private let changes: [Change]

    /// What is to stand at a hashed key. Without references, so that sorting moves nothing but bytes.
    private struct Change {
        let keyHash: Digest
        /// Of the leaf; nil deletes it.
        let leafHash: Digest?
        /// In the input.
        let place: Int

        func comes(before other: Change) -> Bool {
            keyHash == other.keyHash ? place > other.place : keyHash < other.keyHash
        }
    }

    private init(
        _ input: UnsafeBufferPointer<(key: Bytes, value: Bytes?)>, _ changes: [Change], version: UInt64,
        on snapshot: any Snapshot
    ) {
        (self.input, self.changes, self.version, self.snapshot) = (input, changes, version, snapshot)
    }

    static func run(
        _ input: [(key: Bytes, value: Bytes?)], version: UInt64, on snapshot: any Snapshot
    ) -> (root: Digest, writes: WriteBatch) {
        input.withUnsafeBufferPointer { run($0, version: version, on: snapshot) }
    }

    private static func run(
        _ input: UnsafeBufferPointer<(key: Bytes, value: Bytes?)>, version: UInt64, on snapshot: any Snapshot
    ) -> (root: Digest, writes: WriteBatch) {
        var whole = StateTreeUpdate(input, [], version: version, on: snapshot)
        var root = whole.takeRoot()
        var subtrees: [StateTreeUpdate] = []
        if !input.isEmpty { (root, subtrees) = whole.apply(to: root) }
        var writes = WriteBatch()
        writes.put(.tree, key: TreeKey.root(version), value: TreeRoot.encode(root))
        for depth in whole.nodes.indices {
            writes.append(whole.nodes[depth])
            for subtree in subtrees { writes.append(subtree.nodes[depth]) }
        }
        if !whole.stale.isEmpty { writes.put(.stale, key: version.bigEndianBytes, value: whole.stale) }
        return (root?.hash ?? StateTree.emptyRoot, writes)
    }

    /// The root of the version before, which this one replaces.
    private mutating func takeRoot() -> TreeChild? {
        guard let newest = snapshot.last(.tree, upTo: Bytes(repeating: 0xFF, count: 9)) else { return nil }
        let base = Bytes(newest.key.prefix(8))
        precondition(
            base.lexicographicallyPrecedes(version.bigEndianBytes),
            "state version \(version) is not above the newest, \(Hex.lower(base))")
        guard let bytes = snapshot.load(.tree, key: base) else {
            preconditionFailure("the state tree is broken: version \(Hex.lower(base)) has no root")
        }
        retire(base)
        return TreeRoot.decode(bytes)
    }

    /// Each subtree below the root on its own, then the root. The input is not empty.
    private mutating func apply(to root: TreeChild?) -> (root: TreeChild?, subtrees: [StateTreeUpdate]) {
        var children = [TreeChild?](repeating: nil, count: 16)
        let rootKey = root.flatMap { $0.keyHash == nil ? TreeKey.node($0.version, .zero, depth: 0) : nil }
        if let rootKey { children = StateTree.load(node: rootKey, in: snapshot).children }
        if let root, let keyHash = root.keyHash { children[Int(keyHash.nibble(0))] = root }
        let hashed = snapshot.parts(of: input.indices) { [input] _, range in Self.hashed(input, at: range) }
        let subtrees = snapshot.parts(16, isLarge: hashed.count > 1) { [input, version, snapshot, children] place in
            let changes = Self.sorted(hashed.map { $0[place] })
            var part = StateTreeUpdate(input, changes, version: version, on: snapshot)
            if part.changes.isEmpty { return (child: children[place], update: part) }
            return (child: part.apply(part.changes.indices, to: children[place], depth: 1), update: part)
        }
        if subtrees.map(\.child) == children { return (root, []) }
        for subtree in subtrees { stale += subtree.update.stale }
        if let rootKey { retire(rootKey) }
        return (store(subtrees.map(\.child), .zero, depth: 0), subtrees.map(\.update))
    }

    /// The changes of a part of the input, by the first half-byte of the hashed key.
    private static func hashed(
        _ input: UnsafeBufferPointer<(key: Bytes, value: Bytes?)>, at range: Range<Int>
    ) -> [[Change]] {
        var changes = [[Change]](repeating: [], count: 16)
        for place in range {
            let (key, value) = input[place]
            precondition(!key.isEmpty && value?.isEmpty != true, "an empty key or value of \(key)")
            let keyHash = StateHash.key(key)
            let leafHash = value.map { StateHash.leaf(keyHash: keyHash, value: $0) }
            changes[Int(keyHash.nibble(0))].append(Change(keyHash: keyHash, leafHash: leafHash, place: place))
        }
        return changes
    }

    /// By hashed key; of equal keys only the last.
    private static func sorted(_ parts: [[Change]]) -> [Change] {
        let all = Array(parts.joined())
        // Small things are moved; their word nearly always decides.
        var order = all.indices.map { (word: all[$0].keyHash.leadingWord, place: $0) }
        order.sort { left, right in
            if left.word != right.word { return left.word < right.word }
            return all[left.place].comes(before: all[right.place])
        }
        var result: [Change] = []
        result.reserveCapacity(all.count)
        for (_, place) in order where all[place].keyHash != result.last?.keyHash { result.append(all[place]) }
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
        let (key, value) = input[change.place]
        guard let hash = change.leafHash, let value else { return nil }
        let content = TreeLeaf(key: key, value: value).encoded
        nodes[64].put(.tree, key: TreeKey.leaf(version, change.keyHash), value: content)
        return TreeChild(version: version, hash: hash, keyHash: change.keyHash)
    }

    /// Nothing for no children, the leaf itself for a single leaf.
    private mutating func store(_ children: [TreeChild?], _ keyHash: Digest, depth: Int) -> TreeChild? {
        guard let first = children.firstIndex(where: { $0 != nil }) else { return nil }
        let isSingle = children[first]?.keyHash != nil && !children[(first + 1)...].contains { $0 != nil }
        if isSingle { return children[first] }
        let node = TreeNode(children: children)
        nodes[depth].put(.tree, key: TreeKey.node(version, keyHash, depth: depth), value: node.encoded)
        return TreeChild(version: version, hash: node.hash, keyHash: nil)
    }
}
