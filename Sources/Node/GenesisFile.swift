// genesis.json in CometBFT's shape. What CometBFT has no word for is under app_state. The chain's name for a genesis is
// the hash of its canonical encoding, so the spelling of the file does not matter; its content is checked in full.
package import Chain
import Cryptography
import Ledger
package import Primitives
import Quorum

package enum GenesisFile {
    static let keys = [
        "genesis_time", "chain_id", "initial_height", "consensus_params", "validators", "app_hash", "app_state",
    ]
    static let accountKeys = ["address", "balance"]
    static let bondedKeys = ["operator", "name", "consensus_key", "audit_key", "transport_key", "stake"]
    static let timingKeys = [
        "precision", "message_delay", "timeout_propose", "timeout_propose_delta", "timeout_vote",
        "timeout_vote_delta", "block_interval",
    ]
    static let keyType = "tendermint/PubKeyEd25519"

    // MARK: Write

    package static func encode(_ genesis: Genesis) -> Bytes { json(genesis).bytes }

    package static func json(_ genesis: Genesis) -> JSONValue {
        .object([
            ("genesis_time", .text(genesis.time.description)), ("chain_id", .text(genesis.chainID.description)),
            ("initial_height", .text("1")), ("consensus_params", consensus(genesis.consensus)),
            ("validators", .array(validators(genesis))), ("app_hash", .text("")),
            (
                "app_state",
                .object([
                    ("timing", timing(genesis.consensus)), ("accounts", .array(genesis.accounts.map(json))),
                    ("validators", .array(genesis.validators.map(json))),
                    ("providers", .array(genesis.providers.map(json))),
                    ("parameters", .object(genesis.settings.map { (name(of: $0), .text("\($0.value)")) })),
                    ("reserve", .text(genesis.reserve.description)),
                ])
            ),
        ])
    }

    private static func consensus(_ values: ConsensusParameters) -> JSONValue {
        let (age, over) = values.evidenceAgeSeconds.multipliedReportingOverflow(by: 1_000_000_000)
        precondition(!over, "an evidence age of \(values.evidenceAgeSeconds) s")
        return .object([
            (
                "block",
                .object([("max_bytes", .text("\(values.blockBytesMax)")), ("max_gas", .text("\(values.blockGasMax)"))])
            ),
            (
                "evidence",
                .object([
                    ("max_age_num_blocks", .text("\(values.evidenceAgeBlocks)")),
                    ("max_age_duration", .text("\(age)")), ("max_bytes", .text("\(values.evidenceBytesMax)")),
                ])
            ),
            ("validator", .object([("pub_key_types", .array([.text("ed25519")]))])),
            ("version", .object([("app", .text("1"))])),
            ("abci", .object([("vote_extensions_enable_height", .text("0"))])),
        ])
    }

    /// Nanoseconds, as CometBFT writes durations.
    private static func timing(_ values: ConsensusParameters) -> JSONValue {
        let spans = [
            values.precision, values.messageDelay, values.timeouts.propose, values.timeouts.proposeDelta,
            values.timeouts.vote, values.timeouts.voteDelta, values.blockInterval,
        ]
        return .object(zip(timingKeys, spans).map { ($0, .text("\($1.nanoseconds)")) })
    }

    /// CometBFT's list, in the order of the set.
    private static func validators(_ genesis: Genesis) -> [JSONValue] {
        let named = genesis.validators.map { (validator: $0, address: Hash.address(of: $0.keys.consensus)) }
        return named.sorted { left, right in
            left.validator.power == right.validator.power
                ? left.address < right.address : left.validator.power > right.validator.power
        }.map { validator, address in
            .object([
                ("address", .text(Hex.upper(address.bytes))),
                (
                    "pub_key",
                    .object([
                        ("type", .text(keyType)), ("value", .text(Base64.encode(validator.keys.consensus.bytes))),
                    ])
                ),
                ("power", .text("\(validator.power)")),
                ("name", .text(String(decoding: validator.name, as: UTF8.self))),
            ])
        }
    }

    private static func json(_ account: GenesisAccount) -> JSONValue {
        .object([
            ("address", .text(account.address.bech32)), ("balance", .text(account.balance.description)),
        ])
    }

    private static func json(_ validator: GenesisValidator) -> JSONValue {
        .object([
            ("operator", .text(validator.operatorAddress.bech32)),
            ("name", .text(String(decoding: validator.name, as: UTF8.self))),
            ("consensus_key", .text(validator.keys.consensus.description)),
            ("audit_key", .text(validator.keys.audit.description)),
            ("transport_key", .text(validator.keys.transport.description)),
            ("stake", .text(validator.stake.description)),
        ])
    }

    private static func json(_ provider: GenesisProvider) -> JSONValue {
        .object([("account", .text(provider.account.bech32)), ("bond", .text(provider.bond.description))])
    }

    private static func name(of setting: Setting) -> String {
        LedgerParameters.fields.first { $0.number == setting.number }?.name ?? "parameter_\(setting.number)"
    }
}
