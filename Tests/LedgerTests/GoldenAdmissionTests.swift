// The bytes of admission: one encoded value of each message. A change here is a change of the chain.
import Chain
import Codec
import Cryptography
import Primitives
import Testing

@testable import Ledger

@Suite("golden admission")
struct GoldenAdmissionTests {
    static let twenty = GoldenMarketTests.twenty
    static let b = GoldenMarketTests.b
    static let digest = GoldenMarketTests.digest
    static let address = GoldenMarketTests.address
    static let place = GoldenMarketTests.place
    static let answer = AdmissionAnswer(task: place, digest: digest)

    static func rows() -> [(String, Bytes, String)] {
        let task = "0a25" + Hex.lower(place.encoded)
        var record = AdmissionRecord(needed: 5, isListed: true)
        (record.right, record.open, record.answered, record.wrong) = (1, 2, 3, 4)
        var issued = AdmissionTask(provider: address, epoch: 2, beacon: digest)
        (issued.state, issued.digest) = (.answered, digest)
        let verdict = Verdict(
            task: place, result: GoldenMarketTests.result, digest: digest, others: ([], digest), nonce: digest)
        return [
            (
                "AnswerAdmission", AnswerAdmission(answers: [answer]).encoded,
                "0a49" + task + "1220\(b)"
            ),
            ("AdmissionRecord", record.encoded, "080510011802200328043001"),
            ("AdmissionTask", issued.encoded, "0a14\(twenty)10021a20\(b)20022a20\(b)"),
            (
                "DisputedAnswer", DisputedAnswer(provider: address, salt: digest, digest: digest).encoded,
                "0a14\(twenty)1220\(b)1a20\(b)"
            ),
            (
                "Verdict", verdict.encoded,
                task + "124a" + Hex.lower(GoldenMarketTests.result.encoded) + "1a20\(b)2a20\(b)3220\(b)"
            ),
        ]
    }

    @Test("one value of each message has its golden bytes and decodes to itself")
    func values() throws {
        for (name, bytes, golden) in Self.rows() {
            #expect(Hex.lower(bytes) == golden, "\(name)")
            let again: any Message =
                switch name {
                case "AnswerAdmission": try AnswerAdmission(decoding: bytes)
                case "AdmissionRecord": try AdmissionRecord(decoding: bytes)
                case "AdmissionTask": try AdmissionTask(decoding: bytes)
                case "DisputedAnswer": try DisputedAnswer(decoding: bytes)
                default: try Verdict(decoding: bytes)
                }
            #expect(again.encoded == bytes, "\(name)")
        }
        let action = Action.answerAdmission(AnswerAdmission(answers: [Self.answer]))
        let key = PublicKey(hex: Self.b)!
        let content = TransactionContent(sender: key, sequence: 0, action: action)
        #expect(Hex.lower(content.encoded).hasPrefix("0a20\(Self.b)" + "82044b"))
        #expect(try TransactionContent(decoding: content.encoded) == content && action.spending == .zero)
    }

    @Test("an audit entry and a dispute hold what is said of an answer, and a vote needs one digest more")
    func disputes() throws {
        var entry = AuditEntry(Self.address, .first)
        (entry.state, entry.digest, entry.admissionDigest) = (.agrees, Self.digest, .zero)
        #expect(try AuditEntry(decoding: entry.encoded) == entry)
        #expect(Hex.lower(entry.encoded).hasSuffix("4220" + String(repeating: "00", count: 32)))
        var dispute = DisputeRecord(epoch: 1, reporter: Self.address, claim: nil, beacons: (Self.digest, nil))
        dispute.verdicts = [entry]
        #expect(dispute.digests == 1 && dispute.salts(Self.place).count == 1)
        dispute.answer = DisputedAnswer(provider: Self.address, salt: Self.digest, digest: .zero)
        #expect(dispute.digests == 2 && dispute.salts(Self.place)[1] == Self.digest.bytes)
        #expect(try DisputeRecord(decoding: dispute.encoded) == dispute)
    }

    @Test("answers ascend by task and are not empty; a record needs an answer at least")
    func order() {
        #expect(throws: DecodeError.invalid(field: 1)) {
            try AnswerAdmission(decoding: AnswerAdmission(answers: [Self.answer, Self.answer]).encoded)
        }
        #expect(throws: DecodeError.missing(field: 1)) {
            try AnswerAdmission(decoding: AnswerAdmission(answers: []).encoded)
        }
        #expect(throws: DecodeError.missing(field: 1)) {
            try AdmissionRecord(decoding: AdmissionRecord(needed: 0, isListed: true).encoded)
        }
        #expect(throws: DecodeError.invalid(field: 4)) {
            var bytes = AdmissionTask(provider: Self.address, epoch: 2, beacon: Self.digest).encoded
            bytes[bytes.count - 1] = 9
            return try AdmissionTask(decoding: bytes)
        }
    }

    @Test("the salt is the hash of its label, the beacon, the provider and the task; keys are tags and ids")
    func hashes() {
        let bytes = Bytes("admission".utf8) + Self.digest.bytes + Self.address.bytes + Self.place.bytes
        let salt = AdmissionAnswer.salt(beacon: Self.digest, provider: Self.address, task: Self.place)
        #expect(salt == Hash.sha256(bytes))
        let end = Self.b + "00000102"
        #expect(Hex.lower(StateKey.admission(Self.address)) == "50" + Self.twenty)
        #expect(Hex.lower(StateKey.admissionTask(Self.place)) == "51" + end)
        #expect(Hex.lower(StateKey.admissionOpen(Self.address, Self.place)) == "52" + Self.twenty + end)
    }
}
