import Codec
import Cryptography
import Primitives
import Quorum
import Testing

enum Golden {
    static let k = (0..<32).map { UInt8($0) }
    static let p = (32..<64).map { UInt8($0) }
    static let time = Timestamp(rfc3339: "2026-01-02T03:04:05.006Z") ?? .zero
    static let chainID = ChainID(Bytes("merit-1".utf8))!
    static let proposal = ProposalID(
        blockID: BlockID(hash: Digest(k), parts: PartSetHeader(total: 1, hash: Digest(p))), time: time)
}

@Suite("Golden words")
struct GoldenWordTests {
    private var kHex: String { Hex.lower(Golden.k) }
    private var pHex: String { Hex.lower(Golden.p) }

    @Test("a validator's leaf, its set's hash and its address")
    func validators() throws {
        let validator = Validator(publicKey: try #require(PublicKey(Golden.k)), power: 10)
        #expect(Hex.lower(validator.simpleEncoding) == "0a220a20" + kHex + "100a")
        let set = try ValidatorSet(sorting: [validator])
        #expect(set.hash.description == "a9518fea7bc2ddef53f1cca0f621cb70dbb3d919130682e967115b15e9b7f007")
        #expect(validator.address.description == "630dcd2966c4336691125448bbb25b4ff412a49c")
    }

    @Test("a precommit's sign-bytes")
    func precommit() {
        let vote = VoteStatement(type: .precommit, height: .first, round: 0, proposal: Golden.proposal)
        let expected =
            "6b08021101000000000000002248" + "0a20" + kHex + "122408011220" + pHex
            + "2a0b08a5ebdcca0610809bee0232076d657269742d31"
        #expect(Hex.lower(vote.signBytes(chainID: Golden.chainID)) == expected)
    }

    @Test("a nil prevote's sign-bytes")
    func nilPrevote() {
        let vote = VoteStatement(type: .prevote, height: .first, round: 1, proposal: nil)
        let expected = "2a08011101000000000000001901000000000000002a0b088092b8c398feffffff0132076d657269742d31"
        #expect(Hex.lower(vote.signBytes(chainID: Golden.chainID)) == expected)
    }

    @Test("a proposal's sign-bytes")
    func proposal() {
        let statement = ProposalStatement(height: .first, round: 0, polRound: nil, proposal: Golden.proposal)
        let expected =
            "7608201101000000000000002" + "0ffffffffffffffffff01" + "2a480a20" + kHex + "122408011220" + pHex
            + "320b08a5ebdcca0610809bee023a076d657269742d31"
        #expect(Hex.lower(statement.signBytes(chainID: Golden.chainID)) == expected)
    }

    @Test("a commit's hash with one signature and one absence")
    func commit() throws {
        let address = Hash.address(of: try #require(PublicKey(Golden.k)))
        let entry = CommitSignature(
            flag: .commit, address: address, timestamp: Golden.time, signature: Bytes(repeating: 0, count: 64))
        let commit = Commit(height: .first, round: 0, blockID: .empty, signatures: [entry, .absent])
        #expect(commit.hash.description == "4c3a81b8c94ecdd0d598d2144901671ca9601543dfa0fdcece8c13093f6ed2dd")
        #expect(Hex.lower(CommitSignature.absent.encoded) == "08011a0b088092b8c398feffffff01")
        #expect(try Commit(decoding: commit.encoded) == commit)
    }
}

@Suite("Validator sets")
struct ValidatorSetTests {
    private func key(_ number: UInt8) throws -> PublicKey {
        try #require(SigningKey(seed: Bytes(repeating: number, count: 32))).publicKey
    }

    @Test("the order is power descending, then address ascending")
    func order() throws {
        let validators = try (1...6).map { Validator(publicKey: try key($0), power: Int64($0 % 3 + 1)) }
        let set = try ValidatorSet(sorting: validators)
        for (left, right) in zip(set.validators, set.validators.dropFirst()) {
            #expect(left.power > right.power || (left.power == right.power && left.address < right.address))
        }
        for (index, validator) in set.validators.enumerated() { #expect(set.index(of: validator.address) == index) }
        #expect(set.index(of: Hash.address(of: try key(9))) == nil)
        #expect(throws: ValidatorSetError.notInOrder) { try ValidatorSet(ordered: set.validators.reversed()) }
    }

    @Test("what is no set is refused")
    func refusals() throws {
        let one = try key(1)
        #expect(throws: ValidatorSetError.empty) { try ValidatorSet(sorting: []) }
        #expect(throws: ValidatorSetError.powerNotPositive) {
            try ValidatorSet(sorting: [Validator(publicKey: one, power: 0)])
        }
        #expect(throws: ValidatorSetError.duplicateKey) {
            try ValidatorSet(sorting: [Validator(publicKey: one, power: 1), Validator(publicKey: one, power: 2)])
        }
        #expect(throws: ValidatorSetError.totalTooLarge) {
            try ValidatorSet(sorting: [
                Validator(publicKey: one, power: Limits.votingPowerTotalMax),
                Validator(publicKey: try key(2), power: 1),
            ])
        }
    }

    @Test(
        "a quorum is strictly more than two thirds by integer division",
        arguments: [
            (3, 2, false), (3, 3, true), (4, 2, false), (4, 3, true), (10, 6, false), (10, 7, true), (100, 66, false),
            (100, 67, true),
        ] as [(Int64, Int64, Bool)])
    func quorum(total: Int64, tally: Int64, reached: Bool) {
        #expect(Fraction.twoThirds.isExceeded(by: tally, of: total) == reached)
    }

    @Test("equal validators take turns, and each turn follows its power")
    func schedule() throws {
        let equal = try ValidatorSet(sorting: (1...4).map { Validator(publicKey: try key($0), power: 7) })
        let schedule = ProposerSchedule(equal, activeSince: .first)
        let turns = (0..<8).map { schedule.proposer(height: Height.first.advanced(by: $0), round: 0) }
        #expect(turns == [0, 1, 2, 3, 0, 1, 2, 3])
        #expect(schedule.proposer(height: .first, round: 3) == 3)
        let uneven = try ValidatorSet(
            sorting: zip(1..., [60, 30, 10]).map {
                Validator(publicKey: try key($0), power: $1)
            })
        let weighted = ProposerSchedule(uneven, activeSince: .first)
        var counts = [0, 0, 0]
        for height in 1...1023 { counts[weighted.proposer(height: Height(UInt64(height))!, round: 0)] += 1 }
        #expect(counts == [614, 307, 102])
    }
}

@Suite("Commits")
struct CommitTests {
    let keys = (1...4).compactMap { SigningKey(seed: Bytes(repeating: $0, count: 32)) }

    private func commit(
        signing: Set<Int> = [0, 1, 2, 3], change: (Int, CommitSignature) -> CommitSignature = { $1 }
    ) throws -> (Commit, ValidatorSet) {
        let set = try ValidatorSet(sorting: keys.map { Validator(publicKey: $0.publicKey, power: 5) })
        let statement = VoteStatement(type: .precommit, height: .first, round: 2, proposal: Golden.proposal)
        let entries = try set.validators.enumerated().map { index, validator in
            guard signing.contains(index) else { return CommitSignature.absent }
            let key = try #require(keys.first { $0.publicKey == validator.publicKey })
            let signature = key.sign(statement.signBytes(chainID: Golden.chainID)).bytes
            return change(
                index,
                CommitSignature(flag: .commit, address: validator.address, timestamp: Golden.time, signature: signature)
            )
        }
        return (Commit(height: .first, round: 2, blockID: Golden.proposal.blockID, signatures: entries), set)
    }

    private func check(_ commit: Commit, _ set: ValidatorSet, profile: VerificationProfile = .merit) throws {
        try commit.check(
            blockID: Golden.proposal.blockID, header: (.first, Golden.time), set: set, chainID: Golden.chainID,
            profile: profile)
    }

    @Test("three of four signatures prove a decision, two do not")
    func quorum() throws {
        let (enough, set) = try commit(signing: [0, 2, 3])
        try check(enough, set)
        let (few, _) = try commit(signing: [1, 2])
        #expect(throws: CommitError.notEnoughPower(signed: 10, total: 20)) { try check(few, set) }
    }

    @Test("any changed byte of the commit is refused")
    func everyByte() throws {
        let (good, set) = try commit()
        let bytes = good.encoded
        for index in bytes.indices {
            for flip in [UInt8(1), 0x80] {
                var changed = bytes
                changed[index] ^= flip
                guard let decoded = try? Commit(decoding: changed) else { continue }
                #expect(throws: CommitError.self, "byte \(index)") { try check(decoded, set) }
            }
        }
    }

    @Test("Merit's own rules on entries hold in its profile only")
    func profile() throws {
        let later = Golden.time.adding(seconds: 1)
        let (shifted, set) = try commit(signing: [0, 1, 2, 3]) { index, entry in
            index == 3
                ? CommitSignature(flag: .commit, address: entry.address, timestamp: later, signature: entry.signature)
                : entry
        }
        #expect(throws: CommitError.wrongTimestamp(index: 3)) { try check(shifted, set) }
        #expect(throws: CommitError.wrongSignature(index: 3)) { try check(shifted, set, profile: .cometBFT) }
        let (swapped, _) = try commit { index, entry in
            CommitSignature(
                flag: .commit, address: set.validators[index ^ 1].address, timestamp: entry.timestamp,
                signature: entry.signature)
        }
        #expect(throws: CommitError.wrongAddress(index: 0)) { try check(swapped, set, profile: .cometBFT) }
    }

    @Test("trust counts each known validator once")
    func trust() throws {
        let (good, set) = try commit(signing: [0, 1])
        try good.checkTrust(set, level: .oneThird, chainID: Golden.chainID)
        #expect(throws: CommitError.notEnoughPower(signed: 10, total: 20)) {
            try good.checkTrust(set, level: .twoThirds, chainID: Golden.chainID)
        }
        let twice = Commit(
            height: good.height, round: good.round, blockID: good.blockID,
            signatures: [good.signatures[0], good.signatures[0]])
        #expect(throws: CommitError.duplicateValidator(index: 1)) {
            try twice.checkTrust(set, level: .oneThird, chainID: Golden.chainID)
        }
    }
}
