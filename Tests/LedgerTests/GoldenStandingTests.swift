// The bytes of standing and missed duties: one encoded value of each action, statement and record. A change here is a
// change of the chain.
import Chain
import Codec
import Cryptography
import Primitives
import Rewards
import Testing

@testable import Ledger

@Suite("golden standing")
struct GoldenStandingTests {
    static let twenty = String(repeating: "aa", count: 20)
    static let address = Address(hex: twenty)!
    static let b = String(repeating: "bb", count: 32)
    static let digest = Digest(hex: b)!
    static let place = TaskPlace(job: digest, index: 258)
    static let missed = MissedDuties(epoch: 1, auditor: address, round: .recheck, tasks: [place])

    static func content(_ action: Action) -> Bytes {
        TransactionContent(sender: PublicKey(hex: b)!, sequence: 1, action: action).encoded
    }

    static func rows() -> [(String, Bytes, String)] {
        let signature = String(repeating: "dd", count: 64)
        let proof = "08011214\(twenty)1802" + "22250a20\(b)108202"
        let statement = Item.audit(
            AuditStatement(
                auditor: PublicKey(hex: b)!, content: .missed(missed),
                signature: Signature(Bytes(repeating: 0xDD, count: 64))!))
        var attendance = AttendanceRecord(window: 40)
        var member = AttendanceRecord.Member(address, since: .first)
        (member.missed, member.isAbsent) = (3, true)
        attendance.members = [member]
        var loss = EngineLossRecord(day: 1)
        loss.add(address, stake: Amount(5))
        let deferred = DeferredSlashRecord(
            task: place, amount: Amount(9), reporter: address,
            voters: [EngineLossRecord.Loser(address, stake: Amount(5))])
        var count = DutyCountRecord(duty: 1, done: 1)
        var disclosure = DisclosureRecord(
            KeyDisclosure(epoch: 1, proof: VRFProof(Bytes(repeating: 0xEE, count: 80))!, duties: 3, computeUnits: 9),
            key: digest)
        (disclosure.done, disclosure.verdicts, disclosure.missed, disclosure.missedUnits) = (4, 2, 1, 5)
        count.add(disclosure)
        let redraw = RedrawRecord(epoch: 1, auditor: address, beacon: digest, due: 2, missed: [address])
        return [
            ("unjail", content(.unjail(Unjail())), "0a20\(b)1001" + "fa0100"),
            ("prove", content(.proveMissedDuties(missed)), "0a20\(b)1001" + "820241" + proof),
            ("missed", statement.encoded, "22a801" + "0a20\(b)" + "7241" + proof + "a20140" + signature),
            (
                "StandingRecord", StandingRecord(jailings: 2, jailedEpoch: 3, freeEpoch: 4).encoded,
                "0802100118032004"
            ),
            ("AttendanceRecord", attendance.encoded, "0828" + "121c0a14\(twenty)100118032001"),
            ("SlotRecord", SlotRecord(Height(5)!, absent: [address]).encoded, "08051214\(twenty)"),
            ("MissedRecord", MissedRecord(reporter: address, height: Height(5)!).encoded, "0a14\(twenty)1005"),
            ("EngineLossRecord", loss.encoded, "08021218" + "0a14\(twenty)1005"),
            (
                "DeferredSlashRecord", deferred.encoded,
                "0a250a20\(b)10820210091a14\(twenty)2218" + "0a14\(twenty)1005"
            ),
            ("LockRecord", LockRecord(slashes: 2).encoded, "0802"),
            ("DeclarationRecord", DeclarationRecord(Height(5)!).encoded, "0805"),
            ("declare", content(.declareEngine(DeclareEngine(engineID: digest))), "0a20\(b)10018a02220a20\(b)"),
            ("DutyCountRecord", count.encoded, "0809100418032001"),
            ("RedrawRecord", redraw.encoded, "08021214\(twenty)1a20\(b)20022a14\(twenty)"),
        ]
    }

    @Test("one value of each message has its golden bytes, and decodes to itself")
    func values() throws {
        for (name, bytes, golden) in Self.rows() {
            #expect(Hex.lower(bytes) == golden, "\(name)")
            let again: any Message =
                switch name {
                case "unjail", "prove", "declare": try TransactionContent(decoding: bytes)
                case "StandingRecord": try StandingRecord(decoding: bytes)
                case "AttendanceRecord": try AttendanceRecord(decoding: bytes)
                case "SlotRecord": try SlotRecord(decoding: bytes)
                case "MissedRecord": try MissedRecord(decoding: bytes)
                case "EngineLossRecord": try EngineLossRecord(decoding: bytes)
                case "DeferredSlashRecord": try DeferredSlashRecord(decoding: bytes)
                case "LockRecord": try LockRecord(decoding: bytes)
                case "DeclarationRecord": try DeclarationRecord(decoding: bytes)
                case "DutyCountRecord": try DutyCountRecord(decoding: bytes)
                case "RedrawRecord": try RedrawRecord(decoding: bytes)
                default: try Item(decoding: bytes)
                }
            #expect(again.encoded == bytes, "\(name)")
        }
    }

    @Test("keys are tags and ids")
    func keys() {
        let (end, one) = (Self.b + "00000102", "0000000000000001")
        #expect(Hex.lower(StateKey.standing(Self.address)) == "37" + Self.twenty)
        #expect(Hex.lower(StateKey.slot(Height(41)!, window: 40)) == "38" + one)
        #expect(
            Hex.lower(StateKey.missed(1, by: Self.address, .recheck, Self.place)) == "39" + one + Self.twenty + "02"
                + end)
        #expect(Hex.lower(StateKey.redraw(Self.place)) == "3a" + end)
        #expect(Hex.lower(StateKey.singleton(.attendance)) == "0822")
        let slash = DeferredSlashKey(
            engine: Self.digest, due: 1,
            slash: SlashKey(account: Self.address, offence: .wrongDigest, evidence: Self.digest))
        #expect(Hex.lower(slash.bytes) == "3c" + Self.b + one + "04" + Self.twenty + Self.b)
        #expect(DeferredSlashKey(Bytes(slash.bytes.dropFirst())) == slash)
        #expect(Hex.lower(StateKey.engineLoss(Self.digest)) == "3b" + Self.b)
        #expect(Hex.lower(StateKey.dutyCount(Self.address)) == "60" + Self.twenty)
        #expect(throws: DecodeError.self) { try DutyCountRecord(decoding: [0x10, 0x01]) }
        #expect(Hex.lower(StateKey.lock(Self.address)) == "3d" + Self.twenty)
        #expect(Hex.lower(StateKey.declaration(Self.digest, by: Self.address)) == "3e" + Self.b + Self.twenty)
    }

    @Test("tasks of a proof ascend strictly, and there is one")
    func order() {
        let tasks = [Self.place, Self.place]
        for wrong in [[], tasks] {
            let bytes = MissedDuties(epoch: 1, auditor: Self.address, round: .first, tasks: wrong).encoded
            #expect(throws: DecodeError.self) { try MissedDuties(decoding: bytes) }
        }
    }
}
