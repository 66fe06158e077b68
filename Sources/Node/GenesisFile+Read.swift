// The strict reader of genesis.json. What it accepts is checked by the rules of Genesis and of the ledger before it is
// returned.
package import Chain
import Cryptography
import Ledger
package import Primitives
import Quorum
import RPC

extension GenesisFile {
    package static func decode(_ content: Bytes, path: String) throws(HomeError) -> Genesis {
        let (file, genesis) = try read(content, path: path)
        try compare(file, genesis)
        do throws(GenesisError) {
            try genesis.check()
            _ = try LedgerParameters(genesis.settings)
        } catch {
            throw .genesis(path: path, error)
        }
        return genesis
    }

    /// A genesis file to begin chains from: its validators and accounts may still be missing, so only its form and its
    /// parameters are checked.
    package static func decode(template content: Bytes, path: String) throws(HomeError) -> Genesis {
        let (_, genesis) = try read(content, path: path)
        if let rule = genesis.consensus.firstBrokenRule { throw .genesis(path: path, .consensusParameters(rule)) }
        do { _ = try LedgerParameters(genesis.settings) } catch { throw .genesis(path: path, error) }
        return genesis
    }

    private static func read(_ content: Bytes, path: String) throws(HomeError) -> (JSONReader, Genesis) {
        let file = try JSONReader(content, path: path, keys: keys)
        guard let time = Timestamp(rfc3339: try file.text("genesis_time")) else {
            throw file.refusal("genesis_time", "is no time like 2026-01-02T03:04:05Z")
        }
        guard let chainID = ChainID(try file.text("chain_id").utf8) else {
            throw file.refusal("chain_id", "is 1 to 50 of the characters A-Z a-z 0-9 . _ -")
        }
        guard try file.text("initial_height") == "1" else { throw file.refusal("initial_height", "is always \"1\"") }
        guard try file.text("app_hash").isEmpty else { throw file.refusal("app_hash", "is always empty") }
        let state = try file.object(
            "app_state", keys: ["timing", "accounts", "validators", "providers", "parameters", "reserve"])
        let consensus = try consensus(file, state)
        let validators = try state.objects("validators", keys: bondedKeys, max: Limits.validatorsMax)
        let genesis = Genesis(
            chain: (chainID, time, Amount(try state.number("reserve"))), consensus: consensus,
            accounts: try accounts(state),
            bonded: (try map(validators, validator), try providers(state)), settings: try settings(state))
        return (file, genesis)
    }

    private static func map<Result>(
        _ readers: [JSONReader], _ body: (JSONReader) throws(HomeError) -> Result
    ) throws(HomeError) -> [Result] {
        var results: [Result] = []
        for reader in readers { results.append(try body(reader)) }
        return results
    }

    // MARK: Parts

    private static func consensus(
        _ file: JSONReader, _ state: JSONReader
    ) throws(HomeError) -> ConsensusParameters {
        let part = try file.object("consensus_params", keys: ["block", "evidence", "validator", "version", "abci"])
        let block = try part.object("block", keys: ["max_bytes", "max_gas"])
        let evidence = try part.object("evidence", keys: ["max_age_num_blocks", "max_age_duration", "max_bytes"])
        guard try part.object("validator", keys: ["pub_key_types"]).texts("pub_key_types") == ["ed25519"] else {
            throw part.refusal("validator.pub_key_types", "is always [\"ed25519\"]")
        }
        guard try part.object("version", keys: ["app"]).text("app") == "1" else {
            throw part.refusal("version.app", "is always \"1\"")
        }
        let abci = try part.object("abci", keys: ["vote_extensions_enable_height"])
        guard try abci.text("vote_extensions_enable_height") == "0" else {
            throw part.refusal("abci.vote_extensions_enable_height", "is always \"0\"")
        }
        var values = ConsensusParameters()
        (values.blockBytesMax, values.blockGasMax) = (try block.signed("max_bytes"), try block.signed("max_gas"))
        values.evidenceAgeBlocks = try evidence.number("max_age_num_blocks")
        let age = try evidence.number("max_age_duration")
        guard age % 1_000_000_000 == 0 else { throw evidence.refusal("max_age_duration", "is no whole second") }
        values.evidenceAgeSeconds = age / 1_000_000_000
        values.evidenceBytesMax = try evidence.signed("max_bytes")
        try read(timing: state.object("timing", keys: timingKeys), into: &values)
        return values
    }

    private static func read(timing: JSONReader, into values: inout ConsensusParameters) throws(HomeError) {
        func span(_ name: String) throws(HomeError) -> Span { Span(nanoseconds: try timing.signed(name)) }
        (values.precision, values.messageDelay) = (try span("precision"), try span("message_delay"))
        values.timeouts = ConsensusParameters.Timeouts(
            propose: try span("timeout_propose"), proposeDelta: try span("timeout_propose_delta"),
            vote: try span("timeout_vote"), voteDelta: try span("timeout_vote_delta"))
        values.blockInterval = try span("block_interval")
    }

    private static func accounts(_ state: JSONReader) throws(HomeError) -> [GenesisAccount] {
        let readers = try state.objects("accounts", keys: accountKeys, max: GenesisLimits.accountsMax)
        return try map(readers) { reader throws(HomeError) in
            GenesisAccount(
                address: try address(reader, "address"), balance: Amount(try reader.number("balance")))
        }
    }

    private static func providers(_ state: JSONReader) throws(HomeError) -> [GenesisProvider] {
        let readers = try state.objects("providers", keys: ["account", "bond"], max: GenesisLimits.providersMax)
        return try map(readers) { reader throws(HomeError) in
            GenesisProvider(account: try address(reader, "account"), bond: Amount(try reader.number("bond")))
        }
    }

    private static func validator(_ reader: JSONReader) throws(HomeError) -> GenesisValidator {
        let keys = ValidatorKeys(
            consensus: try key(reader, "consensus_key"), audit: try key(reader, "audit_key"),
            transport: try key(reader, "transport_key"))
        return GenesisValidator(
            operatorAddress: try address(reader, "operator"), keys: keys, stake: Amount(try reader.number("stake")),
            name: Bytes(try reader.text("name").utf8))
    }

    private static func settings(_ state: JSONReader) throws(HomeError) -> [Setting] {
        var settings: [Setting] = []
        for (name, value) in try state.entries("parameters").sorted(by: { $0.name < $1.name }) {
            guard let field = LedgerParameters.fields.first(where: { $0.name == name }) else {
                let known = LedgerParameters.fields.map(\.name).joined(separator: ", ")
                throw state.refusal("parameters.\(name)", "unknown parameter; known are \(known)")
            }
            settings.append(Setting(number: field.number, value: value))
        }
        return settings
    }

    private static func address(_ reader: JSONReader, _ name: String) throws(HomeError) -> Address {
        guard let address = Address(bech32: try reader.text(name)) else {
            throw reader.refusal(name, "is no account address (merit1…); one character may be wrong")
        }
        return address
    }

    private static func key(_ reader: JSONReader, _ name: String) throws(HomeError) -> PublicKey {
        guard let key = PublicKey(try reader.hex(name)) else { throw reader.refusal(name, "has not 64 hex digits") }
        return key
    }

    /// CometBFT's list of validators says the same as app_state.
    private static func compare(_ file: JSONReader, _ genesis: Genesis) throws(HomeError) {
        let listed = try file.objects(
            "validators", keys: ["address", "pub_key", "power", "name"], max: Limits.validatorsMax)
        guard listed.count == genesis.validators.count else {
            throw file.refusal("validators", "has another number of entries than app_state.validators")
        }
        for reader in listed {
            let part = try reader.object("pub_key", keys: ["type", "value"])
            guard try part.text("type") == keyType else { throw part.refusal("type", "is always \(keyType)") }
            let value = try part.text("value")
            let match = genesis.validators.first { Base64.encode($0.keys.consensus.bytes) == value }
            guard let match else { throw part.refusal("value", "is no consensus key of app_state.validators") }
            let address = Hex.upper(Hash.address(of: match.keys.consensus).bytes)
            guard try reader.text("address") == address else { throw reader.refusal("address", "is not \(address)") }
            guard try reader.text("power") == "\(match.power)" else {
                throw reader.refusal("power", "is not \(match.power), the whole tokens of its stake")
            }
            guard Bytes(try reader.text("name").utf8) == match.name else {
                throw reader.refusal("name", "is not that of app_state.validators")
            }
        }
    }
}
