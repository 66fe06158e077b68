// What the votes of all validators decide about one task, and where the loser's bond goes (design, sections 7 and 8).
// Invariant: voters + requester + reporter + burned = the slashed amount.

package import Primitives

package enum DisputeOutcome: Hashable, Sendable {
    /// The candidate at this index has more than 2/3 of T.
    case stands(Int)
    /// Two candidates with more than 1/3 each: the program is not deterministic; nobody is slashed.
    case nonDeterministic
    /// One more epoch to vote.
    case extended
    /// Undecided after the extension: not paid, nobody slashed, fee and deposit returned.
    case unresolved
}

/// The bond of a lost dispute and what it must pay for.
package struct DisputeLoss: Hashable, Sendable {
    package let slash: Amount
    package let ownBondLost: Amount
    /// Metered cu of the disputed task.
    package let computeUnits: UInt64
    /// Base units per cu that the disputed work is worth.
    package let price: UInt64
    /// v of the disputed task.
    package let providerPart: Amount

    package init(slash: Amount, ownBondLost: Amount, computeUnits: UInt64, price: UInt64, providerPart: Amount) {
        (self.slash, self.ownBondLost) = (slash, ownBondLost)
        (self.computeUnits, self.price, self.providerPart) = (computeUnits, price, providerPart)
    }
}

package struct DisputeProceeds: Hashable, Sendable {
    /// In the order of the voters' stakes.
    package let voters: [Amount]
    package let requester: Amount
    package let reporter: Amount
    package let burned: Amount
}

extension Rule {
    /// Judges the stake behind each distinct result. `isExtended`: the one extension is over.
    package static func disputeVerdict(votes: [Amount], totalStake: Amount, isExtended: Bool) -> DisputeOutcome {
        let total = UInt128(totalStake.units)
        if let winner = votes.firstIndex(where: { 3 * UInt128($0.units) > 2 * total }) { return .stands(winner) }
        if votes.filter({ 3 * UInt128($0.units) > total }).count >= 2 { return .nonDeterministic }
        return isExtended ? .unresolved : .extended
    }

    /// The result of a class-Q panel that more than half of its replicas gave; nil calls for two more.
    package static func quorumMajority(counts: [UInt64], replicas: UInt64) -> Int? {
        counts.firstIndex { 2 * UInt128($0) > UInt128(replicas) }
    }

    /// What one voter's re-execution is paid: `1.2 * cu * price`.
    package static func voterPay(
        computeUnits: UInt64, price: UInt64, rules: SlashRules
    ) throws(ArithmeticError) -> Amount {
        let cost = UInt128(computeUnits) * UInt128(price)
        return Amount(try cost.scaled(by: UInt128(rules.voterPay), over: UInt128(million)).narrowed())
    }

    /// In order: voters (one pay each, shared by stake, at most 40 %), requester up to v, reporter, burn.
    package static func disputeProceeds(
        _ loss: DisputeLoss, voterStakes: [Amount], hasReporter: Bool, rules: SlashRules
    ) throws(ArithmeticError) -> DisputeProceeds {
        let each = try voterPay(computeUnits: loss.computeUnits, price: loss.price, rules: rules)
        let wanted = UInt128(each.units) * UInt128(voterStakes.count)
        let most = try loss.slash.atRate(rules.voterShareMax)
        let pot = Amount(UInt64(truncatingIfNeeded: min(wanted, UInt128(most.units))))
        let voters = try poolShare(inflow: pot, carry: .zero, weights: voterStakes.map { UInt128($0.units) })
        var rest = try loss.slash.subtracting(pot).adding(voters.carry)
        let requester = min(rest, loss.providerPart)
        rest = try rest.subtracting(requester)
        let claim = try reporterShare(slash: loss.slash, ownBondLost: loss.ownBondLost, rules: rules).reporter
        let reporter = hasReporter ? min(rest, claim) : .zero
        return DisputeProceeds(
            voters: voters.shares, requester: requester, reporter: reporter, burned: try rest.subtracting(reporter))
    }
}
