import API
import Chain
import Codec
import Cryptography
import Foundation
import Ledger
import NodeCore
import Primitives
import Quorum
import RPC
import Testing

/// What a route answers, as parsed by Foundation: a reader that is not ours.
struct Answers {
    let chain: TestChain
    let handler: RPCHandler<TestNode>

    init(word: Reply.Answer = .admitted) throws {
        chain = try TestChain.small()
        handler = RPCHandler(TestNode(chain, word: word))
    }

    func get(_ target: String) async throws -> JSON {
        let answer = await handler.get(target)
        #expect(answer.contentType == "application/json")
        _ = try JSONSerialization.jsonObject(with: Data(answer.body))
        return try JSON(parsing: answer.body, max: 1 << 24)
    }

    func post(_ method: String, _ parameters: String = "{}") async throws -> JSON {
        try await post(body: "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"\(method)\",\"params\":\(parameters)}")
    }

    func post(body: String) async throws -> JSON {
        try JSON(parsing: await handler.post(Bytes(body.utf8)).body, max: 1 << 24)
    }

    /// The member at a path like `result.block.header.height`; a number picks an element.
    static func member(_ json: JSON, _ path: String) -> JSON? {
        path.split(separator: ".").reduce(Optional(json)) { value, name in
            if let index = Int(name), case .array(let elements)? = value {
                return elements.indices.contains(index) ? elements[index] : nil
            }
            return value?[String(name)]
        }
    }
}

@Suite("routes")
struct RouteTests {
    @Test(
        "each member of each route has the form of CometBFT's",
        arguments: [
            ("/health", "result", "{}"),
            ("/status", "result.node_info.network", "\"merit-test\""),
            ("/status", "result.node_info.version", "\"0.38.17\""),
            ("/status", "result.sync_info.latest_block_height", "\"3\""),
            ("/status", "result.sync_info.latest_block_time", "\"2026-01-02T03:04:08.006Z\""),
            ("/status", "result.sync_info.earliest_block_height", "\"1\""),
            ("/status", "result.sync_info.catching_up", "false"),
            ("/status", "result.validator_info.voting_power", "\"10000\""),
            ("/net_info", "result.n_peers", "\"1\""),
            ("/net_info", "result.peers.0.is_outbound", "true"),
            ("/net_info", "result.peers.0.connection_status.Duration", "\"2000000000\""),
            ("/genesis", "result.genesis.initial_height", "\"1\""),
            ("/genesis", "result.genesis.app_hash", "\"\""),
            ("/genesis", "result.genesis.genesis_time", "\"2026-01-02T03:04:05.006Z\""),
            ("/genesis", "result.genesis.app_state.parameters.tx_byte_price", "\"10\""),
            ("/genesis", "result.genesis.validators.0.power", "\"10000\""),
            ("/block", "result.block.header.height", "\"3\""),
            ("/block?height=1", "result.block.header.version", "{\"block\":\"11\",\"app\":\"1\"}"),
            ("/block?height=1", "result.block.last_commit.signatures", "[]"),
            ("/block?height=1", "result.block.last_commit.height", "\"0\""),
            (
                "/block?height=1", "result.block.last_commit.block_id",
                "{\"hash\":\"\",\"parts\":{\"total\":0,\"hash\":\"\"}}"
            ),
            ("/block?height=2", "result.block.evidence", "{\"evidence\":[]}"),
            ("/block?height=\"2\"", "result.block_id.parts.total", "1"),
            ("/header?height=2", "result.header.chain_id", "\"merit-test\""),
            ("/commit", "result.canonical", "false"),
            ("/commit?height=2", "result.canonical", "true"),
            ("/commit?height=2", "result.signed_header.commit.round", "0"),
            ("/commit?height=2", "result.signed_header.commit.signatures.0.block_id_flag", "2"),
            (
                "/commit?height=2", "result.signed_header.commit.signatures.3",
                "{\"block_id_flag\":1,\"validator_address\":\"\",\"timestamp\":\"0001-01-01T00:00:00Z\",\"signature\":null}"
            ),
            ("/validators", "result.block_height", "\"4\""),
            ("/validators?height=1", "result.total", "\"4\""),
            ("/validators?per_page=3&page=2", "result.count", "\"1\""),
            ("/validators", "result.validators.0.proposer_priority", "\"0\""),
            ("/validators", "result.validators.0.pub_key.type", "\"tendermint/PubKeyEd25519\""),
            ("/consensus_params", "result.block_height", "\"4\""),
            ("/consensus_params?height=1", "result.consensus_params.block.max_gas", "\"-1\""),
            ("/consensus_params", "result.consensus_params.validator.pub_key_types", "[\"ed25519\"]"),
            (
                "/consensus_params", "result.consensus_params.evidence.max_age_duration",
                "\"1728000000000000\""
            ),
            ("/blockchain", "result.last_height", "\"3\""),
            ("/blockchain", "result.block_metas.0.header.height", "\"3\""),
            ("/blockchain?minHeight=1&maxHeight=2", "result.block_metas.1.num_txs", "\"2\""),
            ("/block_results?height=2", "result.txs_results.1.code", "11"),
            ("/block_results?height=2", "result.txs_results.1.log", "\"insufficient_balance\""),
            ("/block_results?height=2", "result.txs_results.0.gas_used", "\"0\""),
            ("/block_results?height=2", "result.validator_updates", "[]"),
            ("/abci_info", "result.response.last_block_height", "\"3\""),
            ("/abci_info", "result.response.app_version", "\"1\""),
            ("/abci_query?path=\"/key\"&data=0x01ff&prove=true", "result.response.value", "null"),
            ("/abci_query?path=\"/key\"&data=0x01ff&prove=true", "result.response.height", "\"2\""),
            ("/abci_query?path=\"/key\"&data=0x01ff", "result.response.height", "\"3\""),
            ("/abci_query?path=\"/key\"&data=0x01ff", "result.response.proofOps", "null"),
            ("/abci_query?path=\"/store\"&data=0x01", "result.response.code", "1"),
            ("/abci_query?path=\"/key\"&data=0x01&height=9", "result.response.code", "3"),
            (
                "/block_by_hash?hash=0x0000000000000000000000000000000000000000000000000000000000000000",
                "result.block", "null"
            ),
        ])
    func shapes(target: String, path: String, expected: String) async throws {
        let json = try await Answers().get(target)
        #expect(Answers.member(json, path)?.text == expected, "\(target): \(json.text.prefix(400))")
    }

    @Test("headers, commits, sets and results hash to what the headers name")
    func hashes() async throws {
        let answers = try Answers()
        for height in 1...2 {
            let json = try await answers.get("/commit?height=\(height)")
            let signed = try #require(Answers.member(json, "result.signed_header"))
            let header = try Header(json: try signed.member("header"))
            let commit = try Commit(json: try signed.member("commit"))
            #expect(header.hash == answers.chain.blocks[height - 1].block.header.hash)
            #expect(commit.blockID.hash == header.hash)
            let next = answers.chain.blocks[height].block.header
            #expect(commit.hash == next.lastCommitHash)
            let list = try await answers.get("/validators?height=\(height + 1)")
            let members = try #require(list["result"]).elements("validators", max: 100).map { try Validator(json: $0) }
            #expect(try ValidatorSet(ordered: members).hash == header.nextValidatorsHash)
            let results = try await answers.get("/block_results?height=\(height)")
            let codes = try #require(results["result"]).elements("txs_results", max: 100).map {
                ItemResult(code: try $0.number("code"))
            }
            #expect(ItemResult.hash(codes) == next.lastResultsHash)
            #expect(try results.member("result").base64("app_hash") == next.appHash)
        }
    }

    @Test("an item is found by its hash, with its proof under data_hash")
    func item() async throws {
        let answers = try Answers()
        let block = answers.chain.blocks[0].block
        let hash = Hash.sha256(block.items[1])
        let json = try await answers.get("/tx?hash=0x\(hash)&prove=true")
        let result = try #require(json["result"])
        #expect(try result.hex("hash") == hash.bytes)
        #expect(try result.height("height") == .first)
        #expect(result["index"] == .number(1))
        #expect(try result.base64("tx") == block.items[1])
        let proof = try result.member("proof").member("proof")
        let inclusion = MerkleProof(
            total: try proof.decimal("total"), index: try proof.decimal("index"),
            leafHash: try #require(Digest(try proof.base64("leaf_hash"))),
            aunts: try proof.elements("aunts", max: 9).map { try #require(Digest(Base64.decode($0.plain) ?? [])) })
        try inclusion.verify(item: hash.bytes, root: try #require(block.header.dataHash))
        #expect(try await answers.get("/tx?hash=0x\(hash)")["result"]?["proof"] == nil)
    }

    @Test("a proof of abci_query holds under the next header, for a value and for absence")
    func stateProofs() async throws {
        let answers = try Answers()
        let accounts = [TestKeys(11).account.address, TestKeys(77).account.address]
        for (address, isThere) in zip(accounts, [true, false]) {
            let key = StateKey.account(address)
            let target = "/abci_query?path=%22/key%22&data=0x\(Hex.lower(key))&prove=true"
            let response = try #require(Answers.member(try await answers.get(target), "result.response"))
            let height = try response.height("height")
            let operation = try response.member("proofOps").elements("ops", max: 1)[0]
            #expect(operation["type"] == "ics23:smt")
            #expect(try operation.base64("key") == key)
            let value = try response.base64("value")
            #expect(value.isEmpty != isThere)
            let header = answers.chain.blocks[Int(height.value)].block.header
            try CommitmentProof.verify(
                encoded: try operation.base64("data"), key: key, value: value.isEmpty ? nil : value,
                root: try #require(Digest(header.appHash)))
        }
    }

    @Test("the genesis that is served has the chain's genesis hash")
    func genesis() async throws {
        let answers = try Answers()
        let json = try await answers.get("/genesis")
        let genesis = try Genesis(json: try json.member("result").member("genesis"))
        #expect(genesis.hash == answers.chain.genesis.hash)
    }

    @Test(
        "GET and POST answer the same result",
        arguments: [
            ("/block?height=2", "block", "{\"height\":\"2\"}"), ("/block?height=2", "block", "{\"height\":2}"),
            ("/block?height=2", "block", "[\"2\"]"), ("/block", "block", "{\"height\":null}"),
            ("/validators?height=2&page=1&per_page=2", "validators", "[\"2\",\"1\",\"2\"]"),
            (
                "/abci_query?path=\"/key\"&data=0x0801&prove=true", "abci_query",
                "{\"path\":\"/key\",\"data\":\"0801\",\"prove\":true}"
            ),
            ("/status", "status", "{}"), ("/genesis", "genesis", "[]"),
        ])
    func equivalence(target: String, method: String, parameters: String) async throws {
        let answers = try Answers()
        let (get, post) = (try await answers.get(target), try await answers.post(method, parameters))
        #expect(get["result"] != nil)
        #expect(get["result"] == post["result"])
        #expect(get["id"] == .number(-1))
        #expect(post["id"] == .number(7))
    }

    @Test("hashes travel as base64 in POST and with 0x in GET")
    func hashForms() async throws {
        let answers = try Answers()
        let hash = answers.chain.blocks[1].block.header.hash
        let base64 = Base64.encode(hash.bytes)
        let get = try await answers.get("/block_by_hash?hash=0x\(hash)")
        #expect(get["result"] == (try await answers.post("block_by_hash", "{\"hash\":\"\(base64)\"}"))["result"])
        let header = try await answers.get("/header_by_hash?hash=0x\(hash)")
        let posted = try await answers.post("header_by_hash", "{\"hash\":\"\(hash)\"}")
        #expect(header["result"] == posted["result"])
        #expect(Answers.member(header, "result.header.height") == "2")
    }
}

extension JSON {
    /// The text of a string; empty for every other value.
    var plain: String {
        if case .string(let text) = self { return text }
        return ""
    }
}
