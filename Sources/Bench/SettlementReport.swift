// What settlements cost, as `merit.bench.settlement.1` and for people. It says what was measured and judges nothing.
package import Economy
package import RPC

package struct SettlementReport: Sendable {
    private let crowd: Crowd
    private let cores: Int
    private let figures: [SettlementFigures]

    package init(_ crowd: Crowd, cores: Int, figures: [SettlementFigures]) {
        (self.crowd, self.cores, self.figures) = (crowd, cores, figures)
    }

    private static func milliseconds(_ time: Duration) -> Double { time / .milliseconds(1) }

    private static func share(_ figures: SettlementFigures) -> Double {
        figures.total > .zero ? figures.limit / figures.total : 0
    }

    package var json: JSON {
        [
            "schema": "merit.bench.settlement.1", "cores": .number(cores), "validators": .number(crowd.validators),
            "providers": .number(crowd.providers), "delegations": .number(crowd.delegations),
            "active": .number(crowd.active), "supply_equal": true, "epochs": .array(figures.map(members)),
        ]
    }

    private func members(_ figures: SettlementFigures) -> JSON {
        func time(_ duration: Duration) -> JSON { .number(BenchReport.digits(Self.milliseconds(duration), 1)) }
        return [
            "epoch": .decimal(figures.epoch), "tasks": .number(figures.tasks), "rows": .number(figures.rows),
            "state_changes": .number(figures.stateChanges), "writes": .number(figures.writes),
            "bytes": .number(figures.bytes), "apply_ms": time(figures.applied), "tree_ms": time(figures.tree),
            "commit_ms": time(figures.committed), "total_ms": time(figures.total),
            "bare_hash_ms": time(figures.bareHash), "bare_disk_ms": time(figures.bareDisk),
            "limit_ms": time(figures.limit), "limit_share": .number(BenchReport.digits(Self.share(figures), 4)),
        ]
    }

    package var text: String {
        let head =
            "\(crowd.providers) providers, \(crowd.delegations) delegations to \(crowd.validators) validators, "
            + "\(cores) cores"
        return ([head] + figures.flatMap(lines) + ["every record sums to the supply"]).joined(separator: "\n")
    }

    private func lines(_ figures: SettlementFigures) -> [String] {
        func time(_ duration: Duration) -> String { "\(BenchReport.digits(Self.milliseconds(duration), 0)) ms" }
        return [
            "epoch \(figures.epoch): \(figures.tasks) tasks settled in \(time(figures.total)), "
                + "\(figures.rows) reward rows, \(figures.stateChanges) records changed",
            "  judged, tables, roots  \(time(figures.applied)), of it the state tree \(time(figures.tree))",
            "  commit                 \(time(figures.committed)) for \(figures.writes) writes, "
                + "\(figures.bytes / 1_000_000) MB",
            "  share of the limit     \(BenchReport.digits(Self.share(figures), 2))  (limit: SHA-256 of as many bytes "
                + "\(time(figures.bareHash)), writing and syncing them \(time(figures.bareDisk)))",
        ]
    }
}
