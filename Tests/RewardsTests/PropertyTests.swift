// What must hold for every input, tried on seeded random ones.

import Primitives
import Testing

@testable import Rewards

@Suite("Properties of the reward rules")
struct PropertyTests {
    @Test("a pool is conserved to the unit, never pays above a cap and does not depend on order")
    func pools() throws {
        var random = Random(seed: 1)
        for _ in 0..<300 {
            let count = Int(random.below(9))
            let weights = (0..<count).map { _ in UInt128(random.next() >> random.below(64)) }
            let caps = (0..<count).map { _ in Amount(random.next() >> random.below(64)) }
            let (inflow, carry) = (Amount(random.next() >> 1), Amount((random.next() >> 1) >> random.below(63)))
            let pool = try Rule.poolShare(inflow: inflow, carry: carry, weights: weights, caps: caps)
            let paid = pool.shares.reduce(0) { $0 + UInt128($1.units) }
            #expect(paid + UInt128(pool.carry.units) == UInt128(inflow.units) + UInt128(carry.units))
            #expect(zip(pool.shares, caps).allSatisfy { $0 <= $1 })
            let turned = try Rule.poolShare(
                inflow: inflow, carry: carry, weights: weights.reversed(), caps: caps.reversed())
            #expect(turned.shares == pool.shares.reversed())
            #expect(turned.carry == pool.carry)
        }
    }

    @Test("splitting an identity never gains a unit, in a pool and in a delegation")
    func splitting() throws {
        var random = Random(seed: 2)
        for _ in 0..<300 {
            let inflow = Amount(random.below(1_000_000_007))
            let (first, second, other) = (random.below(1_000_000) + 1, random.below(1_000_000) + 1, random.next() >> 40)
            let split = try Rule.poolShare(
                inflow: inflow, carry: .zero, weights: [first, second, other].map { UInt128($0) })
            let merged = try Rule.poolShare(
                inflow: inflow, carry: .zero, weights: [first + second, other].map { UInt128($0) })
            #expect(split.shares[0].units + split.shares[1].units <= merged.shares[0].units)

            var (pool, whole) = (DelegationPool(), DelegationPool())
            var positions = [Delegation(), Delegation(), Delegation()]
            for (index, tokens) in [first, second, other + 1].enumerated() {
                _ = try pool.join(Amount(tokens), &positions[index])
            }
            _ = try whole.join(Amount(first + second), &positions[2])
            var stranger = Delegation()
            _ = try whole.join(Amount(other + 1), &stranger)
            _ = try pool.reward(inflow, commission: 0)
            _ = try whole.reward(inflow, commission: 0)
            let parts = try pool.claim(&positions[0]).units + pool.claim(&positions[1]).units
            #expect(parts <= (try whole.claim(&positions[2]).units))
        }
    }

    @Test("delegations pay out exactly what came in, less what the pool still owes")
    func delegations() throws {
        var random = Random(seed: 3)
        for _ in 0..<40 {
            var game = DelegationGame()
            for _ in 0..<60 {
                try game.step(&random)
                #expect(game.rewarded == game.paid + game.pool.owed)
                #expect(game.tokens == game.pool.tokens)
                #expect(game.pool.shares == game.positions.reduce(0) { $0 + $1.shares })
            }
            let due = try game.positions.reduce(0) { $0 + (try game.pool.earned($1).units) }
            #expect(due <= game.pool.owed)
        }
    }

    @Test("the audit draw and its threshold agree at every size, next to the edge too")
    func draws() throws {
        var random = Random(seed: 4)
        for _ in 0..<400 {
            let eligible = (random.next() >> random.below(60)) | 1
            let draw = AuditDraw(
                rate: random.below(1_000_001), stake: Amount(random.below(eligible) + 1),
                eligibleStake: Amount(eligible))
            guard let largest = Rule.auditSelectionThreshold(draw) else {
                #expect(!Rule.auditSelection(word: 0, draw: draw))
                continue
            }
            #expect(Rule.auditSelection(word: largest, draw: draw))
            if largest < .max { #expect(!Rule.auditSelection(word: largest + 1, draw: draw)) }
        }
    }

    @Test("wide quotients are exact: quotient * divisor + rest gives the product back")
    func wideArithmetic() throws {
        var random = Random(seed: 5)
        for _ in 0..<400 {
            func wide() -> UInt128 {
                (UInt128(random.next()) << 64 | UInt128(random.next())) >> UInt128(random.below(128))
            }
            let (value, numerator, denominator) = (wide(), wide(), wide() | 1)
            guard let quotient = try? value.scaled(by: numerator, over: denominator) else {
                #expect(value.multipliedFullWidth(by: numerator).high >= denominator)
                continue
            }
            let product = value.multipliedFullWidth(by: numerator)
            let back = quotient.multipliedFullWidth(by: denominator)
            let (rest, borrow) = product.low.subtractingReportingOverflow(back.low)
            #expect(product.high == back.high + (borrow ? 1 : 0))
            #expect(rest < denominator)
        }
    }

    @Test("LAMBDA is the largest for every length of epoch, and a day of short epochs releases no more than a day")
    func lambda() throws {
        let reserve = Amount(600_000_000_000_000_000)
        let day = Rule.emission(reserve: reserve, lambda: Rule.lambdaPerDay)
        for perDay: UInt64 in [1, 2, 3, 5, 24, 1_440, 4_320, 17_280, 86_400] {
            let lambda = try Rule.lambda(epochsPerDay: perDay)
            #expect(Rule.isLambda(lambda, epochsPerDay: perDay))
            #expect(!Rule.isLambda(lambda - 1, epochsPerDay: perDay))
            #expect(!Rule.isLambda(lambda + 1, epochsPerDay: perDay))
            var rest = reserve
            for _ in 0..<perDay { rest = try rest.subtracting(Rule.emission(reserve: rest, lambda: lambda)) }
            #expect(try reserve.subtracting(rest) <= day)
        }
        #expect(try Rule.lambda(epochsPerDay: 24) == 364_652_699_800_091)
        #expect(try Rule.lambda(epochsPerDay: 1_440) == 6_077_604_066_309)
        #expect(try Rule.lambda(epochsPerDay: 4_320) == Parameters.local.supply.lambda)
    }

    @Test("a settlement conserves money, mints within schedule, caps subsidy at burn and ignores order")
    func settlements() throws {
        var random = Random(seed: 6)
        for _ in 0..<40 {
            var pools = PoolState(
                genesisSupply: Amount(1 << 58), reserve: Amount(1 << 57), parameters: .local)
            for _ in 0..<3 {
                let seed = random.next()
                let tally = try Self.tally(seed: seed, isReversed: false)
                let outcome = try Settlement.settle(tally, pools, .local)
                let turned = try Settlement.settle(Self.tally(seed: seed, isReversed: true), pools, .local)
                #expect(outcome == turned)
                #expect(outcome.minted <= Rule.emission(reserve: pools.reserve, lambda: Parameters.local.supply.lambda))
                #expect(outcome.pools.mintedTotal >= pools.mintedTotal)
                #expect(outcome.pools.burnedTotal >= pools.burnedTotal)
                for row in outcome.tables.rewards where row.key.kind == .usageSubsidy {
                    let provider = tally.providers.first { $0.account == row.key.account }
                    #expect(row.amount <= provider!.fees.burn)
                }
                let supply = try outcome.pools.supply()
                let (minted, burned) = (outcome.pools.mintedTotal.units, outcome.pools.burnedTotal.units)
                #expect(supply.units == (1 << 58) + minted - burned)
                pools = outcome.pools
            }
        }
    }

    private static func tally(seed: UInt64, isReversed: Bool) throws -> EpochTally {
        var random = Random(seed: seed)
        var tally = EpochTally()
        tally.blocks = 20
        tally.capacityCPU = random.below(10_000)
        var providers: [ProviderTally] = []
        for index in 0..<UInt8(6) {
            var provider = ProviderTally(account: account(index))
            provider.slots = random.below(3)
            (provider.challengesAsked, provider.challengesAnswered) = (8, random.below(3) + 6)
            (provider.verified, provider.failed) = (random.below(9), random.below(2))
            provider.takesCredits = random.below(3) == 0
            providers.append(provider)
        }
        var validators: [ValidatorTally] = []
        for index in 0..<UInt8(4) {
            var validator = ValidatorTally(account: account(100 + index), stake: Amount(random.next() >> 8))
            tally.totalStake = try tally.totalStake.adding(validator.stake)
            (validator.precommitsIncluded, validator.mayAudit) = (random.below(21), random.below(4) > 0)
            (validator.duty, validator.commission) = (random.below(100), random.below(200_000))
            validator.done = random.below(validator.duty + 1)
            _ = try validator.delegations.join(validator.stake, &validator.own)
            if random.below(5) == 0 { validator.withhold(.jailed) }
            validators.append(validator)
        }
        tally.bondedNow = tally.totalStake
        let tasks = (0..<30).map { _ in
            (
                random.below(6), random.below(3), random.below(1 << 33), random.below(7), random.below(2),
                random.below(1_000)
            )
        }
        for provider in isReversed ? providers.reversed() : providers { try tally.add(provider) }
        for validator in isReversed ? validators.reversed() : validators { try tally.add(validator) }
        for payer in [UInt8(200), 201, 202] {
            try tally.add(PayerTally(account: account(payer), referral: payer == 200 ? .none : .to(account(200))))
        }
        for (who, payer, fee, used, resource, assurance) in isReversed ? tasks.reversed() : tasks {
            let task = SettledTask(
                fee: Amount(fee), computeUnits: fee >> 20, pace: Pace(used: used, budget: 3),
                resource: resource == 0 ? .cpu : .open, auditRate: fee % 1_000_001, assurance: Amount(assurance))
            try tally.record(task, by: account(UInt8(who)), for: account(200 + UInt8(payer)), .local)
        }
        return tally
    }
}

/// Five delegators who join, leave, claim and are slashed at random, beside a count of what should be there.
private struct DelegationGame {
    var pool = DelegationPool()
    var positions = [Delegation](repeating: Delegation(), count: 5)
    var (rewarded, paid, tokens): (UInt64, UInt64, UInt64) = (0, 0, 0)

    mutating func step(_ random: inout Random) throws {
        let who = Int(random.below(5))
        switch random.below(5) {
        case 0:
            let amount = Amount(random.below(1_000_000_000) + 1_000_000)
            guard let got = try? pool.join(amount, &positions[who]) else { return }
            paid += got.units
            tokens += amount.units
        case 1:
            let amount = Amount(random.below(1_000_000))
            rewarded += try amount.units - pool.reward(amount, commission: random.below(200_000)).units
        case 2: tokens -= try pool.slash(rate: random.below(100_000)).units
        case 3: paid += try pool.claim(&positions[who]).units
        default:
            let result = try pool.leave(&positions[who], shares: random.below(positions[who].shares + 1))
            paid += result.paid.units
            tokens -= result.unbonded.units
        }
    }
}
