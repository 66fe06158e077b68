// The genesis of a chain that begins on this machine: every founder a validator, every account funded. Amounts are the
// local network's.
import Chain
import Cryptography
import Ledger
import Node
import Primitives
import Quorum
import Rewards

struct Founder {
    let name: String
    let keys: ValidatorKeys
    let account: Address
    let stake: Amount

    init(name: String, keys: [KeyFile.Role: SigningKey], stake: Amount = ChainBeginning.stake) {
        guard let account = keys[.account], let consensus = keys[.consensus], let audit = keys[.audit],
            let transport = keys[.transport]
        else { preconditionFailure("a founder has every key") }
        self.name = name
        (self.account, self.stake) = (account.address, stake)
        self.keys = ValidatorKeys(
            consensus: consensus.publicKey, audit: audit.publicKey, transport: transport.publicKey)
    }
}

struct ChainBeginning {
    let chainID: ChainID
    let founders: [Founder]
    /// Parameters, reserve, and further accounts and providers come from here; nil takes the defaults.
    var template: Genesis?
    /// Length of an epoch; the local network's other parameters scale with it and go before the template's.
    var epochSeconds: UInt64?
    /// Listed and bonded from the start; their accounts are funded too.
    var providers: [GenesisProvider] = []
    /// Further accounts that are funded.
    var accounts: [Address] = []

    static let stake = Amount(100_000 * Amount.unitsPerToken)
    static let balance = Amount(1_000_000 * Amount.unitsPerToken)
    static let reserve = Amount(400_000_000 * Amount.unitsPerToken)

    func genesis() throws -> Genesis {
        let settings =
            try epochSeconds.map {
                LedgerParameters(rewards: try .local(epochSeconds: $0)).differences
            } ?? []
        var consensus = template?.consensus ?? ConsensusParameters()
        if let epochSeconds {
            // Evidence must not outlive the stake it could slash: three epochs, where stake stays for four.
            consensus.evidenceAgeSeconds = min(consensus.evidenceAgeSeconds, 3 * epochSeconds)
        }
        let validators = founders.map {
            GenesisValidator(
                operatorAddress: $0.account, keys: $0.keys, stake: $0.stake, name: Bytes($0.name.utf8))
        }
        let others = template?.settings.filter { own in !settings.contains { $0.number == own.number } } ?? []
        let funded = founders.map(\.account) + providers.map(\.account) + accounts
        return Genesis(
            chain: (chainID, WallClock.timestamp, template?.reserve ?? Self.reserve),
            consensus: consensus,
            accounts: funded.map { GenesisAccount(address: $0, balance: Self.balance) } + (template?.accounts ?? []),
            bonded: (validators, providers + (template?.providers ?? [])), settings: settings + others)
    }
}
