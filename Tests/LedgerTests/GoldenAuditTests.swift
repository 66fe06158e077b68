// The bytes of auditing: one encoded value of each statement, action and record. A change here is a change of the
// chain.
import Chain
import Codec
import Cryptography
import Primitives
import Rewards
import Testing

@testable import Ledger

@Suite("golden audits")
struct GoldenAuditTests {
    static let twenty = String(repeating: "aa", count: 20)
    static let address = Address(hex: twenty)!
    static let b = String(repeating: "bb", count: 32)
    static let digest = Digest(hex: b)!
    static let place = TaskPlace(job: digest, index: 258)
    static let result = TaskResult(output: digest, finalState: digest, fuel: 1, peakPages: 2, outputBytes: 3)
    static let outcome = "0a20\(b)1220\(b)180120022803"
    static let task = "0a20\(b)108202"

    static let commit = VerdictCommit(epoch: 1, round: .recheck, part: 2, tasks: [place], root: digest)
    static let disclosure = KeyDisclosure(
        epoch: 1, proof: VRFProof(Bytes(repeating: 0xCC, count: 80))!, duties: 2, computeUnits: 300)
    static let verdict = Verdict(task: place, result: result, digest: digest, firstDigests: [digest], nonce: digest)
    static let reveal = VerdictReveal(epoch: 1, round: .first, part: 0, verdicts: [verdict])
    static let vote = DisputeVote(task: place, result: result, digest: digest, digests: [digest, digest])

    static let objection = DigestObjection(epoch: 1, task: place, of: (address, .recheck), digest: digest)
    static let objected = "08011225\(task)1a14\(twenty)20022a20\(b)"

    static func statement(_ content: AuditContent) -> Bytes {
        let signature = Signature(Bytes(repeating: 0xDD, count: 64))!
        return Item.audit(AuditStatement(auditor: PublicKey(hex: b)!, content: content, signature: signature)).encoded
    }

    static func rows() -> [(String, Bytes, String)] {
        let proof = String(repeating: "cc", count: 80)
        let leaf = "0a25\(task)124a\(outcome)1a20\(b)2220\(b)2a20\(b)"
        let signed = "a20140" + String(repeating: "dd", count: 64)
        let (committed, disclosed) = ("080110021802" + "2225\(task)2a20\(b)", "08011250\(proof)180220ac02")
        let voted = "0a25\(task)124a\(outcome)1a20\(b)2220\(b)2220\(b)"
        let auditor = "0a20\(b)"
        var entry = AuditEntry(address, .recheck)
        (entry.state, entry.digest, entry.firsts, entry.firstDigests) = (.differs, digest, [address], [digest])
        entry.result = result
        let said = "0a14\(twenty)100218032220\(b)2a14\(twenty)3220\(b)3a4a\(outcome)"
        var audits = TaskAudits()
        audits.entries = [entry]
        var disclosure = DisclosureRecord(Self.disclosure, key: digest)
        (disclosure.revealed, disclosure.done) = (5, 4)
        (disclosure.verdicts, disclosure.missed, disclosure.missedUnits) = (3, 2, 7)
        var dispute = DisputeRecord(
            epoch: 1, reporter: address, claim: (result, Amount(9)), beacons: (digest, digest))
        (dispute.isExtended, dispute.verdicts, dispute.objection) = (true, [entry], objection)
        var opened = CommitRecord(commit)
        opened.isRevealed = true
        let tasks = CommitRecord.digest(of: [place]).description
        var calendar = AuditCalendar(genesisTime: .epoch1970)
        calendar.countReceipt(at: Height(5)!)
        calendar.turn(at: Height(7)!, time: .epoch1970, start: .first)
        let set = EpochSet(
            epoch: 1, members: [EpochSet.Member(operatorAddress: address, stake: Amount(5), mayAudit: true)])
        return [
            ("commit", statement(.commit(commit)), "22b601" + auditor + "524f" + committed + signed),
            ("disclosure", statement(.disclosure(Self.disclosure)), "22c001" + auditor + "5a59" + disclosed + signed),
            (
                "reveal", statement(.reveal(reveal)),
                "22c802" + auditor + "62e001" + "0801100122d901" + leaf + signed
            ),
            ("vote", statement(.vote(vote)), "22c102" + auditor + "6ad901" + voted + signed),
            ("objection", statement(.objection(objection)), "22ca01" + auditor + "7a63" + objected + signed),
            (
                "OpenDispute", OpenDispute(task: place, claimed: result, deposit: Amount(9)).encoded,
                "0a25\(task)124a\(outcome)1809"
            ),
            ("CommitRecord", opened.encoded, "0a20\(b)1220\(tasks)1801"),
            ("TaskAudits", audits.encoded, "0ac001" + said),
            ("DisclosureRecord", disclosure.encoded, "0a20\(b)100218ac0220052804300338024007"),
            (
                "DisputeRecord", dispute.encoded,
                "08021214\(twenty)1a4a\(outcome)20092a20\(b)3220\(b)380142c001" + said + "5263" + objected
            ),
            ("VoteRecord", VoteRecord(vote).encoded, "0a4a\(outcome)1220\(b)1220\(b)"),
            ("AuditCalendar", calendar.encoded, "080110071a00280130054001"),
            ("EpochSet", set.encoded, "0802121a0a14\(twenty)10051801"),
        ]
    }

    @Test("one value of each message has its golden bytes")
    func values() {
        for (name, bytes, golden) in Self.rows() { #expect(Hex.lower(bytes) == golden, "\(name)") }
    }

    @Test("every statement and record decodes to itself")
    func decoding() throws {
        for (name, bytes, _) in Self.rows() {
            let again: any Message =
                switch name {
                case "OpenDispute": try OpenDispute(decoding: bytes)
                case "CommitRecord": try CommitRecord(decoding: bytes)
                case "TaskAudits": try TaskAudits(decoding: bytes)
                case "DisclosureRecord": try DisclosureRecord(decoding: bytes)
                case "DisputeRecord": try DisputeRecord(decoding: bytes)
                case "VoteRecord": try VoteRecord(decoding: bytes)
                case "AuditCalendar": try AuditCalendar(decoding: bytes)
                case "EpochSet": try EpochSet(decoding: bytes)
                default: try Item(decoding: bytes)
                }
            #expect(again.encoded == bytes, "\(name)")
        }
    }

    @Test("keys are tags and ids")
    func keys() {
        let (end, one) = (Self.b + "00000102", "0000000000000001")
        #expect(Hex.lower(StateKey.epochSet(1)) == "30" + one)
        #expect(Hex.lower(StateKey.drawBeacon(.first)) == "31" + one)
        #expect(
            Hex.lower(StateKey.commit(1, of: Self.address, .recheck, part: 3)) == "32" + one + Self.twenty
                + "0200000003")
        #expect(Hex.lower(StateKey.taskAudits(1, Self.place)) == "33" + one + end)
        #expect(Hex.lower(StateKey.disclosure(1, of: Self.address)) == "34" + one + Self.twenty)
        #expect(Hex.lower(StateKey.dispute(Self.place)) == "35" + end)
        #expect(Hex.lower(StateKey.vote(Self.place, of: Self.address)) == "36" + end + Self.twenty)
        #expect(
            Hex.lower(StateKey.offender(.approvedWrongResult, Self.address, epoch: 1)) == "0c03" + Self.twenty + one)
    }

    @Test("hashes of the draw, the salt, the proof and the dispute are the written ones")
    func hashes() {
        let end = Self.place.bytes
        func word(_ label: String) -> UInt64? {
            UInt64(
                bigEndian: Hash.sha256([Bytes(label.utf8), Self.digest.bytes, Self.digest.bytes, end]).bytes.prefix(8))
        }
        #expect(AuditRound.first.word(key: Self.digest, beacon: Self.digest, Self.place) == word("audit"))
        #expect(AuditRound.recheck.word(key: Self.digest, beacon: Self.digest, Self.place) == word("recheck"))
        #expect(word("audit") != word("recheck"))
        let alpha = KeyDisclosure.alpha(epoch: 258, chainID: TestChain.chainID)
        #expect(alpha == Bytes("merit/auditmerit-test".utf8) + [0, 0, 0, 0, 0, 0, 1, 2])
        let proof = VRF.prove(alpha, key: TestKeys(1).audit)
        let disclosure = KeyDisclosure(epoch: 258, proof: proof, duties: 0, computeUnits: 0)
        let key = disclosure.key(auditor: TestKeys(1).audit.publicKey, chainID: TestChain.chainID)
        #expect(key != nil && key == KeyDisclosure.key(of: proof))
        #expect(disclosure.key(auditor: TestKeys(2).audit.publicKey, chainID: TestChain.chainID) == nil)
        #expect(DisputeRecord.id(Self.place) == Hash.sha256([Bytes("dispute".utf8), end]))
    }

    @Test("W leaves the provider's operator out unless nobody else is left, and the first auditor always")
    func eligible() {
        func address(_ byte: UInt8) -> Address { Address(Bytes(repeating: byte, count: 20))! }
        func set(_ members: [(UInt8, UInt64, Bool)]) -> EpochSet {
            EpochSet(
                epoch: 0,
                members: members.map {
                    EpochSet.Member(operatorAddress: address($0.0), stake: Amount($0.1), mayAudit: $0.2)
                })
        }
        let three = set([(1, 10, true), (2, 10, true), (3, 20, false)])
        // Alone beside the provider: W is its own stake, so that at rate 1 every word is drawn.
        #expect(three.isDrawn(address(2), word: .max, rate: 1_000_000, provider: address(1)))
        #expect(!three.isDrawn(address(1), word: 0, rate: 1_000_000, provider: address(1)))
        #expect(!three.isDrawn(address(3), word: 0, rate: 1_000_000, provider: address(9)))
        #expect(!three.isDrawn(address(2), word: 1 << 63, rate: 1_000_000, provider: address(9)))
        #expect(three.isDrawn(address(2), word: (1 << 63) - 1, rate: 1_000_000, provider: address(9)))
        #expect(!three.isDrawn(address(2), word: 1 << 62, rate: 500_000, provider: address(9)))
        #expect(three.isDrawn(address(1), word: .max, rate: 1_000_000, provider: address(9), first: address(2)))
        #expect(!three.isDrawn(address(2), word: 0, rate: 1_000_000, provider: address(9), first: address(2)))
        // The provider's own operator was the first auditor: its stake leaves W once.
        #expect(three.isDrawn(address(1), word: .max, rate: 1_000_000, provider: address(2), first: address(2)))
        #expect(!three.isDrawn(address(2), word: 0, rate: 1_000_000, provider: address(2), first: address(2)))
        // Nobody but the provider is left beside the first auditor.
        #expect(three.isDrawn(address(1), word: .max, rate: 1_000_000, provider: address(1), first: address(2)))
        let alone = set([(1, 10, true)])
        #expect(alone.mayAudit(address(1), provider: address(1)))
        #expect(!alone.mayAudit(address(1), provider: address(1), first: address(1)))
    }

    @Test("a window closes with the first block that has its seconds and its blocks, one window a block")
    func calendar() {
        var rules = TestChain.parameters.rewards.calendar
        rules.commit = .init(seconds: 4, blocks: 2)
        rules.recheck = .init(seconds: 1, blocks: 1)
        let start = TestChain.start
        var calendar = AuditCalendar(genesisTime: start)
        #expect(calendar.phase == .closed && calendar.recheckBeacon == nil)
        calendar.turn(at: Height(10)!, time: start, start: .first)
        func close(_ height: UInt64, _ seconds: Int64) {
            calendar.close(
                at: Height(height)!, time: start.adding(seconds: seconds), beacon: Hash.sha256([UInt8(height)]), rules)
        }
        close(11, 9)
        #expect(calendar.phase == .commit)
        close(12, 3)
        #expect(calendar.phase == .commit && calendar.recheckBeacon == nil)
        close(13, 4)
        #expect(calendar.phase == .recheck && calendar.recheckBeacon == Hash.sha256([UInt8(13)]))
        close(14, 60)
        #expect(calendar.phase == .reveal && calendar.recheckBeacon == Hash.sha256([UInt8(13)]))
        for height in UInt64(15)...20 { close(height, 60 + Int64(height)) }
        #expect(calendar.phase == .closed)
    }

    @Test("a second auditor checks every other one that committed, of very many the first after the beacon's")
    func firsts() throws {
        func address(_ byte: UInt8) -> Address { Address(Bytes(repeating: byte, count: 20))! }
        var audits = TaskAudits()
        audits.entries = [3, 1, 2].map { AuditEntry(address($0), .first) } + [AuditEntry(address(9), .recheck)]
        #expect(Set(audits.firsts(for: address(9), Self.place, beacon: .zero)) == Set([1, 2, 3].map(address)))
        #expect(Set(audits.firsts(for: address(2), Self.place, beacon: .zero)) == Set([1, 3].map(address)))
        #expect(TaskAudits().firsts(for: address(2), Self.place, beacon: .zero).isEmpty)
        audits.entries = (1...20).map { AuditEntry(address($0), .first) }
        let all = try (UInt8(0)..<40).map { byte -> [UInt8] in
            let beacon = try #require(Digest(Bytes(repeating: byte, count: 32)))
            return audits.firsts(for: address(21), Self.place, beacon: beacon).map { $0.bytes[0] }
        }
        for found in all {
            #expect(found == (0..<8).map { (found[0] - 1 + $0) % 20 + 1 })
        }
        #expect(Set(all.map { $0[0] }).count > 10)
    }

    @Test("any copied digest that is another than the first auditor's calls for a vote, while that one counts")
    func contradictions() {
        func address(_ byte: UInt8) -> Address { Address(Bytes(repeating: byte, count: 20))! }
        var audits = TaskAudits()
        audits.entries = [
            AuditEntry(address(1), .first), AuditEntry(address(2), .first), AuditEntry(address(3), .recheck),
        ]
        for index in 0..<3 { (audits.entries[index].state, audits.entries[index].digest) = (.agrees, Self.digest) }
        audits.entries[2].firsts = [address(1), address(2)]
        audits.entries[2].firstDigests = [Self.digest, Self.digest]
        #expect(audits.contradiction == nil)
        audits.entries[1].digest = .zero
        #expect(audits.contradiction == address(3))
        audits.entries[1].state = .ignored
        #expect(audits.contradiction == nil)
    }
}
