// Class Q over real processes: a validator, three providers of which one lies, an engine that is sha256sum, and a
// requester. A provider is killed between its seal and the others'.
import Client
import Cryptography
import Foundation
import Primitives
import RPC
import Testing

/// A network on which panels work, asked as a stranger asks.
protocol PanelCast {
    var network: TestNetwork { get }
}

extension PanelCast {
    var node: String { "http://" + network.nodes[0].rpc }
    var requester: [String] {
        ["--key", network.files.nodes[0].home + "/keys/account.json", "--node", node, "--json"]
    }

    func status(_ job: String) throws -> JSON {
        try MarketProcessTests.json(["job", "status", job, "--node", node, "--json"])
    }

    func seats(_ job: String, _ index: Int) throws -> [JSON] {
        let panels = try status(job).elements("panels", max: 16)
        return panels.count > index ? try panels[index].elements("seats", max: 16) : []
    }

    func waitForPay(_ job: String) throws {
        try wait(for: "the pay") { try status(job).elements("panels", max: 16).allSatisfy { $0["settled"] == true } }
    }

    func audit(_ task: String, code: Int32) throws -> JSON {
        let hash = network.files.genesis_hash
        return try MarketProcessTests.json(
            ["audit", task, "--node", node, "--genesis-hash", hash, "--json"], code: code)
    }

    /// The panel as `merit audit` proves it, once the settlement is proved too.
    func settledPanel(_ task: String, code: Int32 = 0) throws -> (found: JSON, panel: JSON) {
        var found: JSON = .null
        try wait(for: "the proof of the settlement") {
            found = try audit(task, code: code)
            return try found.member("panel")["settled_epoch"] != .null
        }
        return (found, try found.member("panel"))
    }
}

@Suite("Panels", .serialized)
struct PanelProcessTests {
    private static let engine = ["--engine", "sha256=sha256sum", "--engine", "broken=false"]

    /// One after the other, so that the first ones have sealed when the last one begins.
    private struct Cast: PanelCast {
        let folder: String
        let network: TestNetwork
        let honest: [TestProvider]
        let liar: TestProvider
    }

    @Test("a panel comes to a majority over a restart; a liar is in the minority, unpaid", .timeLimit(.minutes(4)))
    func majority() throws {
        let folder = NSTemporaryDirectory() + "merit-panel-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let providers = try (0..<3).map { try TestProvider(home: "\(folder)/provider\($0)") }
        let network = try TestNetwork(
            validators: 1, secondsPerEpoch: 5, genesis: try MarketProcessTests.template(providers, in: folder))
        for node in network.nodes { try node.start() }
        let cast = Cast(
            folder: folder, network: network, honest: Array(providers.dropLast()), liar: providers[2])
        try wait(for: "the first blocks") { (network.nodes[0].height ?? 0) >= 2 }
        try checkEstimate(cast)
        for provider in cast.honest { try provider.start(network, Self.engine) }
        try cast.liar.start(network, Self.engine + ["--cheat-ppm", "1000000"])
        try wait(for: "the offers of all") {
            try providers.allSatisfy { try MarketProcessTests.isOffering($0, cast.node) }
        }
        cast.liar.stop(SIGTERM)
        let job = try submit(cast)
        let seats = { try cast.seats(job, 0) }
        try wait(for: "the seals of two") { try seats().count { $0["sealed"] == true } == 2 }
        _ = try cast.audit("\(job)/0", code: 3)
        // What it sealed it still knows afterwards.
        cast.honest[0].stop(SIGKILL)
        try cast.honest[0].start(network, Self.engine)
        try cast.liar.start(network, Self.engine + ["--cheat-ppm", "1000000"])
        try wait(for: "the verdicts") { try cast.status(job).member("job").number("done") == 2 }
        try checkOutput(job, cast)
        try cast.waitForPay(job)
        let epoch = try checkAudit(job, cast)
        try checkPay(cast, epoch)
        try checkBroken(cast)
        for provider in providers { #expect(provider.stop(SIGTERM) == 0) }
    }

    private func checkEstimate(_ cast: Cast) throws {
        let file = cast.folder + "/picture.bin"
        try Data("picture".utf8).write(to: URL(fileURLWithPath: file))
        let estimate = try MarketProcessTests.json(
            ["job", "estimate", file, "--engine", "sha256", "--replicas", "3", "--tasks", "2", "--json"])
        #expect(estimate["class"] == "Q" && estimate["replicas"] == .number(3))
        let (held, paid): (UInt64, UInt64) = (try estimate.decimal("escrow"), try estimate.decimal("fee"))
        // Five escrows are held and three fees paid, of a charge that is flat.
        #expect(held * 3 == paid * 5 && held > 0)
        #expect(try Program.run(["job", "estimate", file, "--engine", "sha256", "--replicas", "4"]).code == 2)
        #expect(try Program.run(["job", "estimate", file, "--replicas", "3"]).code == 2)
        #expect(try Program.run(["job", "estimate", file, "--engine", "a b"]).code == 2)
    }

    private func submit(_ cast: Cast) throws -> String {
        let file = cast.folder + "/picture.bin"
        let arguments = ["job", "submit", file, "--engine", "sha256", "--replicas", "3", "--tasks", "2"]
        let prepaid = try Program.run(arguments + ["--assurance", "500000"] + cast.requester)
        #expect(prepaid.code == 2)
        let submitted = try MarketProcessTests.json(arguments + cast.requester)
        let job = try submitted.member("job")
        #expect(job["class"] == "Q" && job["replicas"] == .number(3))
        return try submitted.text("id")
    }

    private func checkOutput(_ job: String, _ cast: Cast) throws {
        let outputs = try MarketProcessTests.json(
            ["job", "output", job, "--node", cast.node, "--out", cast.folder + "/results", "--json"])
        let rows = try outputs.elements("outputs", max: 16)
        #expect(rows.count == 2)
        let expected = "\(Hash.sha256(Bytes("picture".utf8)))  -\n"
        for row in rows {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: try row.text("path")))
            #expect(row["source"] == "provider" && String(decoding: bytes, as: UTF8.self) == expected)
        }
    }

    /// The epoch that paid.
    private func checkAudit(_ job: String, _ cast: Cast) throws -> UInt64 {
        let (found, panel) = try cast.settledPanel("\(job)/0")
        #expect(found["verdict"] == "quorum" && found["verified"] == true && found["executed"] == .null)
        #expect(try found.member("task")["class"] == "Q")
        #expect(panel["rows_missing"] == "")
        #expect(panel["agreeing"] == .number(2) && panel["checked"] == false)
        for seat in try panel.elements("seats", max: 16) {
            let isLiar = seat["provider"] == .string(cast.liar.address)
            #expect(seat["sealed"] == true && seat["revealed"] == true && seat["agrees"] == .bool(!isLiar))
            #expect(seat["pay"] == (isLiar ? "unpaid" : "paid") && seat["lost"] == "0")
            #expect((seat["row"] == .null) == isLiar)
        }
        let text = try Program.run(["audit", "\(job)/1", "--node", cast.node])
        let words = String(decoding: text.output, as: UTF8.self)
        #expect(text.code == 0 && words.contains("Nothing was executed here") && words.contains(cast.liar.address))
        let none = try Program.run(["audit", "\(job)/2", "--node", cast.node])
        #expect(none.code == 3 && none.complaint.hasPrefix("nobody was given task 2"))
        return try panel.decimal("settled_epoch")
    }

    private func checkPay(_ cast: Cast, _ epoch: UInt64) throws {
        let client = RPCClient(try #require(NodeURL(cast.node)))
        func fee(_ provider: TestProvider) throws -> UInt64 {
            let rows = try client.call("rewards", ["epoch": .decimal(epoch), "account": .string(provider.address)])
                .elements("rows", max: 16).filter { $0["kind"] == "fee" }
            return try rows.reduce(0) { $0 + (try $1.decimal("amount")) }
        }
        for provider in cast.honest { #expect(try fee(provider) > 0) }
        #expect(try fee(cast.liar) == 0)
    }

    /// An engine that fails leaves the seats silent, and says so once for each try.
    private func checkBroken(_ cast: Cast) throws {
        let file = cast.folder + "/picture.bin"
        let submitted = try MarketProcessTests.json(
            ["job", "submit", file, "--engine", "broken", "--replicas", "3", "--tasks", "1"] + cast.requester)
        let job = try submitted.text("id")
        try wait(for: "the engines' failures") {
            cast.honest.allSatisfy { $0.log.contains("engine failed, the seat stays silent") }
        }
        #expect(try cast.seats(job, 0).allSatisfy { $0["sealed"] == false })
    }
}
