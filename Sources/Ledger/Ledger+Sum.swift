// The supply counted anew from the records of one version of the state tree: what `merit replay` compares with the
// totals that the chain keeps. Reads every leaf; never on the path of a block.
import Chain
import Codec
package import Primitives

extension Ledger {
    /// The totals with every part that records hold summed over the tree's leaves, the credit pool as what accounts
    /// hold of it, and genesis, minted, burned and reserve as recorded; nil when the version is not there or a sum does
    /// not fit.
    package static func sumOfAccounts(_ snapshot: some Snapshot, at version: Height) -> Supply? {
        guard let leaves = StateTree.leaves(at: version, in: snapshot),
            let recorded = StateTree.value(of: StateKey.singleton(.supply), at: version, in: snapshot)
        else { return nil }
        do {
            var supply = try Supply(decoding: recorded)
            (supply.balances, supply.bonds, supply.pools) = (.zero, .zero, .zero)
            (supply.escrow, supply.vesting) = (.zero, .zero)
            for (key, value) in leaves {
                try add(value, at: key, to: &supply)
                if key == StateKey.singleton(.pools) {
                    let record = try PoolRecord(decoding: value)
                    supply.pools = try supply.pools.adding(record.held.subtracting(record.credits))
                }
            }
            return supply
        } catch {
            return nil
        }
    }

    private static func add(_ value: Bytes, at key: Bytes, to supply: inout Supply) throws {
        switch key.first.flatMap(StateTag.init) {
        case .account:
            let account = try Account(decoding: value)
            supply.balances = try supply.balances.adding(account.balance)
            supply.pools = try supply.pools.adding(account.credits)
        case .validator:
            supply.bonds = try supply.bonds.adding(try ValidatorRecord(decoding: value).held)
        case .tranche:
            supply.bonds = try supply.bonds.adding(try TrancheRecord(decoding: value).held)
        case .unbonding, .providerUnbonding:
            supply.bonds = try supply.bonds.adding(try UnbondingRecord(decoding: value).amount)
        case .provider:
            supply.bonds = try supply.bonds.adding(try ProviderRecord(decoding: value).bond)
        case .job:
            supply.escrow = try supply.escrow.adding(try JobRecord(decoding: value).held)
        case .undeliverable:
            let kept = try UndeliverableRecord(decoding: value)
            supply.escrow = try supply.escrow.adding(kept.audit).adding(kept.burn)
        case .held:
            supply.escrow = try supply.escrow.adding(try HeldRecord(decoding: value).amount)
        case .dispute:
            supply.escrow = try supply.escrow.adding(try DisputeRecord(decoding: value).deposit)
        case .purses:
            for (_, purse) in try ProviderPage<Purse>(decoding: value).written {
                supply.balances = try supply.balances.adding(purse.balance)
                supply.pools = try supply.pools.adding(purse.credits)
            }
        case .grants:
            for (_, grant) in try ProviderPage<Grant>(decoding: value).written {
                supply.vesting = try supply.vesting.adding(try grant.granted.subtracting(grant.paid))
            }
        default: break
        }
    }
}
