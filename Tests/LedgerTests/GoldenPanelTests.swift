// The bytes of panels: one encoded value of each message. A change here is a change of the chain.
import Chain
import Codec
import Cryptography
import Primitives
import Testing

@testable import Ledger

@Suite("golden panel")
struct GoldenPanelTests {
    static let twenty = GoldenMarketTests.twenty
    static let b = GoldenMarketTests.b
    static let digest = GoldenMarketTests.digest
    static let address = GoldenMarketTests.address
    static let place = GoldenMarketTests.place
    static let sealed = SealedResult(taskIndex: 1, nonce: digest, result: GoldenMarketTests.result)
    static let outcome = "0a20\(b)1220\(b)180120022803"

    static func rows() -> [(String, Bytes, String)] {
        var seat = PanelSeat(provider: address, kind: .checker)
        (seat.seal, seat.blocks, seat.result) = (digest, 2, GoldenMarketTests.result)
        var panel = PanelRecord(
            assigned: .first, budget: 3, seats: [PanelSeat(provider: address, kind: .replica)])
        (panel.isDrawn, panel.result) = (true, GoldenMarketTests.result)
        return [
            (
                "SealResults",
                SealResults(job: digest, seals: [TaskSeal(taskIndex: 1, seal: digest)]).encoded,
                "0a20\(b)1224" + "08011220\(b)"
            ),
            (
                "RevealResults", RevealResults(job: digest, results: [sealed]).encoded,
                "0a20\(b)1270" + "08011220\(b)1a4a\(outcome)"
            ),
            ("PanelSeat", seat.encoded, "0a14\(twenty)100318012220\(b)2802324a\(outcome)"),
            (
                "PanelRecord", panel.encoded,
                "0801100118032007" + "2a1a" + "0a14\(twenty)10011801" + "30013a4a\(outcome)"
            ),
            ("HeldRecord", HeldRecord(amount: Amount(5), part: Amount(2)).encoded, "08051002"),
        ]
    }

    @Test("one value of each message has its golden bytes and decodes to itself")
    func values() throws {
        for (name, bytes, golden) in Self.rows() {
            #expect(Hex.lower(bytes) == golden, "\(name)")
            let again: any Message =
                switch name {
                case "SealResults": try SealResults(decoding: bytes)
                case "RevealResults": try RevealResults(decoding: bytes)
                case "PanelSeat": try PanelSeat(decoding: bytes)
                case "PanelRecord": try PanelRecord(decoding: bytes)
                default: try HeldRecord(decoding: bytes)
                }
            #expect(again.encoded == bytes, "\(name)")
        }
    }

    @Test("a seal is the hash of its label, the provider, the task, the nonce and the result")
    func seal() {
        let bytes =
            Bytes("seal".utf8) + Self.address.bytes + Self.digest.bytes + [0, 0, 0, 1] + Self.digest.bytes
        let expected = Hash.sha256(bytes + GoldenMarketTests.result.encoded)
        #expect(Self.sealed.seal(job: Self.digest, provider: Self.address) == expected)
    }

    @Test("lists ascend by task and are not empty")
    func order() {
        let two = [TaskSeal(taskIndex: 1, seal: .zero), TaskSeal(taskIndex: 1, seal: .zero)]
        #expect(throws: DecodeError.invalid(field: 2)) {
            try SealResults(decoding: SealResults(job: Self.digest, seals: two).encoded)
        }
        #expect(throws: DecodeError.missing(field: 2)) {
            try RevealResults(decoding: RevealResults(job: Self.digest, results: []).encoded)
        }
        #expect(throws: DecodeError.invalid(field: 2)) {
            try RevealResults(
                decoding: RevealResults(job: Self.digest, results: [Self.sealed, Self.sealed]).encoded)
        }
    }

    @Test("keys are tags and ids; a job says how many replicas it wants and holds two more")
    func keys() throws {
        let end = Self.b + "00000102"
        #expect(Hex.lower(StateKey.panel(Self.place)) == "40" + end)
        #expect(Hex.lower(StateKey.panelDeadline(.first, Self.place)) == "410000000000000001" + end)
        #expect(Hex.lower(StateKey.seat(of: Self.address, Self.place)) == "42" + Self.twenty + end)
        #expect(Hex.lower(StateKey.panelDue(Self.place)) == "43" + end)
        #expect(Hex.lower(StateKey.held(Self.address)) == "44" + Self.twenty)
        let request = SubmitJob(
            program: Self.digest, input: (nil, []), tasks: 2,
            limits: TaskLimits(fuel: 1, outputBytes: 2, computeUnits: 3),
            price: JobPrice(bid: 4, resource: 2, engineID: Self.digest, replicas: 3))
        #expect(Hex.lower(request.encoded.suffix(2)) == "5803")
        #expect(try SubmitJob(decoding: request.encoded) == request)
        #expect(Action.submitJob(request).spending == Amount(2 * 5 * 12))
    }
}
