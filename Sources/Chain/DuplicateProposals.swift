// Two proposals that one validator signed for one height and round: an equivocation, proved by the two signatures
// alone. CometBFT has no evidence of this kind, so it travels as a transaction.
package import Codec
import Cryptography
package import Primitives
package import Quorum

/// What a proposer signed, with its signature.
package struct SignedProposalStatement: Hashable, Sendable, Message {
    package let statement: ProposalStatement
    package let signature: Signature

    package init(_ statement: ProposalStatement, signature: Signature) {
        (self.statement, self.signature) = (statement, signature)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.signed(1, statement.height.signed)
        encoder.unsigned(2, UInt64(statement.round))
        encoder.unsigned(3, statement.polRound.map { UInt64($0) + 1 } ?? 0)
        encoder.message(4, statement.proposal.blockID)
        encoder.message(5, statement.proposal.time)
        encoder.data(6, signature)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        guard let height = Height(signed: try decoder.signed(1)) else { throw .outOfRange(field: 1) }
        let round = try decoder.round(2)
        let polRoundPlusOne = try decoder.round(3)
        let blockID: BlockID = try decoder.message(4)
        guard blockID.isComplete else { throw .invalid(field: 4) }
        let proposal = ProposalID(blockID: blockID, time: try decoder.message(5))
        statement = ProposalStatement(
            height: height, round: round, polRound: polRoundPlusOne == 0 ? nil : polRoundPlusOne - 1,
            proposal: proposal)
        signature = try decoder.fixedBytes(6)
    }
}

package struct DuplicateProposals: Hashable, Sendable, Message {
    /// The consensus address of the validator that signed both.
    package let validator: Address
    /// In the order of evidence: by block id.
    package let first: SignedProposalStatement
    package let second: SignedProposalStatement

    /// Puts the proposals into their order.
    package init(validator: Address, _ one: SignedProposalStatement, _ other: SignedProposalStatement) {
        self.validator = validator
        let inOrder = Self.precedes(one, other)
        (first, second) = inOrder ? (one, other) : (other, one)
    }

    private static func precedes(_ one: SignedProposalStatement, _ other: SignedProposalStatement) -> Bool {
        one.statement.proposal.blockID.sortKey
            .lexicographicallyPrecedes(other.statement.proposal.blockID.sortKey)
    }

    /// True when an honest validator could not have signed both, and they stand in their order.
    package var isContradiction: Bool {
        first.statement.height == second.statement.height && first.statement.round == second.statement.round
            && Self.precedes(first, second)
    }

    package func isSigned(by key: PublicKey, chainID: ChainID) -> Bool {
        [first, second].allSatisfy { proposal in
            EvidenceSignature.isValid(
                proposal.signature, over: proposal.statement.signBytes(chainID: chainID), by: key)
        }
    }

    /// Over what was signed, so that other signatures of the same proposals are the same evidence.
    package func id(chainID: ChainID) -> Digest {
        let statements = [first, second].map { $0.statement.signBytes(chainID: chainID) }
        return Hash.sha256([validator.bytes] + statements)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, validator)
        encoder.message(2, first)
        encoder.message(3, second)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        validator = try decoder.fixedBytes(1)
        first = try decoder.message(2)
        second = try decoder.message(3)
    }
}
