// What a provider has at stake and what takes it: bond first, then what is unbonding, unvested grants last. Every loss
// of a provider goes through here, so that none stops short of what may answer for it.
import Chain
import Codec
import Primitives
import Rewards

extension BlockExecution {
    /// Takes up to `due` out of all of it. The totals of bonds and of what vests fall; where it goes is the caller's.
    mutating func takeBond(of provider: Address, atMost due: Amount) -> Amount {
        collect(for: provider)
        let bonded = reduceBond(of: provider, atMost: due)
        supply.bonds = supply.bonds.debited(bonded)
        let vesting = reduceGrants(of: provider, atMost: due.debited(bonded))
        supply.vesting = supply.vesting.debited(vesting)
        return bonded.credited(vesting)
    }

    private mutating func reduceBond(of provider: Address, atMost due: Amount) -> Amount {
        guard var record: ProviderRecord = state.load(StateKey.provider(provider)) else { return .zero }
        var taken = min(record.bond, due)
        record.bond = record.bond.debited(taken)
        state.store(record, at: StateKey.provider(provider))
        if taken == due { return taken }
        for (key, entry) in ownUnbonding(of: provider, at: StateKey.providerUnbonding) where taken < due {
            let part = min(entry.amount, due.debited(taken))
            taken = taken.credited(part)
            let rest = entry.amount.debited(part)
            if rest == .zero { state.remove(key) } else { state.store(UnbondingRecord(amount: rest), at: key) }
        }
        return taken
    }

    private mutating func reduceGrants(of provider: Address, atMost due: Amount) -> Amount {
        guard due > .zero, let number = state.account(provider).providerNumber else { return .zero }
        var taken = Amount.zero
        for (epoch, grant) in state.grants(of: number) where taken < due {
            let part = min(grant.granted.debited(grant.paid), due.debited(taken))
            taken = taken.credited(part)
            var grant = grant
            grant.paid = grant.paid.credited(part)
            state.store(grant, number, granted: epoch)
        }
        return taken
    }

    /// What leaves the bond of one account, ascending by the epoch at whose start it is free: one entry for each epoch
    /// at most, found without reading those of others.
    func ownUnbonding(
        of account: Address, at key: (Address, UInt64) -> Bytes
    ) -> [(key: Bytes, record: UnbondingRecord)] {
        var found: [(Bytes, UnbondingRecord)] = []
        var epoch: UInt64 = 0
        while let next = state.firstKey(from: key(account, epoch)), next.first == key(account, epoch).first,
            let free = UInt64(bigEndian: next.dropFirst().prefix(8))
        {
            let isOwn = next.dropFirst(9).elementsEqual(account.bytes)
            if isOwn, let record: UnbondingRecord = state.load(next) { found.append((next, record)) }
            if free == .max && (isOwn || epoch == .max) { break }
            epoch = isOwn || free == epoch ? free + 1 : free
        }
        return found
    }
}
