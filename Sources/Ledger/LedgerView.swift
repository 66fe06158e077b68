// Everything that the next block depends on and that is not a single account: loaded once per height, passed to every
// question about the block of `tip.height + 1`. Invariant: equal tips give equal views on every node.
// All of it is state under the root but `tip`, whose facts the header of the next block repeats.
package import Codec
package import Primitives
package import Chain
package import Quorum

/// The newest applied block; height 0 is genesis. Kept in `Table.meta` under "tip", not in the state: the next header
/// names each of these facts, so a node that starts from a snapshot takes them from there.
package struct Tip: Hashable, Sendable, Message {
    package let height: Height
    /// `.empty` at height 0.
    package let blockID: BlockID
    /// Header time; the genesis time at height 0.
    package let time: Timestamp
    /// The root of the state after this block.
    package let appHash: Digest
    /// Over the results of this block.
    package let resultsHash: Digest

    package init(height: Height, blockID: BlockID, time: Timestamp, roots: (app: Digest, results: Digest)) {
        (self.height, self.blockID, self.time) = (height, blockID, time)
        (appHash, resultsHash) = roots
    }

    package func encode(into encoder: inout Encoder) {
        encoder.signed(1, height.signed)
        encoder.message(2, blockID)
        encoder.message(3, time)
        encoder.data(4, appHash)
        encoder.data(5, resultsHash)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        guard let height = Height(signed: try decoder.signed(1)) else { throw .outOfRange(field: 1) }
        self.height = height
        blockID = try decoder.message(2)
        time = try decoder.message(3)
        appHash = try decoder.fixedBytes(4)
        resultsHash = try decoder.fixedBytes(5)
    }
}

package struct LedgerView: Sendable {
    package let chainID: ChainID
    package let genesisHash: Digest
    package let tip: Tip
    package let consensus: ConsensusParameters
    package let parameters: LedgerParameters
    /// The set that decided the tip: it signs the last commit of the next block. At height 0 the first set.
    package let tipSeating: Seating
    /// The set that decides tip + 1.
    package let seating: Seating
    /// The set that decides tip + 2.
    package let nextSeating: Seating
    /// R of the tip.
    package let beacon: Digest
    /// The epoch of block tip + 1.
    package let epoch: EpochRecord
    package let supply: Supply
    /// Ascending by author.
    package let authors: [(author: Address, lastSequence: UInt64)]

    /// The tip's view, from the store; nil where no genesis was written.
    package init?(_ snapshot: some Snapshot) {
        guard let bytes = snapshot.load(.meta, key: Self.tipKey) else { return nil }
        do { self.init(WorkingState(snapshot), tip: try Tip(decoding: bytes)) } catch {
            preconditionFailure("the tip does not decode: \(error)")
        }
    }

    /// Key of the `Tip` in `Table.meta`.
    package static let tipKey = Bytes("tip".utf8)
    /// Key of the genesis (its canonical encoding) in `Table.meta`.
    package static let genesisKey = Bytes("genesis".utf8)

    init(_ state: WorkingState, tip: Tip) {
        let chain: ChainRecord = state.require(.chain)
        (chainID, genesisHash, self.tip) = (chain.chainID, chain.genesisHash, tip)
        consensus = state.require(.consensusParameters)
        parameters = state.require(.ledgerParameters, as: ParameterRecord.self).parameters
        func seating(at height: Height) -> Seating {
            guard let found: Seating = state.last(.seating, upTo: height.value.bigEndianBytes) else {
                preconditionFailure("no validator set for height \(height)")
            }
            return found
        }
        self.seating = seating(at: tip.height.advanced())
        nextSeating = seating(at: tip.height.advanced(by: 2))
        tipSeating = tip.height == .zero ? self.seating : seating(at: tip.height)
        beacon = state.require(.beacon, as: BeaconRecord.self).value
        epoch = state.require(.epoch)
        supply = state.require(.supply)
        authors = state.scan(.author, as: AuthorRecord.self).map { id, record in
            guard let author = Address(id) else { preconditionFailure("author key \(Hex.lower(id))") }
            return (author, record.lastSequence)
        }
    }

    /// The height of the block that this view is for.
    package var height: Height { tip.height.advanced() }
    package var appHash: Digest { tip.appHash }
    package var validators: ValidatorSet { seating.set }
    package var nextValidators: ValidatorSet { nextSeating.set }
    package var tipValidators: ValidatorSet { tipSeating.set }

    /// What the proposer of the next block proves: R of the tip and the height.
    package var beaconAlpha: Bytes { beacon.bytes + height.value.bigEndianBytes }

    /// The sequence of the author's newest ordered batch; nil before its first.
    package func lastSequence(of author: Address) -> UInt64? {
        var (low, high) = (0, authors.count)
        while low < high {
            let middle = (low + high) / 2
            if authors[middle].author < author { low = middle + 1 } else { high = middle }
        }
        return low < authors.count && authors[low].author == author ? authors[low].lastSequence : nil
    }
}
