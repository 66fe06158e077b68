// From one height to the next: decisions, start and restart. One component owns "the current height":
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
            case .valid(let judged) = candidate.state
        else { preconditionFailure("decided \(id) without holding it valid") }
        pace.decided(round: agreement.round, itemBytesMax: Ledger.itemBytesMax(view))
        store(judged, commit)
    }

    /// Everything of a height in one transaction.
    mutating func store(_ judged: JudgedBlock, _ commit: Commit) {
        let (block, transition) = (judged.block, judged.transition)
        let height = block.header.height.value.bigEndianBytes
        output.writes.put(.blocks, key: height, value: block.encoded)
        output.writes.put(.commits, key: height, value: commit.encoded)
        output.writes.put(.blockHeights, key: block.header.hash.bytes, value: height)
        output.writes.put(.results, key: height, value: ResultList(results: transition.results).encoded)
        for (index, hash) in judged.itemHashes.enumerated().dropFirst() {
            output.writes.put(.transactions, key: hash.bytes, value: height + UInt32(index).bigEndianBytes)
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
        partialBlocks.removeAll { $0.height < view.height }
        pendingEvidence.removeAll { !Ledger.isAdmissible($0, on: snapshot, view: view) }
        agreement = Self.agreement(for: view, identity: identity)
        sync.advanced(to: view.tip.height, now: moment)
        judgeRelays(snapshot)
        newestVotes = newestVotes.filter { view.validators.index(of: $0.key) != nil }
        if let own = identity.validator { hearTip(view.tip.height, of: own) }
        guardian?.advance(tip: view.tip.height, isNewTip: true, now: moment)
        repeatAt = moment.advanced(by: NodeLimits.repeatInterval)
        output.sends.append(Send(.status(status)))
        feed([.started], snapshot)
        if output.decided == nil { replayEarly(snapshot) }
        if output.decided == nil { applyBlocksAhead(snapshot) }
    }
}
