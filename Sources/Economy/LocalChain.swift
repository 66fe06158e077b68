// A chain of one process: blocks made by the rules, beacon proofs and commits signed by the seated validators, every
// block through `Ledger.apply`. Invariant: the store is the state at the view's tip.
package import Chain
import Codec
import Cryptography
package import Ledger
package import Primitives
package import Quorum

package struct LocalChain: Sendable {
    package static let id: ChainID = {
        guard let id = ChainID(Bytes("merit-economy".utf8)) else { preconditionFailure("a valid chain id") }
        return id
    }()

    package private(set) var store = MemoryStore()
    package private(set) var view: LedgerView
    private var lastCommit = Commit.empty
    /// By consensus address.
    private let keys: [Address: Keyring]

    /// `parameters` in place of what the genesis says, valid or not.
    package init(_ genesis: Genesis, _ parameters: LedgerParameters, keys: [Keyring]) {
        let transition: Transition
        do throws(GenesisError) { transition = try Ledger.genesis(genesis, under: parameters) } catch {
            preconditionFailure("the genesis of a simulated chain: \(error)")
        }
        self.keys = Dictionary(uniqueKeysWithValues: keys.map { ($0.consensus.address, $0) })
        view = transition.next
        store.commit(transition.writes)
    }

    private func owner(of consensusAddress: Address) -> Keyring {
        guard let found = keys[consensusAddress] else { preconditionFailure("no keys of \(consensusAddress)") }
        return found
    }

    /// The operator that proposes the next block in a round.
    package func proposer(round: Round) -> Address { owner(of: proposerAddress(round)).account.address }

    private func proposerAddress(_ round: Round) -> Address {
        view.validators.validators[view.seating.schedule.proposer(height: view.height, round: round)].address
    }

    /// One block with these items in a batch of the proposer; what became of them. `isLeftOut`: operators whose
    /// precommits the proposer leaves out of the commit of the tip, as far as more than 2/3 of the power stays.
    package mutating func advance(
        _ items: [Item], seconds: Int64, round: Round = 0, leavingOut isLeftOut: (Address) -> Bool = { _ in false }
    ) -> [ItemResult] {
        let author = proposerAddress(round)
        var marks: [BatchMark] = []
        if !items.isEmpty {
            let sequence = view.lastSequence(of: author).map { $0 + 1 } ?? 0
            marks.append(BatchMark(author: author, sequence: sequence, count: UInt32(items.count)))
        }
        let proof = VRF.prove(view.beaconAlpha, key: owner(of: author).audit)
        let all: [Item] = [.preamble(Preamble(beaconProof: proof, batches: marks))] + items
        let content = BlockContent(
            items: all.map(\.encoded), evidence: [], lastCommit: thinned(lastCommit, isLeftOut))
        let header = Ledger.draft(
            on: view, time: view.tip.time.adding(seconds: seconds), proposer: author, content: content)
        return apply(
            Block(header: header, items: content.items, evidence: [], lastCommit: content.lastCommit), round)
    }

    private mutating func apply(_ block: Block, _ round: Round) -> [ItemResult] {
        // Stands in for the compact proposal's part set.
        let parts = PartSetHeader(total: 1, hash: Hash.sha256(block.header.encoded))
        let id = BlockID(hash: block.header.hash, parts: parts)
        let transition: Transition
        do throws(BlockError) {
            transition = try Ledger.apply(block, id: id, on: store, view: view, vouched: Vouched(lastCommit: true))
        } catch {
            preconditionFailure("block \(view.height) of a simulated chain: \(error)")
        }
        lastCommit = commit(block.header, id, round)
        store.commit(transition.writes)
        var blocks = WriteBatch()
        blocks.put(.blocks, key: block.header.height.value.bigEndianBytes, value: block.encoded)
        store.commit(blocks)
        view = transition.next
        return Array(transition.results.dropFirst())
    }

    private func commit(_ header: Header, _ id: BlockID, _ round: Round) -> Commit {
        let proposal = ProposalID(blockID: id, time: header.time)
        let statement = VoteStatement(type: .precommit, height: header.height, round: round, proposal: proposal)
        let message = statement.signBytes(chainID: Self.id)
        let entries = view.validators.validators.map { validator in
            CommitSignature(
                flag: .commit, address: validator.address, timestamp: header.time,
                signature: owner(of: validator.address).consensus.sign(message).bytes)
        }
        return Commit(height: header.height, round: round, blockID: id, signatures: entries)
    }

    private func thinned(_ commit: Commit, _ isLeftOut: (Address) -> Bool) -> Commit {
        let set = view.tipValidators
        var (entries, power) = (commit.signatures, set.totalPower)
        for (index, entry) in entries.enumerated() where entry.flag == .commit {
            let validator = set.validators[index]
            let rest = power - validator.power
            guard isLeftOut(owner(of: validator.address).account.address), set.isQuorum(rest) else { continue }
            (entries[index], power) = (.absent, rest)
        }
        return Commit(height: commit.height, round: commit.round, blockID: commit.blockID, signatures: entries)
    }
}
