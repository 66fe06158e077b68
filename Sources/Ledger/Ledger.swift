// The state transition: (snapshot, block) → (writes, root, results) or one broken rule. A namespace of pure functions;
// all state is in the snapshot and the view. Item signatures are not checked here: a block's items were verified with
// their batches, or are vouched for by the commit that decided the block.
package import Chain
import Codec
import Cryptography
import Primitives
import Quorum
import Rewards

package enum Ledger {
    /// The state at height 0. Its root is the app hash of block 1. A simulation may put the whole under `parameters`
    /// that no genesis could name, to see what the inequalities keep out.
    package static func genesis(
        _ genesis: Genesis, under parameters: LedgerParameters? = nil
    ) throws(GenesisError) -> Transition {
        try genesis.check()
        let named = try LedgerParameters(genesis.settings, genesis.consensus)
        let parameters = parameters ?? named
        var state = WorkingState(EmptySnapshot())
        state.store(ChainRecord(chainID: genesis.chainID, genesisHash: genesis.hash), .chain)
        state.store(genesis.consensus, .consensusParameters)
        state.store(ParameterRecord(parameters), .ledgerParameters)
        state.store(BeaconRecord(genesis.hash), .beacon)
        state.store(EpochRecord(number: 0, startHeight: .first, startTime: genesis.time), .epoch)
        for account in genesis.accounts { state.store(Account(balance: account.balance), of: account.address) }
        try storeValidators(of: genesis, in: &state, parameters)
        for provider in genesis.providers {
            state.enlist(provider.account, registeredEpoch: 0, bond: provider.bond)
        }
        let supply = try supply(of: genesis)
        state.store(supply, .supply)
        let pools = PoolState(
            genesisSupply: supply.genesis, reserve: supply.reserve, parameters: parameters.rewards)
        state.store(PoolRecord(pools), .pools)
        let members = genesis.validators.map {
            EpochCount.Member(operatorAddress: $0.operatorAddress, stake: $0.stake)
        }
        let bonded = members.reduce(Amount.zero) { $0.credited($1.stake) }
        state.store(EpochCount(members: members, burnedBefore: .zero, bonded: bonded), .epochCount)
        let auditors = members.map {
            EpochSet.Member(operatorAddress: $0.operatorAddress, stake: $0.stake, mayAudit: true)
        }
        state.store(EpochSet(epoch: 0, members: auditors), at: StateKey.epochSet(0))
        state.store(AuditCalendar(genesisTime: genesis.time), .auditCalendar)
        let seating = try firstSeating(genesis)
        state.store(seating, at: StateKey.seating(since: .first))
        return close(genesis, state, seating)
    }

    private static func storeValidators(
        of genesis: Genesis, in state: inout WorkingState, _ parameters: LedgerParameters
    ) throws(GenesisError) {
        for validator in genesis.validators {
            guard validator.stake >= parameters.rewards.validation.stakeMin else {
                throw .stakeBelowMinimum(validator.operatorAddress)
            }
            var record = ValidatorRecord(keys: validator.keys, name: validator.name, registeredEpoch: 0)
            do throws(DelegationError) {
                _ = try record.delegations.join(validator.stake, &record.own)
            } catch {
                preconditionFailure("the first stake of \(validator.operatorAddress): \(error)")
            }
            state.store(record, at: StateKey.validator(validator.operatorAddress))
            for key in validator.keys.all {
                let reference = OperatorReference(validator.operatorAddress)
                state.store(reference, at: StateKey.keyAddress(Hash.address(of: key)))
            }
        }
    }

    private static func supply(of genesis: Genesis) throws(GenesisError) -> Supply {
        do throws(ArithmeticError) {
            var supply = Supply(genesis: try genesis.supply(), reserve: genesis.reserve)
            for account in genesis.accounts { supply.balances = try supply.balances.adding(account.balance) }
            supply.bonds = try supply.genesis.subtracting(supply.balances)
            return supply
        } catch {
            throw .supplyTooLarge
        }
    }

    private static func firstSeating(_ genesis: Genesis) throws(GenesisError) -> Seating {
        let seats = genesis.validators.map {
            Seat(operatorAddress: $0.operatorAddress, keys: $0.keys, power: $0.power)
        }
        do { return try Seating(seats, activeSince: .first) } catch {
            preconditionFailure("a checked genesis has a validator set: \(error)")
        }
    }

    private static func close(_ genesis: Genesis, _ state: WorkingState, _ seating: Seating) -> Transition {
        let (root, tree) = StateTree.update(state.changes, version: .zero, on: EmptySnapshot())
        let tip = Tip(
            height: .zero, blockID: .empty, time: genesis.time, roots: (root, MerkleTree.emptyRoot))
        var writes = WriteBatch()
        for change in state.changes { writes.put(.state, key: change.key, value: change.value ?? []) }
        writes.append(tree)
        writes.put(.validatorSets, key: seating.set.hash.bytes, value: seating.set.encoded)
        writes.put(.meta, key: LedgerView.genesisKey, value: genesis.encoded)
        writes.put(.meta, key: LedgerView.tipKey, value: tip.encoded)
        return Transition(
            writes: writes, appHash: root, results: [], resultsHash: tip.resultsHash, newValidators: seating.set,
            next: LedgerView(state, tip: tip))
    }
}
