// The validator's keys behind its signing record. Invariant: a vote or proposal is in the record, on the disk, before
// its signature exists; what the record refuses is never signed. Used by the core's thread alone.
import Chain
import Cryptography
import Ledger
import NodeCore
import Primitives
import Quorum
import Storage

final class Signer {
    private let consensus: SigningKey
    private let audit: SigningKey
    private let record: SigningRecord
    private let chainID: ChainID
    /// This validator's place in the set of a height.
    private var place: (height: Height, index: UInt32?)?

    init(consensus: SigningKey, audit: SigningKey, record: SigningRecord, chainID: ChainID) {
        precondition(record.key == consensus.address, "record of \(record.key) for key \(consensus.address)")
        (self.consensus, self.audit, self.record, self.chainID) = (consensus, audit, record, chainID)
    }

    /// The last that the record holds.
    var lastSigned: SigningPlace? {
        record.last.flatMap { entry in
            Height(entry.height).map { SigningPlace(height: $0, round: entry.round, step: entry.step) }
        }
    }

    /// nil when the record refuses, or when this validator has no seat at that height.
    func answer(_ intent: SignIntent, store: LedgerStore) throws(StorageError) -> Event? {
        switch intent {
        case .vote(let statement):
            guard let index = index(at: statement.height, store) else { return nil }
            let bytes = statement.signBytes(chainID: chainID)
            let step: UInt8 = statement.type == .prevote ? 1 : 2
            guard try mayLeave(bytes, (statement.height, statement.round, step)) else { return nil }
            return .voteSigned(
                Vote(
                    statement: statement, address: consensus.address, index: index, signature: consensus.sign(bytes)))
        case .proposal(let round, let polRound, let compact):
            let unsigned = SignedProposal(round: round, polRound: polRound, compact: compact, signature: .zero)
            let bytes = unsigned.statement.signBytes(chainID: chainID)
            guard try mayLeave(bytes, (compact.header.height, round, 0)) else { return nil }
            return .proposalSigned(
                SignedProposal(round: round, polRound: polRound, compact: compact, signature: consensus.sign(bytes)))
        case .batch(let sequence, let expiry, let items):
            let mark = (author: consensus.address, sequence: sequence, expiry: expiry)
            return .batchSigned(Batch.signing(mark: mark, items: items, key: consensus, chainID: chainID))
        case .beacon(let height, let alpha):
            return .proved(height, VRF.prove(alpha, key: audit))
        }
    }

    private func mayLeave(
        _ bytes: Bytes, _ position: (height: Height, round: Round, step: UInt8)
    ) throws(StorageError) -> Bool {
        let entry = SigningRecord.Entry(
            height: position.height.value, round: position.round, step: position.step, digest: Hash.sha256(bytes))
        switch try record.record(entry) {
        case .fresh, .same: return true
        case .refused: return false
        }
    }

    private func index(at height: Height, _ store: LedgerStore) -> UInt32? {
        if let place, place.height == height { return place.index }
        guard let view = LedgerView(store.snapshot()), view.height == height else { return nil }
        let index = view.validators.index(of: consensus.address).flatMap(UInt32.init(exactly:))
        place = (height, index)
        return index
    }
}
