// Years of supply, burn, income and price under a course of demand: day-epochs through `Settlement`, without a ledger.
// What is assumed and not a rule: requesters spend a share of all MRT that follows the demand; all work is bid at the
// floor price, honest, in time and within the day; capacity follows utilisation slowly, because machines are bought and
// sold; a constant share of the supply is staked.
package import Primitives
package import Rewards

/// How much is spent on work, over time.
package enum Demand: CaseIterable, Hashable, Sendable {
    case rising
    case flat
    case falling
    case shock

    package var label: String {
        switch self {
        case .rising: "rising"
        case .flat: "flat"
        case .falling: "falling"
        case .shock: "shock"
        }
    }

    /// Against the first day, in ppm: doubles or halves every four years; the shock is a year at ten times, from the
    /// fifth year on, then a fifth.
    func level(day: UInt64) -> UInt64 {
        let period: UInt64 = 1_461
        let (whole, part) = (day / period, day % period)
        switch self {
        case .flat: return 1_000_000
        // A straight line inside each period.
        case .rising: return (1_000_000 << whole) / period * (period + part)
        case .falling: return (1_000_000 >> whole) * (2 * period - part) / (2 * period)
        case .shock: return day < 4 * 365 ? 1_000_000 : day < 5 * 365 ? 10_000_000 : 200_000
        }
    }
}

/// One day, in base units.
package struct OutlookDay: Hashable, Sendable {
    package let day: UInt64
    package let supply: UInt64
    /// Since the start.
    package let issued: UInt64
    package let burned: UInt64
    /// What all providers were paid on this day: fees and subsidies, what vests included.
    package let income: UInt64
    package let price: UInt64
    package let utilisation: UInt64
}

package struct Outlook: Sendable {
    package let demand: Demand
    /// Every thirtieth day, and the last.
    package let days: [OutlookDay]

    package static let genesisSupply = Amount(100_000_000 * Amount.unitsPerToken)
    package static let reserve = Amount(100_000_000 * Amount.unitsPerToken)
    /// Share of the supply (ppm) that is spent on a day of level 10^6: a fifth of it in a year.
    static let spentShare: UInt64 = 600
    /// Base units per compute unit, and what the first machines can do: the first day uses 60 % of it.
    static let firstPrice: UInt64 = 100_000
    static let firstCapacity: UInt64 = genesisSupply.units / 1_000_000 * spentShare / firstPrice / 6 * 10
    /// Capacity may grow by this share of itself in a day above the price band, and falls by half of it below.
    static let growth: UInt64 = 2_000
    static let stakedShare: UInt64 = 500_000
    static let step: UInt64 = 30
    package static let yearsMax: UInt64 = 40

    /// `parameters`: epochs of one day.
    package init(_ demand: Demand, years: UInt64, _ parameters: Rewards.Parameters = .standard) {
        precondition((1...Self.yearsMax).contains(years), "\(years) years")
        self.demand = demand
        var pools = PoolState(
            genesisSupply: Self.genesisSupply, reserve: Self.reserve, parameters: parameters)
        pools.cpu.floorPrice = Self.firstPrice
        var capacity = Self.firstCapacity
        var found: [OutlookDay] = []
        let end = years * 365
        for day in 0..<end {
            let price = pools.cpu.floorPrice
            let spent = UInt128(Self.supply(pools) / 1_000_000 * Self.spentShare) * UInt128(demand.level(day: day))
            let wanted = UInt64(clamping: spent / 1_000_000 / UInt128(price))
            let done = min(wanted, capacity)
            let outcome: SettlementOutcome
            do throws(SettlementError) {
                outcome = try Settlement.settle(
                    try Self.tally(units: done, capacity: capacity, pools, parameters), pools, parameters)
            } catch {
                preconditionFailure("day \(day) of \(demand) demand: \(error)")
            }
            pools = outcome.pools
            let utilisation = Self.utilisation(done, capacity)
            if day % Self.step == 0 || day == end - 1 {
                found.append(
                    OutlookDay(
                        day: day, supply: Self.supply(pools), issued: pools.mintedTotal.units,
                        burned: pools.burnedTotal.units, income: Self.income(outcome.tables), price: price,
                        utilisation: utilisation))
            }
            let move = capacity / 1_000_000 * Self.growth
            if wanted > capacity || utilisation > parameters.market.bandHigh { capacity += move }
            if utilisation < parameters.market.bandLow { capacity -= min(move / 2, capacity - 1_000_000) }
        }
        days = found
    }

    private static func supply(_ pools: PoolState) -> UInt64 {
        pools.genesisSupply.units + pools.mintedTotal.units - pools.burnedTotal.units
    }

    private static func utilisation(_ done: UInt64, _ capacity: UInt64) -> UInt64 {
        do throws(ArithmeticError) { return try Rule.utilisation(settled: done, capacity: capacity) } catch {
            preconditionFailure("\(done) of \(capacity) units: \(error)")
        }
    }

    private static func income(_ tables: EpochTables) -> UInt64 {
        tables.rewards.filter { [RewardKind.fee, .usageSubsidy, .standby].contains($0.key.kind) }.reduce(0) {
            $0 + $1.amount.units
        }
    }

    // MARK: One day

    private static let accounts: [Address] = (1...9).map { (number: UInt8) in
        guard let address = Address(Bytes(repeating: number, count: 20)) else { preconditionFailure("20 bytes") }
        return address
    }

    /// Four providers with equal work, four validators with equal stake, one requester.
    private static func tally(
        units: UInt64, capacity: UInt64, _ pools: PoolState, _ parameters: Rewards.Parameters
    ) throws(SettlementError) -> EpochTally {
        var tally = EpochTally()
        tally.capacityCPU = capacity
        let payer = accounts[8]
        try tally.add(PayerTally(account: payer))
        for account in accounts.prefix(4) {
            var provider = ProviderTally(account: account)
            (provider.slots, provider.verified) = (4, 1)
            try tally.add(provider)
            let part = units / 4
            let (fee, overflow) = part.multipliedReportingOverflow(by: pools.cpu.floorPrice)
            try tally.record(
                SettledTask(
                    fee: Amount(overflow ? .max : fee), computeUnits: part, pace: Pace(used: 1, budget: 3),
                    resource: .cpu, auditRate: parameters.audit.rateFloor), by: account, for: payer, parameters)
        }
        let staked = supply(pools) / 1_000_000 * stakedShare
        tally.blocks = 4
        (tally.totalStake, tally.bondedNow) = (Amount(staked / 4 * 4), Amount(staked / 4 * 4))
        for account in accounts[4..<8] {
            var validator = ValidatorTally(account: account, stake: Amount(staked / 4))
            do throws(DelegationError) {
                _ = try validator.delegations.join(validator.stake, &validator.own)
            } catch {
                preconditionFailure("the stake of a validator: \(error)")
            }
            (validator.blocksProposed, validator.precommitsIncluded) = (1, 4)
            (validator.includedStake, validator.mayAudit) = (UInt128(staked / 4 * 4), true)
            try tally.add(validator)
        }
        return tally
    }
}
