// What an account has, in one object.
package import Ledger
package import Primitives

extension Holdings {
    /// The next dates only, and the sum of all.
    package func json(_ address: Address, at height: Height, epoch: UInt64, datesMax: Int) -> JSON {
        let unbonding = leaving.map { part -> JSON in
            [
                "role": .string(part.role.rawValue), "amount": .decimal(part.amount.units),
                "free_epoch": .decimal(part.freeEpoch),
            ]
        }
        let dates = releases.prefix(datesMax).map { release -> JSON in
            ["epoch": .decimal(release.epoch), "amount": .decimal(release.amount.units)]
        }
        let delegated = delegations.map { part -> JSON in
            [
                "validator": .string(part.validator.bech32), "worth": .decimal(part.entry.free.units),
                "joining": .decimal(part.entry.joining.units), "maturing": .decimal(part.entry.maturing.units),
                "leaving": .decimal(part.entry.unbonding.units), "claimable": .decimal(part.entry.earned.units),
            ]
        }
        return [
            "address": .string(address.bech32), "balance": .decimal(account.balance.units),
            "sequence": .decimal(account.nextSequence), "height": .decimal(height), "epoch": .decimal(epoch),
            "credits": .decimal(account.credits.units),
            "bonds": ["validator": .decimal(validatorBond.units), "provider": .decimal(providerBond.units)],
            "unbonding": .array(unbonding), "held": .decimal(held.units), "vesting": .decimal(vesting.units),
            "unlocked": .decimal(unlocked.units),
            "releases": .array(dates), "takes_credits": .bool(takesCredits),
            "referrer": .string(referrer?.bech32 ?? ""), "delegations": .array(delegated), "locked": .bool(isLocked),
        ]
    }
}
