// A vote, its wire form and the bytes it signs (formats A6). Merit's rule: the timestamp of a vote for a block is that
// block's header time and the timestamp of a vote for nil is the zero time, so (height, round, type, block) has exactly
// one byte string to sign.
package import Codec
package import Cryptography
package import Primitives

/// Rounds fit an int32 on the wire.
package typealias Round = UInt32

package enum VoteType: UInt8, Sendable, Hashable, Comparable {
    case prevote = 1
    case precommit = 2

    package static func < (lhs: VoteType, rhs: VoteType) -> Bool { lhs.rawValue < rhs.rawValue }
}

package struct Vote: Hashable, Sendable {
    package let type: VoteType
    package let height: Height
    package let round: Round
    /// nil is a vote for no block in this round.
    package let proposal: ProposalID?
    package let validatorAddress: Address
    package let validatorIndex: UInt32
    package let signature: Signature

    package init(statement: VoteStatement, address: Address, index: UInt32, signature: Signature) {
        (type, height, round) = (statement.type, statement.height, statement.round)
        (proposal, validatorAddress, validatorIndex) = (statement.proposal, address, index)
        self.signature = signature
    }

    package var blockID: BlockID { proposal?.blockID ?? .empty }
    package var timestamp: Timestamp { proposal?.time ?? .zero }

    package var statement: VoteStatement {
        VoteStatement(type: type, height: height, round: round, proposal: proposal)
    }
}

/// What a vote says, without who says it: exactly what is signed.
package struct VoteStatement: Hashable, Sendable {
    package let type: VoteType
    package let height: Height
    package let round: Round
    package let proposal: ProposalID?

    package init(type: VoteType, height: Height, round: Round, proposal: ProposalID?) {
        (self.type, self.height, self.round, self.proposal) = (type, height, round, proposal)
    }

    package func signBytes(chainID: ChainID) -> Bytes {
        CanonicalVote(
            type: type, height: height, round: round, blockID: proposal?.blockID ?? .empty,
            timestamp: proposal?.time ?? .zero
        ).signBytes(chainID: chainID.bytes)
    }
}

/// The signed form of a vote on any protocol-11 chain. Address and index are not signed.
package struct CanonicalVote: Sendable {
    package let type: VoteType
    package let height: Height
    package let round: Round
    /// Empty in a vote for nil.
    package let blockID: BlockID
    package let timestamp: Timestamp

    package init(type: VoteType, height: Height, round: Round, blockID: BlockID, timestamp: Timestamp) {
        (self.type, self.height, self.round) = (type, height, round)
        (self.blockID, self.timestamp) = (blockID, timestamp)
    }

    package func signBytes(chainID: Bytes) -> Bytes {
        var encoder = Encoder(capacity: 128)
        encoder.unsigned(1, UInt64(type.rawValue))
        encoder.fixed(2, height.signed)
        encoder.fixed(3, Int64(round))
        if !blockID.isEmpty { encoder.message(4, blockID) }
        encoder.message(5, timestamp)
        encoder.data(6, chainID)
        return Encoder.delimited(encoder.bytes)
    }
}

extension Vote: Message {
    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, UInt64(type.rawValue))
        encoder.signed(2, height.signed)
        encoder.unsigned(3, UInt64(round))
        encoder.message(4, blockID)
        encoder.message(5, timestamp)
        encoder.data(6, validatorAddress)
        encoder.unsigned(7, UInt64(validatorIndex))
        encoder.data(8, signature)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        let number = try decoder.unsigned32(1)
        guard let type = UInt8(exactly: number).flatMap(VoteType.init) else { throw .invalid(field: 1) }
        let height = try decoder.height(2)
        let round = try decoder.round(3)
        let blockID: BlockID = try decoder.message(4)
        let time: Timestamp = try decoder.message(5)
        let proposal: ProposalID?
        if blockID.isEmpty {
            guard time == .zero else { throw .invalid(field: 5) }
            proposal = nil
        } else {
            guard blockID.isComplete else { throw .invalid(field: 4) }
            proposal = ProposalID(blockID: blockID, time: time)
        }
        let statement = VoteStatement(type: type, height: height, round: round, proposal: proposal)
        let address: Address = try decoder.fixedBytes(6)
        let index = try decoder.round(7)
        self.init(statement: statement, address: address, index: index, signature: try decoder.fixedBytes(8))
    }
}

extension Decoder {
    /// A height of at least 1.
    package mutating func height(_ field: UInt32) throws(DecodeError) -> Height {
        guard let height = Height(signed: try signed(field)), height > .zero else { throw .outOfRange(field: field) }
        return height
    }

    /// A round or an index: a non-negative int32.
    package mutating func round(_ field: UInt32) throws(DecodeError) -> UInt32 {
        let value = try signed32(field)
        guard value >= 0 else { throw .outOfRange(field: field) }
        return UInt32(value)
    }
}

/// A vote together with the key that must have signed it: what the verifier pool is given.
package struct VoteClaim: Signed {
    package let vote: Vote
    package let chainID: ChainID
    package let key: PublicKey

    package init(vote: Vote, chainID: ChainID, key: PublicKey) {
        (self.vote, self.chainID, self.key) = (vote, chainID, key)
    }

    package var signatureClaims: [SignatureClaim] {
        [SignatureClaim(key: key, message: vote.statement.signBytes(chainID: chainID), signature: vote.signature)]
    }
}
