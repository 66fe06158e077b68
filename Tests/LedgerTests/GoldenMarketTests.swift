// The bytes of the market: one encoded value of each action, item and record. A change here is a change of the chain.
import Chain
import Codec
import Cryptography
import Primitives
import Rewards
import Testing

@testable import Ledger

@Suite("golden market")
struct GoldenMarketTests {
    static let twenty = String(repeating: "aa", count: 20)
    static let address = Address(hex: twenty)!
    static let b = String(repeating: "bb", count: 32)
    static let digest = Digest(hex: b)!
    static let place = TaskPlace(job: digest, index: 258)

    static let offer = Offer(resource: 1, engineID: digest, ask: 300)
    static let request = SubmitJob(
        program: digest, input: (digest, [0x41]), tasks: 2,
        limits: TaskLimits(fuel: 1, outputBytes: 2, computeUnits: 3),
        price: JobPrice(bid: 4, resource: 1, engineID: digest, assurance: 5))
    static let result = TaskResult(output: digest, finalState: digest, fuel: 1, peakPages: 2, outputBytes: 3)

    static func rows() -> [(String, Bytes, String)] {
        let limits = "2a06080110021803"
        let price = "300438014220\(b)4805"
        let offered = "08011220\(b)18ac02"
        let outcome = "0a20\(b)1220\(b)180120022803"
        let job = JobRecord(
            request, by: address, at: .first, input: (9, digest), pages: 1, held: (Amount(300), Amount(1)))
        var task = TaskRecord(provider: address, assigned: .first, budget: 3)
        (task.late, task.charge, task.result) = (address, Amount(2), result)
        (task.state, task.computeUnits, task.delivered, task.settlesIn) = (.delivered, 16, Height(5), 2)
        let due = [UInt32(2), 0].map {
            DueReceipt(
                provider: address, place: TaskPlace(job: digest, index: $0),
                work: (16, Pace(used: 1, budget: 3)), auditRate: 300)
        }
        var purses = ProviderPage<Purse>()
        purses[0].balance = Amount(300)
        (purses[63].credits, purses[63].unlockEpoch) = (Amount(2), 9)
        var reputations = ProviderPage<Reputation>()
        (reputations[2].reliability, reputations[2].streak, reputations[2].failed) = (65_535, 2, 3)
        var grants = ProviderPage<Grant>()
        (grants[1].granted, grants[1].paid) = (Amount(3), Amount(2))
        let stored = "0a20\(b)1220\(b)2002\(limits)\(price)"
        return [
            ("Publish", Publish(kind: .input, bytes: [0x41]).encoded, "0802120141"),
            (
                "RegisterProvider", RegisterProvider(bond: Amount(5), offers: [offer], endpoint: [0x68]).encoded,
                "0805" + "1227\(offered)" + "1a0168"
            ),
            ("SetOffers", SetOffers(offers: [offer], endpoint: [0x68]).encoded, "0a27\(offered)" + "120168"),
            ("SetOffers without endpoint", SetOffers(offers: [offer]).encoded, "0a27\(offered)"),
            ("SubmitJob", request.encoded, "0a20\(b)1220\(b)1a01412002\(limits)\(price)"),
            ("CancelJob", CancelJob(job: digest).encoded, "0a20\(b)"),
            ("Receipt", Receipt(taskIndex: 1, result: result).encoded, "0801124a\(outcome)"),
            ("abstention", Receipt(taskIndex: 0, result: nil).encoded, ""),
            ("BlobRecord", BlobRecord(size: 7, pages: 1, publisher: address).encoded, "080710011a14\(twenty)"),
            (
                "JobRecord", job.encoded,
                "0a14\(twenty)" + "1276\(stored)" + "1a20\(b)" + "200928013001" + "38ac024001" + "5002"
            ),
            (
                "TaskRecord", task.encoded,
                "08021214\(twenty)180120032a14\(twenty)30023a4a\(outcome)401048056003"
            ),
            (
                "WorkRecord", WorkRecord(offers: [offer], endpoint: [0x68]).encoded,
                "0801" + "1227\(offered)" + "4a0168"
            ),
            ("AssignmentRecord", AssignmentRecord(provider: address, deadline: .first).encoded, "0a14\(twenty)1001"),
            (
                "DueReceipts", DueReceipts(due).encoded,
                "0a43" + "0a14\(twenty)1220\(b)180220102801300338ac02" + "0a1f" + "0a14\(twenty)20102801300338ac02"
            ),
            ("QueueRecord", QueueRecord(tasks: 2).encoded, "0802"),
            ("ProviderPage of purses", purses.encoded, "0a05" + "080110ac02" + "0a06" + "084018022009"),
            ("ProviderPage of reputations", reputations.encoded, "0a08" + "0803100118022003"),
            ("ProviderPage of grants", grants.encoded, "0a06" + "080210031802"),
            ("ProviderCount", ProviderCount(given: 300).encoded, "08ac02"),
            ("UndeliverableRecord", UndeliverableRecord(audit: Amount(1), burn: Amount(2)).encoded, "08011002"),
        ]
    }

    @Test("one value of each message has its golden bytes")
    func values() {
        for (name, bytes, golden) in Self.rows() { #expect(Hex.lower(bytes) == golden, "\(name)") }
    }

    @Test("every record decodes to itself")
    func decoding() throws {
        #expect(try SubmitJob(decoding: Self.request.encoded) == Self.request)
        for (name, bytes, _) in Self.rows().suffix(12) {
            let again: any Message =
                switch name {
                case "BlobRecord": try BlobRecord(decoding: bytes)
                case "JobRecord": try JobRecord(decoding: bytes)
                case "TaskRecord": try TaskRecord(decoding: bytes)
                case "WorkRecord": try WorkRecord(decoding: bytes)
                case "AssignmentRecord": try AssignmentRecord(decoding: bytes)
                case "DueReceipts": try DueReceipts(decoding: bytes)
                case "QueueRecord": try QueueRecord(decoding: bytes)
                case "ProviderPage of purses": try ProviderPage<Purse>(decoding: bytes)
                case "ProviderPage of reputations": try ProviderPage<Reputation>(decoding: bytes)
                case "ProviderPage of grants": try ProviderPage<Grant>(decoding: bytes)
                case "ProviderCount": try ProviderCount(decoding: bytes)
                default: try UndeliverableRecord(decoding: bytes)
                }
            #expect(again.encoded == bytes, "\(name)")
        }
    }

    @Test(
        "an endpoint is at most 128 visible characters",
        arguments: [
            (Bytes(repeating: 0x21, count: 128), true), (Bytes(repeating: 0x7E, count: 129), false), ([0x20], false),
            ([0x7F], false), ([], true),
        ])
    func endpoints(endpoint: Bytes, isAllowed: Bool) {
        let change = SetOffers(offers: [Self.offer], endpoint: endpoint)
        let registration = RegisterProvider(bond: Amount(5), offers: [Self.offer], endpoint: endpoint)
        #expect(((try? SetOffers(decoding: change.encoded)) == change) == isAllowed)
        #expect(((try? RegisterProvider(decoding: registration.encoded)) == registration) == isAllowed)
    }

    @Test("keys are tags and ids")
    func keys() {
        let end = Self.b + "00000102"
        #expect(Hex.lower(StateKey.blob(.input, Self.digest)) == "2002" + Self.b)
        #expect(Hex.lower(StateKey.job(Self.digest)) == "21" + Self.b)
        #expect(Hex.lower(StateKey.task(Self.place)) == "22" + end)
        #expect(Hex.lower(StateKey.work(Self.address)) == "23" + Self.twenty)
        #expect(Hex.lower(StateKey.assignment(of: Self.address, Self.place)) == "24" + Self.twenty + end)
        #expect(Hex.lower(StateKey.deadline(.first, Self.place)) == "250000000000000001" + end)
        #expect(Hex.lower(StateKey.queue(.first, Self.digest)) == "260000000000000001" + Self.b)
        #expect(
            Hex.lower(StateKey.due(258, .first, part: 3)) == "2c0000000000000102" + "0000000000000001" + "00000003")
        #expect(Hex.lower(StateKey.providerUnbonding(Self.address, free: 2)) == "280000000000000002" + Self.twenty)
        #expect(Hex.lower(StateKey.purses(page: 258)) == "2d0000000000000102")
        #expect(Hex.lower(StateKey.reputations(page: 258)) == "2f0000000000000102")
        #expect(Hex.lower(StateKey.grants(page: 258, granted: 2)) == "2e0000000000000102" + "0000000000000002")
    }
}
