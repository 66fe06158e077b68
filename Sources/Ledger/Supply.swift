// Where all MRT is. Invariant after every block: balances + bonds + escrow + pools + vesting + burned =
// genesis + minted, kept incrementally; `Ledger.sumOfAccounts` recomputes the left side from the records themselves.
package import Codec
package import Primitives

package struct Supply: Hashable, Sendable, Message {
    package let genesis: Amount
    package var minted = Amount.zero
    package var burned = Amount.zero
    package var balances = Amount.zero
    /// Stakes of validators and providers, unbonding parts included.
    package var bonds = Amount.zero
    package var escrow = Amount.zero
    package var pools = Amount.zero
    package var vesting = Amount.zero
    /// Not yet issued, outside the supply.
    package var reserve = Amount.zero

    package init(genesis: Amount, reserve: Amount) { (self.genesis, self.reserve) = (genesis, reserve) }

    /// The two sides of the invariant, wide enough not to overflow.
    package var sides: (held: UInt128, issued: UInt128) {
        let held = [balances, bonds, escrow, pools, vesting, burned].reduce(UInt128(0)) { $0 + UInt128($1.units) }
        return (held, UInt128(genesis.units) + UInt128(minted.units))
    }

    package var isConserved: Bool { sides.held == sides.issued }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, genesis.units)
        encoder.unsigned(2, minted.units)
        encoder.unsigned(3, burned.units)
        encoder.unsigned(4, balances.units)
        encoder.unsigned(5, bonds.units)
        encoder.unsigned(6, escrow.units)
        encoder.unsigned(7, pools.units)
        encoder.unsigned(8, vesting.units)
        encoder.unsigned(9, reserve.units)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        genesis = Amount(try decoder.unsigned(1))
        minted = Amount(try decoder.unsigned(2))
        burned = Amount(try decoder.unsigned(3))
        balances = Amount(try decoder.unsigned(4))
        bonds = Amount(try decoder.unsigned(5))
        escrow = Amount(try decoder.unsigned(6))
        pools = Amount(try decoder.unsigned(7))
        vesting = Amount(try decoder.unsigned(8))
        reserve = Amount(try decoder.unsigned(9))
    }
}

extension Amount {
    /// For money that exists: the supply fits 64 bits, so a sum of parts of it does.
    func credited(_ other: Amount) -> Amount {
        let (sum, overflow) = units.addingReportingOverflow(other.units)
        precondition(!overflow, "\(self) + \(other) exceeds the supply")
        return Amount(sum)
    }

    /// For money that was checked to be there.
    func debited(_ other: Amount) -> Amount {
        precondition(units >= other.units, "\(self) does not hold \(other)")
        return Amount(units - other.units)
    }
}
