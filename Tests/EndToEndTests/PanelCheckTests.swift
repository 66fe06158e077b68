// Class Q with operators to spare, over real processes: two validators and eight providers, of which two lie, on a
// chain that has every panel checked. Whichever seven sit on a panel, one of them lies. An engine that only five offer
// has nobody to check it, and gives each of its first three seats another result.
import Client
import Foundation
import Primitives
import RPC
import Testing

@Suite("Checked panels", .serialized)
struct PanelCheckTests {
    private struct Cast: PanelCast {
        let folder: String
        let network: TestNetwork
        let honest: [TestProvider]
        let liars: [TestProvider]

        func isLiar(_ seat: JSON) -> Bool { liars.contains { seat["provider"] == .string($0.address) } }

        func submit(_ engine: String, tasks: Int) throws -> String {
            let file = folder + "/picture.bin"
            return try MarketProcessTests.json(
                ["job", "submit", file, "--engine", engine, "--replicas", "3", "--tasks", "\(tasks)"] + requester
            ).text("id")
        }
    }

    /// Seven tenths of a fee are for verification, so that the pool pays all four checkers even where one seat of three
    /// won. Nobody is late on a machine that is busy.
    private static let settings = [
        "panel_check_ppm": "1000000", "fee_audit_ppm": "700000", "budget_blocks_min": "240",
    ]

    /// The n-th to ask about a task hears n; of task 0 the fourth and the fifth hear what the first one did.
    private static let script = """
        for n in 1 2 3 4 5; do mkdir "$1/ticket-$MERIT_TASK-$n" 2>/dev/null && break; done
        if [ "$MERIT_TASK" = 0 ] && [ "$n" -gt 3 ]; then n=1; fi
        echo "$n"
        """

    @Test(
        "a panel is checked by four others, who are paid; without a majority two more decide",
        .timeLimit(.minutes(4)))
    func checked() throws {
        let folder = NSTemporaryDirectory() + "merit-checked-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let providers = try (0..<8).map { try TestProvider(home: "\(folder)/provider\($0)") }
        let template = try MarketProcessTests.template(providers, in: folder, Self.settings)
        let network = try TestNetwork(validators: 2, secondsPerEpoch: 5, genesis: template)
        let cast = Cast(
            folder: folder, network: network, honest: Array(providers.prefix(6)), liars: Array(providers.suffix(2)))
        try start(cast)
        let (checked, torn) = (try cast.submit("sha256", tasks: 2), try cast.submit("torn", tasks: 2))
        try wait(for: "the verdicts") {
            try cast.status(checked).member("job").number("done") == 2
                && cast.status(torn).elements("panels", max: 2).allSatisfy { $0["phase"] == "closed" }
        }
        try cast.waitForPay(checked)
        for index in 0..<2 { try checkSeats("\(checked)/\(index)", cast) }
        try cast.waitForPay(torn)
        try checkFurther(torn, cast)
        try checkNobody(torn, cast)
        let supply = try MarketProcessTests.json(["query", "supply", "--node", cast.node, "--json"])
        #expect(supply["equal"] == true)
        for provider in providers { #expect(provider.stop(SIGTERM) == 0) }
    }

    private func start(_ cast: Cast) throws {
        try Data("picture".utf8).write(to: URL(fileURLWithPath: cast.folder + "/picture.bin"))
        try Data(Self.script.utf8).write(to: URL(fileURLWithPath: cast.folder + "/torn.sh"))
        let sums = ["--engine", "sha256=sha256sum"]
        let torn = ["--engine", "torn=sh \(cast.folder)/torn.sh \(cast.folder)"]
        for node in cast.network.nodes { try node.start() }
        try cast.network.waitUntilAll(reach: 2)
        for (index, provider) in cast.honest.enumerated() {
            try provider.start(cast.network, index < 5 ? sums + torn : sums)
        }
        for provider in cast.liars { try provider.start(cast.network, sums + ["--cheat-ppm", "1000000"]) }
        for provider in cast.honest + cast.liars {
            try wait(for: "the offers of all") { try MarketProcessTests.isOffering(provider, cast.node) }
        }
    }

    // MARK: Checks

    private func checkSeats(_ task: String, _ cast: Cast) throws {
        let (found, panel) = try cast.settledPanel(task)
        let epoch: UInt64 = try panel.decimal("settled_epoch")
        let seats = try panel.elements("seats", max: 16)
        #expect(found["verdict"] == "quorum" && panel["checked"] == true && panel["rows_missing"] == "")
        let kinds = try seats.map { try $0.text("kind") }
        #expect(kinds == ["replica", "replica", "replica", "checker", "checker", "checker", "checker"])
        #expect(Set(try seats.map { try $0.text("provider") }).count == 7)
        let liars = seats.filter(cast.isLiar)
        #expect((1...2).contains(liars.count) && panel["agreeing"] == .number(7 - liars.count))
        for seat in seats where !cast.isLiar(seat) {
            #expect(seat["agrees"] == true && seat["pay"] == "paid" && seat["lost"] == "0")
            try checkRow(seat, epoch, cast)
        }
        for seat in liars {
            #expect(seat["agrees"] == false && seat["pay"] == "unpaid" && seat["row"] == .null)
            let lost: UInt64 = try seat.decimal("lost")
            #expect(lost > 0)
            let why = try why(seat, epoch, cast)
            let rows = try why.elements("rewards", max: 16)
            #expect(rows.allSatisfy { !["fee", "audit"].contains($0["kind"]) || $0["amount"] == "0" })
            #expect(rows.contains { $0["kind"] == "fee" && $0["reason"] == "result_in_minority" })
            let slashes = try why.elements("slashes", max: 16).filter { $0["offence"] == "wrong_result" }
            #expect(slashes.contains { $0["amount"] == .decimal(lost) && $0["burned"] == $0["amount"] })
        }
    }

    private func why(_ seat: JSON, _ epoch: UInt64, _ cast: Cast) throws -> JSON {
        try MarketProcessTests.json([
            "query", "why", try seat.text("provider"), "--epoch", "\(epoch)", "--node", cast.node, "--genesis-hash",
            cast.network.files.genesis_hash, "--json",
        ])
    }

    /// It is the account's row of the seat's kind, as `query why` proves it.
    private func checkRow(_ seat: JSON, _ epoch: UInt64, _ cast: Cast) throws {
        let row = try seat.member("row")
        let isChecker = seat["kind"] == "checker"
        #expect(row["kind"] == (isChecker ? "audit" : "fee") && row["account"] == seat["provider"])
        #expect(row["epoch"] == .decimal(epoch) && row["reason"] == (isChecker ? "duties_done" : "tasks_settled"))
        #expect(try row.decimal("amount") > UInt64(0))
        let told = try why(seat, epoch, cast).elements("rewards", max: 16).first { $0["kind"] == row["kind"] }
        #expect(told?["amount"] == row["amount"] && told?["place"] == row["place"])
    }

    private func checkFurther(_ job: String, _ cast: Cast) throws {
        let (found, panel) = try cast.settledPanel(job + "/0")
        let epoch: UInt64 = try panel.decimal("settled_epoch")
        let seats = try panel.elements("seats", max: 16)
        #expect(found["verdict"] == "quorum" && panel["checked"] == false && panel["agreeing"] == .number(3))
        let kinds = try seats.map { try $0.text("kind") }
        #expect(kinds == ["replica", "replica", "replica", "further", "further"])
        #expect(Set(try seats.map { try $0.text("provider") }).count == 5)
        #expect(seats.suffix(2).allSatisfy { $0["agrees"] == true })
        for seat in seats {
            #expect(seat["revealed"] == true && seat["pay"] == (seat["agrees"] == true ? "paid" : "unpaid"))
            if seat["agrees"] == true { try checkRow(seat, epoch, cast) }
        }
    }

    private func checkNobody(_ job: String, _ cast: Cast) throws {
        let (found, panel) = try cast.settledPanel(job + "/1", code: 1)
        #expect(found["verdict"] == "no_quorum" && panel["table"] == .null && panel["rows_missing"] == "")
        let seats = try panel.elements("seats", max: 16)
        #expect(seats.count == 5 && seats.allSatisfy { $0["pay"] == "unpaid" && $0["row"] == .null })
        #expect(try cast.status(job).member("job")["held"] == "0")
    }
}
