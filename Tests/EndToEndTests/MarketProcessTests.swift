// A paid job over real processes: a validator, two providers, and a requester that knows their addresses only from the
// chain.
import Client
import Cryptography
import Foundation
import Primitives
import RPC
import Testing

/// A provider's agent as a process.
final class TestProvider {
    let home: String
    let address: String
    private var process: TestProcess?

    init(home: String) throws {
        self.home = home
        let made = try Program.run(["provider", "init", "--home", home, "--json"])
        let json = try JSON(parsing: Bytes(made.output), max: 1 << 16)
        #expect(json["schema"] == "merit.provider.init.1")
        address = try json.text("address")
    }

    func start(_ network: TestNetwork, _ more: [String] = []) throws {
        let nodes = network.nodes.flatMap { ["--node", "http://" + $0.rpc] }
        process = try TestProcess(
            ["provider", "start", "--home", home, "--genesis-hash", network.files.genesis_hash, "--workers", "1"]
                + nodes + more)
    }

    /// The exit code.
    @discardableResult
    func stop(_ signal: Int32) -> Int32 {
        defer { process = nil }
        return process?.stop(signal) ?? -1
    }

    var log: String { (try? String(contentsOfFile: home + "/log/provider.log", encoding: .utf8)) ?? "" }
}

@Suite("Paid jobs", .serialized)
struct MarketProcessTests {
    static let token: UInt64 = 1_000_000_000

    /// Genesis/local.json with these providers, each with a bond of 20 slots and money for its first offers, and with
    /// these parameters changed.
    static func template(
        _ providers: [TestProvider], in folder: String, _ settings: [String: String] = [:]
    ) throws -> String {
        let text = try Data(contentsOf: Program.root.appendingPathComponent("Genesis/local.json"))
        var genesis = try #require(try JSONSerialization.jsonObject(with: text) as? [String: Any])
        var state = try #require(genesis["app_state"] as? [String: Any])
        state["accounts"] = providers.map { ["address": $0.address, "balance": "\(10 * token)"] }
        state["providers"] = providers.map { ["account": $0.address, "bond": "\(7_000 * token)"] }
        var parameters = try #require(state["parameters"] as? [String: String])
        parameters.merge(settings) { $1 }
        state["parameters"] = parameters
        genesis["app_state"] = state
        let path = folder + "/template.json"
        try JSONSerialization.data(withJSONObject: genesis).write(to: URL(fileURLWithPath: path))
        return path
    }

    static func option(paths: UInt32, steps: UInt32) -> Data {
        func bytes(_ value: some FixedWidthInteger) -> [UInt8] { withUnsafeBytes(of: value.littleEndian) { Array($0) } }
        let numbers: [Double] = [100, 100, 0.05, 0.2, 1]
        return Data(bytes(paths) + bytes(steps) + bytes(UInt64(7)) + numbers.flatMap { bytes($0.bitPattern) })
    }

    static func json(_ arguments: [String], code: Int32 = 0) throws -> JSON {
        let run = try Program.run(arguments)
        try #require(
            run.code == code, "merit \(arguments.joined(separator: " ")) ended with \(run.code): \(run.complaint)")
        return try JSON(parsing: Bytes(run.output), max: 1 << 22)
    }

    @Test("two providers execute a job that the command line submits; outputs are verified, both are paid")
    func job() throws {
        let folder = NSTemporaryDirectory() + "merit-market-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let providers = try (0..<2).map { try TestProvider(home: "\(folder)/provider\($0)") }
        let network = try TestNetwork(
            validators: 1, secondsPerEpoch: 5, genesis: try Self.template(providers, in: folder))
        for node in network.nodes { try node.start() }
        let node = "http://" + network.nodes[0].rpc
        let requester = ["--key", network.files.nodes[0].home + "/keys/account.json", "--node", node, "--json"]
        let input = folder + "/option.bin"
        try Self.option(paths: 200, steps: 8).write(to: URL(fileURLWithPath: input))
        let montecarlo = [Self.program("montecarlo"), "--input", input]
        try wait(for: "the first blocks") { (network.nodes[0].height ?? 0) >= 2 }
        try checkAccount(providers[0], network, requester)
        try checkCancel(montecarlo, requester)
        try checkEstimate(montecarlo)
        for provider in providers { try provider.start(network) }
        try wait(for: "the offers of both") { try providers.allSatisfy { try Self.isOffering($0, node) } }

        let tasks = 24
        let submitted = try Self.json(
            ["job", "submit"] + montecarlo + ["--tasks", "\(tasks)", "--bid", "2000", "--wait"] + requester)
        #expect(submitted["schema"] == "merit.job.submit.1" && submitted["ended"] == true)
        #expect(Self.names(submitted) == "schema id program requester limits bid job ended largest_holder")
        let id = try submitted.text("id")
        #expect(try submitted.member("job").number("done") == tasks)

        let outputs = try Self.json(["job", "output", id, "--node", node, "--out", folder + "/results", "--json"])
        #expect(outputs["schema"] == "merit.job.output.1" && Self.names(outputs) == "schema id outputs")
        let rows = try outputs.elements("outputs", max: 100)
        #expect(rows.count == tasks)
        for row in rows {
            let bytes = try Data(contentsOf: URL(fileURLWithPath: try row.text("path")))
            #expect(row["source"] == "provider")
            #expect(Hash.sha256(Bytes(bytes)).bytes == (try row.hex("hash")))
        }
        let status = try Self.json(["job", "status", id, "--node", node, "--json"])
        #expect(status["schema"] == "merit.job.status.1" && Self.names(status) == "schema job tasks panels")
        let owners = Set(try status.elements("tasks", max: 100).map { try $0.text("provider") })
        #expect(owners == Set(providers.map(\.address)))

        let epoch = try checkPay(providers, node)
        try PaidProvider(
            account: providers[0].address, node: node, genesisHash: network.files.genesis_hash, folder: folder
        ).check(epoch: epoch)
        try checkRestart(providers[0], network, folder, requester)
        try checkNewcomer(network, folder, montecarlo, requester)
        try checkGone(providers, id, node)
    }

    static func program(_ name: String) -> String {
        Program.root.appendingPathComponent("Sources/Programs/wasm/\(name).wasm").path
    }

    /// The names of an answer's members, in their order.
    private static func names(_ json: JSON) -> String {
        guard case .object(let members) = json else { return "" }
        return members.map(\.name).joined(separator: " ")
    }

    /// A referral before the first job, credits, and how a provider is paid: said, and shown by `query account`.
    private func checkAccount(_ provider: TestProvider, _ network: TestNetwork, _ requester: [String]) throws {
        let node = "http://" + network.nodes[0].rpc
        let account = network.files.nodes[0].account
        func shown(_ address: String) throws -> JSON {
            try Self.json(["query", "account", address, "--node", node, "--json"]).member("result")
        }
        let bought = try Self.json(["credits", "buy", "--amount", "5000"] + requester)
        #expect(bought["schema"] == "merit.credits.buy.1" && Self.names(bought) == "schema account amount")
        let named = try Self.json(["tx", "register-requester", "--referrer", provider.address] + requester)
        #expect(named["schema"] == "merit.tx.register-requester.1" && Self.names(named) == "schema account referrer")
        let found = try shown(account)
        #expect(found["credits"] == "5000" && found["referrer"] == .string(provider.address))
        #expect(found["delegations"] == .array([]) && found["takes_credits"] == false)
        let again = try Program.run(["tx", "register-requester", "--referrer", provider.address] + requester)
        #expect(again.code == 1 && again.complaint.contains("an account is registered once"))

        let elect = ["--key", provider.home + "/keys/account.json", "--node", node, "--json"]
        let elected = try Self.json(["credits", "elect", "--take", "credits"] + elect)
        #expect(elected["schema"] == "merit.credits.elect.1" && elected["takes_credits"] == true)
        #expect(try shown(provider.address)["takes_credits"] == true)
        _ = try Self.json(["credits", "elect", "--take", "mrt"] + elect)
        #expect(try shown(provider.address)["takes_credits"] == false)
        #expect(try Program.run(["credits", "elect", "--take", "mrt"] + requester).code == 1)
        #expect(try Program.run(["credits", "elect", "--take", "gold"] + elect).code == 2)
        // 5,000 credits are the escrow of no job.
        let limits = ["--fuel", "1000000000", "--output-bytes", "1024", "--compute-units", "1100"]
        let unpaid = try Program.run(
            ["job", "submit", Self.program("montecarlo"), "--tasks", "4", "--credits"] + limits + requester)
        #expect(unpaid.code == 1 && unpaid.complaint.contains("merit credits buy"), "\(unpaid.complaint)")
    }

    /// While nobody offers, every task can be taken back, once.
    private func checkCancel(_ montecarlo: [String], _ requester: [String]) throws {
        let waiting = try Self.json(["job", "submit"] + montecarlo + ["--tasks", "4"] + requester)
        let id = try waiting.text("id")
        let cancelled = try Self.json(["job", "cancel", id] + requester)
        #expect(cancelled["schema"] == "merit.job.cancel.1" && Self.names(cancelled) == "schema id cancelled job")
        #expect(cancelled["cancelled"] == .number(4))
        #expect(try cancelled.member("job").text("held") == "0")
        #expect(try Program.run(["job", "cancel", id] + requester).code == 1)
    }

    private func checkEstimate(_ montecarlo: [String]) throws {
        let estimate = try Self.json(["job", "estimate"] + montecarlo + ["--tasks", "3", "--json"])
        #expect(estimate["schema"] == "merit.job.estimate.1")
        #expect(
            Self.names(estimate) == "schema compute_units fuel peak_pages output_bytes limits floor_price bid tasks "
                + "escrow fee refund total_escrow total_fee class replicas")
        let (escrow, fee): (UInt64, UInt64) = (try estimate.decimal("escrow"), try estimate.decimal("fee"))
        let (refund, total): (UInt64, UInt64) = (try estimate.decimal("refund"), try estimate.decimal("total_fee"))
        #expect(escrow == fee + refund && total == 3 * fee && fee > 0)
    }

    /// A provider that is killed with tasks in hand computes them anew and is not late with any.
    private func checkRestart(
        _ provider: TestProvider, _ network: TestNetwork, _ folder: String, _ requester: [String]
    ) throws {
        let input = folder + "/matrices.bin"
        var bytes: [UInt8] = []
        for value in [64, 64, 64, 4] as [UInt32] { withUnsafeBytes(of: value.littleEndian) { bytes += $0 } }
        for index in 0..<(2 * 64 * 64) {
            withUnsafeBytes(of: Float(index % 97).bitPattern.littleEndian) { bytes += $0 }
        }
        try Data(bytes).write(to: URL(fileURLWithPath: input))
        let submitted = try Self.json(
            ["job", "submit", Self.program("matmul"), "--input", input, "--tasks", "16"] + requester)
        provider.stop(SIGKILL)
        try provider.start(network)
        let id = try submitted.text("id")
        let node = "http://" + network.nodes[0].rpc
        try wait(for: "the receipts of all") {
            let job = try Self.json(["job", "status", id, "--node", node, "--json"]).member("job")
            let states = try job.member("states")
            #expect(states["timed_out"] == .number(0) && states["undeliverable"] == .number(0))
            return try job.number("done") == 16
        }
        #expect(
            try Self.json(["job", "status", id, "--node", node, "--json"]).elements("tasks", max: 16).allSatisfy {
                $0["late_provider"] == ""
            })
    }

    /// Who registers later answers tasks of others for nothing, and is drawn for paid ones after that.
    private func checkNewcomer(
        _ network: TestNetwork, _ folder: String, _ montecarlo: [String], _ requester: [String]
    ) throws {
        let newcomer = try TestProvider(home: folder + "/newcomer")
        let node = "http://" + network.nodes[0].rpc
        let money = ["--to", newcomer.address, "--amount", "\(720 * Self.token)", "--wait"]
        #expect(try Program.run(["tx", "transfer"] + money + requester.dropLast()).code == 0)
        let home = ["--home", newcomer.home, "--node", node, "--json"]
        try wait(for: "its registration") {
            try Program.run(["provider", "register", "--bond", "700"] + home).code == 0
        }
        let waiting = try Self.json(["provider", "status"] + home).member("admission")
        #expect(waiting["admitted"] == false && waiting["needed"] == "2" && waiting["waits_for"] == "no_class_d_offer")
        try newcomer.start(network)
        let job = ["job", "submit"] + montecarlo + ["--tasks", "4", "--wait"] + requester
        try wait(for: "its admission") {
            let owners = try Self.owners(of: Self.json(job).text("id"), node)
            let status = try Self.json(["provider", "status"] + home).member("admission")
            if status["admitted"] == true { return true }
            #expect(!owners.contains(newcomer.address) && status["wrong"] == "0")
            return false
        }
        try wait(for: "a paid task of it") {
            try Self.owners(of: Self.json(job).text("id"), node).contains(newcomer.address)
        }
        #expect(newcomer.stop(SIGTERM) == 0 && newcomer.log.contains("admitted: tasks are drawn"))
    }

    private static func owners(of job: String, _ node: String) throws -> Set<String> {
        let status = try json(["job", "status", job, "--node", node, "--json"])
        return Set(try status.elements("tasks", max: 100).map { try $0.text("provider") })
    }

    static func isOffering(_ provider: TestProvider, _ node: String) throws -> Bool {
        let run = try Program.run(["provider", "status", "--home", provider.home, "--node", node, "--json"])
        guard run.code == 0 else { return false }
        let json = try JSON(parsing: Bytes(run.output), max: 1 << 16)
        #expect(
            names(json)
                == "schema address registered bond slots asks endpoint open_tasks paused reliability outputs height "
                + "admission")
        return try json.text("endpoint").hasPrefix("http://127.0.0.1:")
    }

    /// Both have a fee row in one of the epochs' tables; the epoch that pays the first.
    private func checkPay(_ providers: [TestProvider], _ node: String) throws -> UInt64 {
        let client = RPCClient(try #require(NodeURL(node)))
        var paid: Set<String> = []
        var next: UInt64 = 0
        var paying: UInt64?
        try wait(for: "the pay of both") {
            guard let newest = try? client.call("epoch") else { return false }
            while try next <= newest.decimal("epoch") {
                let table = try client.call("rewards", ["epoch": .decimal(next), "per_page": "100"])
                for row in try table.elements("rows", max: 100)
                where row["kind"] == "fee" && row["amount"] != "0" {
                    paid.insert(try row.text("account"))
                    if row["account"] == .string(providers[0].address), paying == nil { paying = next }
                }
                next += 1
            }
            return paid == Set(providers.map(\.address))
        }
        return try #require(paying)
    }

    /// When the providers are gone, the command says so, and executing the tasks here gives the same bytes.
    private func checkGone(_ providers: [TestProvider], _ id: String, _ node: String) throws {
        #expect(providers.map { $0.stop(SIGTERM) } == [0, 0], "\(providers[0].log.suffix(2_000))")
        let task = ["job", "output", id, "--task", "3", "--node", node, "--json"]
        let missing = try Self.json(task, code: 4)
        #expect(try missing.elements("outputs", max: 1)[0]["source"] == "missing")
        let recomputed = try Self.json(task + ["--recompute"])
        let row = try recomputed.elements("outputs", max: 1)[0]
        #expect(row["source"] == "recomputed" && row["verified"] == true)
        #expect(Hash.sha256(try row.base64("data")).bytes == (try row.hex("hash")))
    }
}
