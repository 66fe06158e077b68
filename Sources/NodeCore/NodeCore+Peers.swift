// Frames from peers: decoded, admitted cheaply, and only then sent to be verified. What is malformed costs its sender.
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
    mutating func connect(_ id: PeerID) {
        if !peers.contains(where: { $0.id == id }) {
            peers.append(Peer(id: id))
            peers.sort { $0.id < $1.id }
        }
        if let validator = members[id], let vote = newestVotes[validator] {
            output.sends.append(Send(.newestVote(vote), to: .peer(id)))
        }
        output.sends.append(Send(.status(status), to: .peer(id)))
        if !acknowledgedMarks.isEmpty {
            output.sends.append(Send(.acknowledgement(acknowledgedMarks), to: .peer(id)))
        }
        repeatOwnStatements(to: .peer(id))
        guard let own = identity.validator else { return }
        for held in batches.unordered(of: own) {
            output.sends.append(Send(.batch(held.batch.encoded), to: .peer(id)))
        }
    }

    mutating func disconnect(_ id: PeerID) {
        peers.removeAll { $0.id == id }
        early.removeAll { $0.peer == id }
        partialBlocks.removeAll { $0.peer == id }
        sync.peerLeft(id)
    }

    var status: Status { Status(tip: view.tip.height, round: agreement.round) }

    mutating func receive(
        _ bytes: Bytes, from peer: PeerID, _ snapshot: some Snapshot
    ) {
        guard isStarted else { return }
        let message: PeerMessage
        do { message = try PeerMessage(decoding: bytes) } catch {
            output.penalties.append(.malformedFrame(peer))
            return
        }
        receive(message, EarlyFrame(peer: peer, message: message, receivedAt: moment), snapshot)
    }

    private mutating func receive(
        _ message: PeerMessage, _ frame: EarlyFrame, _ snapshot: some Snapshot
    ) {
        switch message {
        case .vote(let vote): admit(vote, frame)
        case .proposal(let proposal): admit(proposal, frame)
        case .batch(let bytes): admit(batch: bytes, from: frame.peer)
        case .acknowledgement(let marks): note(marks, from: frame.peer)
        case .batchRequest(let references): answer(references, to: frame.peer)
        case .proposalRequest(let request): answer(request, to: frame.peer)
        case .blockRequest(let request): answer(request, to: frame.peer, snapshot)
        case .blockPart(let part): take(part, from: frame.peer, snapshot)
        case .status(let status): note(status, from: frame.peer)
        case .newestVote(let vote): take(newestVote: vote, from: frame.peer)
        case .item(let bytes):
            if ownIndex != nil { submit(bytes, .peer(frame.peer), snapshot) }
        }
    }

    /// Frames of the height that has just opened, which came while the one before was being decided.
    mutating func replayEarly(_ snapshot: some Snapshot) {
        let frames = early
        early = []
        for frame in frames { receive(frame.message, frame, snapshot) }
    }

    private mutating func keepEarly(_ frame: EarlyFrame, height: Height) {
        guard height == view.height.advanced() else { return }
        guard early.count(where: { $0.peer == frame.peer }) < NodeLimits.earlyFramesPerPeer else { return }
        early.append(frame)
    }

    private mutating func admit(_ vote: Vote, _ frame: EarlyFrame) {
        guard vote.height == view.height else { return keepEarly(frame, height: vote.height) }
        guard Int(vote.validatorIndex) < view.validators.count, votesSeen.count < NodeLimits.votesSeenMax else {
            return
        }
        let validator = view.validators.validators[Int(vote.validatorIndex)]
        guard validator.address == vote.validatorAddress else {
            output.penalties.append(.badRecord(frame.peer))
            return
        }
        // A repeat under the same key is dropped unverified only once the first one was verified: a forged copy in
        // front of the real vote must not shadow it.
        let key = VoteKey(index: vote.validatorIndex, round: vote.round, type: vote.type, proposal: vote.proposal)
        if votesSeen.contains(key) { return }
        output.checks.append(.vote(VoteClaim(vote: vote, chainID: view.chainID, key: validator.publicKey), frame.peer))
    }

    private mutating func admit(_ proposal: SignedProposal, _ frame: EarlyFrame) {
        guard proposal.height == view.height else { return keepEarly(frame, height: proposal.height) }
        if agreement.proposal(round: proposal.round)?.id == proposal.proposalID { return }
        output.checks.append(.proposal(claim(of: proposal), proposal, frame.peer, receivedAt: frame.receivedAt))
    }

    private mutating func admit(batch bytes: Bytes, from peer: PeerID) {
        guard let head = BatchHead.peeked(bytes) else {
            output.penalties.append(.malformedFrame(peer))
            return
        }
        let named = pulls.isNamed(author: head.author, sequence: head.sequence)
        guard batches.refusal(of: head, tip: view.tip.height, named: named) == nil,
            let index = view.validators.index(of: head.author)
        else { return }
        let key = view.validators.validators[index].publicKey
        output.checks.append(.batch(bytes, authorKey: key, chainID: view.chainID, peer))
    }

    private mutating func note(_ marks: [AcknowledgementMark], from peer: PeerID) {
        guard let validator = members[peer], let index = view.validators.index(of: validator) else { return }
        for mark in marks { batches.acknowledge(mark, by: index) }
    }

    private mutating func note(_ status: Status, from peer: PeerID) {
        guard let index = peers.firstIndex(where: { $0.id == peer }) else { return }
        peers[index].tip = status.tip
        sync.peerClaims(peer, height: status.tip, now: moment)
        if let validator = members[peer] { hearTip(status.tip, of: validator) }
        // A peer that is still at our open height, in this round or an earlier one, may lack what we said.
        if status.tip == view.tip.height, status.round < agreement.round { repeatOwnStatements(to: .peer(peer)) }
    }

    private mutating func answer(_ references: [BatchReference], to peer: PeerID) {
        for reference in references {
            guard let held = batches.batch(reference) else { continue }
            output.sends.append(Send(.batch(held.batch.encoded), to: .peer(peer)))
        }
    }

    private mutating func answer(_ request: ProposalRequest, to peer: PeerID) {
        guard request.height == view.height else { return }
        for round in agreement.roundsKept {
            guard let proposal = signedProposal(round: round), proposal.proposalID.blockID.hash == request.hash else {
                continue
            }
            output.sends.append(Send(.proposal(proposal), to: .peer(peer)))
            return
        }
    }

    /// The proposal of a round with its signature, while its content is kept.
    private func signedProposal(round: Round) -> SignedProposal? {
        guard let known = agreement.proposal(round: round),
            let candidate = candidates.first(where: { $0.id == known.id })
        else { return nil }
        return SignedProposal(
            round: round, polRound: known.statement.polRound, compact: candidate.compact,
            signature: known.claim.signature)
    }

    /// What must hold for a proposal: the signature of the validator whose turn its round is.
    func claim(of proposal: SignedProposal) -> ProposalClaim {
        let proposer = proposers.proposer(height: proposal.height, round: proposal.round)
        let key = view.validators.validators[proposer].publicKey
        return ProposalClaim(
            statement: proposal.statement, chainID: view.chainID, key: key, signature: proposal.signature)
    }

    /// Sends again what this node said at the open height: a message may have been lost, or the peer was away.
    mutating func repeatStatements() {
        guard let due = repeatAt, due <= moment else { return }
        repeatAt = moment.advanced(by: NodeLimits.repeatInterval)
        output.sends.append(Send(.status(status)))
        if !acknowledgedMarks.isEmpty { output.sends.append(Send(.acknowledgement(acknowledgedMarks))) }
        repeatOwnStatements(to: .everyone)
    }

    mutating func repeatOwnStatements(to target: Send.Target) {
        guard let own = ownIndex else { return }
        for round in agreement.roundsKept {
            if proposers.proposer(height: view.height, round: round) == own, let proposal = signedProposal(round: round)
            {
                output.sends.append(Send(.proposal(proposal), to: target))
            }
            for vote in agreement.votes(.prevote, round: round) + agreement.votes(.precommit, round: round)
            where Int(vote.validatorIndex) == own {
                output.sends.append(Send(.vote(vote), to: target))
            }
        }
    }
}
