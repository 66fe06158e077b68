// Who could audit and vote for one epoch: its members with their stake at its start, kept until everything of the epoch
// is judged. Ascending by operator.
import Chain
package import Codec
package import Primitives
import Rewards

package struct EpochSet: Hashable, Sendable, Message {
    package struct Member: Hashable, Sendable, Message {
        package let operatorAddress: Address
        package let stake: Amount
        /// Its audit key counts: its stake is in W_e.
        package let mayAudit: Bool

        package init(operatorAddress: Address, stake: Amount, mayAudit: Bool) {
            (self.operatorAddress, self.stake, self.mayAudit) = (operatorAddress, stake, mayAudit)
        }

        package func encode(into encoder: inout Encoder) {
            encoder.data(1, operatorAddress)
            encoder.unsigned(2, stake.units)
            encoder.bool(3, mayAudit)
        }

        package init(from decoder: inout Decoder) throws(DecodeError) {
            operatorAddress = try decoder.fixedBytes(1)
            stake = Amount(try decoder.unsigned(2))
            mayAudit = try decoder.bool(3)
        }
    }

    package let epoch: UInt64
    package let members: [Member]
    /// T, and the stake whose keys count.
    package let totalStake: Amount
    package let auditStake: Amount

    package init(epoch: UInt64, members: [Member]) {
        (self.epoch, self.members) = (epoch, members)
        totalStake = members.reduce(.zero) { $0.credited($1.stake) }
        auditStake = members.reduce(.zero) { $1.mayAudit ? $0.credited($1.stake) : $0 }
    }

    package func member(_ operatorAddress: Address) -> Member? {
        var (low, high) = (0, members.count)
        while low < high {
            let middle = (low + high) / 2
            if members[middle].operatorAddress < operatorAddress { low = middle + 1 } else { high = middle }
        }
        return low < members.count && members[low].operatorAddress == operatorAddress ? members[low] : nil
    }

    private func auditStake(of operatorAddress: Address?) -> Amount {
        guard let operatorAddress, let member = member(operatorAddress), member.mayAudit else { return .zero }
        return member.stake
    }

    /// Who may be drawn for a task of `provider`: W, and whether the provider's own operator is in it, which it is only
    /// where nobody else is left. In a re-check the `first` auditor never is.
    private func eligible(provider: Address, first: Address?) -> (stake: Amount, withProvider: Bool) {
        let others = auditStake.debited(auditStake(of: first))
        if provider == first { return (others, false) }
        let rest = others.debited(auditStake(of: provider))
        return rest == .zero ? (others, true) : (rest, false)
    }

    package func mayAudit(_ operatorAddress: Address, provider: Address, first: Address? = nil) -> Bool {
        if auditStake(of: operatorAddress) == .zero || operatorAddress == first { return false }
        return operatorAddress != provider || eligible(provider: provider, first: first).withProvider
    }

    /// The draw of section 7.3: `word * W * 10^6 < rate * stake * 2^64`.
    package func isDrawn(
        _ operatorAddress: Address, word: UInt64, rate: UInt64, provider: Address, first: Address? = nil
    ) -> Bool {
        guard mayAudit(operatorAddress, provider: provider, first: first) else { return false }
        let draw = AuditDraw(
            rate: rate, stake: auditStake(of: operatorAddress),
            eligibleStake: eligible(provider: provider, first: first).stake)
        return Rewards.Rule.auditSelection(word: word, draw: draw)
    }

    /// The same draw for several auditors at once, by the sum of their stakes.
    func isDrawn(anyOf operators: Set<Address>, word: UInt64, rate: UInt64, provider: Address) -> Bool {
        let stake = operators.filter { mayAudit($0, provider: provider) }
            .reduce(Amount.zero) { $0.credited(auditStake(of: $1)) }
        if stake == .zero { return false }
        let eligible = eligible(provider: provider, first: nil).stake
        return Rewards.Rule.auditSelection(
            word: word, draw: AuditDraw(rate: rate, stake: stake, eligibleStake: eligible))
    }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, epoch + 1)
        encoder.messages(2, members)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        let epochPlusOne = try decoder.unsigned(1)
        if epochPlusOne == 0 { throw .missing(field: 1) }
        self.init(epoch: epochPlusOne - 1, members: try decoder.messages(2, count: Limits.validatorsMax))
    }
}
