// The validators' side of a settlement: audit pool, proposals, precommits, staking and delegations. What a validator
// omits or forfeits is not issued; its part of the audit pool carries.

import Primitives

extension Settlement {
    mutating func settleAudits() throws(ArithmeticError) {
        let auditors = tally.validators.filter(\.mayAudit)
        let eligible = try Amount.sum(auditors.lazy.map { $0.auditStake ?? $0.stake })
        let claims = auditors.map { validator in
            let isPaid = validator.withheld == nil
            return AuditClaim(
                stake: isPaid ? validator.auditStake ?? validator.stake : .zero, duty: validator.duty,
                done: validator.done)
        }
        let pool = pools.audit
        let pay = try Rule.auditPoolPay(pool: pool, claims: claims, eligibleStake: eligible)
        pools.audit = pay.carry
        for (index, validator) in auditors.enumerated() {
            let (share, claim) = (pay.shares[index], claims[index])
            let isIdle = validator.duty > 0 && validator.done == 0
            let zero: Reason = pool == .zero ? .noAuditFees : (isIdle ? .dutiesMissed : .belowOneUnit)
            book.add(
                RewardKey(account: validator.account, kind: .audit), share, paid: .dutiesDone,
                zero: validator.withheld ?? zero,
                basis: .audit(AuditBasis(pool: pool, claim: claim, eligibleStake: eligible)))
        }
        for validator in auditors where !validator.proofs.isEmpty {
            try payProofs(of: validator, pool: pool, eligibleStake: eligible)
        }
        for validator in tally.validators where !validator.mayAudit {
            book.add(
                RewardKey(account: validator.account, kind: .audit), .zero, paid: .dutiesDone,
                zero: validator.withheld ?? .auditKeyNotCounting, basis: nil)
        }
    }

    /// Out of what the auditor's part of the pool lost by these duties.
    private mutating func payProofs(
        of validator: ValidatorTally, pool: Amount, eligibleStake: Amount
    ) throws(ArithmeticError) {
        var proven: UInt64 = 0
        for proof in validator.proofs { proven = try proven.plus(proof.computeUnits) }
        let claim = AuditClaim(
            stake: validator.auditStake ?? validator.stake, duty: validator.duty, done: min(proven, validator.duty))
        let pay = try Rule.proofPay(
            pool: pool, claim: claim, eligibleStake: eligibleStake, units: validator.proofs.map(\.computeUnits),
            rules: parameters.slashing)
        for (proof, share) in zip(validator.proofs, pay.shares) where share > .zero {
            pools.audit = try pools.audit.subtracting(share)
            book.add(
                RewardKey(account: proof.reporter, kind: .reporter), share, paid: .offenceReported,
                zero: .belowOneUnit, basis: nil)
        }
    }

    mutating func settleValidation(bucket: Amount) throws(ArithmeticError) {
        let parts = try Rule.validatorBuckets(bucket, rules: parameters.validation)
        for validator in tally.validators {
            try settleWork(validator, parts, isEmpty: bucket == .zero)
            try settleStake(validator, parts.staking, isEmpty: bucket == .zero)
        }
    }

    private mutating func settleWork(
        _ validator: ValidatorTally, _ parts: ValidatorBuckets, isEmpty: Bool
    ) throws(ArithmeticError) {
        let span = EpochSpan(blocks: tally.blocks, totalStake: tally.totalStake)
        let isWithheld = validator.withheld != nil
        let proposals = DutyBasis(
            bucket: parts.proposals, weight: validator.includedStake, span: span, isWithheld: isWithheld)
        let precommits = DutyBasis(
            bucket: parts.precommits,
            weight: UInt128(validator.stake.units) * UInt128(validator.precommitsIncluded), span: span,
            isWithheld: isWithheld)
        let (proposal, precommit) = (
            try RowBasis.proposal(proposals).amount(), try RowBasis.precommit(precommits).amount()
        )
        minted = try minted.adding(proposal).adding(precommit)
        let zero: Reason = isEmpty ? .bucketEmpty : .belowOneUnit
        book.add(
            RewardKey(account: validator.account, kind: .proposal), proposal, paid: .blocksProposed,
            zero: validator.withheld ?? (validator.blocksProposed == 0 ? .noBlockProposed : zero),
            basis: .proposal(proposals))
        book.add(
            RewardKey(account: validator.account, kind: .precommit), precommit, paid: .precommitsIncluded,
            zero: validator.withheld ?? (validator.precommitsIncluded == 0 ? .noPrecommitIncluded : zero),
            basis: .precommit(precommits))
    }

    /// Commission first, the rest by F1; the operator's own earnings are pushed at once.
    private mutating func settleStake(
        _ validator: ValidatorTally, _ bucket: Amount, isEmpty: Bool
    ) throws(ArithmeticError) {
        let basis = StakingBasis(
            bucket: bucket, stakes: (validator.stake, tally.totalStake), commission: validator.commission,
            delegations: validator.delegations, own: validator.own, isWithheld: validator.withheld != nil)
        let reward = try basis.reward()
        var (pool, own) = (validator.delegations, validator.own)
        let commission = try pool.reward(reward, commission: validator.commission)
        let earned = try pool.claim(&own)
        minted = try minted.adding(reward)
        validators.append(ValidatorOutcome(account: validator.account, delegations: pool, own: own))
        let idle: Reason = validator.stake == .zero ? .noStakeAtStart : (isEmpty ? .bucketEmpty : .belowOneUnit)
        let isOwn = UInt128(own.shares) == UInt128(pool.shares)
        book.add(
            RewardKey(account: validator.account, kind: .staking), earned,
            paid: isOwn ? .stakeAtStart : .ownDelegation, zero: validator.withheld ?? idle, basis: .staking(basis))
        if commission > .zero {
            book.add(
                RewardKey(account: validator.account, kind: .commission), commission, paid: .commission, zero: idle,
                basis: .commission(basis))
        }
    }
}
