// When an ICS-23 proof under `SmtSpec` proves that a key has a value, or none (formats A10). The root is that of the
// binary sparse Merkle tree over SHA-256(key): leaf SHA256(00 ‖ SHA256(key) ‖ SHA256(value)), inner SHA256(01 ‖ l ‖ r),
// an empty child is 32 zero bytes, a subtree with one leaf is that leaf. Stricter than the published verifiers where
// they leave bytes unread: prefixes and suffixes are exact, each step goes the way of the key's bit, and the key that
// an absence proof names is the one that was asked for. So no byte of a proof can change without a refusal.
import Codec
package import Primitives

extension CommitmentProof {
    /// Throws unless `encoded` proves that under `root` the key has `value`, or no value when `value` is nil.
    package static func verify(
        encoded: Bytes, key: Bytes, value: Bytes?, root: Digest
    ) throws(StateProofError) {
        let proof: CommitmentProof
        do { proof = try CommitmentProof(decoding: encoded) } catch { throw .malformed(error) }
        try proof.verify(key: key, value: value, root: root)
    }

    /// Throws unless this proves that under `root` the key has `value`, or no value when `value` is nil.
    package func verify(key: Bytes, value: Bytes?, root: Digest) throws(StateProofError) {
        switch (self, value) {
        case (.exist(let proof), let value?): try proof.verify(key: key, value: value, root: root)
        case (.nonexist(let proof), nil): try proof.verify(key: key, root: root)
        case (.exist, nil), (.nonexist, .some): throw .wrongForm
        }
    }
}

extension InnerOp {
    /// One step of a checked path.
    fileprivate struct Branch: Equatable {
        let isRight: Bool
        let sibling: Digest
    }
}

extension ExistenceProof {
    package func verify(key: Bytes, value: Bytes, root: Digest) throws(StateProofError) {
        guard self.key == key else { throw .wrongKey }
        guard self.value == value else { throw .wrongValue }
        _ = try branches(under: root)
    }

    /// Every rule of the spec, then the root.
    fileprivate func branches(under root: Digest) throws(StateProofError) -> [InnerOp.Branch] {
        guard !key.isEmpty else { throw .emptyKey }
        guard !value.isEmpty else { throw .emptyValue }
        try leaf.check()
        guard path.count <= StateProofLimits.depthMax else { throw .tooDeep }
        let keyHash = StateHash.key(key)
        var node = StateHash.leaf(keyHash: keyHash, value: value)
        var branches: [InnerOp.Branch] = []
        branches.reserveCapacity(path.count)
        for (step, inner) in path.enumerated() {
            let branch = try inner.branch(step: step)
            guard branch.isRight == keyHash.bit(path.count - 1 - step) else { throw .wrongBranch(step: step) }
            node = branch.isRight ? StateHash.inner(branch.sibling, node) : StateHash.inner(node, branch.sibling)
            branches.append(branch)
        }
        guard node == root else { throw .wrongRoot }
        return branches
    }
}

extension LeafOp {
    fileprivate func check() throws(StateProofError) {
        guard hash == Self.smt.hash else { throw .wrongLeafHash }
        guard prehashKey == Self.smt.prehashKey else { throw .wrongLeafKeyHash }
        guard prehashValue == Self.smt.prehashValue else { throw .wrongLeafValueHash }
        guard length == Self.smt.length else { throw .wrongLeafLength }
        guard prefix == Self.smt.prefix else { throw .wrongLeafPrefix }
    }
}

extension InnerOp {
    fileprivate func branch(step: Int) throws(StateProofError) -> Branch {
        guard hash == 1 else { throw .wrongInnerHash(step: step) }
        guard prefix.first == 1 else { throw .wrongInnerPrefix(step: step) }
        if prefix.count == 1 {
            guard let sibling = Digest(suffix) else { throw .wrongInnerSuffix(step: step) }
            return Branch(isRight: false, sibling: sibling)
        }
        guard let sibling = Digest(prefix.dropFirst()) else { throw .wrongInnerPrefix(step: step) }
        guard suffix.isEmpty else { throw .wrongInnerSuffix(step: step) }
        return Branch(isRight: true, sibling: sibling)
    }
}

extension NonExistenceProof {
    package func verify(key: Bytes, root: Digest) throws(StateProofError) {
        guard !key.isEmpty else { throw .emptyKey }
        let keyHash = StateHash.key(key)
        guard self.key == key || self.key == keyHash.bytes else { throw .wrongKey }
        let leftPath = try left?.branches(under: root)
        let rightPath = try right?.branches(under: root)
        if let left, StateHash.key(left.key) >= keyHash { throw .leftNotBelowKey }
        if let right, StateHash.key(right.key) <= keyHash { throw .rightNotAboveKey }
        switch (leftPath, rightPath) {
        case (nil, nil): throw .noNeighbour
        case (nil, let right?): guard Self.isLeftmost(right) else { throw .rightNotLeftmost }
        case (let left?, nil): guard Self.isRightmost(left) else { throw .leftNotRightmost }
        case (let left?, let right?): guard Self.areAdjacent(left, right) else { throw .neighboursNotAdjacent }
        }
    }

    private static func isLeftmost(_ path: some Sequence<InnerOp.Branch>) -> Bool {
        path.allSatisfy { !$0.isRight || $0.sibling == StateHash.empty }
    }

    private static func isRightmost(_ path: some Sequence<InnerOp.Branch>) -> Bool {
        path.allSatisfy { $0.isRight || $0.sibling == StateHash.empty }
    }

    /// Below the node where the paths part, the left one keeps right and the right one keeps left.
    private static func areAdjacent(_ left: [InnerOp.Branch], _ right: [InnerOp.Branch]) -> Bool {
        var (left, right) = (left[...], right[...])
        while let upper = left.last, upper == right.last {
            left.removeLast()
            right.removeLast()
        }
        guard let leftFork = left.popLast(), let rightFork = right.popLast() else { return false }
        return !leftFork.isRight && rightFork.isRight && isRightmost(left) && isLeftmost(right)
    }
}
