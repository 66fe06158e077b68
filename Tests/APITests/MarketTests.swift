import API
import Chain
import Codec
import Cryptography
import Foundation
import Ledger
import NodeCore
import Primitives
import ProgramRules
import Quorum
import RPC
import Rewards
import Testing

/// A chain on which account 10 provides and account 11 asked for three tasks: two have receipts, and two epochs are
/// settled.
struct TestMarket {
    /// The smallest program that the scan accepts: one page of memory.
    static let program: Bytes = [
        0x00, 0x61, 0x73, 0x6D, 0x01, 0x00, 0x00, 0x00,
        0x01, 0x0D, 0x02, 0x60, 0x01, 0x7F, 0x01, 0x7F, 0x60, 0x03, 0x7F, 0x7F, 0x7F, 0x01, 0x7E,
        0x03, 0x03, 0x02, 0x00, 0x01,
        0x05, 0x04, 0x01, 0x01, 0x01, 0x01,
        0x07, 0x18, 0x03, 0x06, 0x6D, 0x65, 0x6D, 0x6F, 0x72, 0x79, 0x02, 0x00,
        0x05, 0x61, 0x6C, 0x6C, 0x6F, 0x63, 0x00, 0x00, 0x03, 0x72, 0x75, 0x6E, 0x00, 0x01,
        0x0A, 0x0C, 0x02, 0x05, 0x00, 0x41, 0x80, 0x08, 0x0B, 0x04, 0x00, 0x42, 0x00, 0x0B,
    ]

    var chain: TestChain
    let job: Digest

    init() throws {
        var rewards = try Parameters.local(epochSeconds: 5)
        rewards.audit.admissionTasks = 0
        var settings = LedgerParameters(rewards: rewards).differences
        // Long enough that the third task is not late when the epochs have passed.
        settings.append(Setting(number: 308, value: 100))
        settings.sort { $0.number < $1.number }
        chain = try TestChain(settings: settings)
        let offer = Offer(resource: 1, engineID: EngineIdentity.id, ask: 1_000)
        let registration = RegisterProvider(
            bond: Amount(700 * TestChain.token), offers: [offer], endpoint: Bytes("http://127.0.0.1:9".utf8))
        try chain.advance([
            TestChain.item(11, 0, .publish(Publish(kind: .program, bytes: Self.program))),
            TestChain.item(10, 0, .registerProvider(registration)),
        ])
        let request = SubmitJob(
            program: Hash.sha256(Self.program), input: (nil, Bytes("abc".utf8)), tasks: 3,
            limits: TaskLimits(fuel: 1_000_000, outputBytes: 1_024, computeUnits: 16),
            price: JobPrice(bid: 1_000, resource: 1, engineID: EngineIdentity.id))
        job = request.id(sender: TestKeys(11).account.address, sequence: 1)
        try chain.advance([TestChain.item(11, 1, .submitJob(request))])
        try chain.advance([])
        try chain.advance([attestation([0, 2])])
        while chain.view.epoch.number < 2 { try chain.advance([]) }
    }

    private func attestation(_ tasks: [UInt32]) -> Bytes {
        let result = TaskResult(
            output: Hash.sha256(Bytes("out".utf8)), finalState: Hash.sha256(Bytes("memory".utf8)), fuel: 500_000,
            peakPages: 1, outputBytes: 3)
        return Item.attestation(
            Attestation.signing(
                job: job, epoch: 0, work: (32, tasks.map { Receipt(taskIndex: $0, result: result) }),
                key: TestKeys(10).account, chainID: TestChain.chainID)
        ).encoded
    }
}

@Suite("market routes")
struct MarketTests {
    /// Each line: a target, a space, and its answer. `JOB`, `PROGRAM` and `PROVIDER` stand for what the test knows.
    private static func golden() throws -> [(target: String, answer: String)] {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let text = try String(contentsOf: folder.appendingPathComponent("Golden/market.txt"), encoding: .utf8)
        return text.split(separator: "\n").map { line in
            let parts = line.split(separator: " ", maxSplits: 1)
            return (String(parts[0]), parts.count > 1 ? String(parts[1]) : "")
        }
    }

    @Test("each method of the market answers its golden JSON")
    func shapes() async throws {
        let market = try TestMarket()
        let handler = RPCHandler(TestNode(market.chain))
        let lines = try Self.golden()
        for (target, answer) in lines {
            let asked = target.replacingOccurrences(of: "JOB", with: "0x\(market.job)")
                .replacingOccurrences(of: "PROGRAM", with: "0x\(Hash.sha256(TestMarket.program))")
                .replacingOccurrences(of: "PROVIDER", with: "%22\(TestKeys(10).account.address.bech32)%22")
            let body = await handler.get(asked).body
            let json = try JSON(parsing: body, max: 1 << 20)
            let found = (json["result"] ?? json["error"] ?? .null).text
            #expect(found == answer, "GOLDEN \(target) \(found)")
        }
        let names = Set(lines.map { $0.target.dropFirst().prefix { $0 != "?" } })
        #expect(
            names == [
                "job", "assignments", "epoch", "rewards", "slashes", "account", "providers", "market", "supply", "blob",
                "evidence", "disputes",
            ])
    }

    @Test("the pages of a table are the table, in its order")
    func pages() async throws {
        let market = try TestMarket()
        let handler = RPCHandler(TestNode(market.chain))
        func rows(_ target: String) async throws -> [JSON] {
            try JSON(parsing: await handler.get(target).body, max: 1 << 20).member("result").elements("rows", max: 100)
        }
        let all = try await rows("/rewards?epoch=1&per_page=100")
        var paged: [JSON] = []
        for page in 1...((all.count + 2) / 3) { paged += try await rows("/rewards?epoch=1&per_page=3&page=\(page)") }
        #expect(paged == all && all.count > 3)
        let own = try await rows("/rewards?epoch=1&account=%22\(TestKeys(10).account.address.bech32)%22")
        #expect(own == all.filter { $0["account"] == .string(TestKeys(10).account.address.bech32) } && !own.isEmpty)
    }

    @Test("tasks that blocks have votes on are found, each once, in so many blocks as one answer reads")
    func disputes() async throws {
        var market = try TestMarket()
        func vote(_ index: UInt32, _ key: Int) -> Bytes {
            let place = TaskPlace(job: market.job, index: index)
            let result = TaskResult(output: .zero, finalState: .zero, fuel: 1, peakPages: 1, outputBytes: 0)
            let content = AuditContent.vote(DisputeVote(task: place, result: result, digest: .zero, digests: []))
            return Item.audit(
                AuditStatement(signing: content, by: market.chain.keys[key].audit, chainID: TestChain.chainID)
            ).encoded
        }
        // The chain refuses them, for there is no such dispute; they stand in their blocks all the same.
        try market.chain.advance([vote(0, 0), vote(2, 0), vote(0, 1)])
        let height = market.chain.view.tip.height
        func found(from height: Height) async throws -> JSON {
            let handler = RPCHandler(TestNode(market.chain))
            return try JSON(parsing: await handler.get("/disputes?height=\(height)").body, max: 1 << 20)
                .member("result")
        }
        let answer = try await found(from: height)
        let indexes = try answer.elements("tasks", max: 9).map { try $0.number("index") as UInt32 }
        #expect(indexes == [0, 2] && answer["lowest"] == "1")
        #expect(try await found(from: height.lowered())["tasks"] == .array([]))
        for _ in 0..<APILimits.searchedBlocksMax { try market.chain.advance([]) }
        let last = market.chain.view.tip.height
        let bounded = try await found(from: last)
        #expect(bounded["tasks"] == .array([]))
        #expect(bounded["lowest"] == .decimal(last.lowered(by: UInt64(APILimits.searchedBlocksMax - 1))))
        #expect(try await found(from: height)["tasks"] == answer["tasks"])
    }
}
