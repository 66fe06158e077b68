// A chain signed by test keys: any sets, any forks, and state proofs against its app hashes.
import Chain
import Codec
import Cryptography
import LightClient
import Primitives
import Quorum

struct GeneratedChain: LightSource {
    static let chainID = ChainID(Bytes("merit-light".utf8))!
    static let genesis = Timestamp(rfc3339: "2026-01-02T03:04:05Z")!

    /// Key numbers and powers of the set of a height.
    typealias Sets = @Sendable (Int) -> [(key: Int, power: Int64)]

    private(set) var blocks: [LightBlock] = []
    let sets: Sets

    static func key(_ number: Int) -> SigningKey {
        SigningKey(seed: Hash.sha256(UInt64(number).bigEndianBytes).bytes)!
    }

    static func set(_ members: [(key: Int, power: Int64)]) -> ValidatorSet {
        // swift-format-ignore: NeverUseForceTry
        try! ValidatorSet(sorting: members.map { Validator(publicKey: key($0.key).publicKey, power: $0.power) })
    }

    static func digest(_ text: String) -> Digest { Hash.sha256(Bytes(text.utf8)) }
    static func height(_ value: Int) -> Height { Height(UInt64(value))! }
    static func time(_ height: Int) -> Timestamp { genesis.adding(seconds: Int64(height)) }

    /// Heights 1 to `count`.
    init(count: Int, sets: @escaping Sets) {
        self.sets = sets
        for _ in 0..<count { append() }
    }

    /// The same chain up to `height`, and another one above: signed by the same keys, over another state.
    func forked(at height: Int) -> GeneratedChain {
        var fork = self
        fork.blocks.removeLast(blocks.count - height)
        for _ in height..<blocks.count { fork.append { $0.dataHash = Self.digest("fork") } }
        return fork
    }

    mutating func append(_ change: (inout Header) -> Void = { _ in }) {
        blocks.append(block(blocks.count + 1, parent: blocks.last, change))
    }

    /// The block of `height`, with a header changed before it is signed, by all or by all but some of the set.
    func block(
        _ height: Int, parent: LightBlock? = nil, _ change: (inout Header) -> Void = { _ in }, absent: Set<Int> = []
    ) -> LightBlock {
        let (set, next) = (Self.set(sets(height)), Self.set(sets(height + 1)))
        var header = Header(
            chainID: Self.chainID.bytes, height: Self.height(height), time: Self.time(height))
        if let parent = parent ?? (height > 1 ? blocks[height - 2] : nil) {
            header.lastBlockID = parent.signedHeader.commit.blockID
        }
        header.lastCommitHash = Self.digest("last commit")
        header.dataHash = Self.digest("data")
        header.validatorsHash = set.hash
        header.nextValidatorsHash = next.hash
        header.consensusHash = Self.digest("consensus")
        header.appHash = StateOf(height - 1).root.bytes
        header.lastResultsHash = Self.digest("results")
        header.evidenceHash = Self.digest("evidence")
        header.proposerAddress = set.validators[height % set.count].address
        change(&header)
        let commit = commit(header, set: set, members: sets(height), absent: absent)
        return LightBlock(
            signedHeader: SignedHeader(header: header, commit: commit), validators: set, nextValidators: next)
    }

    func commit(
        _ header: Header, set: ValidatorSet, members: [(key: Int, power: Int64)], absent: Set<Int>
    ) -> Commit {
        let id = BlockID(hash: header.hash, parts: PartSetHeader(total: 1, hash: Self.digest("parts")))
        let vote = VoteStatement(
            type: .precommit, height: header.height, round: 1, proposal: ProposalID(blockID: id, time: header.time))
        let message = vote.signBytes(chainID: Self.chainID)
        let keys = members.map { Self.key($0.key) }
        let entries = set.validators.enumerated().map { index, validator in
            guard !absent.contains(index), let key = keys.first(where: { $0.publicKey == validator.publicKey }) else {
                return CommitSignature.absent
            }
            return CommitSignature(
                flag: .commit, address: validator.address, timestamp: header.time,
                signature: key.sign(message).bytes)
        }
        return Commit(height: header.height, round: 1, blockID: id, signatures: entries)
    }

    func lightBlock(at height: Height) throws(LightSourceError) -> LightBlock {
        guard height > .zero, height.value <= UInt64(blocks.count) else { throw .notAvailable }
        return blocks[Int(height.value) - 1]
    }

    func trusted(_ height: Int) -> TrustedState {
        let block = blocks[height - 1]
        return TrustedState(believing: block.header, nextValidators: block.nextValidators)!
    }

    static func verifier(
        profile: VerificationProfile = .merit, period: Int64 = 1_000_000, level: Fraction = .oneThird
    ) -> LightVerifier {
        let options = VerificationOptions(trustingPeriod: .seconds(period), trustLevel: level)!
        return LightVerifier(chainID: chainID, profile: profile, options: options)
    }
}

/// The state after a height: one balance that changes and one that does not.
struct StateOf {
    static let keys: [Bytes] = [[1, 7], [1, 6]]
    let values: [Bytes]

    init(_ height: Int) { values = [[8] + UInt64(height).bigEndianBytes, [8, 42]] }

    private var leaves: [Digest] {
        zip(Self.keys, values).map { StateHash.leaf(keyHash: StateHash.key($0), value: $1) }
    }

    /// The two hashed keys differ in their first bit; the first key's is the `order`-th child.
    private var order: Int { StateHash.key(Self.keys[0]).bit(0) ? 1 : 0 }

    var root: Digest {
        precondition(StateHash.key(Self.keys[0]).bit(0) != StateHash.key(Self.keys[1]).bit(0))
        return StateHash.inner(leaves[order], leaves[1 - order])
    }

    func existence(_ index: Int) -> ExistenceProof {
        ExistenceProof(
            key: Self.keys[index], value: values[index],
            path: [InnerOp(sibling: leaves[1 - index], isRight: StateHash.key(Self.keys[index]).bit(0))])
    }

    func answer(_ index: Int, height: Int) -> StateAnswer {
        StateAnswer(
            height: GeneratedChain.height(height), value: values[index], proofType: StateAnswer.proofType,
            proofKey: Self.keys[index], proof: CommitmentProof.exist(existence(index)).encoded)
    }

    func absence(of key: Bytes, height: Int) -> StateAnswer {
        let hash = StateHash.key(key)
        let sides = [existence(order), existence(1 - order)]
        let proof = NonExistenceProof(
            key: key, left: sides.last { StateHash.key($0.key) < hash },
            right: sides.first { StateHash.key($0.key) > hash })
        return StateAnswer(
            height: GeneratedChain.height(height), value: nil, proofType: StateAnswer.proofType, proofKey: key,
            proof: CommitmentProof.nonexist(proof).encoded)
    }
}
