// What a simulated economy came to, as `merit.economy.1` and for people.
import Economy
import Primitives
import RPC

struct EconomyReport {
    let epochs: UInt64
    let seed: UInt64
    let costPercent: UInt64
    var verdicts: [Verdict] = []
    var checks: [CheckOutcome] = []
    var seconds: UInt64 = 0

    init(epochs: UInt64, seed: UInt64, costPercent: UInt64) {
        (self.epochs, self.seed, self.costPercent) = (epochs, seed, costPercent)
    }

    /// An attacker wins under all rules, or a check does not hold.
    var hasFailed: Bool {
        verdicts.contains { $0.beatsHonest && $0.strategy.missingRule == nil } || checks.contains { !$0.holds }
    }

    // MARK: JSON

    var json: JSON {
        .object([
            ("schema", .string("merit.economy.1")), ("epochs", .number(epochs)), ("seed", .decimal(seed)),
            ("cost_percent", .number(costPercent)), ("strategies", .array(verdicts.map(\.json))),
            ("checks", .array(checks.map(\.json))), ("failed", .bool(hasFailed)), ("seconds", .number(seconds)),
        ])
    }

    // MARK: Text

    var text: String {
        var lines = [
            "MRT over \(epochs) epochs, mean of the seeds; bounds hold 95 % of such means. "
                + "Compute costs \(costPercent) % of the price.", "",
            Self.row(["attacker", "profit", "honest", "difference", "from", "to", "others lose", ""]),
        ]
        for verdict in verdicts {
            let difference = verdict.difference
            lines.append(
                Self.row([
                    verdict.strategy.name, Self.tokens(verdict.profit.mean), Self.tokens(verdict.honestProfit.mean),
                    Self.tokens(difference.mean), Self.tokens(difference.low ?? difference.mean),
                    Self.tokens(difference.high ?? difference.mean), Self.tokens(verdict.harm.mean), verdict.word,
                ]))
            lines.append(
                "    \(verdict.strategy.about); best with \(Contest.text(verdict.strategy, verdict.settings)); beside: "
                    + verdict.honestName + ", in \(verdict.seeds) pairs of runs" + verdict.madeUpText)
        }
        lines += chart
        if !checks.isEmpty { lines += ["", "One parameter 20 % past its limit:"] + checks.map(\.text) }
        return lines.joined(separator: "\n")
    }

    /// Difference to honest, to the left where the attacker loses.
    private var chart: [String] {
        let most = verdicts.map { $0.difference.mean.magnitude }.max() ?? 0
        guard most > 0 else { return [] }
        let half: UInt64 = 24
        return ["", "Difference to honest (the longest bar is \(Self.tokens(Int64(clamping: most))) MRT):"]
            + verdicts.map { verdict in
                let mean = verdict.difference.mean
                let length = Int((UInt128(mean.magnitude) * UInt128(half) / UInt128(most)))
                let bar = String(repeating: "█", count: length)
                let left = mean < 0 ? bar : ""
                let pad = String(repeating: " ", count: Int(half) - left.count)
                return verdict.strategy.name.padded(22) + pad + left + "│" + (mean > 0 ? bar : "")
            }
    }

    private static func row(_ cells: [String]) -> String {
        cells[0].padded(24) + cells.dropFirst().dropLast().map { $0.leftPadded(12) }.joined() + "  "
            + (cells.last ?? "")
    }

    /// MRT with two places.
    static func tokens(_ units: Int64) -> String {
        let cents = units.magnitude / 10_000_000
        return (units < 0 ? "-" : "") + "\(cents / 100).\(cents % 100 < 10 ? "0" : "")\(cents % 100)"
    }
}

extension String {
    func padded(_ width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
    func leftPadded(_ width: Int) -> String { String(repeating: " ", count: max(0, width - count)) + self }
}

extension Verdict {
    fileprivate var word: String {
        if beatsHonest {
            return strategy.missingRule.map { "BEATS HONEST, while this is missing: \($0)" } ?? "BEATS HONEST"
        }
        if losesToHonest { return "loses" }
        return difference.mean == 0 && difference.margin == 0 ? "changes nothing" : "no difference beyond chance"
    }

    /// How often making results up went well.
    fileprivate var madeUpText: String {
        madeUp.all == 0 ? "" : "; made up \(madeUp.all) results, paid were \(madeUp.paid)"
    }

    var json: JSON {
        .object([
            ("name", .string(strategy.name)), ("profit", .decimal(profit.mean)),
            ("profit_margin", .decimal(profit.margin ?? 0)), ("honest", .string(honestName)),
            ("honest_profit", .decimal(honestProfit.mean)),
            ("honest_profit_margin", .decimal(honestProfit.margin ?? 0)), ("difference", .decimal(difference.mean)),
            ("difference_low", .decimal(difference.low ?? difference.mean)),
            ("difference_high", .decimal(difference.high ?? difference.mean)), ("beats_honest", .bool(beatsHonest)),
            ("loses_to_honest", .bool(losesToHonest)), ("others_lose", .decimal(harm.mean)),
            ("honest_slashed", .decimal(honestSlashed)), ("made_up", .number(madeUp.all)),
            ("made_up_paid", .number(madeUp.paid)),
            (
                "settings",
                .object(zip(strategy.knobs, settings).map { ($0.name, .decimal($1)) })
            ), ("missing_rule", strategy.missingRule.map { .string($0) } ?? .null), ("seeds", .number(seeds)),
            ("runs", .number(runs)),
        ])
    }
}

extension CheckOutcome {
    fileprivate var text: String {
        func words(_ verdict: Verdict) -> String {
            "\(EconomyReport.tokens(verdict.difference.mean)) ± "
                + "\(EconomyReport.tokens(verdict.difference.margin ?? 0))"
        }
        return "    \(check.name): \(check.inequality). \(check.strategy.name) differs from honest by "
            + "\(words(atDefault)) MRT with \(check.parameter) \(check.standard), by \(words(past)) with "
            + "\(check.moved) (limit \(check.limit)): \(holds ? "holds" : "DOES NOT HOLD")"
    }

    var json: JSON {
        .object([
            ("name", .string(check.name)), ("inequality", .string(check.inequality)),
            ("parameter", .string(check.parameter)), ("standard", .decimal(check.standard)),
            ("limit", .decimal(check.limit)), ("moved", .decimal(check.moved)), ("at_default", atDefault.json),
            ("past_limit", past.json), ("holds", .bool(holds)),
        ])
    }
}
