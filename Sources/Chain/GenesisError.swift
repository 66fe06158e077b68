// Why a genesis is refused: one case per rule. What depends on the meaning of a setting is judged by the ledger.
import Cryptography
package import Primitives
import Quorum

package enum GenesisError: Error, Equatable, Sendable {
    /// The text is the inequality that fails.
    case consensusParameters(String)
    case noValidators
    /// A list longer than its bound.
    case tooMany(GenesisList)
    /// An address twice, or a list that does not ascend.
    case notAscending(GenesisList, Address)
    /// An account without balance or a provider without bond: there would be nothing to keep.
    case zeroAmount(Address)
    case nameTooLong(Address)
    /// A key that is no point of the main subgroup.
    case keyNotRegistrable(PublicKey)
    /// One key in two roles or at two validators.
    case duplicateKey(PublicKey)
    /// Less than one whole token, so no voting power.
    case powerBelowOne(Address)
    /// All power together exceeds 2^60 - 1.
    case powerTooLarge
    /// Accounts, stakes, bonds and reserve together exceed 64 bits.
    case supplyTooLarge
    /// Setting numbers that do not ascend.
    case settingsNotAscending(UInt32)
    /// A number that no parameter has.
    case unknownSetting(UInt32)
    /// The parameters together break a rule of theirs; the text says which, with the numbers.
    case parameters(String)
    /// Stake below the least that a validator needs.
    case stakeBelowMinimum(Address)
}

package enum GenesisList: Sendable, Equatable { case accounts, validators, providers, settings }

extension Genesis {
    /// Throws the first broken rule.
    package func check() throws(GenesisError) {
        if let rule = consensus.firstBrokenRule { throw .consensusParameters(rule) }
        try checkCounts()
        try Self.checkAscending(accounts.map(\.address), .accounts)
        try Self.checkAscending(validators.map(\.operatorAddress), .validators)
        try Self.checkAscending(providers.map(\.account), .providers)
        for (left, right) in zip(settings, settings.dropFirst()) where left.number >= right.number {
            throw .settingsNotAscending(right.number)
        }
        for account in accounts where account.balance == .zero { throw .zeroAmount(account.address) }
        for provider in providers where provider.bond == .zero { throw .zeroAmount(provider.account) }
        try checkKeys()
        try checkPower()
        do { _ = try supply().adding(reserve) } catch { throw .supplyTooLarge }
    }

    private func checkCounts() throws(GenesisError) {
        if validators.isEmpty { throw .noValidators }
        if accounts.count > GenesisLimits.accountsMax { throw .tooMany(.accounts) }
        if validators.count > Limits.validatorsMax { throw .tooMany(.validators) }
        if providers.count > GenesisLimits.providersMax { throw .tooMany(.providers) }
        if settings.count > GenesisLimits.settingsMax { throw .tooMany(.settings) }
    }

    private static func checkAscending(_ addresses: [Address], _ list: GenesisList) throws(GenesisError) {
        for (left, right) in zip(addresses, addresses.dropFirst()) where left >= right {
            throw .notAscending(list, right)
        }
    }

    private func checkKeys() throws(GenesisError) {
        let keys = validators.flatMap(\.keys.all).sorted()
        for (left, right) in zip(keys, keys.dropFirst()) where left == right { throw .duplicateKey(left) }
        for key in keys where !Ed25519.isRegistrable(key) { throw .keyNotRegistrable(key) }
        for validator in validators where validator.name.count > GenesisLimits.nameBytesMax {
            throw .nameTooLong(validator.operatorAddress)
        }
    }

    private func checkPower() throws(GenesisError) {
        var total: Int64 = 0
        for validator in validators {
            guard validator.power > 0 else { throw .powerBelowOne(validator.operatorAddress) }
            let (sum, overflow) = total.addingReportingOverflow(validator.power)
            guard !overflow, sum <= Limits.votingPowerTotalMax else { throw .powerTooLarge }
            total = sum
        }
    }

    /// All MRT that exists at height 0: balances, stakes and bonds. The reserve is outside.
    package func supply() throws(ArithmeticError) -> Amount {
        var total = Amount.zero
        for account in accounts { total = try total.adding(account.balance) }
        for validator in validators { total = try total.adding(validator.stake) }
        for provider in providers { total = try total.adding(provider.bond) }
        return total
    }
}
