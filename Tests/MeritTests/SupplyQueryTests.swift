// What `merit query supply` makes of an answer.
import Ledger
import Primitives
import RPC
import Testing

@testable import merit

@Suite("The answer of query supply")
struct SupplyQueryTests {
    private static func answer(burned: UInt64) -> JSON {
        let places: [JSON] = [
            ["name": "balances", "amount": "900000000005"], ["name": "pool_usage", "amount": "95000000000"],
            ["name": "burned", "amount": .decimal(burned)],
        ]
        return [
            "height": "7", "places": .array(places), "genesis": "1000000000000", "minted": "5", "reserve": "40",
            "equal": .bool(true),
        ]
    }

    @Test("merit.query-supply.1 has these members in this order, and its table says what each place is for")
    func golden() throws {
        let table = try SupplyTable(Self.answer(burned: 5_000_000_000))
        let json = JSON.object(table.members).text
        let row = #"{"name":"balances","amount":"900000000005","what":"free, in accounts"}"#
        #expect(json.hasPrefix(#"{"height":"7","places":[\#(row),{"name":"pool_usage","#))
        let tail =
            #"],"issued":"1000000000005","genesis":"1000000000000","minted":"5","burned":"5000000000","#
            + #""reserve":"40","equal":true}"#
        #expect(json.hasSuffix(tail))
        let lines = table.text.split(separator: "\n").map(String.init)
        #expect(lines.contains("  balances     900.000000005   90.00  free, in accounts"))
        #expect(lines.contains("  pool_usage    95.000000000    9.49  rewards for verified work"))
        #expect(lines.contains("equal to the unit: yes"))
    }

    @Test("the places are summed here, whatever the node says of them")
    func unequal() throws {
        let table = try SupplyTable(Self.answer(burned: 4_999_999_999))
        #expect(!table.isEqual)
        #expect(table.text.contains("equal to the unit: NO"))
    }

    @Test("an answer without a number is refused")
    func shape() {
        #expect(throws: ShapeError.self) { try SupplyTable(["height": "7", "places": .array([])]) }
    }

    @Test("every place of the chain's report has its meaning, and nothing else has")
    func meanings() {
        let report = SupplyReport(
            Supply(genesis: .zero, reserve: .zero), rewards: (.zero, .zero, .zero), (.zero, .zero))
        #expect(Set(report.places.map(\.name)) == Set(SupplyQuery.meanings.keys))
    }
}
