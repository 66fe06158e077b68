// The genesis as `/genesis` answers it and as genesis.json holds it: CometBFT's members, and under app_state what only
// our chain has. Both ways: reading gives the value whose canonical hash names the chain, whatever the text looked
// like.
package import Chain
import Cryptography
import Ledger
package import Primitives
import Quorum

extension Genesis {
    package var json: JSON {
        let ordered = validators.sorted { left, right in
            left.power == right.power
                ? Hash.address(of: left.keys.consensus) < Hash.address(of: right.keys.consensus)
                : left.power > right.power
        }
        return [
            "genesis_time": .time(time), "chain_id": .string(chainID.description), "initial_height": "1",
            "consensus_params": consensus.json, "validators": .array(ordered.map(\.votingJSON)), "app_hash": "",
            "app_state": stateJSON,
        ]
    }

    private var stateJSON: JSON {
        [
            "timing": consensus.timingJSON,
            "accounts": .array(
                accounts.map { ["address": .string($0.address.bech32), "balance": .decimal($0.balance.units)] }),
            "validators": .array(validators.map(\.json)),
            "providers": .array(
                providers.map { ["account": .string($0.account.bech32), "bond": .decimal($0.bond.units)] }),
            "parameters": .object(settings.map { JSON.Member(Self.name(of: $0), .decimal($0.value)) }),
            "reserve": .decimal(reserve.units),
        ]
    }

    private static func name(of setting: Setting) -> String {
        LedgerParameters.fields.first { $0.number == setting.number }?.name ?? "parameter_\(setting.number)"
    }

    private static func settings(_ parameters: JSON) throws(ShapeError) -> [Setting] {
        guard case .object(let members) = parameters else { throw .wrongForm("parameters") }
        var settings: [Setting] = []
        for member in members {
            guard let field = LedgerParameters.fields.first(where: { $0.name == member.name }) else {
                throw .wrongForm(member.name)
            }
            settings.append(Setting(number: field.number, value: try parameters.decimal(member.name)))
        }
        return settings
    }

    package init(json: JSON) throws(ShapeError) {
        guard let chainID = ChainID(Bytes(try json.text("chain_id").utf8)) else { throw .wrongForm("chain_id") }
        let state = try json.member("app_state")
        var accounts: [GenesisAccount] = []
        for entry in try state.elements("accounts", max: GenesisLimits.accountsMax) {
            let balance = Amount(try entry.decimal("balance"))
            accounts.append(GenesisAccount(address: try entry.account("address"), balance: balance))
        }
        var validators: [GenesisValidator] = []
        for entry in try state.elements("validators", max: Limits.validatorsMax) {
            validators.append(try GenesisValidator(json: entry))
        }
        var providers: [GenesisProvider] = []
        for entry in try state.elements("providers", max: GenesisLimits.providersMax) {
            providers.append(
                GenesisProvider(account: try entry.account("account"), bond: Amount(try entry.decimal("bond"))))
        }
        let reserve = Amount(try state.decimal("reserve"))
        let consensus = try ConsensusParameters(
            json: try json.member("consensus_params"), own: try state.member("timing"))
        self.init(
            chain: (chainID, try json.time("genesis_time"), reserve), consensus: consensus, accounts: accounts,
            bonded: (validators, providers), settings: try Self.settings(try state.member("parameters")))
    }
}

extension JSON {
    package func account(_ name: String) throws(ShapeError) -> Address {
        guard let address = Address(bech32: try text(name)) else { throw .wrongForm(name) }
        return address
    }
}

extension GenesisValidator {
    /// As CometBFT names a validator.
    fileprivate var votingJSON: JSON {
        [
            "address": .hex(Hash.address(of: keys.consensus)), "pub_key": keys.consensus.json,
            "power": .decimal(power), "name": .string(String(decoding: name, as: UTF8.self)),
        ]
    }

    fileprivate var json: JSON {
        [
            "operator": .string(operatorAddress.bech32),
            "name": .string(String(decoding: name, as: UTF8.self)),
            "consensus_key": .string(keys.consensus.description), "audit_key": .string(keys.audit.description),
            "transport_key": .string(keys.transport.description), "stake": .decimal(stake.units),
        ]
    }

    fileprivate init(json: JSON) throws(ShapeError) {
        func key(_ name: String) throws(ShapeError) -> PublicKey {
            guard let key = PublicKey(hex: try json.text(name)) else { throw .wrongForm(name) }
            return key
        }
        let keys = ValidatorKeys(
            consensus: try key("consensus_key"), audit: try key("audit_key"), transport: try key("transport_key"))
        self.init(
            operatorAddress: try json.account("operator"), keys: keys, stake: Amount(try json.decimal("stake")),
            name: Bytes(try json.text("name").utf8))
    }
}

extension ConsensusParameters {
    /// What CometBFT has no name for.
    fileprivate var timingJSON: JSON {
        [
            "precision": .nanoseconds(precision), "message_delay": .nanoseconds(messageDelay),
            "timeout_propose": .nanoseconds(timeouts.propose),
            "timeout_propose_delta": .nanoseconds(timeouts.proposeDelta), "timeout_vote": .nanoseconds(timeouts.vote),
            "timeout_vote_delta": .nanoseconds(timeouts.voteDelta), "block_interval": .nanoseconds(blockInterval),
        ]
    }

    fileprivate init(json: JSON, own: JSON) throws(ShapeError) {
        func span(_ name: String) throws(ShapeError) -> Span { Span(nanoseconds: try own.decimal(name)) }
        let (block, evidence) = (try json.member("block"), try json.member("evidence"))
        self.init()
        blockBytesMax = try block.decimal("max_bytes")
        blockGasMax = try block.decimal("max_gas")
        evidenceAgeBlocks = try evidence.decimal("max_age_num_blocks")
        let age: UInt128 = try evidence.decimal("max_age_duration")
        let (seconds, rest) = age.quotientAndRemainder(dividingBy: 1_000_000_000)
        guard rest == 0, let whole = UInt64(exactly: seconds) else { throw .wrongForm("max_age_duration") }
        evidenceAgeSeconds = whole
        evidenceBytesMax = try evidence.decimal("max_bytes")
        (precision, messageDelay) = (try span("precision"), try span("message_delay"))
        timeouts = Timeouts(
            propose: try span("timeout_propose"), proposeDelta: try span("timeout_propose_delta"),
            vote: try span("timeout_vote"), voteDelta: try span("timeout_vote_delta"))
        blockInterval = try span("block_interval")
    }
}
