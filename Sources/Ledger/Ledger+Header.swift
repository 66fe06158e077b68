// Which header the next block has. Given the tip, the content and the proposer, only the time is free.
package import Chain
import Cryptography
package import Primitives
package import Quorum

/// What a block holds beside its header.
package struct BlockContent: Sendable {
    /// Item 0 is the preamble.
    package let items: [Bytes]
    package let evidence: [Evidence]
    package let lastCommit: Commit
    let dataHash: Digest

    package init(items: [Bytes], evidence: [Evidence], lastCommit: Commit) {
        (self.items, self.evidence, self.lastCommit) = (items, evidence, lastCommit)
        dataHash = Block.dataHash(items)
    }

    package init(items: [DecodedItem], evidence: [Evidence], lastCommit: Commit) {
        (self.items, self.evidence, self.lastCommit) = (items.map(\.bytes), evidence, lastCommit)
        dataHash = Block.dataHash(itemHashes: items.map(\.hash))
    }
}

extension Ledger {
    /// Every field of the header of `view.height` (formats A5). `proposer` is a consensus address.
    package static func draft(
        on view: LedgerView, time: Timestamp, proposer: Address, content: BlockContent
    ) -> Header {
        var header = draft(on: view, time: time, proposer: proposer)
        header.lastCommitHash = content.lastCommit.hash
        header.dataHash = content.dataHash
        header.evidenceHash = Evidence.hash(content.evidence)
        return header
    }

    private static func draft(on view: LedgerView, time: Timestamp, proposer: Address?) -> Header {
        var header = Header(chainID: view.chainID.bytes, height: view.height, time: time)
        header.lastBlockID = view.tip.blockID
        header.validatorsHash = view.validators.hash
        header.nextValidatorsHash = view.nextValidators.hash
        header.consensusHash = view.consensus.hash
        header.appHash = view.appHash.bytes
        header.lastResultsHash = view.tip.resultsHash
        header.proposerAddress = proposer
        return header
    }

    /// What can be said about a proposal before any of its items is here: the header (but the data hash), the beacon
    /// proof, the caps and order of the batches, the entries of the last commit. No signature is checked.
    package static func check(_ compact: CompactProposal, on view: LedgerView) throws(BlockError) {
        try checkHeader(compact.header, on: view)
        guard compact.header.lastCommitHash == compact.lastCommit.hash else { throw .wrongLastCommitHash }
        guard compact.header.evidenceHash == Evidence.hash(compact.evidence) else { throw .wrongEvidenceHash }
        try checkLastCommit(compact.lastCommit, on: view, signatures: false)
        try checkBatches(compact.batches.map { ($0.author, $0.sequence) }, on: view)
        let items = compact.batches.reduce(UInt64(1)) { $0 + UInt64($1.itemCount) }
        guard items <= UInt64(Block.itemsMax) else { throw .tooManyItems }
        let bytes = compact.batches.reduce(UInt64(0)) { $0 + UInt64($1.itemBytes) }
        guard bytes <= byteLimit(view) else { throw .tooManyBytes }
        try checkEvidenceSize(compact.evidence, on: view)
        _ = try beaconOutput(compact.beaconProof, header: compact.header, on: view)
    }

    /// Bytes of all items of one block together.
    static func byteLimit(_ view: LedgerView) -> UInt64 {
        let cap = view.consensus.blockBytesMax
        return cap < 0 ? UInt64(Block.itemBytesMax) : min(UInt64(cap), UInt64(Block.itemBytesMax))
    }

    /// The fields that do not depend on the content.
    static func checkHeader(_ header: Header, on view: LedgerView) throws(BlockError) {
        let draft = draft(on: view, time: header.time, proposer: header.proposerAddress)
        guard header.blockVersion == draft.blockVersion, header.appVersion == draft.appVersion else {
            throw .wrongVersion
        }
        guard header.chainID == draft.chainID else { throw .wrongChain }
        guard header.height == draft.height else { throw .wrongHeight }
        let isLater = view.tip.height == .zero ? header.time >= view.tip.time : header.time > view.tip.time
        guard isLater else { throw .timeNotLater }
        guard header.lastBlockID == draft.lastBlockID else { throw .wrongLastBlockID }
        guard header.validatorsHash == draft.validatorsHash else { throw .wrongValidatorsHash }
        guard header.nextValidatorsHash == draft.nextValidatorsHash else { throw .wrongNextValidatorsHash }
        guard header.consensusHash == draft.consensusHash else { throw .wrongConsensusHash }
        guard header.appHash == draft.appHash else { throw .wrongAppHash }
        guard header.lastResultsHash == draft.lastResultsHash else { throw .wrongLastResultsHash }
        guard let proposer = header.proposerAddress, view.validators.index(of: proposer) != nil else {
            throw .proposerNotInSet
        }
    }

    static func checkLastCommit(_ commit: Commit, on view: LedgerView, signatures: Bool) throws(BlockError) {
        if view.tip.height == .zero {
            guard commit == .empty else { throw .lastCommitNotEmpty }
            return
        }
        let tip = (height: view.tip.height, time: view.tip.time)
        do throws(CommitError) {
            if signatures {
                try commit.check(
                    blockID: view.tip.blockID, header: tip, set: view.tipValidators, chainID: view.chainID,
                    profile: .merit)
            } else {
                try commit.checkEntries(
                    blockID: view.tip.blockID, header: tip, set: view.tipValidators, profile: .merit)
            }
        } catch {
            throw .lastCommit(error)
        }
    }

    /// Authors are members; each author's sequences rise, in this block and over all blocks.
    static func checkBatches(
        _ batches: [(author: Address, sequence: UInt64)], on view: LedgerView
    ) throws(BlockError) {
        var last = view.validators.validators.map { view.lastSequence(of: $0.address) }
        var counts = [Int](repeating: 0, count: last.count)
        for (index, batch) in batches.enumerated() {
            guard let member = view.validators.index(of: batch.author) else { throw .unknownAuthor(batch: index) }
            if let newest = last[member], batch.sequence <= newest { throw .sequenceNotIncreasing(batch: index) }
            guard batch.sequence < .max else { throw .sequenceNotIncreasing(batch: index) }
            last[member] = batch.sequence
            counts[member] += 1
            guard counts[member] <= BlockLimits.batchesPerAuthorMax else { throw .tooManyBatches(batch: index) }
        }
    }

    /// The 64 bytes that the proposer adds to the beacon.
    static func beaconOutput(
        _ proof: VRFProof, header: Header, on view: LedgerView, isOurs: Bool = false
    ) throws(BlockError) -> Bytes {
        guard let proposer = header.proposerAddress, let seat = view.seating.seat(of: proposer) else {
            throw .proposerNotInSet
        }
        let output = isOurs ? VRF.output(of: proof) : VRF.verify(proof, view.beaconAlpha, key: seat.keys.audit)
        guard let output else { throw .wrongBeaconProof }
        return output
    }
}
