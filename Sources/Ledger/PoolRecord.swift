// The pools and slow-moving numbers between two settlements, as state. Totals of the supply are in `Supply` alone.
package import Codec
import Primitives
import Rewards

struct PoolRecord: Hashable, Message {
    /// s in units of 10^-12; at least 25 %, so never zero.
    let validatorShareE12: UInt64
    let usage: Amount
    let standby: Amount
    let audit: Amount
    let treasury: Amount
    /// Backs the credits of all accounts.
    var credits: Amount
    let markets: [ClassMarket]

    init(_ pools: PoolState) {
        (validatorShareE12, usage, standby) = (pools.validatorShareE12, pools.usage, pools.standby)
        (audit, treasury, credits) = (pools.audit, pools.treasury, pools.credits.backing)
        markets = [pools.cpu, pools.open]
    }

    /// What the settlement works on.
    func state(_ supply: Supply, _ parameters: Parameters) -> PoolState {
        var pools = PoolState(genesisSupply: supply.genesis, reserve: supply.reserve, parameters: parameters)
        (pools.mintedTotal, pools.burnedTotal) = (supply.minted, supply.burned)
        (pools.validatorShareE12, pools.usage, pools.standby) = (validatorShareE12, usage, standby)
        (pools.audit, pools.treasury, pools.credits) = (audit, treasury, CreditPool(backing: credits))
        (pools.cpu, pools.open) = (markets[0], markets[1])
        return pools
    }

    var held: Amount { [usage, standby, audit, treasury, credits].reduce(.zero) { $0.credited($1) } }

    func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, validatorShareE12)
        encoder.unsigned(2, usage.units)
        encoder.unsigned(3, standby.units)
        encoder.unsigned(4, audit.units)
        encoder.unsigned(5, treasury.units)
        encoder.unsigned(6, credits.units)
        encoder.messages(7, markets)
    }

    init(from decoder: inout Decoder) throws(DecodeError) {
        validatorShareE12 = try decoder.unsigned(1)
        usage = Amount(try decoder.unsigned(2))
        standby = Amount(try decoder.unsigned(3))
        audit = Amount(try decoder.unsigned(4))
        treasury = Amount(try decoder.unsigned(5))
        credits = Amount(try decoder.unsigned(6))
        markets = try decoder.messages(7, count: 2)
        if markets.count != 2 { throw .missing(field: 7) }
    }
}

extension ClassMarket: Message {
    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, floorPrice)
        encoder.unsigned(2, settled)
        encoder.unsigned(3, capacity)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        self.init(floorPrice: try decoder.unsigned(1))
        settled = try decoder.unsigned(2)
        capacity = try decoder.unsigned(3)
    }
}
