import Economy
import Primitives
import RPC
import Testing

@testable import merit

@Suite("The answer of a simulated economy")
struct EconomyReportTests {
    /// The members of an answer, of its first strategy and of its first check.
    @Test("merit.economy.1 has these members in this order")
    func golden() throws {
        var report = EconomyReport(epochs: 6, seed: 1, costPercent: 77)
        let effort = Effort(searchSeeds: 1, finalSeeds: 2, climb: 0, seed: 1)
        let strategy = try #require(Strategies.named("precommit_omitter"))
        let terms = Terms(costPerUnit: Prices.market / 100 * 77, epochs: 6)
        var contest = Contest(strategy, terms, effort)
        report.verdicts = [contest.verdict(settings: [])]
        let members = try #require(report.json.names)
        #expect(
            members == [
                "schema", "epochs", "seed", "cost_percent", "strategies", "checks", "failed", "seconds",
            ])
        #expect(
            report.verdicts[0].json.names == [
                "name", "profit", "profit_margin", "honest", "honest_profit", "honest_profit_margin", "difference",
                "difference_low", "difference_high", "beats_honest", "loses_to_honest", "others_lose", "honest_slashed",
                "made_up", "made_up_paid", "settings", "missing_rule", "seeds", "runs",
            ])
        #expect(report.text.contains("precommit_omitter"))
        #expect(report.text.contains("beside: validate honestly, in 2 pairs of runs"))
    }

    @Test("merit.outlook.1 has these members, and the chart a line for each demand")
    func outlook() {
        let report = OutlookReport(years: 1, outlooks: Demand.allCases.map { Outlook($0, years: 1) })
        #expect(report.json.names == ["schema", "years", "demands"])
        #expect(report.svg.split(separator: "\n").count { $0.hasPrefix("<polyline") } == 20)
        #expect(report.text.split(separator: "\n").count { $0.contains(" → ") } == 20)
    }

    @Test(
        "amounts have two places and their sign",
        arguments: [(1_234_560_000_000, "1234.56"), (-10_000_000, "-0.01"), (0, "0.00"), (-1_050_000_000, "-1.05")])
    func tokens(units: Int64, text: String) { #expect(EconomyReport.tokens(units) == text) }
}

extension JSON {
    fileprivate var names: [String]? {
        guard case .object(let members) = self else { return nil }
        return members.map(\.name)
    }
}
