// A block as it is executed, stored and synced: header, items, evidence and the last commit. How the items travelled is
// gone, so a node that never saw a batch executes the same block.
package import Codec
package import Cryptography
package import Primitives
package import Quorum

package struct Block: Hashable, Sendable, Message {
    package let header: Header
    /// Item 0 is the preamble.
    package let items: [Bytes]
    package let evidence: [Evidence]
    package let lastCommit: Commit

    package static let itemsMax = 262_144
    /// Items of one block together: the cap that proposals keep before anything is pulled.
    package static let itemBytesMax = 32 << 20

    package init(header: Header, items: [Bytes], evidence: [Evidence], lastCommit: Commit) {
        (self.header, self.items, self.evidence, self.lastCommit) = (header, items, evidence, lastCommit)
    }

    /// Merkle root whose items are the SHA-256 of each item (formats A8).
    package static func dataHash(_ items: [Bytes]) -> Digest { dataHash(itemHashes: items.map { Hash.sha256($0) }) }

    package static func dataHash(itemHashes: [Digest]) -> Digest { MerkleTree.root(of: itemHashes.map(\.bytes)) }

    package func encode(into encoder: inout Encoder) {
        encoder.message(1, header)
        for item in items { encoder.element(2, item) }
        encoder.messages(3, evidence)
        encoder.message(4, lastCommit)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        header = try decoder.message(1)
        items = try decoder.elements(2, count: Self.itemsMax, max: Item.bytesMax)
        evidence = try decoder.messages(3, count: Evidence.perBlockMax)
        lastCommit = try decoder.message(4)
    }

    /// The proof that item `index` stands in this block; nil when there is no such item.
    package func proof(ofItem index: Int) -> MerkleProof? {
        MerkleTree.proof(for: index, in: items.map { Hash.sha256($0).bytes })
    }
}

/// A block with the commit that decided it: what block sync sends and what is stored.
package struct CommittedBlock: Hashable, Sendable, Message {
    package let block: Block
    package let commit: Commit

    package init(block: Block, commit: Commit) { (self.block, self.commit) = (block, commit) }

    package func encode(into encoder: inout Encoder) {
        encoder.message(1, block)
        encoder.message(2, commit)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        block = try decoder.message(1)
        commit = try decoder.message(2)
    }
}

/// The outcome of one item; the four fields are what `last_results_hash` covers.
package struct ItemResult: Hashable, Sendable, Message {
    /// 0 is success; any other value is a `Rule`'s number.
    package let code: UInt32
    package let data: Bytes
    package let gasWanted: Int64
    package let gasUsed: Int64

    package init(code: UInt32, data: Bytes = [], gasWanted: Int64 = 0, gasUsed: Int64 = 0) {
        (self.code, self.data, self.gasWanted, self.gasUsed) = (code, data, gasWanted, gasUsed)
    }

    package static let dataBytesMax = 1024
    package static let success = ItemResult(code: 0)

    package static func hash(_ results: [ItemResult]) -> Digest { MerkleTree.root(of: results.map(\.encoded)) }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, UInt64(code))
        encoder.data(2, data)
        encoder.signed(5, gasWanted)
        encoder.signed(6, gasUsed)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        code = try decoder.unsigned32(1)
        data = try decoder.data(2, max: Self.dataBytesMax)
        gasWanted = try decoder.signed(5)
        gasUsed = try decoder.signed(6)
    }
}
