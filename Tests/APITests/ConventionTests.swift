import API
import Chain
import Cryptography
import Foundation
import NodeCore
import Primitives
import RPC
import Testing

@Suite("conventions")
struct ConventionTests {
    @Test(
        "each refused call has its code and its text",
        arguments: [
            (
                "block", "{\"height\":\"9\"}", -32603,
                "height 9 must be less than or equal to the current blockchain height 3"
            ),
            (
                "validators", "{\"height\":\"5\"}", -32603,
                "height 5 must be less than or equal to the current blockchain height 4"
            ),
            ("commit", "{\"height\":\"0\"}", -32603, "height must be greater than 0, but got 0"),
            ("commit", "{\"height\":\"-1\"}", -32603, "height must be greater than 0, but got -1"),
            ("validators", "{\"page\":\"2\"}", -32603, "page should be within [1, 1] range, given 2"),
            (
                "blockchain", "{\"minHeight\":\"3\",\"maxHeight\":\"1\"}", -32603,
                "min height 3 can't be greater than max height 1"
            ),
            ("blockchain", "{\"minHeight\":\"-3\"}", -32603, "heights must be non-negative"),
            ("block", "{\"height\":\"x\"}", -32602, "height is not an integer"),
            ("block", "{\"height\":1.5}", -32602, "height is not an integer"),
            ("block", "{\"height\":{}}", -32602, "height is not an integer"),
            ("block", "{\"height\":\"99999999999999999999\"}", -32602, "height is not an integer"),
            ("block", "[1,2]", -32602, "expected at most 1 parameters, got 2"),
            ("block", "\"1\"", -32602, "params is an object or an array"),
            ("tx", "{}", -32602, "hash is not 32 bytes"),
            ("tx", "{\"hash\":\"AA\"}", -32602, "hash is not base64 (0x and hex in a target)"),
            (
                "tx", "{\"hash\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\",\"prove\":1}", -32602,
                "prove is not a boolean"
            ),
            (
                "tx", "{\"hash\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"}", -32603,
                "tx (0000000000000000000000000000000000000000000000000000000000000000) not found"
            ),
            ("abci_query", "{\"path\":1}", -32602, "path is not a string"),
            ("abci_query", "{\"path\":\"/key\",\"data\":\"0g\"}", -32602, "data is not hex (0x and hex in a target)"),
            ("broadcast_tx_sync", "{}", -32602, "tx is missing"),
            ("no_such_method", "{}", -32601, ""),
        ])
    func errors(method: String, parameters: String, code: Int, data: String) async throws {
        let json = try await Answers().post(method, parameters)
        #expect(json["result"] == nil)
        #expect(Answers.member(json, "error.code") == .number(code))
        #expect(Answers.member(json, "error.data")?.plain ?? "" == data)
        #expect(json["id"] == .number(7))
    }

    @Test("errors of GET and unparsable bodies answer 500, errors of POST 200")
    func statuses() async throws {
        let handler = try Answers().handler
        #expect(await handler.get("/block?height=9").status == 500)
        #expect(await handler.get("/no_such_method").status == 500)
        #expect(await handler.get("/block?height=%zz").status == 500)
        #expect(await handler.get("/block").status == 200)
        #expect(await handler.get("/" + String(repeating: "a", count: 70_000)).status == 500)
        #expect(await handler.post(Bytes("{".utf8)).status == 500)
        let body = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"no_such_method\"}"
        #expect(await handler.post(Bytes(body.utf8)).status == 200)
    }

    @Test(
        "the id comes back with its type",
        arguments: ["1", "-5", "\"abc\"", "\"\"", "9223372036854775807"])
    func identifiers(id: String) async throws {
        let json = try await Answers().post(body: "{\"jsonrpc\":\"2.0\",\"id\":\(id),\"method\":\"health\"}")
        #expect(json.text == "{\"jsonrpc\":\"2.0\",\"id\":\(id),\"result\":{}}")
    }

    @Test("a call without an id has no answer; a batch answers in order, notifications left out")
    func batches() async throws {
        let answers = try Answers()
        let silent = await answers.handler.post(Bytes("{\"jsonrpc\":\"2.0\",\"method\":\"health\"}".utf8))
        #expect(silent.status == 200 && silent.body.isEmpty)
        let batch = try await answers.post(
            body: """
                [{"jsonrpc":"2.0","id":2,"method":"health"},{"jsonrpc":"2.0","method":"health"},
                {"jsonrpc":"2.0","id":"x","method":"nope"},5]
                """)
        guard case .array(let results) = batch else { throw RPCError.failed("no array") }
        #expect(results.map { $0["id"] } == [.number(2), "x", .number(-1)])
        #expect(results.map { Answers.member($0, "error.code") } == [nil, .number(-32601), .number(-32600)])
    }

    @Test(
        "a hostile body is refused without a trap",
        arguments: [
            "", " ", "nul", "[", "[]", "{\"a\":1,\"a\":2}", "{\"a\"}", "\"\\ud800\"", "\"\u{1}\"", "01", "1e", "[1,]",
            "{} {}", "\"\\x\"", "-", "\"abc",
        ])
    func hostile(body: String) async throws {
        let answer = await (try Answers()).handler.post(Bytes(body.utf8))
        #expect(answer.status == 500)
        let code = Answers.member(try JSON(parsing: answer.body, max: 10_000), "error.code")
        #expect(code == .number(body == "[]" ? -32600 : -32700))
    }

    @Test("depth, length, members, batch size and UTF-8 are bounded")
    func bounds() async throws {
        let handler = try Answers().handler
        let deep = Bytes(repeating: UInt8(ascii: "["), count: 1_000_000)
        let many = "{" + (0..<300).map { "\"\($0)\":0" }.joined(separator: ",") + "}"
        let batch = "[" + (0..<33).map { _ in "{}" }.joined(separator: ",") + "]"
        for body in [deep, Bytes(many.utf8), Bytes(batch.utf8), [UInt8(ascii: "\""), 0xFF, UInt8(ascii: "\"")]] {
            #expect(await handler.post(body).status == 500)
        }
        #expect(throws: JSONError.tooLong) { try JSON(parsing: Bytes(repeating: 32, count: 11), max: 10) }
        #expect(throws: JSONError.tooDeep) { try JSON(parsing: deep, max: 2_000_000) }
        #expect(throws: JSONError.tooManyMembers) { try JSON(parsing: Bytes(many.utf8), max: 100_000) }
        #expect(throws: JSONError.duplicateName) { try JSON(parsing: Bytes("{\"a\":1,\"a\":1}".utf8), max: 100) }
    }

    @Test(
        "what is written reads back, and base64 has one text per value",
        arguments: ["", "a", "é\u{1F600}\"\\\n\t\u{1}", "merit"])
    func roundTrip(text: String) throws {
        let json: JSON = ["a": .string(text), "b": [.null, true, .number(-5)], "c": [:]]
        #expect(try JSON(parsing: json.encoded, max: 1000) == json)
        let bytes = Bytes(text.utf8)
        #expect(Base64.encode(bytes) == Data(bytes).base64EncodedString())
        #expect(Base64.decode(Base64.encode(bytes)) == bytes)
        for bad in ["A", "AB=C", "AB==", "A===", "AA=", "A\u{E9}==", "QUI=QUI="] where bad != "AA==" {
            #expect(Base64.decode(bad) == nil || Base64.encode(Base64.decode(bad) ?? []) == bad)
        }
    }

    @Test("an admitted item gets code 0 and its hash, a refused one the rule, a full node an error")
    func broadcasts() async throws {
        let item = TestChain.transfer(10, 1, to: 11, 5)
        let parameters = "{\"tx\":\"\(Base64.encode(item))\"}"
        let expected: JSON = [
            "code": .number(0), "data": "", "log": "", "codespace": "", "hash": .hex(Hash.sha256(item)),
        ]
        #expect(try await Answers().post("broadcast_tx_sync", parameters)["result"] == expected)
        #expect(try await Answers().get("/broadcast_tx_async?tx=0x\(Hex.lower(item))")["result"] == expected)
        let refusing = try Answers(word: .refused(code: 3, reason: "nonce_stale"))
        let refused = try await refusing.post("broadcast_tx_sync", parameters)
        #expect(Answers.member(refused, "result.code") == .number(3))
        #expect(Answers.member(refused, "result.log") == "nonce_stale")
        let unwanted = try await refusing.post("broadcast_tx_commit", parameters)
        #expect(Answers.member(unwanted, "result.check_tx.code") == .number(3))
        #expect(Answers.member(unwanted, "result.height") == "0")
        let unready = try await Answers(word: .unready("no link")).post("broadcast_tx_sync", parameters)
        #expect(Answers.member(unready, "error.data") == "no link")
        let busy = try await Answers(word: .busy).post("broadcast_tx_sync", parameters)
        #expect(Answers.member(busy, "error.data") == "mempool is full")
    }

    @Test("items of one batch are handed in together, and each gets its own answer in its own place")
    func manyBroadcasts() async throws {
        let item = Base64.encode(TestChain.transfer(10, 1, to: 11, 5))
        let good = "\"method\":\"broadcast_tx_sync\",\"params\":{\"tx\":\"\(item)\"}}"
        let bad = "\"method\":\"broadcast_tx_sync\",\"params\":{}}"
        func call(_ id: Int, _ rest: String) -> String { "{\"jsonrpc\":\"2.0\",\"id\":\(id)," + rest }
        let mixed = [call(1, good), call(2, bad), call(3, "\"method\":\"health\"}"), call(4, good)]
        let body = "[" + mixed.joined(separator: ",") + "]"
        guard case .array(let answers) = try await Answers().post(body: body) else {
            throw RPCError.failed("no array")
        }
        #expect(answers.map { $0["id"] } == (1...4).map { JSON.number($0) })
        #expect(answers.map { Answers.member($0, "result.code") } == [.number(0), nil, nil, .number(0)])
        #expect(Answers.member(answers[1], "error.data") == "tx is missing")
        for (count, status) in [(512, 200), (513, 500)] {
            let calls = (0..<count).map { call($0, good) }.joined(separator: ",")
            #expect(try await Answers().handler.post(Bytes("[\(calls)]".utf8)).status == status)
        }
    }

    @Test("broadcast_tx_commit answers with the height at which the item stands")
    func commit() async throws {
        let answers = try Answers()
        let item = answers.chain.blocks[1].block.items[1]
        let json = try await answers.post("broadcast_tx_commit", "{\"tx\":\"\(Base64.encode(item))\"}")
        #expect(Answers.member(json, "result.height") == "2")
        #expect(Answers.member(json, "result.tx_result.code") == .number(11))
    }

    @Test("the signal wakes those below the new tip, and gives up after the limit")
    func signal() async throws {
        let signal = CommitSignal(tip: .first)
        #expect(await signal.next(after: .zero, within: .seconds(60)) == .first)
        #expect(await signal.next(after: .first, within: .zero) == nil)
        async let next = signal.next(after: .first, within: .seconds(60))
        signal.advance(to: .first.advanced())
        #expect(await next == .first.advanced())
    }

    @Test("the metrics are Prometheus text with the block interval counted once")
    func metrics() async throws {
        let handler = try Answers().handler
        _ = await handler.get("/health")
        _ = await handler.get("/metrics")
        let answer = await handler.get("/metrics")
        let lines = String(decoding: answer.body, as: UTF8.self).split(separator: "\n")
        #expect(answer.contentType.hasPrefix("text/plain"))
        for line in [
            "merit_height 3", "merit_round 3", "merit_peers 1", "merit_items_open 4", "merit_batches_waiting 5",
            "merit_signatures_checked_total 6", "merit_block_interval_seconds_count 2",
            "merit_block_interval_seconds_sum 2", "merit_block_interval_seconds_bucket{le=\"0.5\"} 0",
            "merit_block_interval_seconds_bucket{le=\"1\"} 2", "merit_rpc_requests_total{method=\"health\"} 1",
        ] {
            #expect(lines.contains { $0 == line }, "\(line)")
        }
        #expect(Set(lines.filter { $0.hasPrefix("# TYPE") }).count >= 10)
    }
}
