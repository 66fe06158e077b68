// One entry of `block.data.txs`: a canonical message with exactly one field, whose number is the kind.
// Two ids exist and are never mixed: the hash of the whole item (RPC, `data_hash`), and the content id, which leaves
// the signatures out and stops the same content from being counted twice inside a block.
package import Codec
package import Cryptography
package import Primitives
package import Quorum

package enum Item: Hashable, Sendable {
    /// Item 0 of every block, by the original proposer; never in a batch.
    case preamble(Preamble)
    case transaction(Transaction)
    /// Of a provider; pays no fee.
    case attestation(Attestation)
    /// Of a validator under its audit key; pays no fee.
    case audit(AuditStatement)
    /// Of a provider, to a challenge of its uptime; pays no fee.
    case answer(ChallengeAnswer)

    /// The largest item; it may exceed a batch's size alone.
    package static let bytesMax = 1 << 20

    /// What signers sign, so equal for every signature over the same content.
    package var contentID: Digest {
        switch self {
        case .preamble(let preamble): Hash.sha256([[1], preamble.encoded])
        case .transaction(let transaction): Hash.sha256([[2], transaction.content.encoded])
        case .attestation(let attestation): Hash.sha256([[3], attestation.content])
        case .audit(let statement): Hash.sha256([[4], statement.signedContent])
        case .answer(let answer): Hash.sha256([[5], answer.content])
        }
    }

    /// Every signature that must hold, under keys that the item itself carries.
    package func signatureClaims(chainID: ChainID) -> [SignatureClaim] {
        switch self {
        case .preamble: []
        case .transaction(let transaction): transaction.signatureClaims(chainID: chainID)
        case .attestation(let attestation): [attestation.signatureClaim(chainID: chainID)]
        case .audit(let statement): [statement.signatureClaim(chainID: chainID)]
        case .answer(let answer): [answer.signatureClaim(chainID: chainID)]
        }
    }
}

extension Item: Message {
    package func encode(into encoder: inout Encoder) {
        switch self {
        case .preamble(let preamble): encoder.message(1, preamble)
        case .transaction(let transaction): encoder.message(2, transaction)
        case .attestation(let attestation): encoder.message(3, attestation)
        case .audit(let statement): encoder.message(4, statement)
        case .answer(let answer): encoder.message(5, answer)
        }
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        switch try decoder.nextField() {
        case 1: self = .preamble(try decoder.message(1))
        case 2: self = .transaction(try decoder.message(2))
        case 3: self = .attestation(try decoder.message(3))
        case 4: self = .audit(try decoder.message(4))
        case 5: self = .answer(try decoder.message(5))
        case .some(let field): throw .unexpectedField(field)
        case nil: throw .missing(field: 1)
        }
    }
}

/// Item 0: the proposer's beacon proof and the batches whose items follow, in order.
package struct Preamble: Hashable, Sendable, Message {
    package let beaconProof: VRFProof
    package let batches: [BatchMark]

    package init(beaconProof: VRFProof, batches: [BatchMark]) {
        (self.beaconProof, self.batches) = (beaconProof, batches)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, beaconProof)
        encoder.messages(2, batches)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        beaconProof = try decoder.fixedBytes(1)
        batches = try decoder.messages(2, count: CompactProposal.batchesMax)
    }
}

/// Which batch of which author, and how many of its items stand in the block after repeats are dropped.
package struct BatchMark: Hashable, Sendable, Message {
    package let author: Address
    package let sequence: UInt64
    package let count: UInt32

    package init(author: Address, sequence: UInt64, count: UInt32) {
        (self.author, self.sequence, self.count) = (author, sequence, count)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, author)
        encoder.unsigned(2, sequence)
        encoder.unsigned(3, UInt64(count))
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        author = try decoder.fixedBytes(1)
        sequence = try decoder.unsigned(2)
        count = try decoder.unsigned32(3)
    }
}
