// Every row of Tables/records.txt through the decoders and the signature checks that a record from outside meets before
// the core or the state sees anything of it: what does not become a `Verified` claim or a checked commit has changed
// nothing.
import Chain
import Codec
import Consensus
import Cryptography
import Foundation
import NodeCore
import Primitives
import Quorum
import Testing

@Suite("Records from outside")
struct RecordTableTests {
    struct Row: Sendable {
        let record, change, refusal: String
    }

    static func rows() throws -> [Row] {
        let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent().appending(path: "Tables/records.txt")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").filter { !$0.hasPrefix("#") }
            .map { line in
                let cells = line.components(separatedBy: " | ")
                try #require(cells.count == 3, "\(line)")
                return Row(record: cells[0], change: cells[1], refusal: cells[2])
            }
    }

    // MARK: The records as an honest sender makes them

    static let (key, chainID, digest) = (Sample.key, Sample.chainID, Sample.digest)

    static func item(_ action: Action) -> Item {
        let content = TransactionContent(sender: key.publicKey, sequence: 7, action: action)
        return .transaction(Transaction(signing: content, by: key, chainID: chainID))
    }

    static var transfer: Item { item(.transfer(Transfer(recipient: key.address, amount: Amount(5)))) }

    static var preamble: Item { .preamble(Preamble(beaconProof: VRF.prove([1], key: key), batches: [])) }

    static func batch(_ items: [Item]) -> Bytes {
        Batch.signing(
            mark: (key.address, 3, Height.first), items: items.map(\.encoded), key: key, chainID: chainID
        ).encoded
    }

    static var job: Item {
        let price = JobPrice(bid: 1_000, resource: 1, engineID: digest, assurance: 800_000)
        return item(
            .submitJob(
                SubmitJob(
                    program: digest, input: (digest, [1, 2]), tasks: 3,
                    limits: TaskLimits(fuel: 1, outputBytes: 2, computeUnits: 3), price: price)))
    }

    static var attestation: Item {
        let result = TaskResult(output: digest, finalState: digest, fuel: 3, peakPages: 1, outputBytes: 2)
        let receipts = [1, 4].map { Receipt(taskIndex: $0, result: result) }
        return .attestation(
            Attestation.signing(job: digest, epoch: 2, work: (32, receipts), key: key, chainID: chainID))
    }

    /// Of one validator.
    static var commit: Commit {
        let entry = CommitSignature(
            flag: .commit, address: key.address, timestamp: Sample.time,
            signature: key.sign(Sample.statement.signBytes(chainID: chainID)).bytes)
        return Commit(
            height: .first, round: 2, blockID: Sample.proposal.proposalID.blockID, signatures: [entry])
    }

    static func bytes(_ record: String) throws -> Bytes {
        switch record {
        case "transfer": transfer.encoded
        case "preamble": preamble.encoded
        case "job": job.encoded
        case "publish": item(.publish(Publish(kind: .input, bytes: [1, 2, 3]))).encoded
        case "provider":
            item(
                .registerProvider(
                    RegisterProvider(bond: Amount(5), offers: [Offer(resource: 1, engineID: digest, ask: 9)]))
            ).encoded
        case "attestation": attestation.encoded
        case "batch": batch([transfer])
        case "batch of a preamble": batch([transfer, preamble])
        case "empty batch": batch([])
        case "proposal": PeerMessage.proposal(Sample.proposal).encoded
        case "vote": PeerMessage.vote(Sample.vote).encoded
        case "commit": commit.encoded
        case "nothing": []
        default: throw FieldEdit.EditError(line: record)
        }
    }

    // MARK: What becomes of them

    static func judge(_ record: String, _ bytes: Bytes) -> String {
        do throws(DecodeError) {
            let isBelieved =
                switch record {
                case "batch", "batch of a preamble", "empty batch": try believesBatch(bytes)
                case "proposal", "vote", "nothing": try believesMessage(bytes)
                case "commit": try believesCommit(bytes)
                default: Verified(try ItemClaim(decoding: bytes, chainID: chainID)) != nil
                }
            return isBelieved ? "accepted" : "signature"
        } catch {
            return "\(error)"
        }
    }

    private static func believesBatch(_ bytes: Bytes) throws(DecodeError) -> Bool {
        guard case .batch(let inner) = try PeerMessage(decoding: PeerMessage.batch(bytes).encoded) else { return false }
        let batch = try Batch(decoding: inner)
        return Verified(try BatchClaim(batch: batch, authorKey: key.publicKey, chainID: chainID)) != nil
    }

    private static func believesCommit(_ bytes: Bytes) throws(DecodeError) -> Bool {
        let commit = try Commit(decoding: bytes)
        let header = (height: Height.first, time: Sample.time)
        do {
            let set = try ValidatorSet(sorting: [Validator(publicKey: key.publicKey, power: 4)])
            try commit.check(
                blockID: Sample.proposal.proposalID.blockID, header: header, set: set, chainID: chainID, profile: .merit
            )
            return true
        } catch {
            return false
        }
    }

    private static func believesMessage(_ bytes: Bytes) throws(DecodeError) -> Bool {
        switch try PeerMessage(decoding: bytes) {
        case .proposal(let proposal):
            let claim = ProposalClaim(
                statement: proposal.statement, chainID: chainID, key: key.publicKey, signature: proposal.signature)
            return Verified(claim) != nil
        case .vote(let vote): return Verified(VoteClaim(vote: vote, chainID: chainID, key: key.publicKey)) != nil
        default: return false
        }
    }

    @Test("every changed record is refused for the reason in the table, and the unchanged one is believed")
    func table() throws {
        let rows = try Self.rows()
        for row in rows {
            let found = Self.judge(row.record, try FieldEdit.changed(Self.bytes(row.record), by: row.change))
            #expect(found == row.refusal, "\(row.record) | \(row.change)")
        }
        print("records from outside: \(rows.count) rows")
    }

    @Test("each refusal of the decoder has a row")
    func coverage() throws {
        let found = Set(try Self.rows().map { String($0.refusal.prefix { $0 != "(" }) })
        let rules: Set = [
            "truncated", "varintNotMinimal", "malformedTag", "unexpectedField", "explicitDefault", "missing", "tooLong",
            "outOfRange", "invalid", "wrongWireType", "signature", "accepted",
        ]
        #expect(found == rules)
    }
}
