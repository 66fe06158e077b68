// A dispute as the chain had it when the block of `header` was executed: the receipt, who asked, the verdicts, and what
// each validator of the epoch said. Self-contained: it can be kept in a file.
// Invariant: after `check` every word of it stood in the state under the header's app hash, and no vote is left out.
package import Chain
package import Codec
package import Ledger
package import LightClient
package import Primitives
import Quorum

package enum DisputeTranscriptError: Error, Equatable, Sendable {
    /// Not the header that one has reason to believe.
    case wrongHeader
    case proof(StateAnswerError)
    /// A record that must be there, or one that does not decode.
    case badRecord(String)
    case wrongVoteCount
}

/// What stands under a key that the reader knows, and the proof.
package struct ProvedRecord: Hashable, Sendable, Message {
    /// Empty where nothing stands.
    package let value: Bytes
    package let proof: Bytes

    init(_ answer: StateAnswer) { (value, proof) = (answer.value ?? [], answer.proof) }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, value)
        encoder.data(2, proof)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        value = try decoder.data(1, max: ExplanationLimits.recordBytesMax)
        proof = try decoder.data(2, max: ExplanationLimits.proofBytesMax)
        if proof.isEmpty { throw .missing(field: 2) }
    }

    /// nil where it is proved that nothing stands.
    func read<Record: Message>(
        _ key: Bytes, under header: Header
    ) throws(DisputeTranscriptError) -> Record? {
        let answer = StateAnswer(
            height: header.height.lowered(), value: value.isEmpty ? nil : value, proofType: StateAnswer.proofType,
            proofKey: key, proof: proof)
        do { try answer.verify(key: key, header: header) } catch { throw .proof(error) }
        if value.isEmpty { return nil }
        do { return try Record(decoding: value) } catch { throw .badRecord("\(Record.self): \(error)") }
    }

    func require<Record: Message>(
        _ key: Bytes, under header: Header
    ) throws(DisputeTranscriptError) -> Record {
        guard let record: Record = try read(key, under: header) else { throw .badRecord("no \(Record.self)") }
        return record
    }
}

package struct DisputeTranscript: Hashable, Sendable, Message {
    package let place: TaskPlace
    /// Of the block whose execution is told; its app hash is the state before it.
    package let header: Header
    let dispute: ProvedRecord
    let task: ProvedRecord
    let set: ProvedRecord
    /// In the order of the set, with a proof of absence for who did not vote.
    let votes: [ProvedRecord]

    package func encode(into encoder: inout Encoder) {
        encoder.message(1, place)
        encoder.message(2, header)
        encoder.message(3, dispute)
        encoder.message(4, task)
        encoder.message(5, set)
        encoder.messages(6, votes)
    }

    init(_ place: TaskPlace, _ header: Header, _ records: [ProvedRecord], votes: [ProvedRecord]) {
        (self.place, self.header, self.votes) = (place, header, votes)
        (dispute, task, set) = (records[0], records[1], records[2])
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        place = try decoder.message(1)
        header = try decoder.message(2)
        dispute = try decoder.message(3)
        task = try decoder.message(4)
        set = try decoder.message(5)
        votes = try decoder.messages(6, count: Limits.validatorsMax)
    }

    /// `hash`: of the header that is believed.
    package func check(under hash: Digest?) throws(DisputeTranscriptError) -> ProvenDispute {
        guard header.hash == hash else { throw .wrongHeader }
        let record: DisputeRecord = try dispute.require(StateKey.dispute(place), under: header)
        let task: TaskRecord = try task.require(StateKey.task(place), under: header)
        let set: EpochSet = try set.require(StateKey.epochSet(record.epoch), under: header)
        guard votes.count == set.members.count else { throw .wrongVoteCount }
        var found: [ProvenDispute.Vote] = []
        for (member, proved) in zip(set.members, votes) {
            let vote: VoteRecord? = try proved.read(StateKey.vote(place, of: member.operatorAddress), under: header)
            found.append(ProvenDispute.Vote(member: member, vote: vote))
        }
        return ProvenDispute(place: place, height: header.height, records: (record, task), set: set, votes: found)
    }
}

/// A dispute as it was before the block of `height`.
package struct ProvenDispute: Sendable {
    package struct Vote: Sendable {
        package let member: EpochSet.Member
        /// nil: absent.
        package let vote: VoteRecord?
    }

    package let place: TaskPlace
    package let height: Height
    package let record: DisputeRecord
    package let task: TaskRecord
    package let totalStake: Amount
    package let votes: [Vote]
    /// By the votes that are known.
    package let tally: DisputeTally

    init(
        place: TaskPlace, height: Height, records: (dispute: DisputeRecord, task: TaskRecord), set: EpochSet,
        votes: [Vote]
    ) {
        (self.place, self.height, self.votes) = (place, height, votes)
        (record, task) = records
        totalStake = set.totalStake
        tally = DisputeTally(
            votes.compactMap { entry in entry.vote.map { (entry.member.operatorAddress, $0) } }, of: set,
            isExtended: records.dispute.isExtended)
    }

    /// What rows of tables name as their evidence.
    package var id: Digest { DisputeRecord.id(place) }

    /// The result that an auditor's verdict has.
    package func said(_ entry: AuditEntry) -> TaskResult? { entry.result ?? task.result }
}
