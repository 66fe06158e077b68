// A provider's word that it is there: what it signs over the beacon of a challenged height. Source: the rewards design,
// section 3. Invariant: the beacon is under the signature, so no answer is older than its challenge.
package import Codec
package import Cryptography
package import Primitives
package import Quorum

package struct ChallengeAnswer: Hashable, Sendable, Message {
    /// The key of the provider's account.
    package let provider: PublicKey
    /// The height that was challenged.
    package let height: Height
    /// R of that height.
    package let beacon: Digest
    package let signature: Signature

    package init(provider: PublicKey, height: Height, beacon: Digest, signature: Signature) {
        (self.provider, self.height, self.beacon, self.signature) = (provider, height, beacon, signature)
    }

    package init(signing height: Height, beacon: Digest, by key: SigningKey, chainID: ChainID) {
        let message = Self.message(Self.canonical(key.publicKey, height, beacon), chainID)
        self.init(provider: key.publicKey, height: height, beacon: beacon, signature: key.sign(message))
    }

    /// What is signed: provider, height, beacon.
    package var content: Bytes { Self.canonical(provider, height, beacon) }

    private static func canonical(_ provider: PublicKey, _ height: Height, _ beacon: Digest) -> Bytes {
        var encoder = Encoder()
        encoder.data(1, provider)
        encoder.signed(2, height.signed)
        encoder.data(3, beacon)
        return encoder.bytes
    }

    private static func message(_ content: Bytes, _ chainID: ChainID) -> Bytes {
        SigningDomain.challenge.message(chainID: chainID.bytes, content)
    }

    func signatureClaim(chainID: ChainID) -> SignatureClaim {
        SignatureClaim(key: provider, message: Self.message(content, chainID), signature: signature)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, provider)
        encoder.signed(2, height.signed)
        encoder.data(3, beacon)
        encoder.data(4, signature)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        provider = try decoder.fixedBytes(1)
        height = try decoder.height(2)
        beacon = try decoder.fixedBytes(3)
        signature = try decoder.fixedBytes(4)
    }
}
