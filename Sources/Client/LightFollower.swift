// A light client that stays: it follows one chain through whichever node it is given and keeps what it believes between
// questions. Invariant: a value is returned only if its ICS-23 proof holds under the app hash of a header that follows
// from the genesis hash, or from the checkpoint; which node said so does not matter.
package import Chain
import Codec
import Ledger
package import LightClient
package import Primitives
package import Quorum
import RPC

/// What stands under a state key, proved.
package struct ProvedValue: Sendable {
    /// nil where nothing stands.
    package let value: Bytes?
    /// The height after which it is so; the header that proves it is one above.
    package let height: Height
    package let header: Header
}

package struct LightFollower: Sendable {
    private let genesisHash: Digest
    private let checkpoint: Checkpoint?
    private let options: VerificationOptions
    /// Matches `genesisHash`.
    private var genesis: Genesis?
    private var session: LightSession?

    package init(genesisHash: Digest, checkpoint: Checkpoint? = nil, options: VerificationOptions) {
        (self.genesisHash, self.checkpoint, self.options) = (genesisHash, checkpoint, options)
    }

    /// The name of the chain that the genesis hash stands for.
    package mutating func chainID(_ client: RPCClient) throws(LightQueryError) -> ChainID {
        try genesis(client).chainID
    }

    /// The value of `key` after block `height`, by default after the newest block that can be proved.
    package mutating func value(
        of key: Bytes, at height: Height? = nil, from client: RPCClient, now: Timestamp
    ) throws(LightQueryError) -> ProvedValue {
        let (answer, header) = try answer(of: key, at: height, from: client, now: now)
        return ProvedValue(value: answer.value, height: answer.height, header: header)
    }

    /// The header of a height, believed.
    package mutating func header(
        at height: Height, from client: RPCClient, now: Timestamp
    ) throws(LightQueryError) -> Header {
        var session = try session(client)
        let header: Header
        do throws(LightSessionError) {
            header = try session.advance(to: height, primary: RPCSource(client), now: now).state.header
        } catch {
            throw .session(error)
        }
        self.session = session
        return header
    }

    /// The same with its proof, which holds under the header.
    package mutating func answer(
        of key: Bytes, at height: Height? = nil, from client: RPCClient, now: Timestamp
    ) throws(LightQueryError) -> (answer: StateAnswer, header: Header) {
        _ = try genesis(client)
        let answer = try Self.state(of: key, at: height, client)
        let header = try header(at: answer.height.advanced(), from: client, now: now)
        do { try answer.verify(key: key, header: header) } catch { throw .answer(error) }
        return (answer, header)
    }

    private mutating func session(_ client: RPCClient) throws(LightQueryError) -> LightSession {
        if let session { return session }
        let genesis = try genesis(client)
        let verifier = LightVerifier(chainID: genesis.chainID, profile: .merit, options: options)
        let root = try root(genesis, verifier, RPCSource(client))
        guard let store = TrustStore(chainID: genesis.chainID, first: root) else {
            throw .notFromGenesis("the first trusted header is of another chain")
        }
        return LightSession(verifier: verifier, store: store)
    }

    private mutating func genesis(_ client: RPCClient) throws(LightQueryError) -> Genesis {
        if let genesis { return genesis }
        let answer = try Self.ask(client, "genesis", [:])
        let found: Genesis
        do throws(ShapeError) { found = try Genesis(json: try answer.member("genesis")) } catch {
            throw .client(.shape(error))
        }
        guard found.hash == genesisHash else { throw .wrongGenesis(found.hash) }
        genesis = found
        return found
    }

    /// What the session starts from: the checkpoint, or block 1 decided by the genesis set over the genesis state.
    private func root(
        _ genesis: Genesis, _ verifier: LightVerifier, _ source: RPCSource
    ) throws(LightQueryError) -> TrustedState {
        let height = checkpoint?.height ?? .first
        let block: LightBlock
        do { block = try source.lightBlock(at: height) } catch { throw .session(.source(error, height: height)) }
        if let checkpoint {
            do { return try verifier.checkpoint(block, hash: checkpoint.hash) } catch { throw .wrongCheckpoint(error) }
        }
        let beginning: Transition
        do { beginning = try Ledger.genesis(genesis) } catch { throw .badGenesis(error) }
        guard block.height == .first else { throw .notFromGenesis("block 1 has height \(block.height)") }
        guard block.validators.hash == beginning.next.validators.hash else {
            throw .notFromGenesis("block 1 has another validator set than the genesis")
        }
        guard block.header.appHash == beginning.appHash.bytes else {
            throw .notFromGenesis("block 1 names another state than the genesis makes")
        }
        guard block.header.time >= genesis.time else { throw .notFromGenesis("block 1 is older than the genesis") }
        do { return try verifier.checkpoint(block, hash: block.header.hash) } catch {
            throw .notFromGenesis("block 1: \(error)")
        }
    }

    /// What a node says stands under a key, with a proof that nobody has looked at.
    static func state(
        of key: Bytes, at height: Height?, _ client: RPCClient
    ) throws(LightQueryError) -> StateAnswer {
        var parameters: JSON = ["path": "/key", "data": .string(Hex.lower(key)), "prove": true]
        if let height { parameters = parameters.adding("height", .decimal(height)) }
        let answer = try state(try ask(client, "abci_query", parameters), key)
        // What was true at another height is no answer, however well it is proved.
        if let height, answer.height != height { throw .answer(.wrongHeight) }
        return answer
    }

    /// The same for many keys at one height.
    static func states(
        of keys: [Bytes], at height: Height, _ client: RPCClient
    ) throws(LightQueryError) -> [StateAnswer] {
        var answers: [StateAnswer] = []
        while answers.count < keys.count {
            let page = keys[answers.count...].prefix(ClientLimits.batchMax)
            let found: [JSON]
            do throws(ClientError) {
                found = try client.call(
                    "abci_query",
                    each: page.map { key in
                        [
                            "path": "/key", "data": .string(Hex.lower(key)), "prove": true, "height": .decimal(height),
                        ]
                    })
            } catch {
                throw .client(error)
            }
            for (key, answer) in zip(page, found) { answers.append(try state(answer, key)) }
        }
        return answers
    }

    private static func state(_ answer: JSON, _ key: Bytes) throws(LightQueryError) -> StateAnswer {
        let response: JSON
        let code: UInt32
        let log: String
        do throws(ShapeError) {
            response = try answer.member("response")
            code = try response.number("code")
            log = try response.text("log")
        } catch {
            throw .client(.shape(error))
        }
        guard code == 0 else { throw .noAnswer(log) }
        do { return try read(response, key) } catch { throw .client(.shape(error)) }
    }

    private static func read(_ response: JSON, _ key: Bytes) throws(ShapeError) -> StateAnswer {
        guard try response.base64("key") == key else { throw .wrongForm("key") }
        guard let operation = try response.member("proofOps").elements("ops", max: 1).first else {
            throw .missing("ops")
        }
        let value = try response.base64("value")
        return StateAnswer(
            height: try response.height("height"), value: value.isEmpty ? nil : value,
            proofType: Bytes(try operation.text("type").utf8), proofKey: try operation.base64("key"),
            proof: try operation.base64("data"))
    }

    /// A header as the node says.
    static func header(at height: Height, _ client: RPCClient) throws(LightQueryError) -> Header {
        let answer = try ask(client, "header", ["height": .decimal(height)])
        do throws(ShapeError) { return try Header(json: try answer.member("header")) } catch {
            throw .client(.shape(error))
        }
    }

    static func ask(
        _ client: RPCClient, _ method: String, _ parameters: JSON
    ) throws(LightQueryError) -> JSON {
        do { return try client.call(method, parameters) } catch { throw .client(error) }
    }
}
