// The bytes of uptime, referral and credits: one encoded value of each message. A change here is a change of the chain.
import Chain
import Codec
import Cryptography
import Primitives
import Testing

@testable import Ledger

@Suite("golden demand")
struct GoldenDemandTests {
    static let twenty = GoldenMarketTests.twenty
    static let b = GoldenMarketTests.b
    static let digest = GoldenMarketTests.digest
    static let address = GoldenMarketTests.address
    static let key = PublicKey(hex: b)!
    static let zeros = String(repeating: "00", count: 64)

    static func rows() -> [(String, Bytes, String)] {
        let answer = ChallengeAnswer(provider: key, height: .first, beacon: digest, signature: .zero)
        var challenges = ChallengeRecord()
        challenges.issue(at: .first, beacon: digest)
        var uptime = UptimeRecord(since: 2)
        uptime.answer(3)
        var account = Account(nonce: 2, balance: Amount(300))
        (account.credits, account.providerNumber) = (Amount(1), ProviderNumber(299))
        func content(_ action: Action) -> Bytes {
            TransactionContent(sender: key, sequence: 0, action: action).encoded
        }
        let said = "0a20\(b)10011a20\(b)"
        let refer = RegisterRequester(referrer: address)
        return [
            ("ChallengeAnswer", answer.encoded, said + "2240\(zeros)"),
            ("signed part", answer.content, said),
            ("Item", Item.answer(answer).encoded, "2a8801" + said + "2240\(zeros)"),
            ("ChallengeRecord", challenges.encoded, "080210012224" + "08011220\(b)"),
            ("UptimeRecord", uptime.encoded, "0803100118042001"),
            ("RequesterRecord", RequesterRecord(registeredEpoch: 3, referrer: address).encoded, "08041214\(twenty)"),
            ("RegisterRequester", content(.registerRequester(refer)), "0a20\(b)da01160a14\(twenty)"),
            ("BuyCredits", content(.buyCredits(BuyCredits(amount: Amount(300)))), "0a20\(b)e2010308ac02"),
            ("ElectPay", content(.electPay(ElectPay(takesCredits: true))), "0a20\(b)ea01020801"),
            ("ElectPay for MRT", content(.electPay(ElectPay(takesCredits: false))), "0a20\(b)ea0100"),
            ("Account", account.encoded, "080210ac02180130ac02"),
        ]
    }

    @Test("one value of each message has its golden bytes")
    func values() throws {
        for (name, bytes, golden) in Self.rows() { #expect(Hex.lower(bytes) == golden, "\(name)") }
        let price = JobPrice(bid: 4, resource: 1, engineID: Self.digest, paysCredits: true)
        let request = SubmitJob(
            program: Self.digest, input: (nil, []), tasks: 1,
            limits: TaskLimits(fuel: 1, outputBytes: 2, computeUnits: 3), price: price)
        #expect(Hex.lower(request.encoded.suffix(2)) == "5001")
        #expect(try SubmitJob(decoding: request.encoded) == request)
    }

    @Test("every message decodes to itself")
    func decoding() throws {
        for (name, bytes, _) in Self.rows() {
            let again: any Message
            switch name {
            case "ChallengeAnswer": again = try ChallengeAnswer(decoding: bytes)
            case "Item": again = try Item(decoding: bytes)
            case "ChallengeRecord": again = try ChallengeRecord(decoding: bytes)
            case "UptimeRecord": again = try UptimeRecord(decoding: bytes)
            case "RequesterRecord": again = try RequesterRecord(decoding: bytes)
            case "Account": again = try Account(decoding: bytes)
            case "signed part": continue
            default: again = try TransactionContent(decoding: bytes)
            }
            #expect(again.encoded == bytes, "\(name)")
        }
    }

    @Test("what is held of the balance for a job paid in credits is nothing")
    func spending() {
        func spending(_ credits: Bool) -> Amount {
            let price = JobPrice(bid: 4, resource: 1, engineID: Self.digest, paysCredits: credits)
            return Action.submitJob(
                SubmitJob(
                    program: Self.digest, input: (nil, []), tasks: 2,
                    limits: TaskLimits(fuel: 1, outputBytes: 2, computeUnits: 3), price: price)
            ).spending
        }
        #expect(spending(false) == Amount(24) && spending(true) == .zero)
        #expect(Action.buyCredits(BuyCredits(amount: Amount(7))).spending == Amount(7))
    }

    @Test("keys are tags and ids")
    func keys() {
        #expect(Hex.lower(StateKey.uptime(Self.address)) == "2a" + Self.twenty)
        #expect(Hex.lower(StateKey.requester(Self.address)) == "2b" + Self.twenty)
        #expect(Hex.lower(StateKey.singleton(.challenges)) == "0828")
    }
}
