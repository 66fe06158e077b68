// What a run came to, as `merit.bench.1` and for people. It says what was measured and judges nothing.
package import RPC

/// The figures of one kind of load.
package struct LoadFigures: Sendable {
    /// `attestations` or `transfers`.
    package let load: String
    package let items: Int
    package let committed: Int
    /// From the first request to the moment at which the last item was seen committed.
    package let seconds: Double
    /// libsodium's checks on all nodes together in that time.
    package let signaturesChecked: UInt64
    package let latencies: Latencies

    package init(
        load: String, items: (sent: Int, committed: Int), seconds: Double, signaturesChecked: UInt64,
        latencies: Latencies
    ) {
        (self.load, self.items, committed) = (load, items.sent, items.committed)
        (self.seconds, self.signaturesChecked, self.latencies) = (seconds, signaturesChecked, latencies)
    }

    package var rate: Double { seconds > 0 ? Double(committed) / seconds : 0 }

    /// Every node checked every item itself, and all that was sent is in blocks.
    package func isWhole(nodes: Int) -> Bool {
        committed == items && signaturesChecked >= UInt64(nodes) * UInt64(committed)
    }
}

package struct BenchReport: Sendable {
    package struct Bare: Sendable {
        package let cores: Int
        package let messageBytes: Int
        /// Checks a second, all cores together.
        package let before: Double
        package let after: Double

        package init(cores: Int, messageBytes: Int, before: Double, after: Double) {
            (self.cores, self.messageBytes, self.before, self.after) = (cores, messageBytes, before, after)
        }

        package var rate: Double { max(before, after) }
    }

    package struct Setting: Sendable {
        package let nodes: Int
        /// Items sent and not yet seen committed, at most.
        package let window: Int
        /// Parameters of the genesis that differ from the local network's.
        package let genesis: [(name: String, value: UInt64)]

        package init(nodes: Int, window: Int, genesis: [(name: String, value: UInt64)]) {
            (self.nodes, self.window, self.genesis) = (nodes, window, genesis)
        }
    }

    package let bare: Bare
    package let setting: Setting
    /// The first is the one that the figures at the top are of.
    package let loads: [LoadFigures]

    package init(bare: Bare, setting: Setting, loads: [LoadFigures]) {
        (self.bare, self.setting, self.loads) = (bare, setting, loads)
    }

    /// A check for each node is the least that a committed item costs on this machine, so this share is at most 1.
    package func limitShare(_ figures: LoadFigures) -> Double {
        bare.rate > 0 ? figures.rate / (bare.rate / Double(setting.nodes)) : 0
    }

    /// Empty when every node checked everything.
    package var failures: [String] {
        loads.filter { !$0.isWhole(nodes: setting.nodes) }.map { figures in
            "\(figures.load): \(figures.committed) of \(figures.items) committed, \(figures.signaturesChecked) "
                + "signature checks on \(setting.nodes) nodes"
        }
    }

    package var json: JSON {
        var report: JSON = [
            "schema": "merit.bench.1", "cores": .number(bare.cores), "validators": .number(setting.nodes),
            "message_bytes": .number(bare.messageBytes), "bare_before_per_second": Self.fixed(bare.before, 0),
            "bare_after_per_second": Self.fixed(bare.after, 0), "bare_per_second": Self.fixed(bare.rate, 0),
            "window": .number(setting.window),
            "genesis": .object(setting.genesis.map { ($0.name, JSON.decimal($0.value)) }),
        ]
        for (place, figures) in loads.enumerated() {
            let members = members(figures)
            if place == 0 {
                for (name, value) in members { report = report.adding(name, value) }
            } else {
                report = report.adding(figures.load, .object(members))
            }
        }
        return report
    }

    private func members(_ figures: LoadFigures) -> [(String, JSON)] {
        [
            ("load", .string(figures.load)), ("items", .number(figures.items)),
            ("committed", .number(figures.committed)), ("seconds", Self.fixed(figures.seconds, 3)),
            ("signatures_checked", .decimal(figures.signaturesChecked)),
            ("committed_per_second", Self.fixed(figures.rate, 1)),
            ("limit_share", Self.fixed(limitShare(figures), 4)),
            ("latency_p50_ms", Self.fixed(figures.latencies.percentile(50), 1)),
            ("latency_p99_ms", Self.fixed(figures.latencies.percentile(99), 1)),
        ]
    }

    package var text: String {
        var lines = [
            "bare libsodium  \(Self.digits(bare.rate, 0)) checks/s on \(bare.cores) cores "
                + "(before \(Self.digits(bare.before, 0)), after \(Self.digits(bare.after, 0)); "
                + "messages of \(bare.messageBytes) bytes)"
        ]
        for figures in loads {
            lines += [
                "\(figures.load)  \(Self.digits(figures.rate, 1)) committed/s  "
                    + "(\(figures.committed) in \(Self.digits(figures.seconds, 1)) s on \(setting.nodes) validators)",
                "  share of the limit  \(Self.digits(limitShare(figures), 4))  "
                    + "(limit: bare rate / \(setting.nodes) = "
                    + "\(Self.digits(bare.rate / Double(setting.nodes), 0))/s)",
                "  latency p50 \(Self.digits(figures.latencies.percentile(50), 1)) ms, p99 "
                    + "\(Self.digits(figures.latencies.percentile(99), 1)) ms, "
                    + "with up to \(setting.window) items under way",
                "  signature checks on all nodes  \(figures.signaturesChecked)",
            ]
        }
        for (name, value) in setting.genesis { lines.append("genesis: \(name) = \(value)") }
        return (lines + failures.map { "FAILED: \($0)" }).joined(separator: "\n")
    }

    private static func fixed(_ value: Double, _ places: Int) -> JSON { .number(digits(value, places)) }

    /// A decimal number with so many places.
    static func digits(_ value: Double, _ places: Int) -> String {
        let scale = (0..<places).reduce(1) { product, _ in product * 10 }
        let scaled = Int((value * Double(scale)).rounded())
        if places == 0 { return "\(scaled)" }
        let fraction = String(String(scale + scaled % scale).dropFirst())
        return "\(scaled / scale).\(fraction)"
    }
}
