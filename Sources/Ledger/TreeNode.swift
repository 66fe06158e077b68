// The nodes of the state tree as they lie in `Table.tree`. A node has up to 16 children and is hashed as four levels of
// the binary sparse Merkle tree. Leaves are keyed by their whole hashed key, so they never move when the tree above
// them changes; a reference to a leaf carries that hash. Only `StateTree` reads or writes these bytes; ones that do not
// decode mean a broken store, which ends the process.
import Chain
import Codec
import Primitives

/// A reference to a node: where it lies and what it hashes to.
struct TreeChild: Equatable {
    /// The version that wrote the node.
    let version: UInt64
    let hash: Digest
    /// SHA-256 of the key of a leaf; nil for an inner node.
    let keyHash: Digest?

    fileprivate var encoded: Bytes { version.bigEndianBytes + hash.bytes + (keyHash?.bytes ?? []) }

    fileprivate init(from bytes: inout ArraySlice<UInt8>, isLeaf: Bool) {
        version = TreeNode.take(8, from: &bytes) { UInt64(bigEndian: $0) }
        hash = TreeNode.take(32, from: &bytes) { Digest($0) }
        keyHash = isLeaf ? TreeNode.take(32, from: &bytes) { Digest($0) } : nil
    }

    init(version: UInt64, hash: Digest, keyHash: Digest?) {
        (self.version, self.hash, self.keyHash) = (version, hash, keyHash)
    }
}

/// What a binary subtree holds: enough to hash its parent, since a subtree with one leaf is that leaf.
enum Subtree: Equatable {
    case empty
    case leaf(Digest)
    case inner(Digest)

    var hash: Digest {
        switch self {
        case .empty: StateHash.empty
        case .leaf(let hash), .inner(let hash): hash
        }
    }

    init(_ child: TreeChild?) {
        guard let child else {
            self = .empty
            return
        }
        self = child.keyHash == nil ? .inner(child.hash) : .leaf(child.hash)
    }

    init(_ left: Subtree, _ right: Subtree) {
        switch (left, right) {
        case (.empty, .empty): self = .empty
        case (.leaf, .empty): self = left
        case (.empty, .leaf): self = right
        default: self = .inner(StateHash.inner(left.hash, right.hash))
        }
    }
}

/// Invariant: 16 places, and neither empty nor a single leaf (that leaf stands in the parent instead).
struct TreeNode: Equatable {
    let children: [TreeChild?]

    init(children: [TreeChild?]) {
        precondition(children.count == 16, "a tree node with \(children.count) places")
        self.children = children
    }

    /// The binary levels from the 16 places (first) to the node itself (last).
    var levels: [[Subtree]] {
        var levels = [children.map { Subtree($0) }]
        for level in 0..<4 {
            let below = levels[level]
            levels.append(stride(from: 0, to: below.count, by: 2).map { Subtree(below[$0], below[$0 + 1]) })
        }
        return levels
    }

    var hash: Digest {
        var places = children.map { Subtree($0) }
        for count in [8, 4, 2, 1] {
            for index in 0..<count { places[index] = Subtree(places[2 * index], places[2 * index + 1]) }
        }
        return places[0].hash
    }

    /// Two bit maps (which places are taken, which of them by leaves), then the references.
    var encoded: Bytes {
        var (taken, leaves) = (UInt16(0), UInt16(0))
        var references = Bytes()
        for (index, child) in children.enumerated() {
            guard let child else { continue }
            taken |= 1 << UInt16(index)
            if child.keyHash != nil { leaves |= 1 << UInt16(index) }
            references += child.encoded
        }
        return taken.bigEndianBytes + leaves.bigEndianBytes + references
    }

    init(decoding bytes: Bytes) {
        var rest = bytes[...]
        let taken = Self.take(2, from: &rest) { UInt16(bigEndian: $0) }
        let leaves = Self.take(2, from: &rest) { UInt16(bigEndian: $0) }
        children = (0..<16).map { index in
            guard taken >> UInt16(index) & 1 == 1 else { return nil }
            return TreeChild(from: &rest, isLeaf: leaves >> UInt16(index) & 1 == 1)
        }
        precondition(rest.isEmpty, "the state tree is broken: a node with \(rest.count) bytes too many")
    }

    fileprivate static func take<Value>(
        _ count: Int, from bytes: inout ArraySlice<UInt8>, _ read: (ArraySlice<UInt8>) -> Value?
    ) -> Value {
        guard let value = read(bytes.prefix(count)) else {
            preconditionFailure("the state tree is broken: a node ends after \(bytes.count) of \(count) bytes")
        }
        bytes = bytes.dropFirst(count)
        return value
    }
}

/// What one version's tree begins with: nothing, a leaf or a node.
enum TreeRoot {
    static func encode(_ root: TreeChild?) -> Bytes {
        guard let root else { return [0] }
        return [root.keyHash == nil ? 1 : 2] + root.encoded
    }

    static func decode(_ bytes: Bytes) -> TreeChild? {
        var rest = bytes.dropFirst()
        guard let kind = bytes.first, kind > 0 else { return nil }
        return TreeChild(from: &rest, isLeaf: kind == 2)
    }
}

/// A leaf's content.
struct TreeLeaf: Message {
    let key: Bytes
    let value: Bytes

    init(key: Bytes, value: Bytes) { (self.key, self.value) = (key, value) }

    func encode(into encoder: inout Encoder) {
        encoder.data(1, key)
        encoder.data(2, value)
    }

    init(from decoder: inout Decoder) throws(DecodeError) {
        key = try decoder.data(1, max: .max)
        value = try decoder.data(2, max: .max)
    }
}

/// Keys of `Table.tree`: version (8 bytes, big-endian), then nothing for a root, or the path's length in half-bytes and
/// the path, packed.
enum TreeKey {
    static func root(_ version: UInt64) -> Bytes { version.bigEndianBytes }

    static func leaf(_ version: UInt64, _ keyHash: Digest) -> Bytes { version.bigEndianBytes + [64] + keyHash.bytes }

    /// `path`: at most 63 half-bytes.
    static func node(_ version: UInt64, path: [UInt8]) -> Bytes {
        var key = version.bigEndianBytes
        key.append(UInt8(path.count))
        for index in stride(from: 0, to: path.count, by: 2) {
            key.append(path[index] << 4 | (index + 1 < path.count ? path[index + 1] : 0))
        }
        return key
    }
}

extension Digest {
    /// The first `count` half-bytes.
    func path(_ count: Int) -> [UInt8] { (0..<count).map { nibble($0) } }
}
