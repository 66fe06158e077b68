// Crashes, returns and joins of real processes on loopback, over TLS, on real disks.
import Foundation
import Primitives
import RPC
import Testing

@Suite("Real processes", .serialized)
struct ProcessTests {
    @Test(
        "one killed validator returns, all four killed resume without a lost height, a fifth node joins by block sync")
    func crashes() throws {
        let network = try TestNetwork(validators: 4)
        for node in network.nodes { try node.start() }
        try network.waitUntilAll(reach: 5)

        network.nodes[2].stop(SIGKILL)
        let others = [0, 1, 3].map { network.nodes[$0] }
        let atDeath = network.highest
        try network.waitUntilAll(reach: atDeath + 5, others)
        try network.nodes[2].start()
        try network.waitUntilAll(reach: network.highest + 2)

        for node in network.nodes { node.stop(SIGKILL) }
        for node in network.nodes { try node.start() }
        let afterAll = atDeath + 7
        try network.waitUntilAll(reach: afterAll + 3)

        let guest = try join(network)
        try wait(for: "the fifth node") { (guest.height ?? 0) >= network.highest && network.highest > 0 }

        let common = try #require((network.nodes + [guest]).compactMap(\.height).min())
        let headers = Set(try (network.nodes + [guest]).map { try $0.header(common) })
        #expect(headers.count == 1)
        let early = Set(try (network.nodes + [guest]).map { try $0.header(atDeath) })
        #expect(early.count == 1)

        let codes = (network.nodes + [guest]).map { $0.stop(SIGTERM) }
        #expect(codes == [0, 0, 0, 0, 0])
    }

    @Test("a synced node that registers votes after the epoch, and unbonds again")
    func registration() throws {
        let network = try TestNetwork(validators: 2, secondsPerEpoch: 5)
        for node in network.nodes { try node.start() }
        try network.waitUntilAll(reach: 2)
        let guest = try join(network)
        try wait(for: "the guest") { (guest.height ?? 0) >= 2 }

        func answer(_ arguments: [String]) throws -> JSON {
            let run = try Program.run(arguments + ["--node", "http://" + guest.rpc])
            try #require(run.code == 0, "\(arguments): \(run.complaint)")
            return try JSON(parsing: Bytes(run.output), max: 1 << 20)
        }
        let key = guest.home + "/keys/account.json"
        let keys = try Program.run(["keys", "show", "--home", guest.home, "--json"]).output
        let account = try JSON(parsing: Bytes(keys), max: 1 << 16).member("account").text("address")
        _ = try answer([
            "tx", "transfer", "--to", account, "--amount", "2000000000000", "--key",
            network.files.nodes[0].home + "/keys/account.json", "--wait",
        ])
        let stake = ["stake", "register", "--home", guest.home, "--amount", "1500000000000", "--json"]
        let registered = try answer(stake)
        #expect(registered["schema"] == "merit.stake.register.1" && registered["account"] == .string(account))
        #expect(registered["bond"] == "1500000000000")
        let validator = try registered.text("validator")
        let twice = try Program.run(stake + ["--node", "http://" + guest.rpc])
        #expect(twice.code == 1 && twice.complaint.contains("validator_exists"), "\(twice.complaint)")

        try wait(for: "a commit that the guest signed") { try guest.signers().contains(validator) }
        let change = ["--amount", "500000000000", "--key", key, "--json"]
        #expect(try answer(["stake", "unbond"] + change)["schema"] == "merit.stake.unbond.1")
        let tooMuch = try Program.run(
            ["stake", "unbond", "--amount", "500000000000", "--key", key, "--node", "http://" + guest.rpc])
        #expect(tooMuch.code == 1 && tooMuch.complaint.contains("stake_below_minimum"), "\(tooMuch.complaint)")
        #expect((network.nodes + [guest]).map { $0.stop(SIGTERM) } == [0, 0, 0])
    }

    /// A node with keys of its own that knows the genesis and the addresses of the others.
    private func join(_ network: TestNetwork) throws -> TestNode {
        let home = network.folder + "/guest"
        #expect(try Program.run(["init", "--home", home, "--chain-id", "merit-local"]).code == 0)
        let files = FileManager.default
        try? files.removeItem(atPath: home + "/genesis.json")
        try files.copyItem(atPath: network.nodes[0].home + "/genesis.json", toPath: home + "/genesis.json")
        let port = 20_000 + Int.random(in: 0..<20_000)
        let peers = network.files.nodes.map { "\"\($0.peer_id)@\($0.listen)\"" }.joined(separator: ", ")
        let template = try String(contentsOfFile: home + "/config.toml", encoding: .utf8)
        let text = template.replacingOccurrences(of: "persistent_peers = [\n]", with: "persistent_peers = [\(peers)]")
            .replacingOccurrences(of: "0.0.0.0:26656", with: "127.0.0.1:\(port)")
            .replacingOccurrences(of: "127.0.0.1:26657", with: "127.0.0.1:\(port + 1)")
        try text.write(toFile: home + "/config.toml", atomically: true, encoding: .utf8)
        let guest = TestNode(home: home, rpc: "127.0.0.1:\(port + 1)")
        network.guests.append(guest)
        try guest.start()
        return guest
    }

    @Test("the commands about the signing record answer one JSON object each, and say who may sign")
    func recordCommands() throws {
        let folder =
            FileManager.default.temporaryDirectory.path + "/merit-keys-\(ProcessInfo.processInfo.processIdentifier)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        func answer(_ arguments: [String]) throws -> JSON {
            let (output, _, code) = try Program.run(arguments + ["--json"])
            #expect(code == 0, "\(arguments)")
            return try JSON(parsing: Bytes(output), max: 1 << 20)
        }
        let validator = try answer(["init", "--home", folder, "--chain-id", "keys-1"]).text("validator")
        let exported = try answer(["keys", "export-record", "--home", folder])
        #expect(try exported.text("schema") == "merit.keys-export-record.1")
        #expect(try exported.text("validator") == validator)
        let file = folder + "/record.json"
        try exported.text("interchange").write(toFile: file, atomically: true, encoding: .utf8)
        let imported = try answer(["keys", "import-record", file, "--home", folder])
        #expect(
            imported == [
                "schema": "merit.keys-import-record.1", "validator": .string(validator), "entries": .number(0),
            ])
        let record = "\(folder)/data/signing/\(validator).record"
        try FileManager.default.removeItem(atPath: record)
        let fresh = try answer(["keys", "accept-fresh", "--home", folder])
        #expect(
            fresh == [
                "schema": "merit.keys-accept-fresh.1", "validator": .string(validator), "record": .string(record),
            ])
    }
}
