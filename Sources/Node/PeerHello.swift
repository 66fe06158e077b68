// The first words between two nodes: who speaks of another chain, genesis or version is told why and sent away.
package import Codec
package import Primitives
package import Quorum

package struct PeerHello: Hashable, Sendable, Message {
    package static let version: UInt64 = 1

    package let chainID: ChainID
    package let genesisHash: Digest
    package let version: UInt64
    /// The sender's last decided height; a hint, believed by nobody.
    package let tip: Height

    package init(chainID: ChainID, genesisHash: Digest, version: UInt64 = PeerHello.version, tip: Height) {
        (self.chainID, self.genesisHash, self.version, self.tip) = (chainID, genesisHash, version, tip)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, chainID.bytes)
        encoder.data(2, genesisHash)
        encoder.unsigned(3, version)
        encoder.signed(4, tip.signed)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        guard let chainID = ChainID(try decoder.data(1, max: Limits.chainIDBytesMax)) else { throw .invalid(field: 1) }
        self.chainID = chainID
        genesisHash = try decoder.fixedBytes(2)
        version = try decoder.unsigned(3)
        guard let tip = Height(signed: try decoder.signed(4)) else { throw .outOfRange(field: 4) }
        self.tip = tip
    }

    /// Why the sender of these bytes is no peer of ours; nil when it is one.
    package func refusal(of bytes: Bytes) -> String? {
        let other: PeerHello
        do { other = try PeerHello(decoding: bytes) } catch { return "the hello is malformed: \(error)" }
        if other.version != version { return "protocol version \(other.version), this node speaks \(version)" }
        if other.chainID != chainID { return "chain \(other.chainID), this node is on \(chainID)" }
        if other.genesisHash != genesisHash {
            return "genesis \(other.genesisHash), this node has \(genesisHash)"
        }
        return nil
    }
}
