// What a validator's own node, and whoever asks it, must know of its jail. Reading only.
import Chain
import Cryptography
package import Primitives

package struct Jail: Hashable, Sendable {
    package let operatorAddress: Address
    /// The running one.
    package let epoch: UInt64
    /// The first epoch in which the operator may ask to return.
    package let freeEpoch: UInt64
    /// Of the operator's account.
    package let nextSequence: UInt64

    package init(operatorAddress: Address, epoch: UInt64, freeEpoch: UInt64, nextSequence: UInt64) {
        (self.operatorAddress, self.epoch, self.freeEpoch) = (operatorAddress, epoch, freeEpoch)
        self.nextSequence = nextSequence
    }

    /// The operator may return now.
    package var isOver: Bool { epoch >= freeEpoch }
}

extension Ledger {
    /// The jail of the validator with this consensus address; nil where it is in none, or is excluded for good.
    package static func jail(of consensusAddress: Address, on snapshot: some Snapshot) -> Jail? {
        let state = WorkingState(snapshot)
        guard let reference: OperatorReference = state.load(StateKey.keyAddress(consensusAddress)),
            let standing: StandingRecord = state.load(StateKey.standing(reference.operatorAddress)), standing.isJailed,
            let validator: ValidatorRecord = state.load(StateKey.validator(reference.operatorAddress)),
            Hash.address(of: validator.keys.consensus) == consensusAddress, !validator.isTombstoned
        else { return nil }
        let operatorAddress = reference.operatorAddress
        return Jail(
            operatorAddress: operatorAddress, epoch: state.require(.epoch, as: EpochRecord.self).number,
            freeEpoch: standing.freeEpoch, nextSequence: state.account(operatorAddress).nextSequence)
    }
}
