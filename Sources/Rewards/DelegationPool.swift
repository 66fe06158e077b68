// One validator's delegations by F1 per share (design, section 6): rewards raise an accumulator, every delegator is
// settled when touched, slashes lower tokens only.
// Invariant: Σ claims + owed = Σ rewards after commission, to the unit; splitting a delegation never gains one.
// Joins and leaves of an epoch apply after its settlement, so that reward goes to stake bonded at its start.

package import Primitives

/// A delegator's position in one pool.
package struct Delegation: Hashable, Sendable {
    package var shares: UInt64
    /// acc_s: the accumulator at the last claim.
    package var accumulator: UInt128

    package init(shares: UInt64 = 0, accumulator: UInt128 = 0) {
        (self.shares, self.accumulator) = (shares, accumulator)
    }
}

package enum DelegationError: Error, Equatable, Sendable {
    /// Slashed to nothing: shares without tokens cannot be priced.
    case poolWithoutTokens(shares: UInt64)
    /// `tokens * 1000 < shares`.
    case poolTooDiluted(tokens: UInt64, shares: UInt64)
    /// The amount is worth less than one share.
    case amountMintsNoShare(amount: Amount)
    case notEnoughShares(held: UInt64, asked: UInt64)
    case arithmetic(ArithmeticError)
}

package struct DelegationPool: Hashable, Sendable {
    package var tokens: UInt64 = 0
    package var shares: UInt64 = 0
    /// Reward per share, scaled by 10^18.
    package var accumulator: UInt128 = 0
    /// What the last division left, in the accumulator's scale.
    package var remainder: UInt128 = 0
    /// Rewards that came while there was no share.
    package var held: UInt64 = 0
    /// MRT that this pool holds for its delegators: rewards in, claims out; `held` and dust stay here.
    package var owed: UInt64 = 0

    package init() {}

    /// Mints `amount * shares / tokens` shares (1:1 first) into the position; pays what the position had earned.
    package mutating func join(_ amount: Amount, _ position: inout Delegation) throws(DelegationError) -> Amount {
        if shares > 0 && tokens == 0 { throw .poolWithoutTokens(shares: shares) }
        if UInt128(tokens) * 1000 < UInt128(shares) { throw .poolTooDiluted(tokens: tokens, shares: shares) }
        var (pool, holder) = (self, position)
        do throws(ArithmeticError) {
            let minted = shares == 0 ? amount.units : try amount.units.scaled(by: shares, over: tokens)
            if minted > 0 {
                let paid = try pool.claim(&holder)
                holder.shares = try holder.shares.plus(minted)
                pool.shares = try shares.plus(minted)
                pool.tokens = try tokens.plus(amount.units)
                (self, position) = (pool, holder)
                return paid
            }
        } catch {
            throw .arithmetic(error)
        }
        throw .amountMintsNoShare(amount: amount)
    }

    /// Commission first, the rest to the accumulator: `acc += (reward * 10^18 + rem) / S`. Returns the commission.
    package mutating func reward(_ amount: Amount, commission rate: UInt64) throws(ArithmeticError) -> Amount {
        let commission = try amount.atRate(rate)
        let rest = try amount.subtracting(commission).units
        let owedNow = try owed.plus(rest)
        if shares == 0 {
            held = try held.plus(rest)
        } else {
            let scaled = try (UInt128(rest) * Rule.accumulatorScale).plus(remainder)
            let (quotient, left) = scaled.quotientAndRemainder(dividingBy: UInt128(shares))
            accumulator = try accumulator.plus(quotient)
            remainder = left
        }
        owed = owedNow
        return commission
    }

    /// `shares * (acc_e - acc_s) / 10^18`.
    package func earned(_ position: Delegation) throws(ArithmeticError) -> Amount {
        if position.accumulator > accumulator { throw .underflow }
        let growth = accumulator - position.accumulator
        return Amount(try growth.scaled(by: UInt128(position.shares), over: Rule.accumulatorScale).narrowed())
    }

    package mutating func claim(_ position: inout Delegation) throws(ArithmeticError) -> Amount {
        let paid = try earned(position)
        owed = try owed.minus(paid.units)
        position.accumulator = accumulator
        return paid
    }

    /// Lowers tokens, never shares; returns what was taken.
    package mutating func slash(rate: UInt64) throws(ArithmeticError) -> Amount {
        let taken = try Rule.slashAmount(stake: Amount(tokens), rate: rate)
        tokens = try tokens.minus(taken.units)
        return taken
    }

    /// Burns shares of the position for `shares * tokens / S` tokens; pays what the whole position had earned.
    package mutating func leave(
        _ position: inout Delegation, shares leaving: UInt64
    ) throws(DelegationError) -> (paid: Amount, unbonded: Amount) {
        if leaving > position.shares || leaving > shares {
            throw .notEnoughShares(held: min(position.shares, shares), asked: leaving)
        }
        if leaving == 0 { return (.zero, .zero) }
        var (pool, holder) = (self, position)
        do throws(ArithmeticError) {
            let paid = try pool.claim(&holder)
            let unbonded = try tokens.scaled(by: leaving, over: shares)
            holder.shares -= leaving
            pool.shares -= leaving
            pool.tokens = try tokens.minus(unbonded)
            (self, position) = (pool, holder)
            return (paid, Amount(unbonded))
        } catch {
            throw .arithmetic(error)
        }
    }

    /// True while the operator's own position is worth at least `least` ppm of the tokens (self-bond).
    package func isSelfBonded(_ position: Delegation, least: UInt64) -> Bool {
        UInt128(position.shares) * UInt128(Rule.million) >= UInt128(shares) * UInt128(least)
    }
}
