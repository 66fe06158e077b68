// One epoch's pay (design, section 9): tasks settled → fee split, referral → E, V, U → standby, usage → audit pool →
// proposal, precommit, staking, F1 → vesting → price, share s, reliability → tables.
// Invariant: fees + assurance + minted = rows in MRT + Δ pools + Δ delegations + burned, to the unit.
// A function of its arguments; what slashing, escrow and vesting do to accounts is the ledger's.

package import Primitives

/// What changed for one provider.
package struct ProviderOutcome: Hashable, Sendable {
    package let account: Address
    /// R after the epoch.
    package let reliability: UInt64
    /// m_i of this epoch in ppm.
    package let multiplier: UInt64
    /// Part of its usage subsidy row that unlocks over time; the rest is liquid.
    package let vesting: Amount
}

/// What changed for one validator.
package struct ValidatorOutcome: Hashable, Sendable {
    package let account: Address
    package let delegations: DelegationPool
    package let own: Delegation
}

package struct SettlementOutcome: Hashable, Sendable {
    package let tables: EpochTables
    package let pools: PoolState
    package let providers: [ProviderOutcome]
    package let validators: [ValidatorOutcome]
    package let minted: Amount
    /// Burn parts of fees; what slashing burned is in the slash rows.
    package let burned: Amount
}

package struct Settlement {
    let tally: EpochTally
    let parameters: Parameters
    var pools: PoolState
    var book = RowBook()
    var minted = Amount.zero
    var burned = Amount.zero
    var providers: [ProviderOutcome] = []
    var validators: [ValidatorOutcome] = []

    private init(_ tally: EpochTally, _ pools: PoolState, _ parameters: Parameters) {
        (self.tally, self.pools, self.parameters) = (tally, pools, parameters)
    }

    package static func settle(
        _ tally: EpochTally, _ pools: PoolState, _ parameters: Parameters
    ) throws(SettlementError) -> SettlementOutcome {
        try checkProviders(tally)
        try checkValidators(tally)
        var run = Settlement(tally, pools, parameters)
        run.book.expect(3 * tally.providers.count)
        let all: (rows: [RewardRow], bases: [RowBasis?])
        do throws(ArithmeticError) {
            try run.settle()
            let own = try run.book.merged()
            try run.assertConservation(own.rows, from: pools)
            for due in tally.dues { run.book.add(due) }
            all = tally.dues.isEmpty ? own : try run.book.merged()
        } catch {
            throw .arithmetic(error)
        }
        let tables: EpochTables
        do throws(TableError) {
            // Dues have one row each before they join those of the settlement.
            _ = try EpochTables(rewards: tally.dues, slashes: [])
            tables = try EpochTables(rewards: all.rows, slashes: tally.slashes, bases: all.bases)
        } catch {
            throw .table(error)
        }
        return SettlementOutcome(
            tables: tables, pools: run.pools, providers: run.providers, validators: run.validators,
            minted: run.minted, burned: run.burned)
    }

    private mutating func settle() throws(ArithmeticError) {
        try settleFees()
        let emission = Rule.emission(reserve: pools.reserve, lambda: parameters.supply.lambda)
        let share = pools.validatorShareE12 / Rule.million
        let buckets: EmissionBuckets = try Rule.emissionBuckets(
            scheduled: emission, validatorShare: share, rules: parameters.supply)
        try settleUsage(bucket: buckets.usageAndStandby)
        try settleAudits()
        try settleValidation(bucket: buckets.validators)
        pools.reserve = try pools.reserve.subtracting(minted)
        pools.mintedTotal = try pools.mintedTotal.adding(minted)
        pools.burnedTotal = try pools.burnedTotal.adding(burned)
        try movePrices()
        try moveShare()
    }

    /// What the ledger may not hand over.
    private static func checkProviders(_ tally: EpochTally) throws(SettlementError) {
        var treasury: UInt128 = 0
        for provider in tally.providers {
            let fees = provider.fees
            if provider.challengesAnswered > provider.challengesAsked {
                throw .answersExceedChallenges(provider.account)
            }
            let parts =
                UInt128(fees.audit.units) + UInt128(fees.burn.units) + UInt128(fees.treasury.units)
                + UInt128(fees.provider.units)
            if parts != UInt128(fees.charged.units) || fees.haircut > fees.provider {
                throw .feePartsDiffer(provider.account)
            }
            treasury += UInt128(fees.treasury.units)
        }
        for payer in tally.payers {
            if payer.referral == .to(payer.account) { throw .selfReferral(payer.account) }
            let (rest, isMore) = treasury.subtractingReportingOverflow(UInt128(payer.treasury.units))
            if isMore { throw .treasuryPartsDiffer }
            treasury = rest
        }
        if treasury != 0 { throw .treasuryPartsDiffer }
    }

    private static func checkValidators(_ tally: EpochTally) throws(SettlementError) {
        var stake: UInt128 = 0
        var included: UInt128 = 0
        for validator in tally.validators {
            if validator.precommitsIncluded > tally.blocks { throw .precommitsExceedBlocks(validator.account) }
            if validator.done > validator.duty { throw .doneExceedsDuty(validator.account) }
            stake += UInt128(validator.stake.units)
            let (sum, overflow) = included.addingReportingOverflow(validator.includedStake)
            if overflow { throw .includedStakeExceedsEpoch }
            included = sum
        }
        if stake > UInt128(tally.totalStake.units) { throw .stakeExceedsTotal }
        if included > UInt128(tally.blocks) * UInt128(tally.totalStake.units) { throw .includedStakeExceedsEpoch }
    }

    /// Our own arithmetic, checked after every settlement.
    private func assertConservation(_ rows: [RewardRow], from before: PoolState) throws(ArithmeticError) {
        var inflow = UInt128(minted.units)
        for provider in tally.providers {
            inflow += UInt128(provider.fees.charged.units) + UInt128(provider.fees.assurance.units)
        }
        inflow += UInt128(tally.undeliverableAudit.units) + UInt128(tally.undeliverableBurn.units)
        inflow += UInt128(try before.held().units)
        inflow += tally.validators.reduce(0) { $0 + UInt128($1.delegations.owed) }
        var outflow = UInt128(burned.units) + UInt128(try pools.held().units)
        for row in rows where row.key.asset == .token { outflow += UInt128(row.amount.units) }
        outflow += validators.reduce(0) { $0 + UInt128($1.delegations.owed) }
        precondition(inflow == outflow, "settlement moved \(inflow) in and \(outflow) out")
        let reserves = (UInt128(before.reserve.units), UInt128(pools.reserve.units) + UInt128(minted.units))
        precondition(reserves.0 == reserves.1, "the reserve fell by other than \(minted)")
    }

    private mutating func movePrices() throws(ArithmeticError) {
        for resource in ResourceClass.allCases {
            var market = pools[resource]
            for provider in tally.providers {
                market.settled = try market.settled.plus(provider.work(resource).computeUnits)
            }
            market.capacity = try market.capacity.plus(resource == .cpu ? tally.capacityCPU : tally.capacityOpen)
            if tally.endsDay {
                let price = try Rule.floorPrice(
                    market.floorPrice, settled: market.settled, capacity: market.capacity, rules: parameters.market)
                market = ClassMarket(floorPrice: price)
            }
            pools[resource] = market
        }
    }

    private mutating func moveShare() throws(ArithmeticError) {
        let bonded = try Rule.bondedRatio(bonded: tally.bondedNow, supply: try pools.supply())
        pools.validatorShareE12 = try Rule.validatorShare(
            pools.validatorShareE12, bonded: bonded, epochSeconds: parameters.calendar.epochSeconds,
            unitsPerPPM: Rule.million, rules: parameters.supply)
    }
}
