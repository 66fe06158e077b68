// What a validator disseminates before anything is ordered: items it has verified, under its own signature. An author's
// ordered batches have strictly increasing sequences; a batch whose expiry height has passed is dead.
// Batch verification is stateless: bounds, structure, chain id and signatures. Whatever depends on state is judged when
// the block is executed, or nodes at different heights would disagree about a batch.
package import Codec
package import Cryptography
package import Primitives
package import Quorum

package struct Batch: Hashable, Sendable {
    package let author: Address
    package let sequence: UInt64
    /// The last height whose block may name this batch.
    package let expiry: Height
    package let items: [Bytes]
    package let signature: Signature
    /// SHA-256 of everything but the signature.
    package let digest: Digest
    /// Bytes of the items together, the size that quotas and validity rules count.
    package let itemBytes: Int

    package static let itemsMax = 16_384
    /// A batch closes when its items reach this size.
    package static let itemBytesTarget = 512 * 1024
    /// One item may exceed the target alone.
    package static let itemBytesMax = itemBytesTarget + Item.bytesMax

    package init(mark: (author: Address, sequence: UInt64, expiry: Height), items: [Bytes], signature: Signature) {
        (author, sequence, expiry) = (mark.author, mark.sequence, mark.expiry)
        (self.items, self.signature) = (items, signature)
        itemBytes = items.reduce(0) { $0 + $1.count }
        digest = Hash.sha256(Self.content(mark, items))
    }

    package static func signing(
        mark: (author: Address, sequence: UInt64, expiry: Height), items: [Bytes], key: SigningKey, chainID: ChainID
    ) -> Batch {
        let unsigned = Batch(mark: mark, items: items, signature: .zero)
        return Batch(mark: mark, items: items, signature: key.sign(unsigned.message(chainID: chainID)))
    }

    private static func content(_ mark: (author: Address, sequence: UInt64, expiry: Height), _ items: [Bytes]) -> Bytes
    {
        var encoder = Encoder(capacity: items.reduce(64) { $0 + $1.count + 4 })
        encoder.data(1, mark.author)
        encoder.unsigned(2, mark.sequence)
        encoder.signed(3, mark.expiry.signed)
        for item in items { encoder.element(4, item) }
        return encoder.bytes
    }

    package func message(chainID: ChainID) -> Bytes {
        SigningDomain.batch.message(chainID: chainID.bytes, digest.bytes)
    }

    package var reference: BatchReference {
        BatchReference(
            author: author, sequence: sequence, digest: digest, itemCount: UInt32(items.count),
            itemBytes: UInt32(itemBytes))
    }
}

extension Batch: Message {
    package func encode(into encoder: inout Encoder) {
        encoder.append(encoded: Self.content((author, sequence, expiry), items))
        encoder.data(5, signature)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        let author: Address = try decoder.fixedBytes(1)
        let sequence = try decoder.unsigned(2)
        let expiry = try decoder.height(3)
        let items = try decoder.elements(4, count: Self.itemsMax, max: Item.bytesMax)
        let signature: Signature = try decoder.fixedBytes(5)
        self.init(mark: (author, sequence, expiry), items: items, signature: signature)
        guard itemBytes <= Self.itemBytesMax, !items.isEmpty else { throw .tooLong(field: 4) }
    }
}

/// A batch as a proposal names it.
package struct BatchReference: Hashable, Sendable, Message {
    package let author: Address
    package let sequence: UInt64
    package let digest: Digest
    package let itemCount: UInt32
    package let itemBytes: UInt32

    package init(author: Address, sequence: UInt64, digest: Digest, itemCount: UInt32, itemBytes: UInt32) {
        (self.author, self.sequence, self.digest) = (author, sequence, digest)
        (self.itemCount, self.itemBytes) = (itemCount, itemBytes)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, author)
        encoder.unsigned(2, sequence)
        encoder.data(3, digest)
        encoder.unsigned(4, UInt64(itemCount))
        encoder.unsigned(5, UInt64(itemBytes))
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        author = try decoder.fixedBytes(1)
        sequence = try decoder.unsigned(2)
        digest = try decoder.fixedBytes(3)
        itemCount = try decoder.unsigned32(4)
        itemBytes = try decoder.unsigned32(5)
    }
}

/// A batch with everything that must be checked before it may be believed: the author's signature and each item's.
/// A batch with one malformed item, or a preamble, does not become a claim.
package struct BatchClaim: Signed {
    package let batch: Batch
    package let items: [DecodedItem]
    package let authorKey: PublicKey
    package let chainID: ChainID

    package init(batch: Batch, authorKey: PublicKey, chainID: ChainID) throws(DecodeError) {
        var items: [DecodedItem] = []
        items.reserveCapacity(batch.items.count)
        for bytes in batch.items {
            let decoded = try DecodedItem(decoding: bytes)
            if case .preamble = decoded.item { throw .invalid(field: 4) }
            items.append(decoded)
        }
        (self.batch, self.items, self.authorKey, self.chainID) = (batch, items, authorKey, chainID)
    }

    package var signatureClaims: [SignatureClaim] {
        let own = SignatureClaim(key: authorKey, message: batch.message(chainID: chainID), signature: batch.signature)
        return [own] + items.flatMap { $0.item.signatureClaims(chainID: chainID) }
    }
}

/// One item on its way into an open batch, before its signatures are checked.
package struct ItemClaim: Signed {
    package let decoded: DecodedItem
    package let chainID: ChainID

    package var item: Item { decoded.item }
    package var bytes: Bytes { decoded.bytes }

    /// Refuses malformed bytes and preambles, which only a proposer makes.
    package init(decoding bytes: Bytes, chainID: ChainID) throws(DecodeError) {
        if bytes.count > Item.bytesMax { throw .tooLong(field: 0) }
        let decoded = try DecodedItem(decoding: bytes)
        if case .preamble = decoded.item { throw .unexpectedField(1) }
        (self.decoded, self.chainID) = (decoded, chainID)
    }

    package var signatureClaims: [SignatureClaim] { item.signatureClaims(chainID: chainID) }
}
