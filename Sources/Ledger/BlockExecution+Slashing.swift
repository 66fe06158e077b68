// What an offence costs. Duplicate votes: part of the bond, burned, and exclusion for good; once per validator.
import Chain
import Codec
import Primitives
import Quorum

extension BlockExecution {
    mutating func punish(_ evidence: Evidence) {
        switch evidence {
        case .duplicateVote(let votes):
            let offence = EvidenceRecord(
                committed: view.height, offence: votes.voteA.height, offenceTime: votes.timestamp)
            state.store(offence, at: StateKey.evidence(evidence.id))
            punishEquivocation(of: votes.voteA.validatorAddress)
        }
    }

    private mutating func punishEquivocation(of consensusAddress: Address) {
        guard
            let reference: OperatorReference = state.load(StateKey.consensusAddress(consensusAddress)),
            var record: ValidatorRecord = state.load(StateKey.validator(reference.operatorAddress))
        else { preconditionFailure("no operator for validator \(consensusAddress), which was in a set") }
        if record.isTombstoned { return }
        record.isTombstoned = true
        state.store(record, at: StateKey.validator(reference.operatorAddress))
        let amount: Amount
        do { amount = try record.bond.scaled(by: view.parameters.equivocationRate, over: 1_000_000) } catch {
            preconditionFailure("slash rate \(view.parameters.equivocationRate): \(error)")
        }
        burnBond(of: reference.operatorAddress, atMost: amount)
    }
}
