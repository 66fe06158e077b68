// Tasks of a network with a cheater, executed again by a stranger: an honest one agrees, a wrong one differs, and the
// transcript of its dispute is proved, in `audit` and in `query why`, with a node and from a file.
import Client
import Codec
import Foundation
import Primitives
import RPC
import Testing

struct AuditedNetwork {
    let folder: String
    let node: String
    let genesisHash: String

    /// A network that `localnet up --keep` left running.
    init(folder: String) throws {
        struct Record: Decodable {
            struct Node: Decodable { let rpc: String? }
            let genesisHash: String
            let nodes: [Node]
        }
        let data = try Data(contentsOf: URL(fileURLWithPath: folder + "/localnet.json"))
        let record = try JSONDecoder().decode(Record.self, from: data)
        self.folder = folder
        (node, genesisHash) = (try #require(record.nodes[1].rpc), record.genesisHash)
    }

    private func audit(_ job: String, _ index: String) throws -> (json: JSON, code: Int32) {
        let run = try Program.run([
            "audit", "\(job)/\(index)", "--node", node, "--genesis-hash", genesisHash, "--json",
        ])
        let json = try JSON(parsing: Bytes(run.output), max: 1 << 22)
        #expect(json["schema"] == "merit.audit.1" && json["verified"] == true, "\(run.complaint)")
        return (json, run.code)
    }

    /// In the epoch that slashed the cheater.
    func check(cheater: String, epoch: String) throws {
        let file = folder + "/why.json"
        let why = try Program.run([
            "query", "why", cheater, "--epoch", epoch, "--node", node, "--genesis-hash", genesisHash, "--out", file,
            "--json",
        ])
        try #require(why.code == 0, "\(why.complaint)")
        let slashes = try JSON(parsing: Bytes(why.output), max: 1 << 24).elements("slashes", max: 256)
        let slash = try #require(slashes.first { $0["offence"] == "wrong_result" && $0["dispute"] != nil })
        let told = try slash.member("dispute")
        #expect(told["evidence"] == slash["evidence"] && told["outcome"] == "stands")
        #expect(try told.elements("votes", max: 16).count { $0["result"] != .null } >= 3)
        let offline = try Program.run(["query", "why", "--offline", file, "--json"])
        #expect(offline.code == 0 && offline.complaint.isEmpty)
        try checkBytes(file)

        let task = try told.member("task")
        let job = try task.text("job")
        let index: UInt32 = try task.number("index")
        let wrong = try audit(job, "\(index)")
        #expect(wrong.code == 1 && wrong.json["verdict"] == "differs" && wrong.json["chain"] == "same")
        #expect(try wrong.json.elements("differences", max: 6).contains { $0["name"] == "output" })
        let judged = try wrong.json.member("dispute")
        #expect(judged["evidence"] == told["evidence"] && judged["settled_epoch"] == .string(epoch))
        #expect(judged["stands"] == told["stands"] && judged["votes"] == told["votes"])
        #expect(try judged.elements("slashes", max: 16).contains { $0["account"] == .string(cheater) })
        let executed = try wrong.json.member("executed")
        #expect(try executed["output"] == judged.member("stands")["output"])
        let honest = try checkHonest(job, besides: cheater)
        try checkDisputes(job, late: index, right: honest)
    }

    /// What nobody may dispute any more, and what nobody has reason to.
    private func checkDisputes(_ job: String, late: UInt32, right: UInt32) throws {
        let key = folder + "/requester/keys/account.json"
        func dispute(_ index: UInt32) throws -> (complaint: String, code: Int32) {
            let run = try Program.run([
                "dispute", "\(job)/\(index)", "--key", key, "--node", node, "--genesis-hash", genesisHash,
            ])
            return (run.complaint, run.code)
        }
        let late = try dispute(late)
        #expect(late.code == 1 && late.complaint.hasPrefix("too late: "), "\(late)")
        let right = try dispute(right)
        #expect(right.code == 1 && right.complaint.hasPrefix("nothing to dispute: "), "\(right)")
    }

    private func checkHonest(_ job: String, besides cheater: String) throws -> UInt32 {
        let client = RPCClient(try #require(NodeURL(node)))
        let tasks = try client.call("job", ["id": .string(job), "per_page": "100"]).elements("tasks", max: 100)
        let honest = try #require(tasks.first { $0["provider"] != .string(cheater) && $0["output"] != "" })
        let index: UInt32 = try honest.number("index")
        let right = try audit(job, "\(index)")
        #expect(right.code == 0 && right.json["verdict"] == "agrees" && right.json["chain"] != "other")
        #expect(right.json["dispute"] == .null)
        let none = try Program.run(["audit", "\(job)/99", "--node", node, "--genesis-hash", genesisHash])
        #expect(none.code == 3 && none.complaint.hasPrefix("nobody was given task 99"))
        return index
    }

    /// Some of the bytes of the kept explanation, those of the transcripts among them.
    private func checkBytes(_ file: String) throws {
        let json = try JSON(parsing: Bytes(try Data(contentsOf: URL(fileURLWithPath: file))), max: 1 << 24)
        let bytes = try json.base64("explanation")
        let honest = try Explanation(decoding: bytes)
        #expect(!honest.evidence.isEmpty)
        var held: [Int] = []
        for place in stride(from: 0, to: bytes.count, by: max(1, bytes.count / 41)) {
            var changed = bytes
            changed[place] ^= 1
            do {
                _ = try Explanation(decoding: changed).check()
                held.append(place)
            } catch {
                continue
            }
        }
        #expect(held == [], "bytes that do not matter, of \(bytes.count)")
    }
}
