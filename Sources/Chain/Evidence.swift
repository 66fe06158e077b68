// Self-contained proofs of misbehaviour (formats A8). Two votes of one validator for one (height, round, type) with
// different block ids prove an equivocation to anyone; nothing in them depends on who saw what when, but the powers and
// the time, which every node looks up from the chain.
package import Codec
import Cryptography
package import Primitives
package import Quorum

package enum Evidence: Hashable, Sendable {
    case duplicateVote(DuplicateVoteEvidence)

    package static let perBlockMax = 64

    /// Merkle root over the bare messages, without the wrapper that says the kind.
    package static func hash(_ list: [Evidence]) -> Digest { MerkleTree.root(of: list.map(\.bareEncoding)) }

    package var bareEncoding: Bytes {
        switch self {
        case .duplicateVote(let evidence): evidence.encoded
        }
    }

    package var id: Digest { Hash.sha256(bareEncoding) }
}

extension Evidence: Message {
    package func encode(into encoder: inout Encoder) {
        switch self {
        case .duplicateVote(let evidence): encoder.message(1, evidence)
        }
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        self = .duplicateVote(try decoder.message(1))
    }
}

package struct DuplicateVoteEvidence: Hashable, Sendable, Message {
    package let voteA: Vote
    package let voteB: Vote
    package let totalVotingPower: Int64
    package let validatorPower: Int64
    /// The header time of the votes' height.
    package let timestamp: Timestamp

    /// Puts the votes into the canonical order (by block id, nil first).
    package init(_ first: Vote, _ second: Vote, powers: (total: Int64, validator: Int64), timestamp: Timestamp) {
        let inOrder = first.blockID.sortKey.lexicographicallyPrecedes(second.blockID.sortKey)
        (voteA, voteB) = inOrder ? (first, second) : (second, first)
        (totalVotingPower, validatorPower, self.timestamp) = (powers.total, powers.validator, timestamp)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.message(1, voteA)
        encoder.message(2, voteB)
        encoder.signed(3, totalVotingPower)
        encoder.signed(4, validatorPower)
        encoder.message(5, timestamp)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        voteA = try decoder.message(1)
        voteB = try decoder.message(2)
        totalVotingPower = try decoder.signed(3)
        validatorPower = try decoder.signed(4)
        timestamp = try decoder.message(5)
    }
}

/// Why duplicate-vote evidence proves nothing. One case per rule of formats A8.
package enum EvidenceError: Error, Equatable, Sendable {
    case differentStatements
    case sameBlockID
    case notInOrder
    case notAValidator
    case wrongPower
    case wrongTime
    case wrongSignature
}

extension DuplicateVoteEvidence {
    /// Throws unless the validator that `set` (of the votes' height) names really signed both votes.
    package func check(set: ValidatorSet, headerTime: Timestamp, chainID: ChainID) throws(EvidenceError) {
        guard voteA.height == voteB.height, voteA.round == voteB.round, voteA.type == voteB.type,
            voteA.validatorAddress == voteB.validatorAddress, voteA.validatorIndex == voteB.validatorIndex
        else { throw .differentStatements }
        guard voteA.blockID != voteB.blockID else { throw .sameBlockID }
        guard voteA.blockID.sortKey.lexicographicallyPrecedes(voteB.blockID.sortKey) else { throw .notInOrder }
        guard let index = set.index(of: voteA.validatorAddress), index == Int(voteA.validatorIndex) else {
            throw .notAValidator
        }
        let validator = set.validators[index]
        guard validatorPower == validator.power, totalVotingPower == set.totalPower else { throw .wrongPower }
        guard timestamp == headerTime else { throw .wrongTime }
        for vote in [voteA, voteB] {
            let message = vote.statement.signBytes(chainID: chainID)
            guard EvidenceSignature.isValid(vote.signature, over: message, by: validator.publicKey) else {
                throw .wrongSignature
            }
        }
    }
}
