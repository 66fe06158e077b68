// The shape of `merit.bench.1`, and the arithmetic behind its figures. Nothing here measures a time.
import Bench
import Chain
import Cryptography
import Ledger
import Primitives
import Quorum
import RPC
import Testing

@Suite("The bench")
struct BenchReportTests {
    private static let chainID = ChainID("merit-bench".utf8)!

    private static func figures(_ load: String, committed: Int = 1_000, checked: UInt64 = 4_100) -> LoadFigures {
        LoadFigures(
            load: load, items: (1_000, committed), seconds: 0.5, signaturesChecked: checked,
            latencies: Latencies(milliseconds: (1...1_000).reversed().map(Double.init)))
    }

    private static func report(_ loads: [LoadFigures]) -> BenchReport {
        BenchReport(
            bare: .init(cores: 2, messageBytes: 166, before: 30_000, after: 32_000.4),
            setting: .init(nodes: 4, window: 8_192, genesis: [("epoch_seconds", 3_600)]), loads: loads)
    }

    @Test("the answer has this shape, the share is the rate over a fourth of the higher bare rate")
    func golden() {
        #expect(
            Self.report([Self.figures("attestations"), Self.figures("transfers")]).json.text == """
                {"schema":"merit.bench.1","cores":2,"validators":4,"message_bytes":166,\
                "bare_before_per_second":30000,"bare_after_per_second":32000,"bare_per_second":32000,"window":8192,\
                "genesis":{"epoch_seconds":"3600"},"load":"attestations","items":1000,"committed":1000,\
                "seconds":0.500,"signatures_checked":"4100","committed_per_second":2000.0,"limit_share":0.2500,\
                "latency_p50_ms":500.0,"latency_p99_ms":990.0,"transfers":{"load":"transfers","items":1000,\
                "committed":1000,"seconds":0.500,"signatures_checked":"4100","committed_per_second":2000.0,\
                "limit_share":0.2500,"latency_p50_ms":500.0,"latency_p99_ms":990.0}}
                """)
    }

    @Test(
        "a load that was lost, or that not every node checked, is a failure", arguments: [(999, 4_100), (1_000, 3_999)])
    func failures(committed: Int, checked: Int) {
        #expect(Self.report([Self.figures("a")]).failures.isEmpty)
        let bad = Self.report([Self.figures("a"), Self.figures("b", committed: committed, checked: UInt64(checked))])
        #expect(bad.failures.count == 1)
        #expect(bad.text.contains("FAILED: b: \(committed) of 1000 committed, \(checked) signature checks"))
    }

    @Test(
        "a percentile is the nearest rank",
        arguments: [(0, 10.0), (1, 10), (50, 20), (51, 30), (75, 30), (99, 40), (100, 40)])
    func percentiles(percent: Int, expected: Double) {
        #expect(Latencies(milliseconds: [40, 20, 10, 30]).percentile(percent) == expected)
        #expect(Latencies(milliseconds: []).percentile(percent) == 0)
    }

    @Test("claims differ in key and message, hold, and are as long as an attestation's")
    func claims() {
        let claims = AttestationLoad.claims(20, chainID: Self.chainID)
        #expect(Set(claims.map(\.key)).count == 20 && Set(claims.map(\.message)).count == 20)
        #expect(claims.allSatisfy { Ed25519.isValid($0.signature, over: $0.message, by: $0.key) })
        #expect(BareRate(claims).messageBytes == claims.map(\.message.count).max())
    }

    @Test("every task gets one attestation by its provider, and a stranger's task none at all")
    func attestations() {
        let load = AttestationLoad(tasks: 5_000, providers: 3)
        #expect(load.jobs.map(\.tasks) == [4_096, 904])
        #expect(load.setup(chainID: Self.chainID).count == 3 + 1 + 2)
        let owners = load.places.prefix(7).enumerated().map { ($1, load.providers[$0 % 3].address) }
        let result = TaskResult(output: .zero, finalState: .zero, fuel: 1, peakPages: 1, outputBytes: 0)
        let items = load.items(owners, result: result, terms: (0, Self.chainID))
        #expect(Set(items?.map(\.contentID) ?? []).count == 7)
        for case .attestation(let attestation) in items ?? [] {
            #expect(attestation.receipts.count == 1)
        }
        #expect(load.items([(load.places[0], load.requester.address)], result: result, terms: (0, Self.chainID)) == nil)
    }
}
