// A panel as a node answers it and as a stranger proves it: seats, phases, and the epoch that paid. The node may lie:
// whatever byte of its answers changes, the transcript is refused or stays what it was.
import API
import Chain
import Client
import Codec
import Cryptography
import Ledger
import LightClient
import Primitives
import ProgramRules
import Quorum
import RPC
import Rewards
import Testing

/// Accounts 10, 11 and 12 offer an engine; 11 asks for one task of it, about which 12 says something else.
struct PanelMarket {
    static let numbers: [UInt8] = [10, 11, 12]
    static let content = Bytes("picture".utf8)
    var chain: TestChain
    let job: Digest
    private var sequences: [UInt8: UInt64] = [:]

    init() throws {
        var rewards = try Parameters.local(epochSeconds: 5)
        rewards.audit.admissionTasks = 0
        var settings = LedgerParameters(rewards: rewards).differences
        // Long enough that nobody is late when an epoch has passed.
        settings.append(Setting(number: 308, value: 100))
        chain = try TestChain(settings: settings.sorted { $0.number < $1.number })
        let engine = try #require(PanelEngine.id("upscale-2"))
        let offer = Offer(resource: 2, engineID: engine, ask: 1_000)
        let registration = RegisterProvider(bond: Amount(700 * TestChain.token), offers: [offer])
        let request = SubmitJob(
            program: Hash.sha256(Self.content), input: (nil, []), tasks: 1,
            limits: TaskLimits(fuel: 5_000_000, outputBytes: 64, computeUnits: 16),
            price: JobPrice(bid: 1_000, resource: 2, engineID: engine, replicas: 3))
        job = request.id(sender: TestKeys(11).account.address, sequence: 2)
        var items = Self.numbers.map { said($0, .registerProvider(registration)) }
        items.append(said(11, .publish(Publish(kind: .input, bytes: Self.content))))
        try chain.advance(items)
        try chain.advance([said(11, .submitJob(request))])
        try chain.advance([])
    }

    var place: TaskPlace { TaskPlace(job: job, index: 0) }

    private mutating func said(_ number: UInt8, _ action: Action) -> Bytes {
        let sequence = sequences[number] ?? 0
        sequences[number] = sequence + 1
        return TestChain.item(number, sequence, action)
    }

    static func result(_ number: UInt8) -> TaskResult {
        let digest = Hash.sha256(Bytes((number == 12 ? "wrong" : "right").utf8))
        return TaskResult(output: digest, finalState: digest, fuel: 5_000_000, peakPages: 0, outputBytes: 5)
    }

    static func sealed(_ number: UInt8) -> SealedResult {
        SealedResult(taskIndex: 0, nonce: Hash.sha256([number]), result: result(number))
    }

    mutating func seal(_ numbers: [UInt8]) throws {
        let items = numbers.map { number -> Bytes in
            let seal = Self.sealed(number).seal(job: job, provider: TestKeys(number).account.address)
            return said(number, .sealResults(SealResults(job: job, seals: [TaskSeal(taskIndex: 0, seal: seal)])))
        }
        try chain.advance(items)
    }

    mutating func reveal(_ numbers: [UInt8]) throws {
        let job = job
        let items = numbers.map { said($0, .revealResults(RevealResults(job: job, results: [Self.sealed($0)]))) }
        try chain.advance(items)
    }

    /// Up to the end of the running epoch.
    mutating func settle() throws {
        let epoch = chain.view.epoch.number
        while chain.view.epoch.number == epoch { try chain.advance([]) }
        try chain.advance([])
    }
}

@Suite("panels")
struct PanelReaderTests {
    private static let now = TestChain.start.adding(seconds: 600)

    private static func read(_ link: LearningLink, _ market: PanelMarket) throws -> PanelTranscript? {
        let options = try #require(VerificationOptions(trustingPeriod: .seconds(3600)))
        let follower = LightFollower(genesisHash: market.chain.genesis.hash, options: options)
        var reader = TaskReader(RPCClient(link), follower: follower, now: now)
        return try reader.panel(of: market.place)
    }

    /// A link that knows every answer that the transcript needs.
    private static func learn(_ market: PanelMarket) async throws -> LearningLink {
        let handler = RPCHandler(TestNode(market.chain))
        var link = LearningLink()
        for _ in 0..<200 {
            do {
                _ = try read(link, market)
                return link
            } catch {
                guard let body = link.missing.last else { throw error }
                var answers = link.answers
                answers[body] = await handler.post(body).body
                link = LearningLink(answers)
            }
        }
        return link
    }

    private static func ask(_ target: String, _ market: PanelMarket) async throws -> JSON {
        let body = await RPCHandler(TestNode(market.chain)).get(target).body
        return try JSON(parsing: body, max: 1 << 20).member("result")
    }

    private static func job(_ market: PanelMarket) async throws -> (states: String, panel: JSON) {
        let answer = try await ask("/job?id=0x\(market.job)", market)
        let job = try answer.member("job")
        #expect(job["class"] == "Q" && job["replicas"] == .number(3) && answer["tasks"] == .array([]))
        return (try job.member("states").text, try #require(try answer.elements("panels", max: 1).first))
    }

    private static func seat(of number: UInt8, _ market: PanelMarket) async throws -> JSON {
        let account = TestKeys(number).account.address.bech32
        let answer = try await ask("/assignments?provider=%22\(account)%22", market)
        #expect(answer["total"] == "0")
        return try #require(try answer.elements("seats", max: 1).first)
    }

    /// A market whose one panel was sealed, revealed and settled.
    private static func settled() throws -> PanelMarket {
        var market = try PanelMarket()
        try market.seal(PanelMarket.numbers)
        try market.reveal(PanelMarket.numbers)
        try market.settle()
        return market
    }

    @Test("a node shows the job's panel and each provider's seat, phase by phase")
    func answers() async throws {
        var market = try PanelMarket()
        let (waiting, drawn) = try await Self.job(market)
        #expect(waiting == #"{"waiting":0,"sealing":1,"revealing":0,"majority":0,"no_majority":0}"#)
        #expect(drawn["phase"] == "sealing" && drawn["output"] == "" && drawn["settled"] == false)
        #expect(try await Self.seat(of: 10, market)["answered"] == false)
        try market.seal([10])
        #expect(try await Self.seat(of: 10, market)["answered"] == true)
        #expect(try await Self.seat(of: 12, market)["answered"] == false)
        try market.seal([11, 12])
        let revealing = try await Self.seat(of: 10, market)
        #expect(revealing["phase"] == "revealing" && revealing["answered"] == false)
        try market.reveal([10, 11, 12])
        let (states, closed) = try await Self.job(market)
        #expect(states == #"{"waiting":0,"sealing":0,"revealing":0,"majority":1,"no_majority":0}"#)
        #expect(closed["output"] == .hex(PanelMarket.result(10).output) && closed["settled"] == false)
        for seat in try closed.elements("seats", max: 3) {
            let agrees = seat["provider"] != .string(TestKeys(12).account.address.bech32)
            #expect(seat["agrees"] == .bool(agrees) && seat["paid"] == false && seat["revealed"] == true)
        }
        try market.settle()
        let settled = try await Self.job(market).panel
        #expect(settled["settled"] == true)
        #expect(try settled.elements("seats", max: 3).allSatisfy { $0["paid"] == $0["agrees"] })
    }

    @Test("a panel is proved with its seats, its pay due or settled with an epoch that is proved too")
    func transcript() async throws {
        var market = try PanelMarket()
        // The block after the draw proves what that did.
        try market.chain.advance([])
        let open = try #require(try Self.read(try await Self.learn(market), market))
        #expect(open.panel.phase == .sealing && open.settled == nil && !open.isDue)
        // An epoch after the draw.
        try market.settle()
        try market.seal(PanelMarket.numbers)
        try market.reveal(PanelMarket.numbers)
        try market.chain.advance([])
        let due = try #require(try Self.read(try await Self.learn(market), market))
        #expect(due.panel.result == PanelMarket.result(10) && due.isDue && due.settled == nil)
        let epoch = market.chain.view.epoch.number
        try market.settle()
        try market.settle()
        let settled = try #require(try Self.read(try await Self.learn(market), market))
        #expect(settled.settled?.epoch == epoch && !settled.isDue && settled.settled?.slashes.isEmpty == true)
        #expect(settled.job.request.replicas == 3 && settled.panel.seats.count == 3)
        let pay = try #require(settled.settled?.pay)
        #expect(pay.gap == nil && pay.epoch == epoch && pay.rows.count == 2)
        for number in PanelMarket.numbers {
            let row = pay.rows[TestKeys(number).account.address]?.row
            #expect((row == nil) == (number == 12) && row?.amount != .zero && row?.key.kind ?? .fee == .fee)
        }
    }

    @Test("a node that shows no rows, and one that refuses them, is said to; the rest stands")
    func gaps() async throws {
        let market = try Self.settled()
        let link = try await Self.learn(market)
        let honest = try #require(try Self.read(link, market))
        let first = try #require(honest.panel.seats.first { honest.panel.earns($0) })
        for (answer, words) in [
            ("", "the node shows no row of \(first.provider.bech32)"),
            ("too many to prove", "the node answers: too many"),
        ] {
            var answers = link.answers
            for (request, body) in link.answers {
                let asked = String(decoding: request, as: UTF8.self)
                guard asked.contains("\"why\""), asked.contains(first.provider.bech32) else { continue }
                answers[request] = try Self.changed(body, refusal: answer)
            }
            let pay = try #require(try Self.read(LearningLink(answers), market)?.settled?.pay)
            #expect(pay.rows.count == 1 && pay.rows[first.provider] == nil)
            #expect(pay.gap?.hasPrefix(words) == true, "\(pay.gap ?? "")")
        }
    }

    @Test("a node that tells of another epoch is refused; one that has no state of that time is said to have none")
    func otherTimes() async throws {
        var market = try Self.settled()
        try market.chain.advance([])
        let link = try await Self.learn(market)
        let settled = try #require(try Self.read(link, market)?.settled?.pay)
        let (height, epoch) = ("\"height\":\"\(settled.summary.height)\"", "\"epoch\":\"\(settled.epoch)\"")
        var (others, gone) = (link.answers, link.answers)
        for (request, body) in link.answers {
            let (asked, text) = (String(decoding: request, as: UTF8.self), String(decoding: body, as: UTF8.self))
            if asked.contains("\"why\"") {
                others[request] = Bytes(text.replacing(epoch, with: "\"epoch\":\"77\"").utf8)
            }
            if asked.contains("\"abci_query\""), asked.contains(height) {
                let refusal = #""code":9,"log":"it is gone""#
                gone[request] = Bytes(text.replacing(#""code":0,"log":"""#, with: refusal).utf8)
            }
        }
        #expect(others != link.answers && gone != link.answers)
        let error = #expect(throws: LightQueryError.self) { try Self.read(LearningLink(others), market) }
        guard case .client(.shape(.wrongForm("epoch")))? = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        let left = try #require(try Self.read(LearningLink(gone), market))
        #expect(left.panel.phase == .closed && left.settled == nil && left.settledGap == "it is gone")
    }

    /// An answer without rows, or the refusal.
    private static func changed(_ body: Bytes, refusal: String) throws -> Bytes {
        let json = try JSON(parsing: body, max: 1 << 20)
        if !refusal.isEmpty {
            let error: JSON = ["code": .number(-32_603), "message": "Internal error", "data": .string(refusal)]
            return Bytes(JSON.object([("jsonrpc", "2.0"), ("id", json["id"] ?? .null), ("error", error)]).text.utf8)
        }
        guard case .object(let members) = try json.member("result") else { throw ShapeError.wrongForm("result") }
        let result = members.map { ($0.name, $0.name == "rewards" ? [] : $0.value) }
        return Bytes(
            JSON.object([("jsonrpc", "2.0"), ("id", json["id"] ?? .null), ("result", .object(result))]).text.utf8)
    }

    @Test("a changed byte in what a node says gives no other transcript")
    func refused() async throws {
        let market = try Self.settled()
        let link = try await Self.learn(market)
        let honest = try #require(try Self.read(link, market))
        var (refused, kept) = (0, 0)
        for request in link.answers.keys where !String(decoding: request, as: UTF8.self).contains("\"genesis\"") {
            let body = try #require(link.answers[request])
            for place in stride(from: 30, to: body.count, by: max(1, body.count / 12)) {
                var answers = link.answers
                answers[request]?[place] ^= 1
                let other: PanelTranscript?
                do { other = try Self.read(LearningLink(answers), market) } catch {
                    refused += 1
                    continue
                }
                kept += 1
                #expect(other?.panel == honest.panel && other?.job == honest.job, "byte \(place) of \(body.count)")
                #expect(other?.settled?.epoch == honest.settled?.epoch && other?.settled?.slashes.isEmpty == true)
                for (account, reward) in other?.settled?.pay?.rows ?? [:] {
                    #expect(reward.row == honest.settled?.pay?.rows[account]?.row)
                }
            }
        }
        #expect(refused > 50, "\(refused) refused, \(kept) the same")
    }
}
