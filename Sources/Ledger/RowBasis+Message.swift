// The canonical bytes of what a row was computed from; their SHA-256 is the row's evidence. One field, whose number is
// the row's kind.
package import Codec
import Primitives
package import Rewards

extension RowBasis: Message {
    package func encode(into encoder: inout Encoder) {
        // Not `message`, which another module leaves generic: a settlement writes two or three for each provider.
        let start = encoder.open(field)
        switch self {
        case .fee(let fees): fees.encode(into: &encoder)
        case .usageSubsidy(let basis): basis.encode(into: &encoder)
        case .standby(let basis): basis.encode(into: &encoder)
        case .staking(let basis), .commission(let basis): basis.encode(into: &encoder)
        case .proposal(let basis), .precommit(let basis): basis.encode(into: &encoder)
        case .audit(let basis): basis.encode(into: &encoder)
        case .referral(let parts): ReferralList(parts: parts).encode(into: &encoder)
        }
        encoder.close(field, from: start)
    }

    private var field: UInt32 {
        switch self {
        case .fee: 1
        case .usageSubsidy: 2
        case .standby: 3
        case .staking: 4
        case .commission: 5
        case .proposal: 6
        case .precommit: 7
        case .audit: 8
        case .referral: 9
        }
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        switch try decoder.nextField() {
        case 1: self = .fee(try decoder.message(1))
        case 2: self = .usageSubsidy(try decoder.message(2))
        case 3: self = .standby(try decoder.message(3))
        case 4: self = .staking(try decoder.message(4))
        case 5: self = .commission(try decoder.message(5))
        case 6: self = .proposal(try decoder.message(6))
        case 7: self = .precommit(try decoder.message(7))
        case 8: self = .audit(try decoder.message(8))
        case 9: self = .referral(try (decoder.message(9) as ReferralList).parts)
        case .some(let field): throw .unexpectedField(field)
        case nil: throw .missing(field: 1)
        }
    }
}

extension FeeTotals: Message {
    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, charged.units)
        encoder.unsigned(2, audit.units)
        encoder.unsigned(3, burn.units)
        encoder.unsigned(4, treasury.units)
        encoder.unsigned(5, provider.units)
        encoder.unsigned(6, haircut.units)
        encoder.unsigned(7, assurance.units)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        self.init()
        charged = Amount(try decoder.unsigned(1))
        audit = Amount(try decoder.unsigned(2))
        burn = Amount(try decoder.unsigned(3))
        treasury = Amount(try decoder.unsigned(4))
        provider = Amount(try decoder.unsigned(5))
        haircut = Amount(try decoder.unsigned(6))
        assurance = Amount(try decoder.unsigned(7))
    }
}

extension QualityBasis: Message {
    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, speed)
        encoder.unsigned(2, reliability)
        encoder.unsigned(3, asked)
        encoder.unsigned(4, answered)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        let (speed, reliability) = (try decoder.unsigned(1), try decoder.unsigned(2))
        self.init(
            speed: speed, reliability: reliability, asked: try decoder.unsigned(3), answered: try decoder.unsigned(4))
    }
}

extension UsageBasis: Message {
    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, pool.units)
        encoder.unsigned(2, burn.units)
        let start = encoder.open(3)
        quality.encode(into: &encoder)
        encoder.close(3, from: start)
        encoder.wide(4, totalWeight)
        encoder.unsigned(6, cap.units)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        let (pool, burn) = (Amount(try decoder.unsigned(1)), Amount(try decoder.unsigned(2)))
        let quality: QualityBasis = try decoder.message(3)
        let totalWeight = try decoder.wide(4)
        self.init(
            pool: pool, burn: burn, quality: quality, totalWeight: totalWeight, cap: Amount(try decoder.unsigned(6)))
    }
}

extension StandbyBasis: Message {
    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, pool.units)
        encoder.unsigned(2, slots)
        encoder.unsigned(3, asked)
        encoder.unsigned(4, answered)
        encoder.wide(5, totalWeight)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        let (pool, slots) = (Amount(try decoder.unsigned(1)), try decoder.unsigned(2))
        let (asked, answered) = (try decoder.unsigned(3), try decoder.unsigned(4))
        self.init(pool: pool, slots: slots, asked: asked, answered: answered, totalWeight: try decoder.wide(5))
    }
}

extension StakingBasis: Message {
    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, bucket.units)
        encoder.unsigned(2, stake.units)
        encoder.unsigned(3, totalStake.units)
        encoder.unsigned(4, commission)
        encoder.message(5, delegations)
        encoder.message(6, own)
        encoder.bool(7, isWithheld)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        let bucket = Amount(try decoder.unsigned(1))
        let stakes = (own: Amount(try decoder.unsigned(2)), total: Amount(try decoder.unsigned(3)))
        let commission = try decoder.unsigned(4)
        let (delegations, own): (DelegationPool, Delegation) = (try decoder.message(5), try decoder.message(6))
        self.init(
            bucket: bucket, stakes: stakes, commission: commission, delegations: delegations, own: own,
            isWithheld: try decoder.bool(7))
    }
}

extension DutyBasis: Message {
    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, bucket.units)
        encoder.wide(2, weight)
        encoder.unsigned(4, span.blocks)
        encoder.unsigned(5, span.totalStake.units)
        encoder.bool(6, isWithheld)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        let (bucket, weight) = (Amount(try decoder.unsigned(1)), try decoder.wide(2))
        let span = EpochSpan(blocks: try decoder.unsigned(4), totalStake: Amount(try decoder.unsigned(5)))
        self.init(bucket: bucket, weight: weight, span: span, isWithheld: try decoder.bool(6))
    }
}

extension AuditBasis: Message {
    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, pool.units)
        encoder.unsigned(2, claim.stake.units)
        encoder.unsigned(3, claim.duty)
        encoder.unsigned(4, claim.done)
        encoder.unsigned(5, eligibleStake.units)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        let pool = Amount(try decoder.unsigned(1))
        let stake = Amount(try decoder.unsigned(2))
        let claim = AuditClaim(stake: stake, duty: try decoder.unsigned(3), done: try decoder.unsigned(4))
        self.init(pool: pool, claim: claim, eligibleStake: Amount(try decoder.unsigned(5)))
    }
}

private struct ReferralList: Message {
    let parts: [ReferralPart]

    init(parts: [ReferralPart]) { self.parts = parts }

    func encode(into encoder: inout Encoder) { encoder.messages(1, parts) }
    init(from decoder: inout Decoder) throws(DecodeError) {
        parts = try decoder.messages(1, count: RowBasis.refereesMax)
    }
}

extension ReferralPart: Message {
    package func encode(into encoder: inout Encoder) {
        encoder.data(1, referee)
        encoder.unsigned(2, treasury.units)
        encoder.unsigned(3, rate)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        let referee: Address = try decoder.fixedBytes(1)
        self.init(referee: referee, treasury: Amount(try decoder.unsigned(2)), rate: try decoder.unsigned(3))
    }
}
