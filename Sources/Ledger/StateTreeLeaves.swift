// The leaves of one version in the order of their hashed keys: for snapshots and for sums over the whole state. Memory
// is bounded by the depth of the tree; reading goes on from any hashed key.
package import Primitives

package struct StateTreeLeaves<Source: Snapshot>: Sequence, IteratorProtocol {
    private struct Place {
        let child: TreeChild
        let path: [UInt8]
        /// The path is the beginning of `after`, so some leaves below may have to be left out.
        let isAtEdge: Bool
    }

    private let snapshot: Source
    private let after: Digest?
    private var stack: [Place]

    init(root: TreeChild?, after: Digest?, snapshot: Source) {
        (self.snapshot, self.after) = (snapshot, after)
        stack = root.map { [Place(child: $0, path: [], isAtEdge: after != nil)] } ?? []
    }

    package mutating func next() -> (key: Bytes, value: Bytes)? {
        while let place = stack.popLast() {
            if let keyHash = place.child.keyHash {
                if place.isAtEdge, let after, keyHash <= after { continue }
                let leaf = StateTree.load(leaf: place.child, in: snapshot)
                return (leaf.key, leaf.value)
            }
            push(place)
        }
        return nil
    }

    private mutating func push(_ place: Place) {
        let children = StateTree.load(node: place.child, path: place.path, in: snapshot).children
        let edge = place.isAtEdge ? after.map { Int($0.nibble(place.path.count)) } : nil
        for index in ((edge ?? 0)..<16).reversed() {
            guard let child = children[index] else { continue }
            stack.append(Place(child: child, path: place.path + [UInt8(index)], isAtEdge: index == edge))
        }
    }
}
