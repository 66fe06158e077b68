import API
import Chain
import Codec
import Cryptography
import Foundation
import Ledger
import NodeCore
import Primitives
import RPC
import Rewards
import Synchronization
import Testing

@Suite("events")
struct EventTests {
    /// The stream of the market's chain for its provider, around the end of the first epoch; with a slash row that the
    /// chain itself does not have.
    @Test("the stream of a chain is the golden one: names, order, ids")
    func golden() throws {
        var market = try TestMarket()
        let address = TestKeys(10).account.address
        let row = try SlashRow(
            key: SlashKey(account: address, offence: .wrongResult, evidence: .zero), amount: Amount(9),
            reporter: Amount(2), injured: Amount(3))
        var writes = WriteBatch()
        writes.put(.rows, key: EpochTable.slashes.prefix(epoch: 0) + address.bytes, value: row.encoded)
        market.chain.store.commit(writes)
        let account = address.bech32
        let handler = RPCHandler(TestNode(market.chain))
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let text = try String(contentsOf: folder.appendingPathComponent("Golden/events.txt"), encoding: .utf8)
        let last = try #require(market.epochEnds.first)
        var feed = try handler.events("/v1/events?from=\(last.lowered())&account=\(account)")
        let found = String(decoding: try feed.page().bytes, as: UTF8.self)
        let heights = found.components(separatedBy: "\n\n").prefix { !$0.contains("id: \(last.advanced())\n") }
        #expect(Self.masked(heights.joined(separator: "\n\n") + "\n") == text, "GOLDEN \(found)")
        for kind in EventKind.allCases { #expect(text.contains("event: \(kind.rawValue)\n")) }
    }

    /// Digests and amounts follow the rules of the ledger, which other golden files hold.
    private static func masked(_ text: String) -> String {
        text.replacing(/"[0-9A-F]{64}"/, with: "\"DIGEST\"").replacing(
            /"(paid|minted|burned)":"[1-9][0-9]*"/
        ) { "\"\($0.output.1)\":\"AMOUNT\"" }
    }

    @Test("without an account nobody's rewards are told, and a stranger has none")
    func strangers() throws {
        let market = try TestMarket()
        let handler = RPCHandler(TestNode(market.chain))
        for query in ["", "&account=\(TestKeys(77).account.address.bech32)"] {
            let text = try Self.all(handler, "from=1" + query)
            #expect(text.contains("event: epoch\n") && !text.contains("event: reward\n"))
        }
        let own = try Self.all(handler, "from=1&account=\"\(TestKeys(10).account.address.bech32)\"")
        #expect(own.contains("event: reward\n"))
    }

    @Test("every height is told once, in its epoch, whatever the first one is")
    func epochs() throws {
        let market = try TestMarket()
        let handler = RPCHandler(TestNode(market.chain))
        let tip = market.chain.view.tip.height.value
        for from in 1...tip {
            let blocks = try Self.events(try Self.all(handler, "from=\(from)"), .block)
            #expect(blocks.map { $0["height"] } == (from...tip).map { .decimal($0) })
            for block in blocks {
                let height: UInt64 = try block.decimal("height")
                let header = market.chain.blocks[Int(height) - 1].block.header
                #expect(block["hash"] == .hex(header.hash) && block["app_hash"] == .hex(header.appHash))
                #expect(block["time"] == .time(header.time))
                let epoch: UInt64 = try block.decimal("epoch")
                #expect(Int(epoch) == market.epochEnds.count { $0.value < height })
            }
        }
    }

    /// Pages until there is nothing more.
    private static func all(_ handler: RPCHandler<TestNode>, _ query: String) throws -> String {
        var feed = try handler.events("/v1/events?" + query)
        var bytes = Bytes()
        while true {
            let page = try feed.page()
            if page.count == 0 { return String(decoding: bytes, as: UTF8.self) }
            bytes += page.bytes
        }
    }

    private static func events(_ text: String, _ kind: EventKind) throws -> [JSON] {
        try text.components(separatedBy: "\n\n").filter { $0.hasPrefix("event: \(kind.rawValue)\n") }.map { event in
            let data = try #require(event.components(separatedBy: "data: ").last)
            return try JSON(parsing: Bytes(data.utf8), max: 1 << 16)
        }
    }

    @Test("a page is bounded, and the next one goes on where it ended")
    func pages() throws {
        var chain = try TestChain.small()
        chain.lengthen(to: 400)
        let handler = RPCHandler(TestNode(chain))
        var feed = try handler.events("/v1/events?from=1")
        var told: [JSON] = []
        var pages = 0
        while true {
            let page = try feed.page()
            #expect(page.bytes.count < APILimits.eventBytesMax + 1_000)
            if page.count == 0 { break }
            told += try Self.events(String(decoding: page.bytes, as: UTF8.self), .block)
            pages += 1
        }
        #expect(pages > 2 && told.map { $0["height"] } == (1...400).map { .decimal($0) })
    }

    private static let long = Result {
        var chain = try TestChain.small()
        chain.lengthen(to: 12_000)
        return chain
    }

    @Test(
        "each refused question has its text",
        arguments: [
            ("from=0", nil, -32602, "from must be greater than 0, but got 0"),
            ("from=-1", nil, -32602, "from must be greater than 0, but got -1"),
            ("from=x", nil, -32602, "from is not an integer"),
            ("from=1999", nil, -32603, "events from height 1999 on are not told any more, lowest height is 2000"),
            ("", "1998", -32603, "events from height 1999 on are not told any more, lowest height is 2000"),
            ("", "x", -32602, "Last-Event-ID is not a height"),
            ("", "-1", -32602, "Last-Event-ID is not a height"),
            ("", "9223372036854775808", -32602, "Last-Event-ID is not a height"),
            ("account=merit1qqq", nil, -32602, "account is no account (merit1…)"),
            ("account=%zz", nil, -32602, "a broken percent escape"),
        ] as [(String, String?, Int32, String)])
    func refusals(query: String, id: String?, code: Int32, text: String) throws {
        let handler = RPCHandler(TestNode(try Self.long.get()))
        let error = #expect(throws: RPCError.self) { try handler.events("/v1/events?" + query, lastEventID: id) }
        #expect(error?.code == code && error?.data == text, "\(String(describing: error))")
    }

    @Test(
        "the first height is the one asked for, the last id that was seen counts more, and one to come is waited for",
        arguments: [
            ("from=2", nil, 2), ("from=\"2\"", nil, 2), ("from=1", "2", 3), ("", "1", 2), ("", "", nil), ("", nil, nil),
            ("from=4", nil, nil), ("from=1", "9223372036854775807", nil),
        ] as [(String, String?, UInt64?)])
    func beginnings(query: String, id: String?, first: UInt64?) throws {
        let handler = RPCHandler(TestNode(try TestChain.small()))
        var feed = try handler.events("/v1/events?" + query, lastEventID: id)
        let text = String(decoding: try feed.page().bytes, as: UTF8.self)
        #expect(try Self.events(text, .block).first?["height"] == first.map { .decimal($0) })
    }

    // MARK: The signal

    /// False when it does not hold within a minute.
    private static func eventually(_ condition: () -> Bool) async -> Bool {
        let deadline = ContinuousClock.now.advanced(by: .seconds(60))
        while !condition() {
            if ContinuousClock.now > deadline { return false }
            await Task.yield()
        }
        return true
    }

    @Test("subscribers that wait take no place of clients, nor clients one of subscribers")
    func roles() async throws {
        let signal = CommitSignal(tip: .first)
        let next = Height.first.advanced()
        await withTaskGroup(of: Height?.self) { group in
            for _ in 0..<(APILimits.commitWaitersMax + 20) {
                group.addTask { await signal.next(after: .first, within: .seconds(60), as: .subscriber) }
            }
            for _ in 0..<APILimits.commitWaitersMax {
                group.addTask { await signal.next(after: .first, within: .seconds(60)) }
            }
            let all = 2 * APILimits.commitWaitersMax + 20
            #expect(await Self.eventually { signal.waiting == all })
            #expect(await signal.next(after: .first, within: .seconds(60)) == nil)
            group.addTask { await signal.next(after: .first, within: .seconds(60), as: .subscriber) }
            #expect(await Self.eventually { signal.waiting == all + 1 })
            signal.advance(to: next)
            for await height in group { #expect(height == next) }
        }
        #expect(signal.waiting == 0)
    }

    @Test("a cancelled task waits no longer")
    func cancellation() async {
        let signal = CommitSignal(tip: .first)
        let waiting = Task { await signal.next(after: .first, within: .seconds(3_600), as: .subscriber) }
        while signal.waiting == 0 { await Task.yield() }
        waiting.cancel()
        #expect(await Self.eventually { signal.waiting == 0 })
        signal.advance(to: .first.advanced())
        #expect(await waiting.value == nil)
        // One that is cancelled before it waits does not begin to.
        let hasEnded = Mutex(false)
        let late = Task {
            while !Task.isCancelled { await Task.yield() }
            let tip = await signal.next(after: .first.advanced(), within: .seconds(3_600))
            hasEnded.withLock { $0 = true }
            return tip
        }
        late.cancel()
        #expect(await Self.eventually { hasEnded.withLock(\.self) })
        #expect(signal.waiting == 0)
        signal.advance(to: .first.advanced(by: 2))
        #expect(await late.value == nil)
    }
}

extension TestMarket {
    /// The last blocks of its epochs.
    var epochEnds: [Height] {
        (0..<chain.view.epoch.number).compactMap { epoch in
            chain.store.load(.state, key: StateKey.epochSummary(epoch)).flatMap { EpochSummary.decoded($0)?.height }
        }
    }
}

extension TestChain {
    /// Puts copies of the tip's header on top, as far as events look at them.
    mutating func lengthen(to height: UInt64) {
        guard var header = blocks.last?.block.header else { preconditionFailure("a chain without blocks") }
        var writes = WriteBatch()
        while header.height.value < height {
            header.height = header.height.advanced()
            let key = header.height.value.bigEndianBytes
            writes.put(.headers, key: key, value: header.encoded)
            writes.put(.results, key: key, value: ResultList(results: []).encoded)
        }
        let tip = view.tip
        writes.put(
            .meta, key: LedgerView.tipKey,
            value: Tip(
                height: header.height, blockID: tip.blockID, time: tip.time, roots: (tip.appHash, tip.resultsHash)
            ).encoded)
        store.commit(writes)
    }
}
