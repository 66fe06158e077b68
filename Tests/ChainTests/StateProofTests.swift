// One row per rule of a state proof, over a tree of three leaves built by hand.
import Chain
import Codec
import Primitives
import Testing

@Suite("State proofs")
struct StateProofTests {
    /// The first key of the form `[n]` whose hash begins with `bits`.
    private static func key(_ bits: [Bool], from start: UInt8 = 0) -> Bytes {
        for byte in start... where bits.indices.allSatisfy({ StateHash.key([byte]).bit($0) == bits[$0] }) {
            return [byte]
        }
        preconditionFailure("no key with that beginning")
    }

    // Leaves at 00, 01 and 1; keys at 001 and 000 fill in the absent ones.
    private static let a = key([false, false])
    private static let b = key([false, true])
    private static let c = key([true])
    private static func leaf(_ key: Bytes) -> Digest { StateHash.leaf(keyHash: StateHash.key(key), value: [7]) }
    private static let ab = StateHash.inner(leaf(a), leaf(b))
    private static let root = StateHash.inner(ab, leaf(c))
    private static func step(_ sibling: Digest, right: Bool) -> InnerOp { InnerOp(sibling: sibling, isRight: right) }

    private static let proofA = ExistenceProof(
        key: a, value: [7], path: [step(leaf(b), right: false), step(leaf(c), right: false)])
    private static let proofB = ExistenceProof(
        key: b, value: [7], path: [step(leaf(a), right: true), step(leaf(c), right: false)])
    private static let proofC = ExistenceProof(key: c, value: [7], path: [step(ab, right: true)])

    private func error(_ proof: CommitmentProof, key: Bytes, value: Bytes?, root: Digest? = nil) -> StateProofError? {
        do throws(StateProofError) {
            try CommitmentProof.verify(encoded: proof.encoded, key: key, value: value, root: root ?? Self.root)
            return nil
        } catch { return error }
    }

    @Test("what is in the tree is proven")
    func membership() {
        for proof in [Self.proofA, Self.proofB, Self.proofC] {
            #expect(error(.exist(proof), key: proof.key, value: [7]) == nil)
            #expect(error(.exist(proof), key: proof.key, value: [8]) == .wrongValue)
            #expect(error(.exist(proof), key: proof.key, value: nil) == .wrongForm)
            #expect(error(.exist(proof), key: [9, 9], value: [7]) == .wrongKey)
            #expect(error(.exist(proof), key: proof.key, value: [7], root: .zero) == .wrongRoot)
        }
        let emptyKey = ExistenceProof(key: [], value: [7], path: Self.proofC.path)
        #expect(error(.exist(emptyKey), key: [], value: [7]) == .emptyKey)
        let emptyValue = ExistenceProof(key: Self.c, value: [], path: Self.proofC.path)
        #expect(error(.exist(emptyValue), key: Self.c, value: []) == .emptyValue)
    }

    @Test(
        "each field of the leaf op is the spec's",
        arguments: [
            (LeafOp(hash: 2, prehashKey: 1, prehashValue: 1, length: 0, prefix: [0]), .wrongLeafHash),
            (LeafOp(hash: 1, prehashKey: 0, prehashValue: 1, length: 0, prefix: [0]), .wrongLeafKeyHash),
            (LeafOp(hash: 1, prehashKey: 1, prehashValue: 0, length: 0, prefix: [0]), .wrongLeafValueHash),
            (LeafOp(hash: 1, prehashKey: 1, prehashValue: 1, length: 1, prefix: [0]), .wrongLeafLength),
            (LeafOp(hash: 1, prehashKey: 1, prehashValue: 1, length: 0, prefix: []), .wrongLeafPrefix),
            (LeafOp(hash: 1, prehashKey: 1, prehashValue: 1, length: 0, prefix: [0, 0]), .wrongLeafPrefix),
        ] as [(LeafOp, StateProofError)])
    func leafOp(leaf: LeafOp, rule: StateProofError) {
        let proof = ExistenceProof(key: Self.c, value: [7], leaf: leaf, path: Self.proofC.path)
        #expect(error(.exist(proof), key: Self.c, value: [7]) == rule)
    }

    @Test(
        "each field of an inner op is the spec's",
        arguments: [
            (InnerOp(hash: 0, prefix: [1] + ab.bytes, suffix: []), .wrongInnerHash(step: 0)),
            (InnerOp(hash: 1, prefix: [], suffix: ab.bytes), .wrongInnerPrefix(step: 0)),
            (InnerOp(hash: 1, prefix: [0] + ab.bytes, suffix: []), .wrongInnerPrefix(step: 0)),
            (InnerOp(hash: 1, prefix: [1] + ab.bytes.dropLast(), suffix: []), .wrongInnerPrefix(step: 0)),
            (InnerOp(hash: 1, prefix: [1] + ab.bytes + [0], suffix: []), .wrongInnerPrefix(step: 0)),
            (InnerOp(hash: 1, prefix: [1] + ab.bytes, suffix: ab.bytes), .wrongInnerSuffix(step: 0)),
            (InnerOp(hash: 1, prefix: [1], suffix: []), .wrongInnerSuffix(step: 0)),
            (InnerOp(hash: 1, prefix: [1], suffix: ab.bytes + [0]), .wrongInnerSuffix(step: 0)),
            (InnerOp(hash: 1, prefix: [1], suffix: ab.bytes + ab.bytes), .wrongInnerSuffix(step: 0)),
            (InnerOp(hash: 1, prefix: [1], suffix: ab.bytes), .wrongBranch(step: 0)),
        ] as [(InnerOp, StateProofError)])
    func innerOp(inner: InnerOp, rule: StateProofError) {
        let proof = ExistenceProof(key: Self.c, value: [7], path: [inner])
        #expect(error(.exist(proof), key: Self.c, value: [7]) == rule)
    }

    @Test("a path has at most 256 steps")
    func depth() {
        let long = ExistenceProof(
            key: Self.c, value: [7], path: Array(repeating: InnerOp(sibling: .zero, isRight: true), count: 257))
        #expect(error(.exist(long), key: Self.c, value: [7]) == .malformed(.tooLong(field: 4)))
        #expect(throws: StateProofError.tooDeep) { try long.verify(key: Self.c, value: [7], root: Self.root) }
    }

    @Test("absence needs the neighbours on both sides, adjacent, or the edge of the tree")
    func absence() {
        /// A key whose leaf would lie between two others, or outside all.
        func between(_ low: Bytes?, _ high: Bytes?) -> Bytes {
            for byte in UInt8(0)... {
                let hash = StateHash.key([byte])
                let isAbove = low.map { hash > StateHash.key($0) } ?? true
                let isBelow = high.map { hash < StateHash.key($0) } ?? true
                if isAbove, isBelow { return [byte] }
            }
            preconditionFailure("no key between")
        }
        func absent(_ key: Bytes, _ left: ExistenceProof?, _ right: ExistenceProof?) -> StateProofError? {
            error(.nonexist(NonExistenceProof(key: key, left: left, right: right)), key: key, value: nil)
        }
        let (ab, bc) = (between(Self.a, Self.b), between(Self.b, Self.c))
        let (first, last) = (between(nil, Self.a), between(Self.c, nil))
        #expect(absent(ab, Self.proofA, Self.proofB) == nil)
        #expect(absent(bc, Self.proofB, Self.proofC) == nil)
        #expect(absent(first, nil, Self.proofA) == nil)
        #expect(absent(last, Self.proofC, nil) == nil)

        #expect(absent(ab, nil, nil) == .noNeighbour)
        #expect(absent(ab, Self.proofA, Self.proofC) == .neighboursNotAdjacent)
        #expect(absent(ab, nil, Self.proofB) == .rightNotLeftmost)
        #expect(absent(ab, Self.proofA, nil) == .leftNotRightmost)
        #expect(absent(bc, Self.proofA, Self.proofB) == .rightNotAboveKey)
        #expect(absent(ab, Self.proofB, Self.proofC) == .leftNotBelowKey)
        #expect(absent(Self.b, Self.proofB, Self.proofC) == .leftNotBelowKey)
        #expect(absent(Self.b, Self.proofA, Self.proofB) == .rightNotAboveKey)
        let other = NonExistenceProof(key: [9, 9], left: Self.proofA, right: Self.proofB)
        #expect(error(.nonexist(other), key: ab, value: nil) == .wrongKey)
        #expect(error(.nonexist(other), key: ab, value: [7]) == .wrongForm)
        let wrong = NonExistenceProof(key: ab, left: Self.proofA, right: Self.proofB)
        #expect(error(.nonexist(wrong), key: ab, value: nil, root: .zero) == .wrongRoot)
    }
}
