// Two proposals of one validator for one height and round (protocol design, section 5): the same offence as two votes.
// Anybody may bring them; the age limits are those of the evidence that blocks carry.
import Chain
import Primitives
import Quorum

extension BlockExecution {
    mutating func perform(_ proof: DuplicateProposals) throws(Rule) {
        guard proof.isContradiction else { throw .evidenceProvesNothing }
        let id = proof.id(chainID: view.chainID)
        guard state.bytes(StateKey.evidence(id)) == nil else { throw .evidenceRepeated }
        guard let header = Ledger.header(at: proof.first.statement.height, on: snapshot),
            let hash = header.validatorsHash, let set = Ledger.validatorSet(hash, on: snapshot),
            let place = set.index(of: proof.validator)
        else { throw .evidenceUnknown }
        if Ledger.isExpired(height: header.height, time: header.time, on: view) { throw .evidenceTooOld }
        guard proof.isSigned(by: set.validators[place].publicKey, chainID: view.chainID) else {
            throw .evidenceUnsigned
        }
        state.store(
            EvidenceRecord(committed: view.height, offence: header.height, offenceTime: header.time),
            at: StateKey.evidence(id))
        punishEquivocation(of: proof.validator, evidence: id)
    }
}
