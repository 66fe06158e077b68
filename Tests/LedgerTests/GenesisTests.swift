// A genesis is refused by the first rule it breaks: one row per rule.
import Chain
import Codec
import Cryptography
import Ledger
import Primitives
import Quorum
import Testing

@Suite("genesis")
struct GenesisTests {
    struct Parts {
        var accounts: [GenesisAccount]
        var validators: [GenesisValidator]
        var providers: [GenesisProvider] = []
        var settings: [Setting]
        var consensus: ConsensusParameters
        var reserve = Amount(5)

        var genesis: Genesis {
            Genesis(
                chain: (TestChain.chainID, TestChain.start, reserve), consensus: consensus, accounts: accounts,
                bonded: (validators, providers), settings: settings)
        }
    }

    static var standard: Parts {
        let genesis = TestChain.genesis(validators: 2)
        return Parts(
            accounts: genesis.accounts, validators: genesis.validators, settings: genesis.settings,
            consensus: genesis.consensus)
    }

    static func judge(_ change: (inout Parts) -> Void) -> GenesisError? {
        var parts = standard
        change(&parts)
        do throws(GenesisError) {
            _ = try Ledger.genesis(parts.genesis)
            return nil
        } catch {
            return error
        }
    }

    static func validator(_ number: UInt8, keys: ValidatorKeys? = nil, units: UInt64, name: Bytes = [])
        -> GenesisValidator
    {
        let own = TestKeys(number)
        return GenesisValidator(
            operatorAddress: own.account.address, keys: keys ?? own.validator, stake: Amount(units), name: name)
    }

    @Test("money fits, and nothing is empty")
    func amounts() {
        let stake = 1_000 * TestChain.token
        #expect(Self.judge { _ in } == nil)
        #expect(
            Self.judge { $0.providers = [GenesisProvider(account: $0.accounts[0].address, bond: Amount(1))] } == nil)
        #expect(Self.judge { $0.reserve = Amount(.max) } == .supplyTooLarge)
        let address = TestKeys(20).account.address
        #expect(
            Self.judge { $0.accounts.append(GenesisAccount(address: address, balance: Amount(.max))) }
                == .supplyTooLarge)
        #expect(
            Self.judge { $0.accounts.append(GenesisAccount(address: address, balance: .zero)) }
                == .zeroAmount(address))
        #expect(Self.judge { $0.providers = [GenesisProvider(account: address, bond: .zero)] } == .zeroAmount(address))
        #expect(Self.judge { $0.validators = [] } == .noValidators)
        let low = TestKeys(3).account.address
        #expect(Self.judge { $0.validators.append(Self.validator(3, units: stake - 1)) } == .stakeBelowMinimum(low))
        #expect(Self.judge { $0.validators.append(Self.validator(3, units: 999_999_999)) } == .powerBelowOne(low))
    }

    @Test("accounts, validators and keys are unique, keys are points, names are short")
    func identities() {
        let stake = 1_000 * TestChain.token
        let (first, second) = (TestKeys(0), TestKeys(3))
        let doubled = Self.standard.accounts[0]
        #expect(Self.judge { $0.accounts.append(doubled) } == .notAscending(.accounts, doubled.address))
        let twice = Self.judge { $0.validators.append(Self.validator(0, units: stake)) }
        #expect(twice == .notAscending(.validators, first.account.address))
        let provider = GenesisProvider(account: second.account.address, bond: Amount(1))
        #expect(Self.judge { $0.providers = [provider, provider] } == .notAscending(.providers, provider.account))
        let shared = ValidatorKeys(
            consensus: second.consensus.publicKey, audit: first.audit.publicKey, transport: second.transport.publicKey)
        #expect(
            Self.judge { $0.validators.append(Self.validator(3, keys: shared, units: stake)) }
                == .duplicateKey(first.audit.publicKey))
        let zero = PublicKey(Bytes(repeating: 0, count: 32))!
        let weak = ValidatorKeys(
            consensus: zero, audit: second.audit.publicKey, transport: second.transport.publicKey)
        #expect(
            Self.judge { $0.validators.append(Self.validator(3, keys: weak, units: stake)) }
                == .keyNotRegistrable(zero))
        let name = Bytes(repeating: 65, count: 65)
        #expect(
            Self.judge { $0.validators.append(Self.validator(3, units: stake, name: name)) }
                == .nameTooLong(second.account.address))
    }

    @Test("parameters are known, named once and hold their rules")
    func parameters() {
        #expect(Self.judge { $0.settings.append(Setting(number: 99, value: 1)) } == .unknownSetting(99))
        #expect(Self.judge { $0.settings.append($0.settings[0]) } == .settingsNotAscending(101))
        func refused(_ number: UInt32, _ value: UInt64) -> String {
            let error = Self.judge { parts in
                parts.settings.removeAll { $0.number == number }
                parts.settings.append(Setting(number: number, value: value))
            }
            guard case .parameters(let text) = error else { return "\(String(describing: error))" }
            return text
        }
        #expect(refused(101, 7) == "epochSecondsDoNotDivideDay(7)")
        #expect(refused(701, 999_999_999) == "validator_stake_min >= 10^9")
        #expect(refused(601, 1).hasPrefix("cheatingPays"))
        #expect(refused(610, 1).hasPrefix("forgingPanelsPays"))
        #expect(
            Self.judge { $0.consensus.evidenceAgeSeconds = 81 }
                == .parameters("evidence.max_age_duration <= unbonding: 80 s"))
        #expect(
            Self.judge { $0.consensus.blockBytesMax = 0 }
                == .consensusParameters("block.max_bytes is -1 or 1...104857600"))
    }

    @Test("a genesis whose lists are not in order decodes and is refused")
    func order() throws {
        var bytes = Bytes()
        let genesis = Self.standard.genesis
        bytes = genesis.encoded
        let (first, second) = (genesis.accounts[0].encoded, genesis.accounts[1].encoded)
        let pair = [0x22, UInt8(first.count)] + first + [0x22, UInt8(second.count)] + second
        let swapped = [0x22, UInt8(second.count)] + second + [0x22, UInt8(first.count)] + first
        let place = try #require(bytes.indices.first { bytes[$0...].starts(with: pair) })
        bytes.replaceSubrange(place..<(place + pair.count), with: swapped)
        let disordered = try Genesis(decoding: bytes)
        #expect(throws: GenesisError.notAscending(.accounts, genesis.accounts[0].address)) { try disordered.check() }
        #expect(disordered.hash != genesis.hash)
    }
}
