// What an auditor's duties came to over epochs. Whoever draws few in an epoch is judged by as many as who draws many,
// and each duty answers for the pay until the next one.
// Invariant: duties that were judged count for no second judgement.
package import Codec
package import Primitives
import Rewards

package struct DutyCountRecord: Hashable, Sendable, Message {
    /// Compute units of its duties in the last epoch in which it had any; above zero.
    package private(set) var duty: UInt64
    /// Of these, what it executed.
    package private(set) var done: UInt64
    /// Revealed and missed since it was judged last.
    package private(set) var duties: UInt64 = 0
    package private(set) var missed: UInt64 = 0

    init(duty: UInt64, done: UInt64) { (self.duty, self.done) = (duty, done) }

    mutating func add(_ disclosure: DisclosureRecord) {
        (duty, done) = (disclosure.duty, disclosure.done)
        duties += UInt64(disclosure.verdicts) + UInt64(disclosure.missed)
        missed += UInt64(disclosure.missed)
    }

    /// True where enough of them were missed; once there are enough to judge, counting begins anew.
    mutating func isNegligent(_ rules: AuditRules) -> Bool {
        if duties < rules.dutiesMin { return false }
        let isNegligent = Rewards.Rule.isNegligent(missed: missed, duties: duties, rules: rules)
        (duties, missed) = (0, 0)
        return isNegligent
    }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, duty)
        encoder.unsigned(2, done)
        encoder.unsigned(3, duties)
        encoder.unsigned(4, missed)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        duty = try decoder.unsigned(1)
        if duty == 0 { throw .missing(field: 1) }
        done = try decoder.unsigned(2)
        duties = try decoder.unsigned(3)
        missed = try decoder.unsigned(4)
    }
}

extension DisclosureRecord {
    /// Compute units that count as duties: what it claims, and never less than what is known.
    var duty: UInt64 { max(computeUnits, revealed + missedUnits) }
}

extension StateKey {
    package static func dutyCount(_ operatorAddress: Address) -> Bytes {
        [StateTag.dutyCount.rawValue] + operatorAddress.bytes
    }
}
