// The proof of a decision (formats A7): one entry per validator in set order. Entries keep what outside chains may
// send; `Commit.check` says what holds.
package import Codec
import Cryptography
package import Primitives

package enum BlockIDFlag: UInt8, Sendable, Hashable {
    case absent = 1
    case commit = 2
    case `nil` = 3
}

package struct CommitSignature: Hashable, Sendable, Message {
    package let flag: BlockIDFlag
    package let address: Address?
    package let timestamp: Timestamp
    /// 0 bytes when absent, else 1 to 64.
    package let signature: Bytes

    package init(flag: BlockIDFlag, address: Address?, timestamp: Timestamp, signature: Bytes) {
        (self.flag, self.address, self.timestamp, self.signature) = (flag, address, timestamp, signature)
    }

    package static let absent = CommitSignature(flag: .absent, address: nil, timestamp: .zero, signature: [])

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, UInt64(flag.rawValue))
        if let address { encoder.data(2, address) }
        encoder.message(3, timestamp)
        encoder.data(4, signature)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        let number = try decoder.unsigned32(1)
        guard let flag = UInt8(exactly: number).flatMap(BlockIDFlag.init) else { throw .invalid(field: 1) }
        self.flag = flag
        address = try decoder.optionalFixedBytes(2)
        timestamp = try decoder.message(3)
        signature = try decoder.data(4, max: Signature.count)
        if flag == .absent {
            guard self == .absent else { throw .invalid(field: 1) }
        } else {
            guard address != nil else { throw .missing(field: 2) }
            guard !signature.isEmpty else { throw .missing(field: 4) }
        }
    }
}

package struct Commit: Hashable, Sendable, Message {
    /// 0 in the empty commit of block 1.
    package let height: Height
    package let round: Round
    package let blockID: BlockID
    package let signatures: [CommitSignature]

    package init(height: Height, round: Round, blockID: BlockID, signatures: [CommitSignature]) {
        (self.height, self.round, self.blockID, self.signatures) = (height, round, blockID, signatures)
    }

    /// What block 1 carries.
    package static let empty = Commit(height: .zero, round: 0, blockID: .empty, signatures: [])

    /// `last_commit_hash` of the next header: over the entries only.
    package var hash: Digest { MerkleTree.root(of: signatures.map(\.encoded)) }

    package func encode(into encoder: inout Encoder) {
        encoder.signed(1, height.signed)
        encoder.unsigned(2, UInt64(round))
        encoder.message(3, blockID)
        encoder.messages(4, signatures)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        guard let height = Height(signed: try decoder.signed(1)) else { throw .outOfRange(field: 1) }
        self.height = height
        round = try decoder.round(2)
        blockID = try decoder.message(3)
        signatures = try decoder.messages(4, count: Limits.validatorsMax)
    }

    /// The bytes that entry `index` signed; the caller knows that it is not absent.
    package func signBytes(of entry: CommitSignature, chainID: Bytes) -> Bytes {
        CanonicalVote(
            type: .precommit, height: height, round: round,
            blockID: entry.flag == .commit ? blockID : .empty, timestamp: entry.timestamp
        ).signBytes(chainID: chainID)
    }
}
