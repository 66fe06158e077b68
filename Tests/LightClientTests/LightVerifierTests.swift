// The rules of formats A9, one row each, over a chain whose validators change.
import Chain
import Codec
import LightClient
import Primitives
import Quorum
import Testing

@Suite("Light verifier")
struct LightVerifierTests {
    /// Five members with different powers; each height the oldest goes and a new one comes.
    static let chain = GeneratedChain(count: 12) { height in
        (0..<5).map { (height + $0, Int64(10 + $0)) }
    }
    static let later = GeneratedChain.time(100)

    private func error(
        _ block: LightBlock, trusted: Int, verifier: LightVerifier = GeneratedChain.verifier(), now: Timestamp = later
    ) -> LightClientError? {
        do throws(LightClientError) {
            let state = try verifier.verify(block, trusted: Self.chain.trusted(trusted), now: now)
            #expect(state.hash == block.header.hash)
            return nil
        } catch { return error }
    }

    @Test("each block follows from the one before, and from those whose validators signed it")
    func honest() {
        for height in 2...12 {
            #expect(error(Self.chain.blocks[height - 1], trusted: height - 1) == nil)
            #expect(
                error(
                    Self.chain.blocks[height - 1], trusted: height - 1,
                    verifier: GeneratedChain.verifier(profile: .cometBFT)) == nil)
        }
        // The set of height 3 is 3...7; of it, 5, 6 and 7 are members at height 5, and only 7 at height 7.
        #expect(error(Self.chain.blocks[4], trusted: 2) == nil)
        let seven = error(Self.chain.blocks[6], trusted: 2)
        #expect(seven == .notEnoughTrust(signed: 14, total: 60))
        #expect(error(Self.chain.blocks[11], trusted: 2) == .notEnoughTrust(signed: 0, total: 60))
        let strict = GeneratedChain.verifier(level: .twoThirds)
        #expect(error(Self.chain.blocks[4], trusted: 2, verifier: strict) == .notEnoughTrust(signed: 39, total: 60))
    }

    @Test("any changed byte of header, commit or validator sets is refused", arguments: [3, 5])
    func everyByte(height: Int) throws {
        let block = Self.chain.block(height, absent: [4])
        #expect(error(block, trusted: 2) == nil)
        let bytes = block.encoded
        #expect(try LightBlock(decoding: bytes) == block)
        var decoded = 0
        for index in bytes.indices {
            for flip in [UInt8(1), 0x10, 0x80] {
                var changed = bytes
                changed[index] ^= flip
                guard let other = try? LightBlock(decoding: changed) else { continue }
                decoded += 1
                #expect(error(other, trusted: 2) != nil, "byte \(index)")
            }
        }
        #expect(decoded > bytes.count)
    }

    @Test("a block is refused for what it is in itself")
    func alone() {
        func refused(_ name: String, _ rule: LightClientError, _ change: (inout Header) -> Void) {
            #expect(error(Self.chain.block(5, change), trusted: 2) == rule, "\(name)")
        }
        refused("protocol", .wrongBlockProtocol) { $0.blockVersion = 12 }
        refused("chain", .wrongChainID) { $0.chainID = Bytes("other".utf8) }
        refused("height", .heightZero) { $0.height = .zero }
        refused("set", .wrongValidatorsHash) { $0.validatorsHash = .zero }
        refused("no set", .wrongValidatorsHash) { $0.validatorsHash = nil }
        refused("next set", .wrongNextValidatorsHash) { $0.nextValidatorsHash = .zero }
        refused("proposer", .proposerNotInSet) { $0.proposerAddress = Address(Bytes(repeating: 1, count: 20)) }
        refused("no proposer", .proposerNotInSet) { $0.proposerAddress = nil }
        refused("app hash", .missingHash) { $0.appHash = [1] }
        refused("data hash", .missingHash) { $0.dataHash = nil }
        refused("no parent", .wrongParent) { $0.lastBlockID = .empty }
    }

    @Test("Merit's own rules on headers do not bind a foreign chain")
    func foreign() {
        let comet = GeneratedChain.verifier(profile: .cometBFT)
        let bare = Self.chain.block(
            5,
            {
                ($0.appHash, $0.dataHash, $0.lastBlockID) = ([1, 2, 3], nil, .empty)
                ($0.consensusHash, $0.evidenceHash, $0.lastCommitHash, $0.lastResultsHash) = (nil, nil, nil, nil)
            })
        #expect(error(bare, trusted: 2, verifier: comet) == nil)
        #expect(error(bare, trusted: 2) == .wrongParent)
    }

    @Test("the first block has no parent")
    func first() throws {
        let chain = Self.chain
        let good = chain.blocks[0]
        #expect(
            try GeneratedChain.verifier().checkpoint(good, hash: good.header.hash)
                == chain.trusted(1))
        let child = chain.block(1, { $0.lastBlockID = chain.blocks[0].signedHeader.commit.blockID })
        #expect(throws: LightClientError.wrongParent) {
            try GeneratedChain.verifier(profile: .cometBFT).checkpoint(child, hash: child.header.hash)
        }
        #expect(throws: LightClientError.notTheCheckpoint) {
            try GeneratedChain.verifier().checkpoint(good, hash: chain.blocks[1].header.hash)
        }
        let weak = chain.block(1, absent: [0, 1])
        #expect(throws: LightClientError.commit(.notEnoughPower(signed: 33, total: 60))) {
            try GeneratedChain.verifier().checkpoint(weak, hash: weak.header.hash)
        }
    }

    @Test("the commit is for this header and whole")
    func commits() {
        let block = Self.chain.blocks[4]
        func with(_ commit: Commit, in verifier: LightVerifier = GeneratedChain.verifier()) -> LightClientError? {
            let signed = SignedHeader(header: block.header, commit: commit)
            return error(
                LightBlock(signedHeader: signed, validators: block.validators, nextValidators: block.nextValidators),
                trusted: 2, verifier: verifier)
        }
        let good = block.signedHeader.commit
        func changed(
            height: Height? = nil, round: Round? = nil, id: BlockID? = nil, _ entries: [CommitSignature]? = nil
        ) -> Commit {
            Commit(
                height: height ?? good.height, round: round ?? good.round, blockID: id ?? good.blockID,
                signatures: entries ?? good.signatures)
        }
        #expect(with(Self.chain.blocks[5].signedHeader.commit) == .wrongHeaderHash)
        #expect(with(changed(height: .first)) == .commit(.wrongHeight))
        // Entry 2 is the first of the trusted set's, which is looked at before the others.
        #expect(with(changed(round: 2)) == .commit(.wrongSignature(index: 2)))
        let noParts = BlockID(hash: good.blockID.hash, parts: PartSetHeader(total: 0, hash: nil))
        #expect(with(changed(id: noParts)) == .commit(.wrongBlockID))
        #expect(with(changed(good.signatures.dropLast())) == .commit(.wrongNumberOfSignatures))
        #expect(with(changed(good.signatures + [.absent])) == .commit(.wrongNumberOfSignatures))
        #expect(with(changed(good.signatures.map { _ in .absent })) == .commit(.noSignatures))
        #expect(with(changed(good.signatures.reversed())) == .commit(.wrongAddress(index: 0)))
        var entries = good.signatures
        entries[1] = CommitSignature(flag: .absent, address: nil, timestamp: block.header.time, signature: [])
        #expect(with(changed(entries)) == .commit(.malformedEntry(index: 1)))
        entries = good.signatures
        entries[4] = CommitSignature(
            flag: .nil, address: entries[4].address, timestamp: .zero, signature: entries[4].signature)
        #expect(with(changed(entries)) == .commit(.nilEntry(index: 4)))
        let comet = GeneratedChain.verifier(profile: .cometBFT)
        #expect(with(changed(entries), in: comet) == .commit(.wrongSignature(index: 4)))
    }

    @Test(
        "time runs forward, within the trusting period and the drift",
        arguments: [
            (5, 2, 100, nil),
            // Trusted at second 2, trusting period of 50 seconds: at second 52 it is over.
            (5, 2, 51, nil), (5, 2, 52, .trustExpired),
            // A drift of 10 seconds: the header of second 5 is taken after second -5.
            (5, 2, -4, nil), (5, 2, -5, .fromTheFuture),
            (2, 2, 10, .timeNotIncreasing), (2, 5, 10, .timeNotIncreasing),
        ] as [(Int, Int, Int, LightClientError?)])
    func times(height: Int, trusted: Int, now: Int, rule: LightClientError?) {
        let verifier = GeneratedChain.verifier(period: now == 100 ? 1000 : 50)
        let given = error(
            Self.chain.blocks[height - 1], trusted: trusted, verifier: verifier, now: GeneratedChain.time(now))
        #expect(given == rule)
    }

    @Test("a later time does not make up for a lower height, nor a higher one for an earlier time")
    func progress() {
        let low = Self.chain.block(4, { $0.time = GeneratedChain.time(50) })
        #expect(error(low, trusted: 5) == .heightNotIncreasing)
        let same = Self.chain.block(5, { $0.time = GeneratedChain.time(50) })
        #expect(error(same, trusted: 5) == .heightNotIncreasing)
        let early = Self.chain.block(6, { $0.time = GeneratedChain.time(5) })
        #expect(error(early, trusted: 5) == .timeNotIncreasing)
    }

    @Test("an adjacent block is decided by the set that the trusted header announced")
    func adjacent() {
        let other = GeneratedChain(count: 5) { height in (0..<5).map { (height + $0, Int64(20 - $0)) } }
        #expect(error(other.blocks[2], trusted: 2) == .validatorsNotAnnounced)
        // The same block three heights on would only need a third.
        #expect(error(other.blocks[4], trusted: 2) == nil)
    }

    @Test("the block in itself comes before the trusted set, and that before the quorum")
    func order() {
        #expect(error(Self.chain.block(7, absent: [0, 1, 2]), trusted: 2) == .notEnoughTrust(signed: 14, total: 60))
        let weak = Self.chain.block(4, absent: [0, 1])
        #expect(error(weak, trusted: 2) == .commit(.notEnoughPower(signed: 33, total: 60)))
        let shapeless = Self.chain.block(12, { $0.validatorsHash = .zero })
        #expect(error(shapeless, trusted: 2) == .wrongValidatorsHash)
    }

    @Test("backwards, hash by hash and earlier by time")
    func backwards() throws {
        let headers = Self.chain.blocks.map(\.header)
        for height in (1..<12).reversed() {
            try LightVerifier.verifyBackwards(headers[height - 1], trusted: headers[height])
        }
        #expect(throws: LightClientError.notThePreviousHeight) {
            try LightVerifier.verifyBackwards(headers[3], trusted: headers[5])
        }
        var other = headers[4]
        other.dataHash = .zero
        #expect(throws: LightClientError.notTheParent) {
            try LightVerifier.verifyBackwards(other, trusted: headers[5])
        }
        var older = headers[4]
        older.time = headers[5].time
        var newer = headers[5]
        newer.lastBlockID = BlockID(hash: older.hash, parts: newer.lastBlockID.parts)
        #expect(throws: LightClientError.parentNotEarlier) { try LightVerifier.verifyBackwards(older, trusted: newer) }
        older = headers[4]
        older.chainID = [65]
        newer.lastBlockID = BlockID(hash: older.hash, parts: newer.lastBlockID.parts)
        #expect(throws: LightClientError.wrongChainID) { try LightVerifier.verifyBackwards(older, trusted: newer) }
    }

    @Test(
        "the trust level lies between a third and the whole",
        arguments: [
            (1, 3, true), (33, 100, false), (34, 100, true), (1, 1, true), (2, 3, true), (0, 1, false),
        ] as [(Int64, Int64, Bool)])
    func levels(numerator: Int64, denominator: Int64, isAllowed: Bool) throws {
        let level = try #require(Fraction(numerator, denominator))
        #expect((VerificationOptions(trustingPeriod: .seconds(1), trustLevel: level) != nil) == isAllowed)
        #expect(VerificationOptions(trustingPeriod: .seconds(-1)) == nil)
    }
}
