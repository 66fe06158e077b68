// A stranger's question: what does this account hold? Known beforehand is the genesis hash alone, or a newer header's
// hash from a friend. Invariant: an answer is returned only if its ICS-23 proof holds under the app hash of a header
// that follows from that knowledge.
package import Chain
package import Codec
package import Ledger
package import LightClient
package import Primitives
package import Quorum
import RPC

package enum LightQueryError: Error, Sendable {
    case client(ClientError)
    /// The node's genesis is another one.
    case wrongGenesis(Digest)
    case badGenesis(GenesisError)
    /// The first block does not follow from the genesis.
    case notFromGenesis(String)
    /// The block of the checkpoint is not the trusted one.
    case wrongCheckpoint(LightClientError)
    case session(LightSessionError)
    case answer(StateAnswerError)
    /// The node says that it cannot answer.
    case noAnswer(String)
    case badValue(DecodeError)

    /// True where nothing was refused and another node, or later, may help.
    package var isUnreachable: Bool {
        switch self {
        case .client(.exchange), .session(.source(.unreachable, _)): true
        default: false
        }
    }
}

/// A header whose hash the user trusts.
package struct Checkpoint: Sendable {
    package let height: Height
    package let hash: Digest

    /// `HEIGHT:HASH`, the hash in hex.
    package init?(_ text: String) {
        let parts = text.split(separator: ":")
        guard parts.count == 2, let value = UInt64(parts[0]), let height = Height(value), height > .zero,
            let hash = Digest(hex: String(parts[1]))
        else { return nil }
        (self.height, self.hash) = (height, hash)
    }
}

package struct VerifiedAccount: Sendable {
    package let account: Account
    /// The height after which the account is like this; the header that proves it is one above.
    package let height: Height
    package let header: Header
    package let chainID: ChainID
}

package struct LightQuery: Sendable {
    private let client: RPCClient
    private let genesisHash: Digest
    private let checkpoint: Checkpoint?
    private let options: VerificationOptions

    package init(_ client: RPCClient, genesisHash: Digest, checkpoint: Checkpoint?, options: VerificationOptions) {
        (self.client, self.genesisHash) = (client, genesisHash)
        (self.checkpoint, self.options) = (checkpoint, options)
    }

    /// The account as the newest provable state has it; throws unless that is proved.
    package func account(_ address: Address, now: Timestamp) throws(LightQueryError) -> VerifiedAccount {
        let genesis = try genesis()
        let verifier = LightVerifier(chainID: genesis.chainID, profile: .merit, options: options)
        let source = RPCSource(client)
        let root = try root(genesis, verifier, source)
        guard let store = TrustStore(chainID: genesis.chainID, first: root) else {
            throw .notFromGenesis("the first trusted header is of another chain")
        }
        let key = StateKey.account(address)
        let answer = try state(of: key)
        var session = LightSession(verifier: verifier, store: store)
        let header: Header
        do throws(LightSessionError) {
            header = try session.advance(to: answer.height.advanced(), primary: source, now: now).state.header
        } catch {
            throw .session(error)
        }
        do { try answer.verify(key: key, header: header) } catch { throw .answer(error) }
        var account = Account()
        if let value = answer.value {
            do { account = try Account(decoding: value) } catch { throw .badValue(error) }
        }
        return VerifiedAccount(account: account, height: answer.height, header: header, chainID: genesis.chainID)
    }

    private func genesis() throws(LightQueryError) -> Genesis {
        let answer = try ask("genesis", [:])
        let genesis: Genesis
        do throws(ShapeError) { genesis = try Genesis(json: try answer.member("genesis")) } catch {
            throw .client(.shape(error))
        }
        guard genesis.hash == genesisHash else { throw .wrongGenesis(genesis.hash) }
        return genesis
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

    private func state(of key: Bytes) throws(LightQueryError) -> StateAnswer {
        let answer = try ask(
            "abci_query", ["path": "/key", "data": .string(Hex.lower(key)), "prove": true])
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
        do { return try Self.read(response, key) } catch { throw .client(.shape(error)) }
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

    private func ask(_ method: String, _ parameters: JSON) throws(LightQueryError) -> JSON {
        do { return try client.call(method, parameters) } catch { throw .client(error) }
    }
}
