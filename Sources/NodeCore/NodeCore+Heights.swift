// From one height to the next: decisions, start and restart, block sync. One component owns "the current height":
// `view`.
import Chain
import Codec
import Consensus
import Cryptography
import Dissemination
import Ledger
import Primitives
import Quorum
import Sync

extension NodeCore {
    // MARK: Start

    mutating func start(_ journal: [Bytes], _ snapshot: some Snapshot) {
        isStarted = true
        decidedAt = moment
        repeatAt = moment.advanced(by: NodeLimits.repeatInterval)
        reloadBatches(snapshot)
        if let own = identity.validator { hearTip(view.tip.height, of: own) }
        let rows = journal.compactMap { JournalRow.decoded($0) }.filter { $0.height == view.height }
        for row in rows { replay(row, snapshot) }
        feed([.started], snapshot)
        output.sends.append(Send(.status(status)))
    }

    /// Everything fed before `.started` is taken in and nothing comes out; own statements are signed again, to the same
    /// bytes, and sent.
    private mutating func replay(
        _ row: JournalRow, _ snapshot: some Snapshot
    ) {
        switch row {
        case .proposal(let proposal, let receivedAt):
            guard let claim = Verified(claim(of: proposal)) else { return }
            record(proposal, claim, receivedAt: receivedAt, snapshot)
        case .vote(let vote):
            guard Int(vote.validatorIndex) < view.validators.count else { return }
            let key = view.validators.validators[Int(vote.validatorIndex)].publicKey
            guard let claim = Verified(VoteClaim(vote: vote, chainID: view.chainID, key: key)) else { return }
            record(claim, snapshot)
        case .ownVote(let statement):
            feed([.ownVoteReplayed(statement)], snapshot)
            output.signs.append(.vote(statement))
        case .ownProposal(let round, let polRound, let compact):
            let statement = ProposalStatement(
                height: compact.header.height, round: round, polRound: polRound, proposal: compact.proposalID)
            feed([.ownProposalReplayed(statement)], snapshot)
            output.signs.append(.proposal(round: round, polRound: polRound, compact))
        }
    }

    // MARK: Decisions

    mutating func decide(_ id: ProposalID, _ commit: Commit) {
        guard let candidate = candidates.first(where: { $0.id == id }),
            case .valid(let block, let transition) = candidate.state
        else { preconditionFailure("decided \(id) without holding it valid") }
        store(block, commit, transition, )
    }

    /// Everything of a height in one transaction.
    private mutating func store(
        _ block: Block, _ commit: Commit, _ transition: Transition
    ) {
        let height = block.header.height.value.bigEndianBytes
        output.writes.put(.blocks, key: height, value: block.encoded)
        output.writes.put(.commits, key: height, value: commit.encoded)
        output.writes.put(.blockHeights, key: block.header.hash.bytes, value: height)
        output.writes.put(.results, key: height, value: ResultList(results: transition.results).encoded)
        for (index, item) in block.items.enumerated().dropFirst() {
            let place = height + UInt32(index).bigEndianBytes
            output.writes.put(.transactions, key: Hash.sha256(item).bytes, value: place)
        }
        output.writes.append(transition.writes)
        collectEvidence(block)
        view = transition.next
        previousBlockHadItems = block.items.count > 1
        decidedAt = moment
        order(Self.marks(of: block))
        output.decided = block.header.height
    }

    private static func marks(of block: Block) -> [BatchMark] {
        guard let first = block.items.first, case .preamble(let preamble)? = Item.decoded(first) else {
            preconditionFailure("a valid block at height \(block.header.height) has no preamble")
        }
        return preamble.batches
    }

    /// Double votes of the decided height become evidence, which carries that header's time.
    private mutating func collectEvidence(_ block: Block) {
        pendingEvidence.removeAll { block.evidence.contains($0) }
        for pair in doubleVotes where pendingEvidence.count < NodeLimits.evidenceMax {
            guard let index = pair.set.index(of: pair.first.validatorAddress) else { continue }
            let powers = (pair.set.totalPower, pair.set.validators[index].power)
            let evidence = DuplicateVoteEvidence(pair.first, pair.second, powers: powers, timestamp: block.header.time)
            pendingEvidence.append(.duplicateVote(evidence))
        }
        doubleVotes = []
    }

    /// The decided height is durable: the next one opens.
    mutating func openNextHeight(_ snapshot: some Snapshot) {
        let view = self.view
        proposers = view.seating.schedule
        members = Self.members(of: view)
        batches.change(to: view.validators) { view.lastSequence(of: $0) ?? 0 }
        candidates = []
        votesSeen = []
        fresh = nil
        pulls.removeAll()
        pendingEvidence.removeAll { !Ledger.isAdmissible($0, on: snapshot, view: view) }
        agreement = Self.agreement(for: view, identity: identity)
        sync.advanced(to: view.tip.height, now: moment)
        newestVotes = newestVotes.filter { view.validators.index(of: $0.key) != nil }
        if let own = identity.validator { hearTip(view.tip.height, of: own) }
        guardian?.advance(tip: view.tip.height, isNewTip: true, now: moment)
        repeatAt = moment.advanced(by: NodeLimits.repeatInterval)
        output.sends.append(Send(.status(status)))
        feed([.started], snapshot)
        if output.decided == nil { replayEarly(snapshot) }
        if output.decided == nil { applyBlocksAhead(snapshot) }
    }

    // MARK: Block sync

    mutating func answer(blockAt height: Height, to peer: PeerID, _ snapshot: some Snapshot) {
        let key = height.value.bigEndianBytes
        guard let block = snapshot.load(.blocks, key: key), let commit = snapshot.load(.commits, key: key) else {
            return
        }
        do {
            let committed = CommittedBlock(block: try Block(decoding: block), commit: try Commit(decoding: commit))
            output.sends.append(Send(.block(committed), to: .peer(peer)))
        } catch {
            preconditionFailure("stored block \(height) does not decode: \(error)")
        }
    }

    mutating func take(
        _ committed: CommittedBlock, from peer: PeerID, _ snapshot: some Snapshot
    ) {
        let height = committed.block.header.height
        // An answer may be late, so a block that is asked for no more is dropped without blame.
        guard sync.received(peer, height: height) else { return }
        guard height >= view.height, blocksAhead.count < NodeLimits.blocksAheadMax,
            !blocksAhead.contains(where: { $0.block.header.height == height })
        else { return }
        blocksAhead.append(committed)
        if !applyBlocksAhead(snapshot), height == view.height {
            output.penalties.append(.badBlock(peer))
            sync.failed(peer, height: height)
        }
    }

    /// Applies the next height when its block is here; false when there was none or it proved nothing.
    @discardableResult
    private mutating func applyBlocksAhead(
        _ snapshot: some Snapshot
    ) -> Bool {
        blocksAhead.removeAll { $0.block.header.height < view.height }
        guard let place = blocksAhead.firstIndex(where: { $0.block.header.height == view.height }) else { return false }
        let committed = blocksAhead.remove(at: place)
        do {
            let header = committed.block.header
            try committed.commit.check(
                blockID: committed.commit.blockID, header: (header.height, header.time), set: view.validators,
                chainID: view.chainID, profile: .merit)
            guard committed.commit.blockID.hash == header.hash else { return false }
            let transition = try Ledger.apply(
                committed.block, id: committed.commit.blockID, on: snapshot, view: view)
            store(committed.block, committed.commit, transition, )
            return true
        } catch {
            return false
        }
    }

    mutating func requestMissing() {
        let waiting = blocksAhead.map(\.block.header.height)
        for request in sync.due(now: moment, held: { waiting.contains($0) }) {
            output.sends.append(Send(.blockRequest(request.height), to: .peer(request.peer)))
        }
        if pulls.isEmpty { return }
        let sources = peers.map(\.id)
        for request in pulls.due(now: moment, sources: sources) {
            output.sends.append(Send(.batchRequest(request.references), to: .peer(request.peer)))
        }
    }
}
