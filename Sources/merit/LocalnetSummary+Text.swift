// The summary for people: the reward table, the slashing table, and each check in a line.
import Ledger
import Primitives
import RPC
import Rewards

extension LocalnetSummary {
    var text: String {
        let parts =
            epochLines + rewardLines + slashLines + providerLines + workload + checkLines
            + failures.map { "FAILED: \($0)" }
        return parts.joined(separator: "\n")
    }

    private var epochLines: [String] {
        var table = TextTable(["epoch", "height", "rows", "paid MRT", "minted MRT", "burned MRT", "slashed MRT"])
        for entry in tables {
            let summary = entry.summary
            table.add([
                "\(entry.epoch)", "\(summary.height)", "\(summary.rewardRows)", summary.paid.tokens,
                summary.minted.tokens, summary.burned.tokens, summary.slashed.tokens,
            ])
        }
        return ["", "Epochs"] + table.lines
    }

    /// Providers by row; validators' rows are alike and many, so they are summed by kind.
    private var rewardLines: [String] {
        var table = TextTable(["account", "kind", "amount MRT", "why"])
        let workers = Set(providers.map(\.address))
        guard let last = tables.last(where: { table in table.rewards.contains { workers.contains($0.key.account) } })
        else { return [] }
        for row in last.rewards where workers.contains(row.key.account) {
            table.add([Self.short(row.key.account), row.key.kind.label, row.amount.tokens, row.reason.text])
        }
        for kind in RewardKind.allCases {
            let rows = last.rewards.filter { $0.key.kind == kind && !workers.contains($0.key.account) }
            guard let first = rows.first else { continue }
            let sum = rows.reduce(UInt64(0)) { $0 + $1.amount.units }
            table.add(["\(rows.count) others", kind.label, Amount(sum).tokens, first.reason.text])
        }
        return ["", "Rewards of epoch \(last.epoch)"] + table.lines
    }

    private var slashLines: [String] {
        var table = TextTable(["epoch", "account", "offence", "slashed MRT", "reporter", "injured", "burned"])
        for entry in tables {
            for row in entry.slashes {
                table.add([
                    "\(entry.epoch)", Self.short(row.key.account), row.key.offence.label, row.amount.tokens,
                    row.reporter.tokens, row.injured.tokens, row.burned.tokens,
                ])
            }
        }
        return ["", "Slashes"] + (table.isEmpty ? ["none"] : table.lines)
    }

    private var providerLines: [String] {
        if providers.isEmpty { return [] }
        var table = TextTable([
            "provider", "", "tasks", "cu", "fees MRT", "paid MRT", "withheld MRT", "majority", "minority", "silent",
        ])
        for provider in providers {
            table.add([
                Self.short(provider.address), provider.isCheater ? "cheats" : "honest", "\(provider.tasks)",
                "\(provider.computeUnits)", provider.fees.tokens, provider.paid.tokens, provider.withheld.tokens,
                "\(provider.majoritySeats)", "\(provider.minoritySeats)", "\(provider.silentSeats)",
            ])
        }
        return ["", "Providers, all epochs"] + table.lines
    }

    private var checkLines: [String] {
        var lines = [""]
        for tip in tips { lines.append("validator \(tip.address)  height \(tip.height)  app hash \(tip.appHash)") }
        lines.append("app hashes equal: \(areAppHashesEqual ? "yes" : "NO")")
        if let tasks {
            lines.append(
                "tasks: \(tasks.submitted) submitted, \(tasks.attested) attested, \(tasks.audited) audited, "
                    + "\(tasks.settled) settled")
            lines.append("honest participants slashed: \(honestSlashed)")
        }
        if let panels {
            lines.append(
                "panels: \(panels.asked) tasks submitted, \(panels.drawn) panels drawn, \(panels.closed) closed, "
                    + "\(panels.majorities) with a majority, \(panels.minorityResults) results in the minority, unpaid")
        }
        if let lightQuery {
            lines.append(
                "light client: \(lightQuery.address) holds \(lightQuery.balance) at height \(lightQuery.height), "
                    + (lightQuery.verified ? "verified" : "NOT VERIFIED"))
        }
        if let supply {
            lines.append("supply: accounts, bonds and pools sum to what exists: \(supply.equal ? "yes" : "NO")")
        }
        return lines + ["\(seconds) seconds"]
    }

    private static func short(_ account: Address) -> String {
        let text = account.bech32
        return "\(text.prefix(12))…\(text.suffix(4))"
    }
}

/// Columns as wide as their widest cell; numbers to the right.
struct TextTable {
    private var rows: [[String]]

    init(_ header: [String]) { rows = [header] }

    var isEmpty: Bool { rows.count == 1 }

    mutating func add(_ row: [String]) {
        precondition(row.count == rows[0].count, "a row of \(row.count) cells in a table of \(rows[0].count)")
        rows.append(row)
    }

    var lines: [String] {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = row.indices.map { column -> String in
                let space = String(repeating: " ", count: widths[column] - row[column].count)
                let isNumber = rows.dropFirst().allSatisfy { $0[column].first?.isNumber ?? false }
                return isNumber ? space + row[column] : row[column] + space
            }
            let line = "  " + cells.joined(separator: "  ")
            return String(line.prefix(line.count - line.reversed().prefix { $0 == " " }.count))
        }
    }
}
