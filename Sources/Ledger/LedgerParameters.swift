// The ledger's parameters by number, name and value: genesis names the ones that differ from the defaults, the state
// holds all of them. Invariant: numbers are unique and never reused; the list is ascending.
package import Chain
import Codec
import Primitives

package struct LedgerParameters: Hashable, Sendable {
    /// Burned per byte of an item.
    package var txBytePrice: UInt64 = 10
    package var epochSeconds: UInt64 = 86_400
    package var epochBlocksMin: UInt64 = 48
    /// The least stake of a validator.
    package var stakeMin: UInt64 = 10_000 * Amount.unitsPerToken
    /// ppm of the stake that an equivocation costs at least.
    package var equivocationRate: UInt64 = 50_000

    package init() {}

    /// A member keeps its seat down to nine tenths of what joining takes, so that a fee charged to its bond does not
    /// unseat one that joined with the minimum.
    package var stakeToStay: UInt64 { stakeMin / 10 * 9 }

    package struct Field: Sendable {
        package let number: UInt32
        /// As genesis files and `merit` spell it.
        package let name: String
        let path: any WritableKeyPath<LedgerParameters, UInt64> & Sendable

        init(_ number: UInt32, _ name: String, _ path: any WritableKeyPath<LedgerParameters, UInt64> & Sendable) {
            (self.number, self.name, self.path) = (number, name, path)
        }

        package func value(in parameters: LedgerParameters) -> UInt64 { parameters[keyPath: path] }
    }

    package static let fields: [Field] = [
        Field(1, "tx_byte_price", \.txBytePrice),
        Field(101, "epoch_seconds", \.epochSeconds),
        Field(102, "epoch_blocks_min", \.epochBlocksMin),
        Field(701, "validator_stake_min", \.stakeMin),
        Field(801, "slash_equivocation", \.equivocationRate),
    ]

    package init(_ settings: [Setting]) throws(GenesisError) {
        self.init()
        for setting in settings {
            guard let field = Self.fields.first(where: { $0.number == setting.number }) else {
                throw .unknownSetting(setting.number)
            }
            self[keyPath: field.path] = setting.value
        }
        if let rule = firstBrokenRule { throw .parameters(rule) }
    }

    /// All of them, in the form the state holds.
    package var settings: [Setting] {
        Self.fields.map { Setting(number: $0.number, value: self[keyPath: $0.path]) }
    }

    /// One function judges genesis, a proposed change and its activation.
    package var firstBrokenRule: String? {
        let rules: [(Bool, String)] = [
            (epochSeconds > 0 && 86_400 % max(1, epochSeconds) == 0, "epoch_seconds divides 86400"),
            (epochBlocksMin > 0, "epoch_blocks_min > 0"),
            (stakeMin >= Amount.unitsPerToken, "validator_stake_min >= 10^9"),
            (equivocationRate <= 1_000_000, "slash_equivocation <= 10^6"),
        ]
        return rules.first { !$0.0 }?.1
    }
}

/// The state's copy of all parameters.
struct ParameterRecord: Message {
    let parameters: LedgerParameters

    init(_ parameters: LedgerParameters) { self.parameters = parameters }

    func encode(into encoder: inout Encoder) { encoder.messages(1, parameters.settings) }

    init(from decoder: inout Decoder) throws(DecodeError) {
        let settings: [Setting] = try decoder.messages(1, count: GenesisLimits.settingsMax)
        do { parameters = try LedgerParameters(settings) } catch { throw .invalid(field: 1) }
    }
}
