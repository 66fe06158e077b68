// Block sync and pulls: decided blocks for those who are behind, and missing blocks and batches asked for.
// Invariant: a block is applied only with a commit of the open height's validators over it, whoever sent it; blocks and
// parts above the tip hold at most `NodeLimits.syncBytesMax` bytes beside the open height's own and one part.
import Chain
import Codec
import Cryptography
import Dissemination
import Ledger
import Primitives
import Quorum
import Sync

extension NodeCore {
    // MARK: Answers

    mutating func answer(_ request: BlockRequest, to peer: PeerID, _ snapshot: some Snapshot) {
        let key = request.height.value.bigEndianBytes
        guard let block = snapshot.load(.blocks, key: key), let commit = snapshot.load(.commits, key: key) else {
            return
        }
        // Stored bytes are canonical, so they are put together undecoded: this is `CommittedBlock`'s encoding.
        var encoder = Encoder(capacity: block.count + commit.count + 16)
        encoder.element(1, block)
        encoder.element(2, commit)
        guard let part = BlockPart(request, of: encoder.bytes) else { return }
        output.sends.append(Send(.blockPart(part), to: .peer(peer)))
    }

    // MARK: Parts

    /// An answer may be late or repeated: what is asked for no more is dropped without blame.
    mutating func take(_ part: BlockPart, from peer: PeerID, _ snapshot: some Snapshot) {
        guard sync.isAsked(peer, height: part.height) else { return }
        let place = partialBlocks.firstIndex { $0.peer == peer && $0.height == part.height }
        var partial = place.map { partialBlocks.remove(at: $0) } ?? PartialBlock(peer: peer, height: part.height)
        let step = partial.append(part)
        if step == .contradicted { return refuse(part.height, from: peer) }
        if partial.isComplete { return take(whole: partial, snapshot) }
        guard part.height == view.height || bytesAhead + partial.bytes.count <= NodeLimits.syncBytesMax else {
            // No room now: asked for again when there is, and nobody's fault.
            _ = sync.received(peer, height: part.height)
            return
        }
        partialBlocks.append(partial)
        guard step == .taken else { return }
        sync.progressed(peer, height: part.height, now: moment)
        output.sends.append(Send(.blockRequest(BlockRequest(part.height, part: partial.next)), to: .peer(peer)))
    }

    private var bytesAhead: Int {
        blocksAhead.reduce(0) { $0 + $1.byteCount } + partialBlocks.reduce(0) { $0 + $1.bytes.count }
    }

    private mutating func refuse(_ height: Height, from peer: PeerID) {
        output.penalties.append(.badBlock(peer))
        sync.failed(peer, height: height)
    }

    private mutating func take(whole partial: PartialBlock, _ snapshot: some Snapshot) {
        let (peer, height) = (partial.peer, partial.height)
        guard let committed = CommittedBlock.decoded(partial.bytes), committed.block.header.height == height else {
            return refuse(height, from: peer)
        }
        _ = sync.received(peer, height: height)
        guard height >= view.height, blocksAhead.count < NodeLimits.blocksAheadMax,
            !blocksAhead.contains(where: { $0.height == height })
        else { return }
        blocksAhead.append(WaitingBlock(committed: committed, byteCount: partial.bytes.count))
        if !applyBlocksAhead(snapshot), height == view.height { refuse(height, from: peer) }
    }

    // MARK: Blocks

    /// Applies the next height when its block is here; false when there was none or it proved nothing.
    @discardableResult
    mutating func applyBlocksAhead(_ snapshot: some Snapshot) -> Bool {
        blocksAhead.removeAll { $0.height < view.height }
        guard let place = blocksAhead.firstIndex(where: { $0.height == view.height }) else { return false }
        let committed = blocksAhead.remove(at: place).committed
        do {
            let header = committed.block.header
            try committed.commit.check(
                blockID: committed.commit.blockID, header: (header.height, header.time), set: view.validators,
                chainID: view.chainID, profile: .merit)
            guard committed.commit.blockID.hash == header.hash else { return false }
            let transition = try Ledger.apply(
                committed.block, id: committed.commit.blockID, on: snapshot, view: view)
            let hashes = committed.block.items.map { Hash.sha256($0) }
            store(JudgedBlock(block: committed.block, transition: transition, itemHashes: hashes), committed.commit)
            return true
        } catch {
            return false
        }
    }

    // MARK: Requests

    mutating func requestMissing() {
        let waiting = blocksAhead.map(\.height)
        let last = bytesAhead < NodeLimits.syncBytesMax ? nil : view.height
        for request in sync.due(now: moment, through: last, held: { waiting.contains($0) }) {
            partialBlocks.removeAll { $0.height == request.height }
            output.sends.append(Send(.blockRequest(BlockRequest(request.height)), to: .peer(request.peer)))
        }
        if pulls.isEmpty { return }
        let sources = peers.map(\.id)
        for request in pulls.due(now: moment, sources: sources) {
            output.sends.append(Send(.batchRequest(request.references), to: .peer(request.peer)))
        }
    }
}
