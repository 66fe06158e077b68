// The bytes between peers and in the journal: one encoding per value, a golden hash per kind, hostile bytes refused.
import Chain
import Codec
import Cryptography
import Dissemination
import NodeCore
import Primitives
import Quorum
import Testing

enum Sample {
    static let chainID = ChainID(Bytes("merit-1".utf8))!
    static let key = SigningKey(seed: Bytes(repeating: 1, count: 32))!
    static let digest = Digest(Bytes(repeating: 7, count: 32))!
    static let time = Timestamp(rfc3339: "2026-01-02T03:04:05.006Z")!

    static var compact: CompactProposal {
        var header = Header(chainID: chainID.bytes, height: .first, time: time)
        header.proposerAddress = key.address
        header.appHash = digest.bytes
        let reference = BatchReference(author: key.address, sequence: 3, digest: digest, itemCount: 2, itemBytes: 90)
        return CompactProposal(
            header: header, beaconProof: VRF.prove([1], key: key), batches: [reference], lastCommit: .empty,
            evidence: [])
    }

    static var proposal: SignedProposal {
        let unsigned = SignedProposal(round: 2, polRound: 1, compact: compact, signature: .zero)
        let signature = key.sign(unsigned.statement.signBytes(chainID: chainID))
        return SignedProposal(round: 2, polRound: 1, compact: compact, signature: signature)
    }

    static var statement: VoteStatement {
        VoteStatement(type: .precommit, height: .first, round: 2, proposal: proposal.proposalID)
    }

    static var vote: Vote {
        let signature = key.sign(statement.signBytes(chainID: chainID))
        return Vote(statement: statement, address: key.address, index: 0, signature: signature)
    }

    static var messages: [(String, PeerMessage)] {
        [
            ("batch", .batch([1, 2, 3])),
            ("acknowledgement", .acknowledgement([AcknowledgementMark(author: key.address, sequence: 9)])),
            ("batchRequest", .batchRequest(compact.batches)),
            ("proposal", .proposal(proposal)),
            ("vote", .vote(vote)),
            ("proposalRequest", .proposalRequest(ProposalRequest(height: .first, hash: digest))),
            ("blockRequest", .blockRequest(BlockRequest(.first))),
            ("blockPart", .blockPart(BlockPart(BlockRequest(.first), of: [1, 2, 3])!)),
            ("status", .status(Status(tip: .zero, round: 0))),
            ("newestVote", .newestVote(vote)),
            ("item", .item([1, 2, 3])),
        ]
    }

    static var rows: [(String, JournalRow)] {
        [
            ("proposal", .proposal(proposal, receivedAt: time.instant)),
            ("vote", .vote(vote)),
            ("ownVote", .ownVote(statement)),
            ("ownProposal", .ownProposal(round: 2, polRound: 1, compact)),
        ]
    }
}

@Suite("Bytes between peers and in the journal")
struct MessageTests {
    @Test("every message decodes to itself, and no cut or longer form is taken")
    func messages() throws {
        for (name, message) in Sample.messages {
            let bytes = message.encoded
            #expect(try PeerMessage(decoding: bytes) == message, "\(name)")
            for length in 0..<bytes.count {
                #expect(throws: DecodeError.self, "\(name) cut at \(length)") {
                    try PeerMessage(decoding: Bytes(bytes[..<length]))
                }
            }
            #expect(throws: DecodeError.self) { try PeerMessage(decoding: bytes + [0x08, 1]) }
        }
    }

    @Test("every journal row decodes to itself")
    func rows() throws {
        for (name, row) in Sample.rows {
            #expect(try JournalRow(decoding: row.encoded) == row, "\(name)")
            #expect(row.height == .first, "\(name)")
        }
    }

    @Test("the bytes of each kind are the written ones")
    func golden() {
        let all = Sample.messages.map { ($0.0, $0.1.encoded) } + Sample.rows.map { ("row " + $0.0, $0.1.encoded) }
        let lines = all.map { "\($0.0) \(Hex.lower(Hash.sha256($0.1).bytes.prefix(8)))" }
        #expect(lines == Self.goldenLines)
    }

    private static let goldenLines = [
        "batch 1a82b94ef4ba827f",
        "acknowledgement 48461ce965651b0a",
        "batchRequest de34549d995f2e24",
        "proposal 46f7595592840f40",
        "vote b5083e6553fb99e5",
        "proposalRequest d6b1ce1edffbd634",
        "blockRequest c6f217c4cb6aab80",
        "blockPart 2c9c790d62480d34",
        "status 6a8a0a66970f71dc",
        "newestVote 46521ce0715b7482",
        "item cc7addc8f1cbbbf3",
        "row proposal 3c33c8a7aa00426c",
        "row vote 5ac7af831dd4984a",
        "row ownVote 9ab1b81b8261b420",
        "row ownProposal 84bce81e37a5b8fa",
    ]

    @Test("random bytes never trap the decoders")
    func fuzz() {
        var random = Random(seed: 7)
        let seeds = Sample.messages.map(\.1.encoded) + Sample.rows.map(\.1.encoded)
        for _ in 0..<4_000 {
            var bytes = seeds[Int(random.below(UInt64(seeds.count)))]
            for _ in 0..<(1 + random.below(4)) {
                bytes[Int(random.below(UInt64(bytes.count)))] = UInt8(truncatingIfNeeded: random.next())
            }
            if let message = try? PeerMessage(decoding: bytes) { #expect(message.encoded == bytes) }
            if let row = try? JournalRow(decoding: bytes) { #expect(row.encoded == bytes) }
        }
    }
}
