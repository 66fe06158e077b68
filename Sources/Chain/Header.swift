// CometBFT's block header (formats A5). Its hash is the Merkle root over exactly 14 leaves; field numbers are the leaf
// numbers. Hashes may be empty, because outside test data have such headers; Merit's own rules are in `BlockCheck`.
package import Codec
import Cryptography
package import Primitives
package import Quorum

package struct Header: Hashable, Sendable {
    /// CometBFT block protocol version; 11 for us and for every chain our light client reads.
    package static let blockProtocol: UInt64 = 11

    package var blockVersion: UInt64
    package var appVersion: UInt64
    /// At most 50 bytes; outside data may carry any name.
    package var chainID: Bytes
    package var height: Height
    package var time: Timestamp
    package var lastBlockID: BlockID
    package var lastCommitHash: Digest?
    package var dataHash: Digest?
    package var validatorsHash: Digest?
    package var nextValidatorsHash: Digest?
    package var consensusHash: Digest?
    /// 32 bytes on our chain, any length outside.
    package var appHash: Bytes
    package var lastResultsHash: Digest?
    package var evidenceHash: Digest?
    package var proposerAddress: Address?

    /// A header with empty hashes, to be filled in.
    package init(chainID: Bytes, height: Height, time: Timestamp) {
        (blockVersion, appVersion) = (Self.blockProtocol, 1)
        (self.chainID, self.height, self.time) = (chainID, height, time)
        (lastBlockID, appHash) = (.empty, [])
    }

    package static let appHashBytesMax = 1024

    package var hash: Digest { MerkleTree.root(of: leaves) }

    private var leaves: [Bytes] {
        [
            version.encoded, Self.wrapped(chainID), Self.wrapped(height), time.encoded, lastBlockID.encoded,
            Self.wrapped(lastCommitHash?.bytes ?? []), Self.wrapped(dataHash?.bytes ?? []),
            Self.wrapped(validatorsHash?.bytes ?? []), Self.wrapped(nextValidatorsHash?.bytes ?? []),
            Self.wrapped(consensusHash?.bytes ?? []), Self.wrapped(appHash),
            Self.wrapped(lastResultsHash?.bytes ?? []), Self.wrapped(evidenceHash?.bytes ?? []),
            Self.wrapped(proposerAddress?.bytes ?? []),
        ]
    }

    private static func wrapped(_ bytes: Bytes) -> Bytes {
        var encoder = Encoder()
        encoder.data(1, bytes)
        return encoder.bytes
    }

    private static func wrapped(_ height: Height) -> Bytes {
        var encoder = Encoder()
        encoder.signed(1, height.signed)
        return encoder.bytes
    }

    private var version: Version { Version(block: blockVersion, app: appVersion) }

    private struct Version: Message {
        let block: UInt64
        let app: UInt64

        init(block: UInt64, app: UInt64) { (self.block, self.app) = (block, app) }

        func encode(into encoder: inout Encoder) {
            encoder.unsigned(1, block)
            encoder.unsigned(2, app)
        }

        init(from decoder: inout Decoder) throws(DecodeError) {
            block = try decoder.unsigned(1)
            app = try decoder.unsigned(2)
        }
    }
}

extension Header: Message {
    package func encode(into encoder: inout Encoder) {
        encoder.message(1, version)
        encoder.data(2, chainID)
        encoder.signed(3, height.signed)
        encoder.message(4, time)
        encoder.message(5, lastBlockID)
        encoder.data(6, lastCommitHash?.bytes ?? [])
        encoder.data(7, dataHash?.bytes ?? [])
        encoder.data(8, validatorsHash?.bytes ?? [])
        encoder.data(9, nextValidatorsHash?.bytes ?? [])
        encoder.data(10, consensusHash?.bytes ?? [])
        encoder.data(11, appHash)
        encoder.data(12, lastResultsHash?.bytes ?? [])
        encoder.data(13, evidenceHash?.bytes ?? [])
        encoder.data(14, proposerAddress?.bytes ?? [])
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        let version: Version = try decoder.message(1)
        (blockVersion, appVersion) = (version.block, version.app)
        chainID = try decoder.data(2, max: Limits.chainIDBytesMax)
        height = try decoder.height(3)
        time = try decoder.message(4)
        lastBlockID = try decoder.message(5)
        lastCommitHash = try decoder.optionalFixedBytes(6)
        dataHash = try decoder.optionalFixedBytes(7)
        validatorsHash = try decoder.optionalFixedBytes(8)
        nextValidatorsHash = try decoder.optionalFixedBytes(9)
        consensusHash = try decoder.optionalFixedBytes(10)
        appHash = try decoder.data(11, max: Self.appHashBytesMax)
        lastResultsHash = try decoder.optionalFixedBytes(12)
        evidenceHash = try decoder.optionalFixedBytes(13)
        proposerAddress = try decoder.optionalFixedBytes(14)
    }
}
