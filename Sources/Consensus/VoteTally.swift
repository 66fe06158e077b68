// The verified votes of one round and type. Invariants: a validator's power counts at most once for one value and at
// most once in `powerVoted`; votes for the same block id with different times are votes for different values.
// Both votes of an equivocator count, each for its value, as the paper's message sets have it: a node that saw the
// other half of an equivocation first must still see the same quorums.
import Primitives
import Quorum

struct VoteTally: Equatable, Sendable {
    /// One vote of one validator: the place of its value in `weights`, and the signature.
    struct Kept: Equatable, Sendable {
        let value: Int32
        let signature: Signature
    }

    struct Weight: Equatable, Sendable {
        let proposal: ProposalID?
        var power: Int64
    }

    /// What a vote did to the tally.
    struct Effect: Equatable {
        var isCounted = false
        /// An earlier vote of the same validator for another block: evidence, reported once.
        var conflict: Vote?
    }

    /// Values in order of arrival.
    private(set) var weights: [Weight] = []
    /// Power of the validators of whom at least one vote is here.
    private(set) var powerVoted: Int64 = 0
    private var kept: [[Kept]]
    private var isReported: [Bool]

    init(validators: Int) {
        kept = Array(repeating: [], count: validators)
        isReported = Array(repeating: false, count: validators)
    }

    /// `isHandled`: the value is one this node handles, so its votes are kept beyond `votesPerKeyMax`.
    /// The caller has checked that the vote's index and address are those of a member with `power`.
    mutating func add(_ vote: Vote, power: Int64, isHandled: Bool) -> Effect {
        let index = Int(vote.validatorIndex)
        var effect = Effect()
        for earlier in kept[index] {
            let value = weights[Int(earlier.value)].proposal
            if value == vote.proposal { return effect }
            if !isReported[index], value?.blockID != vote.proposal?.blockID {
                isReported[index] = true
                effect.conflict = rebuilt(earlier, like: vote)
            }
        }
        guard kept[index].count < ConsensusLimits.votesPerKeyMax || isHandled else { return effect }
        if kept[index].isEmpty { powerVoted += power }
        kept[index].append(Kept(value: count(power, for: vote.proposal), signature: vote.signature))
        effect.isCounted = true
        return effect
    }

    private mutating func count(_ power: Int64, for proposal: ProposalID?) -> Int32 {
        if let place = weights.firstIndex(where: { $0.proposal == proposal }) {
            weights[place].power += power
            return Int32(place)
        }
        weights.append(Weight(proposal: proposal, power: power))
        return Int32(weights.count - 1)
    }

    private func rebuilt(_ earlier: Kept, like vote: Vote) -> Vote {
        let statement = VoteStatement(
            type: vote.type, height: vote.height, round: vote.round, proposal: weights[Int(earlier.value)].proposal)
        return Vote(
            statement: statement, address: vote.validatorAddress, index: vote.validatorIndex,
            signature: earlier.signature)
    }

    func power(for proposal: ProposalID?) -> Int64 {
        weights.first { $0.proposal == proposal }?.power ?? 0
    }

    /// The first value (not nil) that has a quorum. Two can have one only if a third of the power is faulty.
    func quorumValue(_ set: ValidatorSet) -> ProposalID? {
        for weight in weights {
            if let proposal = weight.proposal, set.isQuorum(weight.power) { return proposal }
        }
        return nil
    }

    /// Each member's signature over its vote for `proposal`, by index; nil where there is none.
    func signatures(for proposal: ProposalID?) -> [Signature?] {
        guard let place = weights.firstIndex(where: { $0.proposal == proposal }) else {
            return kept.map { _ in nil }
        }
        return kept.map { votes in votes.first { Int($0.value) == place }?.signature }
    }

    /// Every kept vote, by index, then in order of arrival.
    func votes(_ type: VoteType, height: Height, round: Round, set: ValidatorSet) -> [Vote] {
        kept.indices.flatMap { index in
            kept[index].map { entry in
                let statement = VoteStatement(
                    type: type, height: height, round: round, proposal: weights[Int(entry.value)].proposal)
                return Vote(
                    statement: statement, address: set.validators[index].address, index: UInt32(index),
                    signature: entry.signature)
            }
        }
    }
}
