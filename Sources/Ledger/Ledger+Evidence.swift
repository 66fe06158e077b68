// Which evidence a block may carry: proved, new, and not older than both age limits.
import Chain
import Codec
import Cryptography
import Primitives
import Quorum

extension Ledger {
    static func checkEvidenceSize(_ evidence: [Evidence], on view: LedgerView) throws(BlockError) {
        let bytes = evidence.reduce(Int64(0)) { $0 + Int64($1.encoded.count) }
        guard evidence.count <= Evidence.perBlockMax, bytes <= view.consensus.evidenceBytesMax else {
            throw .tooMuchEvidence
        }
    }

    static func checkEvidence(
        _ evidence: [Evidence], on snapshot: any Snapshot, view: LedgerView
    ) throws(BlockError) {
        try checkEvidenceSize(evidence, on: view)
        var seen: [Digest] = []
        for (index, entry) in evidence.enumerated() {
            let id = entry.id
            if seen.contains(id) { throw .repeatedEvidence(index: index) }
            if snapshot.load(.state, key: StateKey.evidence(id)) != nil { throw .evidenceCommitted(index: index) }
            seen.append(id)
            try checkEvidence(entry, at: index, on: snapshot, view: view)
        }
    }

    private static func checkEvidence(
        _ evidence: Evidence, at index: Int, on snapshot: any Snapshot, view: LedgerView
    ) throws(BlockError) {
        guard let header = header(at: evidence.offenceHeight, on: snapshot),
            let hash = header.validatorsHash, let set = validatorSet(hash, on: snapshot)
        else { throw .evidenceHeightUnknown(index: index) }
        if isExpired(height: header.height, time: header.time, on: view) { throw .evidenceExpired(index: index) }
        switch evidence {
        case .duplicateVote(let votes):
            do { try votes.check(set: set, headerTime: header.time, chainID: view.chainID) } catch {
                throw .evidence(index: index, error)
            }
        }
    }

    /// Older than both limits, seen from the tip.
    static func isExpired(height: Height, time: Timestamp, on view: LedgerView) -> Bool {
        let blocks = view.tip.height.distance(from: height)
        let oldest = view.tip.time.adding(seconds: -Int64(clamping: view.consensus.evidenceAgeSeconds))
        return blocks > view.consensus.evidenceAgeBlocks && time < oldest
    }

    static func header(at height: Height, on snapshot: any Snapshot) -> Header? {
        guard let bytes = snapshot.load(.headers, key: height.value.bigEndianBytes) else { return nil }
        do { return try Header(decoding: bytes) } catch {
            preconditionFailure("the header of \(height) does not decode: \(error)")
        }
    }

    static func validatorSet(_ hash: Digest, on snapshot: any Snapshot) -> ValidatorSet? {
        guard let bytes = snapshot.load(.validatorSets, key: hash.bytes) else { return nil }
        do { return try ValidatorSet(decoding: bytes) } catch {
            preconditionFailure("the validator set \(hash) does not decode: \(error)")
        }
    }
}

extension Evidence {
    /// The height at which the offence happened.
    var offenceHeight: Height {
        switch self {
        case .duplicateVote(let votes): votes.voteA.height
        }
    }
}
