import API
import Chain
import Client
import Cryptography
import Ledger
import LightClient
import Primitives
import RPC
import Testing

/// A node's answers as they would come over a socket, by the request's text; one of them may be tampered with.
struct TableLink: RPCLink {
    var answers: [Bytes: Bytes] = [:]

    func exchange(_ body: Bytes) throws(ExchangeError) -> Bytes {
        guard let answer = answers[body] else { throw .unreachable("not in the table") }
        return answer
    }

    private static func request(_ method: String, _ parameters: JSON) -> Bytes {
        let call: JSON = ["jsonrpc": "2.0", "id": .number(1), "method": .string(method), "params": parameters]
        return call.encoded
    }

    static let address = TestKeys(11).account.address

    /// Everything that one balance query asks.
    static func recorded(_ handler: RPCHandler<TestNode>, address: Address = Self.address) async -> TableLink {
        var link = TableLink()
        let key = Hex.lower(StateKey.account(address))
        var calls = [
            request("genesis", [:]),
            request("abci_query", ["path": "/key", "data": .string(key), "prove": true]),
        ]
        for height in 1...4 { calls.append(request("commit", ["height": .decimal(height)])) }
        for height in 1...4 {
            calls.append(request("validators", ["height": .decimal(height), "page": "1", "per_page": "100"]))
        }
        for call in calls { link.answers[call] = await handler.post(call).body }
        return link
    }

    /// Requests whose text holds `part`.
    func requests(with part: String) -> [Bytes] {
        answers.keys.filter { String(decoding: $0, as: UTF8.self).contains(part) }
    }
}

@Suite("light query")
struct LightQueryTests {
    static let now = TestChain.start.adding(seconds: 60)

    static func query(_ link: TableLink, _ chain: TestChain, trust: String? = nil) throws -> LightQuery {
        LightQuery(
            RPCClient(link), genesisHash: chain.genesis.hash, checkpoint: trust.flatMap { Checkpoint($0) },
            options: try #require(VerificationOptions(trustingPeriod: .seconds(3600))))
    }

    @Test("a balance is verified from the genesis hash alone, and from a checkpoint")
    func verified() async throws {
        let answers = try Answers()
        let link = await TableLink.recorded(answers.handler)
        let found = try Self.query(link, answers.chain).account(TableLink.address, now: Self.now)
        #expect(found.height == Height(2))
        #expect(found.header.height == Height(3))
        // 1,000 MRT and the five that were sent to it; its overdraft cost a fee of ten units a byte.
        let fee = UInt64(answers.chain.blocks[1].block.items[1].count) * 10
        #expect(found.account == Account(nonce: 2, balance: Amount(1_005_000_000_000 - fee)))
        let hash = answers.chain.blocks[1].block.header.hash
        let again = try Self.query(link, answers.chain, trust: "2:\(hash)").account(TableLink.address, now: Self.now)
        #expect(again.account == found.account)
        #expect(throws: LightQueryError.self) {
            try Self.query(link, answers.chain, trust: "2:\(Digest.zero)").account(TableLink.address, now: Self.now)
        }
    }

    @Test("an absent account is proved to hold nothing")
    func absent() async throws {
        let answers = try Answers()
        let address = TestKeys(77).account.address
        let link = await TableLink.recorded(answers.handler, address: address)
        let found = try Self.query(link, answers.chain).account(address, now: Self.now)
        #expect(found.account == Account())
    }

    /// The balance of the provider of a market whose first task is settled; `change` may lie for the node.
    private static func purse(
        _ market: TestMarket, _ change: (Bytes, Bytes) async -> Bytes = { $1 }
    ) async throws -> VerifiedAccount {
        let handler = RPCHandler(TestNode(market.chain))
        let options = try #require(VerificationOptions(trustingPeriod: .seconds(3600)))
        var answers: [Bytes: Bytes] = [:]
        while true {
            let link = LearningLink(answers)
            let query = LightQuery(
                RPCClient(link), genesisHash: market.chain.genesis.hash, checkpoint: nil, options: options)
            do { return try query.account(TestKeys(10).account.address, now: Self.now) } catch {
                guard let body = link.missing.last else { throw error }
                answers[body] = await change(body, await handler.post(body).body)
            }
        }
    }

    @Test("the balance of a provider counts what lies in its purse, proved for the same block")
    func purses() async throws {
        var market = try TestMarket()
        try market.chain.advance([])
        let state = WorkingState(market.chain.store)
        let record = state.account(TestKeys(10).account.address)
        let number = try #require(record.providerNumber)
        let page: ProviderPage<Purse>? = state.load(StateKey.purses(page: number.page))
        let purse = try #require(page)[number.seat]
        #expect(purse.balance > .zero)
        let found = try await Self.purse(market)
        #expect(found.account == record.holding(purse) && found.account.balance > record.balance)
        // Nothing of what is said about the purse may be left out or be said of another block or key.
        let key = Hex.lower(StateKey.purses(page: number.page))
        for (part, other) in [
            ("\"value\":", "\"valve\":"), ("\"height\":", "\"hight\":"), ("\"data\":\"", "\"data\":\"A"),
        ] {
            await #expect(throws: LightQueryError.self) {
                try await Self.purse(market) { request, answer in
                    guard String(decoding: request, as: UTF8.self).contains(key) else { return answer }
                    let text = String(decoding: answer, as: UTF8.self)
                    return Bytes(text.replacing(part, with: other).utf8)
                }
            }
        }
        // The page of a block before, when the account had not taken it: proved, and no answer.
        let handler = RPCHandler(TestNode(market.chain))
        var asked = 0
        let error = await #expect(throws: LightQueryError.self) {
            try await Self.purse(market) { request, answer in
                let text = String(decoding: request, as: UTF8.self)
                guard text.contains(key) else { return answer }
                asked += 1
                let before = "\"height\":\"\(found.height.value - 1)\""
                let other = text.replacing("\"height\":\"\(found.height)\"", with: before)
                return await handler.post(Bytes(other.utf8)).body
            }
        }
        guard case .answer(.wrongHeight) = error else { throw error ?? ExchangeError.malformed }
        #expect(asked == 1)
        // The proof of another key: the account's own, which holds.
        let own = Hex.lower(StateKey.account(TestKeys(10).account.address))
        var kept = Bytes()
        await #expect(throws: LightQueryError.self) {
            try await Self.purse(market) { request, answer in
                let text = String(decoding: request, as: UTF8.self)
                if text.contains(own) { kept = answer }
                return text.contains(key) ? kept : answer
            }
        }
    }

    @Test("another genesis, an old root and a clock of yesterday are refused")
    func refused() async throws {
        let answers = try Answers()
        let link = await TableLink.recorded(answers.handler)
        let options = try #require(VerificationOptions(trustingPeriod: .seconds(3600)))
        let wrong = LightQuery(RPCClient(link), genesisHash: .zero, checkpoint: nil, options: options)
        #expect(throws: LightQueryError.self) { try wrong.account(TableLink.address, now: Self.now) }
        for seconds in [-60, 3700] as [Int64] {
            let now = TestChain.start.adding(seconds: seconds)
            #expect(throws: LightQueryError.self) {
                try Self.query(link, answers.chain).account(TableLink.address, now: now)
            }
        }
    }

    @Test("the same answer with any one byte of header, commit or proof flipped is refused", arguments: [1, 0x20])
    func flipped(mask: UInt8) async throws {
        let answers = try Answers()
        let link = await TableLink.recorded(answers.handler)
        let query = try #require(link.requests(with: "abci_query").first)
        let commit = try #require(link.requests(with: "\"commit\",\"params\":{\"height\":\"3\"}").first)
        // From a checkpoint, so that the genesis state is not made anew two thousand times.
        let checkpoint = "2:\(answers.chain.blocks[1].block.header.hash)"
        var flips = 0
        for (request, from, to) in [(commit, "\"header\":", ",\"canonical\""), (query, "\"key\":", ",\"codespace\"")] {
            let body = try #require(link.answers[request])
            let text = String(decoding: body, as: UTF8.self)
            let start = try #require(text.firstRange(of: from)).lowerBound
            let end = try #require(text.firstRange(of: to)).lowerBound
            for place in text.utf8.distance(
                from: text.startIndex, to: start)..<text.utf8.distance(from: text.startIndex, to: end)
            {
                var tampered = link
                tampered.answers[request]?[place] ^= mask
                flips += 1
                let isBelieved =
                    (try? Self.query(tampered, answers.chain, trust: checkpoint).account(
                        TableLink.address, now: Self.now)) != nil
                #expect(
                    !isBelieved, "byte \(place) of \(text.prefix(60)) may change: \(text.dropFirst(place).prefix(20))")
            }
        }
        #expect(flips > 2000)
    }
}
