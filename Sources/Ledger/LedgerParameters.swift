// The ledger's parameters by number, name and value: genesis names the ones that differ from the defaults, the state
// holds all of them. Invariant: numbers are unique and never reused; the list is ascending.
package import Chain
import Codec
import Primitives
package import Rewards

package struct LedgerParameters: Hashable, Sendable {
    /// Burned per byte of an item.
    package var txBytePrice: UInt64 = 10
    package var rewards = Parameters.standard

    /// A kilobyte for an MRT: what a proposal to lower it costs can still be paid.
    static let txBytePriceMax: UInt64 = 1_000_000

    package init() {}

    package init(rewards: Parameters) { self.rewards = rewards }

    package var epochSeconds: UInt64 { rewards.calendar.epochSeconds }

    /// Epochs of a number of days (day-epochs).
    func epochs(days: UInt64) -> UInt64 {
        let (product, overflow) = days.multipliedReportingOverflow(by: rewards.calendar.epochsPerDay)
        return overflow ? .max : product
    }

    /// How long stake can still be slashed after it left.
    var unbondSeconds: UInt64 {
        let (product, overflow) = epochs(days: rewards.periods.unbond).multipliedReportingOverflow(by: epochSeconds)
        return overflow ? .max : product
    }

    /// Checked, with the rules that bind them to the consensus: for a genesis, a proposed change and its activation.
    init(_ settings: [Setting], _ consensus: ConsensusParameters) throws(GenesisError) {
        try self.init(settings)
        guard consensus.evidenceAgeSeconds <= unbondSeconds else {
            throw .parameters("evidence.max_age_duration <= unbonding: \(unbondSeconds) s")
        }
    }

    /// Checked for themselves.
    package init(_ settings: [Setting]) throws(GenesisError) {
        self.init(stored: settings)
        for setting in settings where !Self.fields.contains(where: { $0.number == setting.number }) {
            throw .unknownSetting(setting.number)
        }
        guard rewards.validation.stakeMin.units >= Amount.unitsPerToken else {
            throw .parameters("validator_stake_min >= 10^9")
        }
        guard txBytePrice <= Self.txBytePriceMax else { throw .parameters("tx_byte_price <= \(Self.txBytePriceMax)") }
        do { try rewards.validate() } catch { throw .parameters("\(error)") }
    }

    /// What was checked before it was stored.
    init(stored settings: [Setting]) {
        self.init()
        for setting in settings {
            guard let field = Self.fields.first(where: { $0.number == setting.number }) else { continue }
            self[keyPath: field.path] = setting.value
        }
    }

    /// All of them, in the form the state holds.
    package var settings: [Setting] {
        Self.fields.map { Setting(number: $0.number, value: self[keyPath: $0.path]) }
    }

    /// The ones a genesis must name.
    package var differences: [Setting] {
        let standard = LedgerParameters()
        return Self.fields.filter { self[keyPath: $0.path] != standard[keyPath: $0.path] }
            .map { Setting(number: $0.number, value: self[keyPath: $0.path]) }
    }
}

extension Amount {
    /// For key paths to amounts.
    var settingUnits: UInt64 {
        get { units }
        set { self = Amount(newValue) }
    }
}

/// The state's copy of all parameters.
struct ParameterRecord: Message {
    let parameters: LedgerParameters

    init(_ parameters: LedgerParameters) { self.parameters = parameters }

    func encode(into encoder: inout Encoder) { encoder.messages(1, parameters.settings) }

    init(from decoder: inout Decoder) throws(DecodeError) {
        let settings: [Setting] = try decoder.messages(1, count: GenesisLimits.settingsMax)
        parameters = LedgerParameters(stored: settings)
    }
}
