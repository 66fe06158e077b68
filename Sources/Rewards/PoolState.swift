// The money and the slow-moving numbers that one settlement hands to the next.
// Invariant: reserve + minted total is constant; the reserve is outside the supply.

package import Primitives

/// The market of one resource class since the last price move.
package struct ClassMarket: Hashable, Sendable {
    /// Base units per cu; an ask below it is refused.
    package var floorPrice: UInt64
    package var settled: UInt64 = 0
    package var capacity: UInt64 = 0

    package init(floorPrice: UInt64) { self.floorPrice = floorPrice }
}

package struct PoolState: Hashable, Sendable {
    package var genesisSupply: Amount
    package var reserve: Amount
    package var mintedTotal = Amount.zero
    package var burnedTotal = Amount.zero
    /// What the usage pool carries.
    package var usage = Amount.zero
    /// What the standby pool carries.
    package var standby = Amount.zero
    /// A: what the audit pool carries.
    package var audit = Amount.zero
    package var treasury = Amount.zero
    package var credits = CreditPool()
    /// s in units of 10^-12.
    package var validatorShareE12: UInt64
    package var cpu: ClassMarket
    package var open: ClassMarket

    /// The state of a genesis.
    package init(genesisSupply: Amount, reserve: Amount, parameters: Parameters) {
        (self.genesisSupply, self.reserve) = (genesisSupply, reserve)
        validatorShareE12 = parameters.supply.shareStart * Rule.million
        cpu = ClassMarket(floorPrice: parameters.market.priceMin.units)
        open = ClassMarket(floorPrice: parameters.market.priceMin.units)
    }

    /// `genesis + minted - burned`.
    package func supply() throws(ArithmeticError) -> Amount {
        try genesisSupply.adding(mintedTotal).subtracting(burnedTotal)
    }

    /// MRT in the pools that a settlement moves, without delegations.
    func held() throws(ArithmeticError) -> Amount {
        try Amount.sum([usage, standby, audit, treasury, credits.backing])
    }

    package subscript(_ resource: ResourceClass) -> ClassMarket {
        get {
            switch resource {
            case .cpu: cpu
            case .open: open
            }
        }
        set {
            switch resource {
            case .cpu: cpu = newValue
            case .open: open = newValue
            }
        }
    }
}
