// Own proposals: when to make one, of what, and how it becomes durable before it is signed.
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
    mutating func startProposal(
        round: Round, polRound: Round?, valid: ProposalID?
    ) {
        if let valid {
            // A re-proposal keeps header, time, proposer and preamble.
            guard let candidate = candidates.first(where: { $0.id == valid }) else { return }
            signProposal(candidate.compact, round: round, polRound: polRound)
            return
        }
        let parent = view.tip.time.instant.advanced(by: Span(nanoseconds: 1))
        let latest = decidedAt.advanced(by: view.consensus.blockInterval)
        fresh = FreshProposal(round: round, earliest: parent, latest: latest)
        pursueFreshProposal()
    }

    /// Items wait, or the last block had some: a result should be provable one block later.
    var canProposeNow: Bool {
        previousBlockHadItems || !pendingEvidence.isEmpty || batches.hasSelection(height: view.height)
    }

    mutating func pursueFreshProposal() {
        guard let proposal = fresh else { return }
        guard agreement.round == proposal.round, agreement.step == .propose else {
            fresh = nil
            return
        }
        guard proposal.earliest <= moment, canProposeNow || proposal.latest <= moment else { return }
        output.signs.append(.beacon(view.height, alpha: view.beaconAlpha))
    }

    /// The beacon proof is here: the block can be made.
    mutating func propose(
        with proof: VRFProof, at height: Height, _ snapshot: some Snapshot
    ) {
        guard let proposal = fresh, height == view.height, let own = identity.validator,
            agreement.round == proposal.round, agreement.step == .propose
        else { return }
        fresh = nil
        let named = batches.selection(
            height: view.height, itemBytesMax: Ledger.itemBytesMax(view),
            wanted: pace.itemBytes(round: proposal.round))
        let (preamble, items) = Self.items(of: named, beaconProof: proof)
        let content = BlockContent(
            items: [preamble] + items, evidence: pendingEvidence, lastCommit: lastCommit(snapshot))
        let compact = CompactProposal(
            header: Ledger.draft(on: view, time: moment.timestamp, proposer: own, content: content), beaconProof: proof,
            batches: named.map(\.batch.reference), lastCommit: content.lastCommit, evidence: content.evidence)
        signProposal(compact, round: proposal.round, polRound: nil)
    }

    /// The commit of the tip as this node collected it.
    func lastCommit(_ snapshot: some Snapshot) -> Commit {
        if view.tip.height == .zero { return .empty }
        guard let bytes = snapshot.load(.commits, key: view.tip.height.value.bigEndianBytes),
            let commit = Commit.decoded(bytes)
        else { preconditionFailure("no commit stored for height \(view.tip.height)") }
        return commit
    }

    private mutating func signProposal(
        _ compact: CompactProposal, round: Round, polRound: Round?
    ) {
        output.journal.append(.ownProposal(round: round, polRound: polRound, compact))
        output.journalMustSync = true
        output.signs.append(.proposal(round: round, polRound: polRound, compact))
    }

    mutating func recordOwn(
        _ proposal: SignedProposal, _ snapshot: some Snapshot
    ) {
        output.sends.append(Send(.proposal(proposal)))
        guard proposal.height == view.height else { return }
        guard let claim = Verified(claim(of: proposal)) else {
            preconditionFailure("the own signature over the proposal of round \(proposal.round) does not hold")
        }
        record(proposal, claim, receivedAt: moment, snapshot)
    }
}
