// The records of the chain as a whole: its name, the beacon, the epoch, the last batch of each author, evidence.
package import Codec
package import Primitives
import Quorum

struct ChainRecord: Hashable, Message {
    let chainID: ChainID
    let genesisHash: Digest

    init(chainID: ChainID, genesisHash: Digest) { (self.chainID, self.genesisHash) = (chainID, genesisHash) }

    func encode(into encoder: inout Encoder) {
        encoder.data(1, chainID.bytes)
        encoder.data(2, genesisHash)
    }

    init(from decoder: inout Decoder) throws(DecodeError) {
        guard let chainID = ChainID(try decoder.data(1, max: Limits.chainIDBytesMax)) else { throw .invalid(field: 1) }
        self.chainID = chainID
        genesisHash = try decoder.fixedBytes(2)
    }
}

/// R_h of the tip; R_0 is the genesis hash.
struct BeaconRecord: Hashable, Message {
    let value: Digest

    init(_ value: Digest) { self.value = value }

    func encode(into encoder: inout Encoder) { encoder.data(1, value) }
    init(from decoder: inout Decoder) throws(DecodeError) { value = try decoder.fixedBytes(1) }
}

/// The epoch that the next block belongs to.
package struct EpochRecord: Hashable, Sendable, Message {
    /// Its first block.
    package let startHeight: Height
    package let number: UInt64
    /// Header time of the last block before it; the genesis time for epoch 0.
    package let startTime: Timestamp

    package init(number: UInt64, startHeight: Height, startTime: Timestamp) {
        (self.number, self.startHeight, self.startTime) = (number, startHeight, startTime)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.signed(1, startHeight.signed)
        encoder.unsigned(2, number)
        encoder.message(3, startTime)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        startHeight = try decoder.height(1)
        number = try decoder.unsigned(2)
        startTime = try decoder.message(3)
    }
}

/// The last batch of an author that stands in a block.
struct AuthorRecord: Hashable, Message {
    let sequencePlusOne: UInt64

    init(lastSequence: UInt64) { sequencePlusOne = lastSequence + 1 }

    var lastSequence: UInt64 { sequencePlusOne - 1 }

    func encode(into encoder: inout Encoder) { encoder.unsigned(1, sequencePlusOne) }

    init(from decoder: inout Decoder) throws(DecodeError) {
        sequencePlusOne = try decoder.unsigned(1)
        if sequencePlusOne == 0 { throw .missing(field: 1) }
    }
}

/// The block that committed a piece of evidence; forgotten once the evidence is too old to be taken again.
struct EvidenceRecord: Hashable, Message {
    let committed: Height
    /// Height and time of the offence.
    let offence: Height
    let offenceTime: Timestamp

    init(committed: Height, offence: Height, offenceTime: Timestamp) {
        (self.committed, self.offence, self.offenceTime) = (committed, offence, offenceTime)
    }

    func encode(into encoder: inout Encoder) {
        encoder.signed(1, committed.signed)
        encoder.signed(2, offence.signed)
        encoder.message(3, offenceTime)
    }

    init(from decoder: inout Decoder) throws(DecodeError) {
        committed = try decoder.height(1)
        offence = try decoder.height(2)
        offenceTime = try decoder.message(3)
    }
}
