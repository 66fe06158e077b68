// What validation work earns out of the validators' bucket (design, section 6).
// Invariant: what a validator omits is not issued; it never raises another validator's share.

package import Primitives

/// One epoch of the chain, as validation pay sees it.
package struct EpochSpan: Hashable, Sendable {
    package let blocks: UInt64
    /// T: all stake bonded at the start of the epoch.
    package let totalStake: Amount

    package init(blocks: UInt64, totalStake: Amount) { (self.blocks, self.totalStake) = (blocks, totalStake) }
}

package struct ValidatorBuckets: Hashable, Sendable {
    package let proposals: Amount
    package let precommits: Amount
    package let staking: Amount
}

extension Rule {
    /// Of V: proposals 12.5 %, precommits 37.5 %, the rest staking.
    package static func validatorBuckets(
        _ bucket: Amount, rules: ValidationRules
    ) throws(ArithmeticError) -> ValidatorBuckets {
        let proposals = try bucket.atRate(rules.proposal)
        let precommits = try bucket.atRate(rules.precommit)
        let staking = try bucket.subtracting(proposals).subtracting(precommits)
        return ValidatorBuckets(proposals: proposals, precommits: precommits, staking: staking)
    }

    /// `V_p * Σ included stake of own blocks / (blocks * T)`; 0 for an epoch without blocks or stake.
    package static func proposalShare(
        bucket: Amount, includedStake: UInt128, span: EpochSpan
    ) throws(ArithmeticError) -> Amount {
        let all = UInt128(span.blocks) * UInt128(span.totalStake.units)
        if all == 0 { return .zero }
        return Amount(try UInt128(bucket.units).scaled(by: includedStake, over: all).narrowed())
    }

    /// `V_c * stake * included / (blocks * T)`; 0 for an epoch without blocks or stake.
    package static func precommitShare(
        bucket: Amount, stake: Amount, included: UInt64, span: EpochSpan
    ) throws(ArithmeticError) -> Amount {
        try proposalShare(bucket: bucket, includedStake: UInt128(stake.units) * UInt128(included), span: span)
    }

    /// `V_s * stake / T`.
    package static func stakingShare(
        bucket: Amount, stake: Amount, totalStake: Amount
    ) throws(ArithmeticError) -> Amount {
        if totalStake == .zero { return .zero }
        return try bucket.scaled(by: stake.units, over: totalStake.units)
    }

    /// True when a commission may be announced: at most 20 %, and moved by at most 1 % in a day.
    package static func commissionIsAllowed(_ rate: UInt64, from previous: UInt64, rules: ValidationRules) -> Bool {
        let step = rate > previous ? rate - previous : previous - rate
        return rate <= rules.commissionMax && step <= rules.commissionStepMax
    }
}
