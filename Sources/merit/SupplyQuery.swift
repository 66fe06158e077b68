// `merit query supply`: where every unit of MRT is, in one table that sums to what was issued.
import ArgumentParser
import Primitives
import RPC

struct SupplyQuery: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "supply", abstract: "Where every unit of MRT is.",
        discussion: """
            One row for each place that holds MRT, and what it is there for. The places sum to what genesis gave out and
            what was minted since: nothing is lost, and nothing is counted twice. The reserve is not issued yet and
            stands apart.

              merit query supply --node http://127.0.0.1:26657

            Ends with 3 when the places do not sum to what was issued.
            """)

    /// What stands in a place, for people.
    static let meanings = [
        "balances": "free, in accounts", "bonds": "stakes of validators and providers, unbonding parts included",
        "escrow": "for tasks that are not settled", "pool_usage": "rewards for verified work",
        "pool_standby": "rewards for answered challenges", "pool_audit": "rewards for audits",
        "pool_treasury": "spent by vote of the stake alone", "pool_credits": "behind credits, pays fees only",
        "vesting": "earned, released day by day", "burned": "destroyed for good",
    ]

    @OptionGroup var options: NodeOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let answer = try options.ask("supply")
        let table: SupplyTable
        do { table = try SupplyTable(answer) } catch {
            Merit.leave("\(options.node): no answer of the protocol: \(error)", 1)
        }
        output.answer("query-supply", table.members, text: table.text)
        if !table.isEqual { Merit.leave("refused: the places do not sum to what was issued", 3) }
    }
}

/// What a node says, summed again here.
struct SupplyTable {
    let height: String
    let places: [(name: String, units: UInt64)]
    let genesis: UInt64
    let minted: UInt64
    let reserve: UInt64

    init(_ answer: JSON) throws(ShapeError) {
        height = try answer.text("height")
        (genesis, minted) = (try answer.decimal("genesis"), try answer.decimal("minted"))
        reserve = try answer.decimal("reserve")
        var places: [(String, UInt64)] = []
        for place in try answer.elements("places", max: 64) {
            places.append((try place.text("name"), try place.decimal("amount")))
        }
        self.places = places
    }

    var issued: UInt128 { UInt128(genesis) + UInt128(minted) }
    private var sum: UInt128 { places.reduce(UInt128(0)) { $0 + UInt128($1.units) } }
    var isEqual: Bool { sum == issued }

    var members: [(String, JSON)] {
        let rows = places.map { place -> JSON in
            [
                "name": .string(place.name), "amount": .decimal(place.units),
                "what": .string(SupplyQuery.meanings[place.name] ?? ""),
            ]
        }
        return [
            ("height", .string(height)), ("places", .array(rows)), ("issued", .string(String(issued))),
            ("genesis", .decimal(genesis)), ("minted", .decimal(minted)),
            ("burned", .decimal(places.first { $0.name == "burned" }?.units ?? 0)), ("reserve", .decimal(reserve)),
            ("equal", .bool(isEqual)),
        ]
    }

    var text: String {
        var table = TextTable(["place", "MRT", "%", "what it is there for"])
        for place in places + [("sum", UInt64(clamping: sum))] {
            let share = issued == 0 ? 0 : UInt64(clamping: UInt128(place.units) * 10_000 / issued)
            let hundredths = share % 100 < 10 ? "0\(share % 100)" : "\(share % 100)"
            table.add([
                place.name, Amount(place.units).tokens, "\(share / 100).\(hundredths)",
                SupplyQuery.meanings[place.name] ?? "",
            ])
        }
        let sources = "genesis \(Amount(genesis).tokens) + minted \(Amount(minted).tokens)"
        return
            (["Supply at height \(height)", ""] + table.lines + [
                "", "issued: \(Amount(UInt64(clamping: issued)).tokens) (\(sources))",
                "equal to the unit: \(isEqual ? "yes" : "NO")", "reserve, not issued yet: \(Amount(reserve).tokens)",
            ]).joined(separator: "\n")
    }
}
