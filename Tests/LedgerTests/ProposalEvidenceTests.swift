// Two signed proposals of one validator as a transaction: judged, slashed as an equivocation, taken once.
import Chain
import Codec
import Cryptography
import Ledger
import Primitives
import Quorum
import Rewards
import Testing

@Suite("duplicate proposals")
struct ProposalEvidenceTests {
    /// One proposal of validator `number` in round 2 of a decided height.
    static func proposal(
        _ chain: TestChain, _ number: UInt8, at place: (height: UInt64, round: UInt32), byte: UInt8,
        key: SigningKey? = nil
    ) -> SignedProposalStatement {
        let digest = Digest(Bytes(repeating: byte, count: 32))
        let id = BlockID(hash: digest, parts: PartSetHeader(total: 1, hash: digest))
        guard let height = Height(signed: Int64(place.height)) else { preconditionFailure("height") }
        let statement = ProposalStatement(
            height: height, round: place.round, polRound: nil,
            proposal: ProposalID(blockID: id, time: chain.view.tip.time))
        let signer = key ?? TestKeys(number).consensus
        return SignedProposalStatement(
            statement, signature: signer.sign(statement.signBytes(chainID: TestChain.chainID)))
    }

    static func proof(_ chain: TestChain, _ number: UInt8, at height: UInt64) -> DuplicateProposals {
        DuplicateProposals(
            validator: TestKeys(number).consensus.address, proposal(chain, number, at: (height, 2), byte: 1),
            proposal(chain, number, at: (height, 2), byte: 2))
    }

    @discardableResult
    static func send(_ proof: DuplicateProposals, _ chain: inout TestChain) throws -> LedgerRule? {
        let item = TestChain.item(10, chain.account(10).nextSequence, .reportProposals(proof))
        let result = try #require(try chain.advance([(0, [item])]).last)
        try chain.checkMoney()
        return LedgerRule(rawValue: result.code)
    }

    @Test("two proposals cost what two votes cost, tombstone, and are taken once")
    func slash() throws {
        var (chain, votes) = (try TestChain(), try TestChain())
        for _ in 0..<3 {
            try chain.advance()
            try votes.advance()
        }
        let proof = Self.proof(chain, 3, at: 2)
        #expect(try Self.send(proof, &chain) == nil)
        try votes.advance(evidence: [votes.duplicateVotes(3, at: 2)])
        #expect(chain.validator(3)?.bond == votes.validator(3)?.bond)
        #expect(chain.validator(3)?.isTombstoned == true)
        let bond = chain.validator(3)?.bond
        #expect(try Self.send(proof, &chain) == .evidenceRepeated)
        #expect(try Self.send(Self.proof(chain, 3, at: 1), &chain) == nil)
        #expect(chain.validator(3)?.bond == bond, "slashed once")
        try chain.finishEpoch()
        let rows = try chain.rows(.slashes, 0, as: SlashRow.self)
        #expect(rows.map(\.key.offence) == [.equivocation])
        #expect(rows.map(\.key.evidence) == [proof.id(chainID: TestChain.chainID)])
    }

    @Test("what proves nothing is refused by name")
    func refusals() throws {
        var chain = try TestChain()
        for _ in 0..<4 { try chain.advance() }
        func one(_ byte: UInt8, height: UInt64 = 2, round: UInt32 = 2, key: SigningKey? = nil)
            -> SignedProposalStatement
        {
            Self.proposal(chain, 3, at: (height, round), byte: byte, key: key)
        }
        let address = TestKeys(3).consensus.address
        let rows: [(DuplicateProposals, LedgerRule)] = [
            (DuplicateProposals(validator: address, one(1), one(1)), .evidenceProvesNothing),
            (DuplicateProposals(validator: address, one(1), one(2, height: 3)), .evidenceProvesNothing),
            (DuplicateProposals(validator: address, one(1), one(2, round: 3)), .evidenceProvesNothing),
            (DuplicateProposals(validator: address, one(1, height: 99), one(2, height: 99)), .evidenceUnknown),
            (DuplicateProposals(validator: TestKeys(9).consensus.address, one(1), one(2)), .evidenceUnknown),
            (DuplicateProposals(validator: address, one(1), one(2, key: TestKeys(2).consensus)), .evidenceUnsigned),
        ]
        for (proof, rule) in rows { #expect(try Self.send(proof, &chain) == rule) }
        #expect(chain.validator(3)?.isTombstoned == false)
        #expect(try Self.send(DuplicateProposals(validator: address, one(2), one(1)), &chain) == nil)
    }

    @Test("proposals older than both age limits are refused")
    func age() throws {
        var chain = try EvidenceTests.aged()
        for _ in 0..<4 { try chain.advance() }
        let proof = Self.proof(chain, 3, at: 1)
        try chain.advance(seconds: 40)
        #expect(try Self.send(proof, &chain) == .evidenceTooOld)
        #expect(try DuplicateProposals(decoding: proof.encoded) == proof)
    }
}
