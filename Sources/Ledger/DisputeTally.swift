// The votes of one dispute counted as the end of an epoch counts them, for whoever reads about it afterwards.
package import Chain
package import Primitives
package import Rewards

package struct DisputeTally: Sendable {
    /// Everybody who executed the task with the same outcome.
    package struct Side: Hashable, Sendable {
        package let result: TaskResult
        /// What they say the auditors' digests should have been.
        package let digests: [Digest]
        package let voters: [Address]
        package let stake: Amount
    }

    /// In the order of their first voters; votes ascend by operator.
    package let sides: [Side]
    package let outcome: DisputeOutcome

    package init(_ votes: [(voter: Address, vote: VoteRecord)], of set: EpochSet, isExtended: Bool) {
        let sides = DisputeSide.sides(votes, set)
        self.sides = sides.map { Side(result: $0.result, digests: $0.digests, voters: $0.voters, stake: $0.stake) }
        outcome = Rewards.Rule.disputeVerdict(
            votes: sides.map(\.stake), totalStake: set.totalStake, isExtended: isExtended)
    }

    /// The result that more than 2/3 of the stake gave.
    package var standing: TaskResult? {
        guard case .stands(let index) = outcome else { return nil }
        return sides[index].result
    }
}

extension Ledger {
    /// The block that brought an equivocation; nil where the chain knows none, or has forgotten it.
    package static func height(ofEvidence id: Digest, on snapshot: some Snapshot) -> Height? {
        let record: EvidenceRecord? = WorkingState(snapshot).load(StateKey.evidence(id))
        return record?.committed
    }
}
