// Who is told that a panel can be forged: more than a third of the slots that may be drawn in one hand.
import Cryptography
import Primitives
import RPC
import Testing

@testable import merit

@Suite("holders of an engine's slots")
struct SlotHoldersTests {
    private static let engine = Hash.sha256(Bytes("engine".utf8))

    private static func provider(
        _ account: String, _ slots: UInt64, offers engine: Digest = engine, paused: Bool = false, admitted: Bool = true
    ) -> JSON {
        [
            "account": .string(account), "slots": .decimal(slots), "paused": .bool(paused),
            "offers": [["resource": .number(2), "engine_id": .hex(engine), "ask": "1000"]],
            "admission": ["admitted": .bool(admitted)],
        ]
    }

    private static func holders(_ providers: [JSON]) throws -> SlotHolders {
        var holders = SlotHolders()
        for provider in providers { try holders.add(provider, engine: engine) }
        return holders
    }

    @Test("a third is not too much, a slot more is, and who cannot be drawn does not count")
    func shares() throws {
        let even = [Self.provider("a", 10), Self.provider("b", 10), Self.provider("c", 10)]
        let apart = [
            Self.provider("d", 90, paused: true), Self.provider("e", 90, admitted: false),
            Self.provider("f", 90, offers: .zero),
        ]
        let third = try Self.holders(even + apart)
        #expect(third.largest?.ppm == 333_333 && third.warning == nil)
        let more = try Self.holders([Self.provider("a", 11)] + even.dropFirst())
        #expect(more.largest?.account == "a" && more.largest?.ppm == 354_838)
        #expect(more.answer == ["account": "a", "ppm": "354838"])
        #expect(more.warning?.hasPrefix("a holds 35.4 % of the slots that offer this engine") == true)
        #expect(try Self.holders([]).answer == .null && Self.holders(apart).warning == nil)
    }
}
