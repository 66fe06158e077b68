// The whole judgement of one block: every rule, then every item, then the close of the block.
package import Chain
import Codec
import Cryptography
package import Primitives
package import Quorum

/// A block that passed every rule, decoded.
struct CheckedBlock {
    struct Entry {
        let item: Item
        let byteCount: Int
        /// The consensus address of the validator in whose batch the item came; nil for the preamble.
        let author: Address?
    }

    let header: Header
    let id: BlockID
    let preamble: Preamble
    let beaconOutput: Bytes
    /// The items after the preamble.
    let entries: [Entry]
    let evidence: [Evidence]
    let lastCommit: Commit
}

/// What the caller of `apply` did already. A wrong word here is our bug, never a peer's.
package struct Vouched: Sendable {
    /// The block's items, the preamble first, as they were decoded from the same bytes, and no content stands there
    /// twice; nil where nobody has decoded them.
    package let items: [DecodedItem]?
    /// Every signature of the last commit was verified.
    package let lastCommit: Bool
    /// The beacon's proof was made by this process, with the proposer's key over the view's beacon.
    package let beaconProof: Bool

    package init(items: [DecodedItem]? = nil, lastCommit: Bool = false, beaconProof: Bool = false) {
        (self.items, self.lastCommit, self.beaconProof) = (items, lastCommit, beaconProof)
    }

    package static let nothing = Vouched()
}

extension Ledger {
    /// Judges `block`, which travels as `id`, as the block of `view.height`, and executes it on `snapshot`, the state
    /// at the view's tip.
    package static func apply(
        _ block: Block, id: BlockID, on snapshot: some Snapshot, view: LedgerView, vouched: Vouched = .nothing
    ) throws(BlockError) -> Transition {
        let checked = try check(block, id: id, on: view, vouched)
        try checkEvidence(block.evidence, on: snapshot, view: view)
        var execution = BlockExecution(checked, on: snapshot, view: view)
        return execution.run()
    }

    private static func check(
        _ block: Block, id: BlockID, on view: LedgerView, _ vouched: Vouched
    ) throws(BlockError) -> CheckedBlock {
        let vouchedItems = vouched.items
        precondition(vouchedItems?.count ?? block.items.count == block.items.count, "items of another block")
        let dataHash = vouchedItems.map { Block.dataHash(itemHashes: $0.map(\.hash)) } ?? Block.dataHash(block.items)
        try checkHeader(block.header, on: view)
        guard block.header.lastCommitHash == block.lastCommit.hash else { throw .wrongLastCommitHash }
        guard block.header.dataHash == dataHash else { throw .wrongDataHash }
        guard block.header.evidenceHash == Evidence.hash(block.evidence) else { throw .wrongEvidenceHash }
        guard id.isComplete, id.hash == block.header.hash else { throw .wrongBlockID }
        try checkLastCommit(block.lastCommit, on: view, signatures: !vouched.lastCommit)
        let (preamble, items) = try decode(block.items, vouchedItems, on: view)
        try checkBatches(preamble.batches.map { ($0.author, $0.sequence) }, on: view)
        return CheckedBlock(
            header: block.header, id: id, preamble: preamble,
            beaconOutput: try beaconOutput(
                preamble.beaconProof, header: block.header, on: view, isOurs: vouched.beaconProof),
            entries: try entries(items, preamble, areUnique: vouchedItems != nil), evidence: block.evidence,
            lastCommit: block.lastCommit)
    }

    /// The preamble, and the other items with their sizes.
    private static func decode(
        _ items: [Bytes], _ vouched: [DecodedItem]?, on view: LedgerView
    ) throws(BlockError) -> (Preamble, [(item: Item, byteCount: Int)]) {
        guard items.count <= Block.itemsMax else { throw .tooManyItems }
        guard UInt64(items.reduce(0) { $0 + $1.count }) <= byteLimit(view) + UInt64(Item.bytesMax) else {
            throw .tooManyBytes
        }
        var preamble: Preamble?
        var decoded: [(item: Item, byteCount: Int)] = []
        decoded.reserveCapacity(items.count)
        for (index, bytes) in items.enumerated() {
            let item: Item
            do { item = try vouched?[index].item ?? Item(decoding: bytes) } catch {
                throw .malformedItem(index: index)
            }
            switch item {
            case .preamble(let first):
                guard index == 0 else { throw .misplacedPreamble(index: index) }
                preamble = first
            default:
                guard index > 0 else { throw .noPreamble }
                decoded.append((item, bytes.count))
            }
        }
        guard let preamble else { throw .noPreamble }
        return (preamble, decoded)
    }

    /// Gives each item its author; refuses counts that do not add up and content that stands in the block twice.
    private static func entries(
        _ items: [(item: Item, byteCount: Int)], _ preamble: Preamble, areUnique: Bool
    ) throws(BlockError) -> [CheckedBlock.Entry] {
        let total = preamble.batches.reduce(UInt64(0)) { $0 + UInt64($1.count) }
        guard total == UInt64(items.count) else { throw .countsDiffer }
        var seen: Set<Digest> = []
        seen.reserveCapacity(areUnique ? 0 : items.count)
        var entries: [CheckedBlock.Entry] = []
        entries.reserveCapacity(items.count)
        var next = 0
        for batch in preamble.batches {
            for (item, byteCount) in items[next..<(next + Int(batch.count))] {
                guard areUnique || seen.insert(item.contentID).inserted else {
                    throw .repeatedItem(index: entries.count + 1)
                }
                entries.append(CheckedBlock.Entry(item: item, byteCount: byteCount, author: batch.author))
            }
            next += Int(batch.count)
        }
        return entries
    }
}
