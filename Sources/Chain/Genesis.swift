// Block 0: everything the first block needs. It maps one to one onto CometBFT's genesis file: genesis_time, chain_id,
// initial_height (always 1), consensus_params, validators, app_hash (always empty), and the rest as app_state.
// Invariant of a checked value: lists ascend strictly by address, keys are unique, money fits. Reading JSON is the
// shell's work; the hash is over the canonical encoding, so the file's spelling does not matter.
package import Codec
import Cryptography
package import Primitives
package import Quorum

package struct Genesis: Hashable, Sendable {
    package let chainID: ChainID
    package let time: Timestamp
    package let consensus: ConsensusParameters
    /// Ascending by address.
    package let accounts: [GenesisAccount]
    /// Ascending by operator.
    package let validators: [GenesisValidator]
    /// Ascending by account.
    package let providers: [GenesisProvider]
    /// Ascending by number. What is not named has the default of the design.
    package let settings: [Setting]
    /// R0: issued over time, outside the supply.
    package let reserve: Amount

    package init(
        chain: (id: ChainID, time: Timestamp, reserve: Amount), consensus: ConsensusParameters,
        accounts: [GenesisAccount], bonded: (validators: [GenesisValidator], providers: [GenesisProvider]),
        settings: [Setting]
    ) {
        (chainID, time, reserve) = (chain.id, chain.time, chain.reserve)
        self.consensus = consensus
        self.accounts = accounts.sorted { $0.address < $1.address }
        validators = bonded.validators.sorted { $0.operatorAddress < $1.operatorAddress }
        providers = bonded.providers.sorted { $0.account < $1.account }
        self.settings = settings.sorted { $0.number < $1.number }
    }

    /// The name under which nodes and light clients know this chain.
    package var hash: Digest { Hash.sha256(encoded) }
}

package enum GenesisLimits {
    package static let accountsMax = 100_000
    package static let providersMax = 10_000
    package static let settingsMax = 256
    package static let nameBytesMax = 64
}

package struct GenesisAccount: Hashable, Sendable, Message {
    package let address: Address
    package let balance: Amount

    package init(address: Address, balance: Amount) { (self.address, self.balance) = (address, balance) }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, address)
        encoder.unsigned(2, balance.units)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        address = try decoder.fixedBytes(1)
        balance = Amount(try decoder.unsigned(2))
    }
}

/// The four keys of a validator are separate: the account (cold) is known by its address, the other three by the key.
package struct ValidatorKeys: Hashable, Sendable, Message {
    package let consensus: PublicKey
    package let audit: PublicKey
    package let transport: PublicKey

    package init(consensus: PublicKey, audit: PublicKey, transport: PublicKey) {
        (self.consensus, self.audit, self.transport) = (consensus, audit, transport)
    }

    package var all: [PublicKey] { [consensus, audit, transport] }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, consensus)
        encoder.data(2, audit)
        encoder.data(3, transport)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        consensus = try decoder.fixedBytes(1)
        audit = try decoder.fixedBytes(2)
        transport = try decoder.fixedBytes(3)
    }
}

package struct GenesisValidator: Hashable, Sendable, Message {
    /// The account that owns the stake.
    package let operatorAddress: Address
    package let keys: ValidatorKeys
    package let stake: Amount
    /// For people: at most 64 bytes, never interpreted.
    package let name: Bytes

    package init(operatorAddress: Address, keys: ValidatorKeys, stake: Amount, name: Bytes) {
        (self.operatorAddress, self.keys, self.stake, self.name) = (operatorAddress, keys, stake, name)
    }

    /// Voting power: whole tokens of stake (formats A3).
    package var power: Int64 { stake.votingPower }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, operatorAddress)
        encoder.message(2, keys)
        encoder.unsigned(3, stake.units)
        encoder.data(4, name)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        operatorAddress = try decoder.fixedBytes(1)
        keys = try decoder.message(2)
        stake = Amount(try decoder.unsigned(3))
        name = try decoder.data(4, max: GenesisLimits.nameBytesMax)
    }
}

package struct GenesisProvider: Hashable, Sendable, Message {
    package let account: Address
    package let bond: Amount

    package init(account: Address, bond: Amount) { (self.account, self.bond) = (account, bond) }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, account)
        encoder.unsigned(2, bond.units)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        account = try decoder.fixedBytes(1)
        bond = Amount(try decoder.unsigned(2))
    }
}

/// One parameter of the ledger by its number; the ledger knows the numbers, their names and their defaults.
package struct Setting: Hashable, Sendable, Message {
    package let number: UInt32
    package let value: UInt64

    package init(number: UInt32, value: UInt64) { (self.number, self.value) = (number, value) }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, UInt64(number))
        encoder.unsigned(2, value)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        number = try decoder.unsigned32(1)
        value = try decoder.unsigned(2)
    }
}

extension Amount {
    /// Whole tokens: `floor(stake / 10^9)`, which fits an int64 always.
    package var votingPower: Int64 { Int64(units / Amount.unitsPerToken) }
}

extension Genesis: Message {
    package func encode(into encoder: inout Encoder) {
        encoder.data(1, chainID.bytes)
        encoder.message(2, time)
        encoder.message(3, consensus)
        encoder.messages(4, accounts)
        encoder.messages(5, validators)
        encoder.messages(6, providers)
        encoder.messages(7, settings)
        encoder.unsigned(8, reserve.units)
    }

    /// Sorts nothing: `check()` refuses a list in another order.
    package init(from decoder: inout Decoder) throws(DecodeError) {
        guard let chainID = ChainID(try decoder.data(1, max: Limits.chainIDBytesMax)) else { throw .invalid(field: 1) }
        self.chainID = chainID
        time = try decoder.message(2)
        consensus = try decoder.message(3)
        accounts = try decoder.messages(4, count: GenesisLimits.accountsMax)
        validators = try decoder.messages(5, count: Limits.validatorsMax)
        providers = try decoder.messages(6, count: GenesisLimits.providersMax)
        settings = try decoder.messages(7, count: GenesisLimits.settingsMax)
        reserve = Amount(try decoder.unsigned(8))
    }
}
