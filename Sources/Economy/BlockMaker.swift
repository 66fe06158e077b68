// Makes the blocks of a chain whose validators all live in this process: beacon proofs and commits are signed by those
// who are seated, so that every block passes the rules of a node. Invariant: the commit that it keeps is of the newest
// block that was decided.
package import Chain
import Codec
import Cryptography
package import Ledger
package import Primitives
package import Quorum

package struct MadeBlock: Sendable {
    package let block: Block
    package let id: BlockID

    /// As a node keeps it.
    package var record: WriteBatch {
        var writes = WriteBatch()
        writes.put(.blocks, key: block.header.height.value.bigEndianBytes, value: block.encoded)
        return writes
    }
}

package struct BlockMaker: Sendable {
    private var lastCommit = Commit.empty
    /// By consensus address.
    private let keys: [Address: Keyring]

    package init(_ keys: [Keyring]) {
        self.keys = Dictionary(uniqueKeysWithValues: keys.map { ($0.consensus.address, $0) })
    }

    private func owner(of consensusAddress: Address) -> Keyring {
        guard let found = keys[consensusAddress] else { preconditionFailure("no keys of \(consensusAddress)") }
        return found
    }

    /// The operator that proposes the next block in a round.
    func proposer(of view: LedgerView, round: Round) -> Address {
        owner(of: proposerAddress(view, round)).account.address
    }

    private func proposerAddress(_ view: LedgerView, _ round: Round) -> Address {
        view.validators.validators[view.seating.schedule.proposer(height: view.height, round: round)].address
    }

    /// The block of `view.height`, with these items in a batch of the proposer. `isLeftOut`: operators whose
    /// precommits the proposer leaves out of the commit of the tip, as far as more than 2/3 of the power stays.
    package func block(
        _ items: [Item], on view: LedgerView, seconds: Int64, round: Round = 0,
        leavingOut isLeftOut: (Address) -> Bool = { _ in false }
    ) -> MadeBlock {
        let author = proposerAddress(view, round)
        var marks: [BatchMark] = []
        if !items.isEmpty {
            let sequence = view.lastSequence(of: author).map { $0 + 1 } ?? 0
            marks.append(BatchMark(author: author, sequence: sequence, count: UInt32(items.count)))
        }
        let proof = VRF.prove(view.beaconAlpha, key: owner(of: author).audit)
        let all: [Item] = [.preamble(Preamble(beaconProof: proof, batches: marks))] + items
        let content = BlockContent(
            items: all.map(\.encoded), evidence: [], lastCommit: thinned(view.tipValidators, isLeftOut))
        let header = Ledger.draft(
            on: view, time: view.tip.time.adding(seconds: seconds), proposer: author, content: content)
        // Stands in for the compact proposal's part set.
        let parts = PartSetHeader(total: 1, hash: Hash.sha256(header.encoded))
        return MadeBlock(
            block: Block(header: header, items: content.items, evidence: [], lastCommit: content.lastCommit),
            id: BlockID(hash: header.hash, parts: parts))
    }

    /// Everybody of the view's set signs for the block.
    package mutating func decide(_ made: MadeBlock, on view: LedgerView, round: Round = 0) {
        let header = made.block.header
        let proposal = ProposalID(blockID: made.id, time: header.time)
        let statement = VoteStatement(type: .precommit, height: header.height, round: round, proposal: proposal)
        let message = statement.signBytes(chainID: view.chainID)
        let entries = view.validators.validators.map { validator in
            CommitSignature(
                flag: .commit, address: validator.address, timestamp: header.time,
                signature: owner(of: validator.address).consensus.sign(message).bytes)
        }
        lastCommit = Commit(height: header.height, round: round, blockID: made.id, signatures: entries)
    }

    private func thinned(_ set: ValidatorSet, _ isLeftOut: (Address) -> Bool) -> Commit {
        var (entries, power) = (lastCommit.signatures, set.totalPower)
        for (index, entry) in entries.enumerated() where entry.flag == .commit {
            let validator = set.validators[index]
            let rest = power - validator.power
            guard isLeftOut(owner(of: validator.address).account.address), set.isQuorum(rest) else { continue }
            (entries[index], power) = (.absent, rest)
        }
        return Commit(
            height: lastCommit.height, round: lastCommit.round, blockID: lastCommit.blockID, signatures: entries)
    }
}
