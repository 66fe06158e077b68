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

    fileprivate func append(to bytes: inout Bytes) {
        withUnsafeTemporaryAllocation(byteCount: 72, alignment: 8) { memory in
            memory.storeBytes(of: version.bigEndian, as: UInt64.self)
            hash.write(to: UnsafeMutableRawBufferPointer(rebasing: memory[8...]))
            keyHash?.write(to: UnsafeMutableRawBufferPointer(rebasing: memory[40...]))
            bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: memory[..<(keyHash == nil ? 40 : 72)]))
        }
    }

    fileprivate init(from reader: inout NodeReader, isLeaf: Bool) {
        version = UInt64(bigEndian: reader.take(8).loadUnaligned(as: UInt64.self))
        (hash, keyHash) = (reader.digest(), isLeaf ? reader.digest() : nil)
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
        withUnsafeTemporaryAllocation(of: Subtree.self, capacity: children.count) { places in
            for (index, child) in children.enumerated() { places.initializeElement(at: index, to: Subtree(child)) }
            var count = children.count
            while count > 1 {
                count /= 2
                for index in 0..<count { places[index] = Subtree(places[2 * index], places[2 * index + 1]) }
            }
            return places[0].hash
        }
    }

    /// Two bit maps (which places are taken, which of them by leaves), then the references.
    var encoded: Bytes {
        var (taken, leaves) = (UInt16(0), UInt16(0))
        for (index, child) in children.enumerated() {
            guard let child else { continue }
            taken |= 1 << UInt16(index)
            if child.keyHash != nil { leaves |= 1 << UInt16(index) }
        }
        var bytes = Bytes()
        bytes.reserveCapacity(4 + 40 * taken.nonzeroBitCount + 32 * leaves.nonzeroBitCount)
        for map in [taken, leaves] { bytes += [UInt8(map >> 8), UInt8(map & 0xFF)] }
        for case let child? in children { child.append(to: &bytes) }
        return bytes
    }

    init(decoding bytes: Bytes) {
        children = bytes.withUnsafeBytes { memory in
            var reader = NodeReader(rest: memory)
            let (taken, leaves) = (reader.map(), reader.map())
            let children = (0..<16).map { index -> TreeChild? in
                guard taken >> UInt16(index) & 1 == 1 else { return nil }
                return TreeChild(from: &reader, isLeaf: leaves >> UInt16(index) & 1 == 1)
            }
            precondition(
                reader.rest.isEmpty, "the state tree is broken: a node with \(reader.rest.count) bytes too many")
            return children
        }
    }
}

/// Takes a stored node apart.
private struct NodeReader {
    var rest: UnsafeRawBufferPointer

    mutating func take(_ count: Int) -> UnsafeRawBufferPointer {
        precondition(
            rest.count >= count, "the state tree is broken: a node ends after \(rest.count) of \(count) bytes")
        defer { rest = UnsafeRawBufferPointer(rebasing: rest[count...]) }
        return UnsafeRawBufferPointer(rebasing: rest[..<count])
    }

    mutating func map() -> UInt16 { UInt16(bigEndian: take(2).loadUnaligned(as: UInt16.self)) }

    mutating func digest() -> Digest {
        guard let digest = Digest(memory: take(32)) else { preconditionFailure("32 bytes") }
        return digest
    }
}

/// What one version's tree begins with: nothing, a leaf or a node.
enum TreeRoot {
    static func encode(_ root: TreeChild?) -> Bytes {
        guard let root else { return [0] }
        var bytes: Bytes = [root.keyHash == nil ? 1 : 2]
        root.append(to: &bytes)
        return bytes
    }

    static func decode(_ bytes: Bytes) -> TreeChild? {
        guard let kind = bytes.first, kind > 0 else { return nil }
        return bytes.withUnsafeBytes { memory in
            var reader = NodeReader(rest: UnsafeRawBufferPointer(rebasing: memory[1...]))
            return TreeChild(from: &reader, isLeaf: kind == 2)
        }
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
/// the path, packed. A path is the beginning of a hashed key.
enum TreeKey {
    static func root(_ version: UInt64) -> Bytes { version.bigEndianBytes }

    static func leaf(_ version: UInt64, _ keyHash: Digest) -> Bytes { key(version, keyHash, depth: 64) }

    /// Of the node that `depth` half-bytes of `keyHash` lead to, at most 63.
    static func node(_ version: UInt64, _ keyHash: Digest, depth: Int) -> Bytes { key(version, keyHash, depth: depth) }

    /// The same for those who come by half-bytes.
    static func node(_ version: UInt64, path: [UInt8]) -> Bytes {
        var packed = Bytes(repeating: 0, count: Digest.count)
        for (index, nibble) in path.enumerated() { packed[index / 2] |= index % 2 == 0 ? nibble << 4 : nibble }
        guard let keyHash = Digest(packed) else { preconditionFailure("32 bytes") }
        return key(version, keyHash, depth: path.count)
    }

    private static func key(_ version: UInt64, _ keyHash: Digest, depth: Int) -> Bytes {
        let count = (depth + 1) / 2
        return withUnsafeTemporaryAllocation(byteCount: 41, alignment: 8) { memory in
            memory.storeBytes(of: version.bigEndian, as: UInt64.self)
            memory[8] = UInt8(depth)
            keyHash.write(to: UnsafeMutableRawBufferPointer(rebasing: memory[9...]))
            if depth % 2 == 1 { memory[8 + count] &= 0xF0 }
            return Bytes(UnsafeRawBufferPointer(rebasing: memory[..<(9 + count)]))
        }
    }
}
