// Everything that an account has, and when each part of it can be spent.
package import Primitives

package struct Holdings: Sendable {
    package enum Role: String, Sendable {
        case validator, provider
    }

    /// Bond that left and can still be slashed.
    package struct Leaving: Hashable, Sendable {
        package let role: Role
        package let amount: Amount
        /// The epoch at whose start it is free.
        package let freeEpoch: UInt64
    }

    /// What stands behind a validator of somebody else.
    package struct Delegated: Hashable, Sendable {
        package let validator: Address
        package let entry: DelegationEntry
    }

    /// Balance, credits and next sequence, with what lies in the purse. The balance is what can be withdrawn now.
    package let account: Account
    /// The operator's own part of what stands behind its validator, with what joins at the epoch's end; not what others
    /// delegate to it.
    package let validatorBond: Amount
    package let providerBond: Amount
    /// A slash waits for its engine: no bond and nothing that vests leaves before it is decided.
    package let isLocked: Bool
    /// Its part of fees as a provider comes as credits.
    package let takesCredits: Bool
    /// Ascending by epoch, the validator's before the provider's.
    package let leaving: [Leaving]
    /// The last pay for tasks that panels judge, until the provider leaves that class.
    package let held: Amount
    package let grants: [VestingGrant]
    /// Ascending by validator.
    package let delegations: [Delegated]
    /// Who is paid for having brought the account.
    package let referrer: Address?

    /// What is still locked.
    package var vesting: Amount { grants.reduce(.zero) { $0.credited($1.locked) } }

    /// Joins the balance with the account's next transaction.
    package var unlocked: Amount { grants.reduce(.zero) { $0.credited($1.unlocked) } }

    /// Of all grants together, ascending by the epoch whose last block unlocks it.
    package var releases: [(epoch: UInt64, amount: Amount)] {
        var sums: [UInt64: Amount] = [:]
        for release in grants.flatMap(\.releases) {
            sums[release.epoch] = (sums[release.epoch] ?? .zero).credited(release.amount)
        }
        return sums.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
    }
}

extension Ledger {
    /// `epoch`: the running one.
    package static func holdings(of account: Address, epoch: UInt64, on snapshot: some Snapshot) -> Holdings {
        let state = WorkingState(snapshot)
        let validator: ValidatorRecord? = state.load(StateKey.validator(account))
        let provider: ProviderRecord? = state.load(StateKey.provider(account))
        let held: HeldRecord? = state.load(StateKey.held(account))
        let requester: RequesterRecord? = state.load(StateKey.requester(account))
        let leaving =
            leaving(.validator, after: epoch, on: snapshot) { StateKey.unbonding(account, free: $0) }
            + leaving(.provider, after: epoch, on: snapshot) { StateKey.providerUnbonding(account, free: $0) }
        let holder = state.account(account)
        let purse = holder.providerNumber.map(state.purse) ?? Purse()
        return Holdings(
            account: holder.holding(purse),
            validatorBond: validator.map { $0.ownBond.credited($0.joining) } ?? .zero,
            providerBond: provider?.bond ?? .zero, isLocked: state.bytes(StateKey.lock(account)) != nil,
            takesCredits: provider?.takesCredits ?? false,
            leaving: leaving.sorted { $0.freeEpoch < $1.freeEpoch },
            held: held?.amount ?? .zero, grants: vesting(of: account, on: snapshot),
            delegations: delegations(by: account, on: snapshot), referrer: requester?.referrer)
    }

    /// One look for each validator.
    private static func delegations(by delegator: Address, on snapshot: some Snapshot) -> [Holdings.Delegated] {
        var found: [Holdings.Delegated] = []
        let tag = StateTag.validator.rawValue
        var next = snapshot.first(.state, from: [tag])
        while let record = next, record.key.first == tag, let validator = Address(record.key.dropFirst()) {
            if let entry = delegation(to: validator, by: delegator, on: snapshot) {
                found.append(Holdings.Delegated(validator: validator, entry: entry))
            }
            next = snapshot.first(.state, from: record.key + [0])
        }
        return found
    }

    /// One look for each epoch at whose start anybody's bond is free.
    private static func leaving(
        _ role: Holdings.Role, after epoch: UInt64, on snapshot: some Snapshot, key: (UInt64) -> Bytes
    ) -> [Holdings.Leaving] {
        let state = WorkingState(snapshot)
        var found: [Holdings.Leaving] = []
        var next: UInt64? = epoch
        while let epoch = next, let entry = snapshot.first(.state, from: Array(key(epoch).prefix(9))),
            entry.key.first == key(epoch).first, let free = UInt64(bigEndian: entry.key[1..<9])
        {
            if let record: UnbondingRecord = state.load(key(free)) {
                found.append(Holdings.Leaving(role: role, amount: record.amount, freeEpoch: free))
            }
            next = free == .max ? nil : free + 1
        }
        return found
    }
}
