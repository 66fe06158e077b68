// Where every unit is: the totals that the chain keeps, and what each pool holds.
package import Primitives

package struct SupplyReport: Hashable, Sendable {
    package let supply: Supply
    package let usage: Amount
    package let standby: Amount
    package let audit: Amount
    package let treasury: Amount
    package let credits: Amount

    package init(
        _ supply: Supply, rewards: (usage: Amount, standby: Amount, audit: Amount),
        _ rest: (treasury: Amount, credits: Amount)
    ) {
        (self.supply, usage, standby, audit) = (supply, rewards.usage, rewards.standby, rewards.audit)
        (treasury, credits) = rest
    }

    /// Every place by name, in the order of an answer. Without `reserve`, which is outside the supply, they sum to
    /// genesis + minted.
    package var places: [(name: String, amount: Amount)] {
        [
            ("balances", supply.balances), ("bonds", supply.bonds), ("escrow", supply.escrow),
            ("pool_usage", usage), ("pool_standby", standby), ("pool_audit", audit), ("pool_treasury", treasury),
            ("pool_credits", credits), ("vesting", supply.vesting), ("burned", supply.burned),
        ]
    }

    /// Nothing is lost and nothing is counted twice.
    package var isExact: Bool {
        supply.isConserved
            && places.reduce(UInt128(0)) { $0 + UInt128($1.amount.units) } == supply.sides.issued
    }
}

extension Ledger {
    package static func supplyReport(on snapshot: some Snapshot) -> SupplyReport {
        let state = WorkingState(snapshot)
        let pools: PoolRecord = state.require(.pools)
        return SupplyReport(
            state.require(.supply), rewards: (pools.usage, pools.standby, pools.audit), (pools.treasury, pools.credits))
    }
}
