import Chain
import Codec
import Cryptography
import Primitives
import Quorum
import Testing

@Suite("Chain words")
struct ChainWordTests {
    let chainID = ChainID(Bytes("merit-1".utf8))!
    let key = SigningKey(seed: Bytes(repeating: 1, count: 32))!

    private func transfer(_ sequence: UInt64, units: UInt64 = 5) -> Item {
        let action = Action.transfer(Transfer(recipient: key.address, amount: Amount(units)))
        let content = TransactionContent(sender: key.publicKey, sequence: sequence, action: action)
        return .transaction(Transaction(signing: content, by: key, chainID: chainID))
    }

    @Test("data_hash of three items and consensus_hash are the golden values")
    func golden() {
        let data = Block.dataHash([Bytes("a".utf8), Bytes("b".utf8), Bytes("c".utf8)])
        #expect(data.description == "cac3d448d4e20a2ad5eae1f500e63c2a7f9217cd14572ba7fd22e26dc1ec2648")
        var parameters = ConsensusParameters()
        (parameters.blockBytesMax, parameters.blockGasMax) = (22_020_096, -1)
        #expect(parameters.hash.description == "048091bc7ddc283f77bfbf91d73c44da58c3df8a9cbc867405d8b7f3daada22f")
        #expect(Evidence.hash([]).description.hasPrefix("e3b0c442"))
        #expect(ItemResult.success.encoded.isEmpty)
    }

    @Test("an item's content id ignores signatures and nothing else")
    func contentIDs() throws {
        guard case .transaction(let transaction) = transfer(1) else { return }
        let resigned = Item.transaction(Transaction(content: transaction.content, signature: .zero))
        #expect(resigned.contentID == transfer(1).contentID)
        #expect(resigned.encoded != transfer(1).encoded)
        #expect(transfer(2).contentID != transfer(1).contentID)
        #expect(transfer(1, units: 6).contentID != transfer(1).contentID)
    }

    @Test("an item is believed with its sender's signature on this chain alone")
    func items() throws {
        let bytes = transfer(1).encoded
        #expect(Verified(try ItemClaim(decoding: bytes, chainID: chainID)) != nil)
        let other = try #require(ChainID(Bytes("merit-2".utf8)))
        #expect(Verified(try ItemClaim(decoding: bytes, chainID: other)) == nil)
        let proof = VRF.prove([1], key: key)
        let preamble = Item.preamble(Preamble(beaconProof: proof, batches: []))
        #expect(throws: DecodeError.unexpectedField(1)) { try ItemClaim(decoding: preamble.encoded, chainID: chainID) }
        for index in bytes.indices {
            var changed = bytes
            changed[index] ^= 4
            guard let claim = try? ItemClaim(decoding: changed, chainID: chainID) else { continue }
            #expect(Verified(claim) == nil, "byte \(index)")
        }
    }

    @Test("a batch is believed only whole: the author's signature and every item's")
    func batches() throws {
        let mark = (author: key.address, sequence: UInt64(3), expiry: Height.first)
        let items = [transfer(1).encoded, transfer(2).encoded]
        let batch = Batch.signing(mark: mark, items: items, key: key, chainID: chainID)
        #expect(try Batch(decoding: batch.encoded) == batch)
        #expect(Verified(try BatchClaim(batch: batch, authorKey: key.publicKey, chainID: chainID)) != nil)
        guard case .transaction(let transaction) = transfer(2) else { return }
        let forged = Item.transaction(Transaction(content: transaction.content, signature: transaction.signature))
        var bytes = forged.encoded
        bytes[bytes.count - 1] ^= 1
        let bad = Batch.signing(mark: mark, items: [items[0], bytes], key: key, chainID: chainID)
        #expect(Verified(try BatchClaim(batch: bad, authorKey: key.publicKey, chainID: chainID)) == nil)
        let empty = Batch.signing(mark: mark, items: [], key: key, chainID: chainID)
        #expect(throws: DecodeError.tooLong(field: 4)) { try Batch(decoding: empty.encoded) }
    }

    @Test("duplicate-vote evidence needs two signatures for two different blocks")
    func evidence() throws {
        let set = try ValidatorSet(sorting: [Validator(publicKey: key.publicKey, power: 4)])
        func vote(_ byte: UInt8?, round: Round = 0) -> Vote {
            let proposal = byte.map {
                let digest = Digest(Bytes(repeating: $0, count: 32))
                return ProposalID(
                    blockID: BlockID(hash: digest, parts: PartSetHeader(total: 1, hash: digest)), time: .epoch1970)
            }
            let statement = VoteStatement(type: .prevote, height: .first, round: round, proposal: proposal)
            let signature = key.sign(statement.signBytes(chainID: chainID))
            return Vote(statement: statement, address: key.address, index: 0, signature: signature)
        }
        func check(_ first: Vote, _ second: Vote, total: Int64 = 4, time: Timestamp = .epoch1970) throws {
            try DuplicateVoteEvidence(first, second, powers: (total, 4), timestamp: time)
                .check(set: set, headerTime: .epoch1970, chainID: chainID)
        }
        try check(vote(1), vote(2))
        try check(vote(nil), vote(2))
        #expect(throws: EvidenceError.sameBlockID) { try check(vote(1), vote(1)) }
        #expect(throws: EvidenceError.differentStatements) { try check(vote(1), vote(2, round: 1)) }
        #expect(throws: EvidenceError.wrongPower) { try check(vote(1), vote(2), total: 5) }
        #expect(throws: EvidenceError.wrongTime) { try check(vote(1), vote(2), time: .zero) }
        let forged = Vote(statement: vote(2).statement, address: key.address, index: 0, signature: vote(1).signature)
        #expect(throws: EvidenceError.wrongSignature) { try check(vote(1), forged) }
        let good = Evidence.duplicateVote(
            DuplicateVoteEvidence(vote(2), vote(1), powers: (4, 4), timestamp: .epoch1970))
        #expect(try Evidence(decoding: good.encoded) == good)
    }
}
