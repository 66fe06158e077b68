// The node as one pure, synchronous, deterministic machine: dissemination, agreement, ledger and block sync composed.
// `step` sees the committed snapshot, one event and the time, and says what to do; the Driver does it.
// Invariant: `view` is the ledger's view of the snapshot it is given, so everything above the tip is memory alone and a
// crash loses nothing but work. The open height is `view.height`, one above the tip.
import Chain
package import Consensus
import Cryptography
package import Dissemination
package import Ledger
package import Primitives
import Quorum
package import Sync

package struct NodeCore: CoreMachine, Sendable {
    /// Who this node is. A node without a consensus key follows and serves.
    package struct Identity: Sendable {
        package let peerID: PeerID
        package let validator: Address?
        /// The last entry of the signing record; nil for a key that never signed.
        package var signed: SigningPlace?
        /// Heights after a restart at which other signatures of the own key are looked for before it signs.
        package var watchedHeights: UInt64 = 0

        package init(peerID: PeerID, validator: Address?) { (self.peerID, self.validator) = (peerID, validator) }
    }

    package let identity: Identity
    package internal(set) var view: LedgerView
    package internal(set) var agreement: Agreement
    package internal(set) var batches: BatchBook
    /// Who proposes at the open height, by round.
    var proposers: ProposerSchedule
    /// The validators of the open height by their transport address.
    var members: [PeerID: Address] = [:]
    package internal(set) var sync: BlockSync
    var open = OpenBatch()
    var pulls = PullBook()
    var seen = SeenItems()
    var peers: [Peer] = []
    var isStarted = false
    /// The time and the effects of the step that is being taken; `step` sets the one and hands over the other.
    var moment: Instant = .zero
    var output = Output()

    /// The open height's proposals by block id, in order of arrival.
    var candidates: [Candidate] = []
    var pace = ProposalPace()
    /// A fresh proposal that waits for items or for the clock.
    var fresh: FreshProposal?
    /// Votes of the open height that were sent to be verified or are verified.
    var votesSeen: Set<VoteKey> = []
    /// Frames of the next height, kept until this one is decided.
    var early: [EarlyFrame] = []
    /// Pairs of votes that become evidence once their height is decided.
    var doubleVotes: [DoubleVote] = []
    var pendingEvidence: [Evidence] = []
    /// Blocks above the tip that arrived out of order.
    var blocksAhead: [WaitingBlock] = []
    /// Blocks of which some parts are here; one for each request under way at most.
    var partialBlocks: [PartialBlock] = []
    /// Per sender, what its items in own batches will take when they are ordered.
    var reservations: [Address: Reservation] = [:]
    /// Items that wait at a node without a vote until they stand in a block.
    var relays: [Relay] = []

    /// nil for a node that never signs.
    var guardian: SigningGuard?
    /// Votes and proposals of the open height that wait for the guard.
    var heldSigns: [SignIntent] = []
    var newestVotes: [Address: Vote] = [:]

    var acknowledgedMarks: [AcknowledgementMark] = []
    var acknowledgeAt: Instant?
    var repeatAt: Instant?
    /// The items of the batch whose signature is awaited: one at a time keeps the sequences in order.
    var batchBeingSigned: [DecodedItem] = []
    /// When the tip was decided here: an idle chain waits the block interval from then.
    var decidedAt: Instant = .zero
    var previousBlockHadItems = false

    struct Peer: Sendable {
        let id: PeerID
        var tip: Height = .zero
        /// It has shown the newest vote of the own key that it has.
        var hasShownVote = false
    }

    struct Candidate: Sendable {
        let id: ProposalID
        let compact: CompactProposal
        var state: CandidateState
        var isChecked = false
    }

    enum CandidateState: Sendable {
        /// Batches are missing, or nobody asked yet.
        case open
        case valid(JudgedBlock)
        case invalid
    }

    /// A block that was executed above the tip, with the SHA-256 of each of its items.
    struct JudgedBlock: Sendable {
        let block: Block
        let transition: Transition
        let itemHashes: [Digest]
    }

    struct WaitingBlock: Sendable {
        let committed: CommittedBlock
        let byteCount: Int
        var height: Height { committed.block.header.height }
    }

    struct FreshProposal: Sendable {
        let round: Round
        /// Not before this moment, even when items wait: the clock must have passed the parent's time.
        let earliest: Instant
        /// At this moment even without items.
        let latest: Instant
    }

    struct VoteKey: Hashable, Sendable {
        let index: UInt32
        let round: Round
        let type: VoteType
        let proposal: ProposalID?
    }

    struct EarlyFrame: Sendable {
        let peer: PeerID
        let message: PeerMessage
        let receivedAt: Instant
    }

    struct DoubleVote: Sendable {
        let first: Vote
        let second: Vote
        let set: ValidatorSet
    }

    /// What items of one sender that wait in own batches will take.
    struct Reservation: Sendable {
        var count: UInt64 = 0
        var amount: UInt64 = 0
    }

    /// `view`: of the snapshot the first `step` will be given.
    package init(identity: Identity, view: LedgerView) {
        (self.identity, self.view) = (identity, view)
        batches = BatchBook(set: view.validators) { view.lastSequence(of: $0) ?? 0 }
        sync = BlockSync(tip: view.tip.height)
        agreement = Self.agreement(for: view, identity: identity)
        proposers = view.seating.schedule
        members = Self.members(of: view)
        guardian = identity.validator.map {
            SigningGuard(
                own: $0, tip: view.tip.height, signed: identity.signed, watchedHeights: identity.watchedHeights)
        }
    }

    static func members(of view: LedgerView) -> [PeerID: Address] {
        var members: [PeerID: Address] = [:]
        for seat in view.seating.seats {
            members[Hash.address(of: seat.keys.transport)] = Hash.address(of: seat.keys.consensus)
        }
        return members
    }

    /// This node's place in the set of the open height; nil when it has no vote there.
    package var ownIndex: Int? { identity.validator.flatMap { view.validators.index(of: $0) } }

    /// Admitted items that are in no batch yet, or wait for a block after being handed on.
    package var itemsOpen: Int { open.count + relays.count }
    /// Held batches that no decided block has named.
    package var batchesWaiting: Int { batches.waiting.batches }

    static func agreement(for view: LedgerView, identity: Identity) -> Agreement {
        let parameters = view.consensus
        let vote = Timeout(base: parameters.timeouts.vote, delta: parameters.timeouts.voteDelta)
        // The proposer of an idle chain waits for the block interval before it proposes.
        let propose = Timeout(
            base: parameters.timeouts.propose.adding(parameters.blockInterval), delta: parameters.timeouts.proposeDelta)
        let terms = Agreement.Terms(
            height: view.height, set: view.validators, schedule: view.seating.schedule,
            timeouts: Timeouts(propose: propose, prevote: vote, precommit: vote),
            timeliness: Timeliness(precision: parameters.precision, messageDelay: parameters.messageDelay))
        return Agreement(terms.voting(as: identity.validator.flatMap { view.validators.index(of: $0) }))
    }

    package var nextDeadline: Instant? {
        guard isStarted else { return nil }
        let freshAt = fresh.map { canProposeNow ? $0.earliest : max($0.earliest, $0.latest) }
        return [
            agreement.nextDeadline, freshAt, acknowledgeAt, repeatAt, batchBeingSigned.isEmpty ? open.deadline : nil,
            pulls.deadline, sync.deadline, guardian?.deadline, relayDeadline,
        ].compactMap { $0 }.min()
    }

    package mutating func step(_ event: Event, now: Instant, reading snapshot: some Snapshot, into output: inout Output)
    {
        moment = now
        swap(&self.output, &output)
        take(event, snapshot)
        // After a decision nothing may rely on the snapshot until it shows the new height.
        if isStarted, self.output.decided == nil, self.output.failure == nil { pursueDeadlines(snapshot) }
        guardSignatures()
        swap(&self.output, &output)
    }

    private mutating func take(_ event: Event, _ snapshot: some Snapshot) {
        switch event {
        case .started(let journal): start(journal, snapshot)
        case .committed: openNextHeight(snapshot)
        case .peerConnected(let peer): connect(peer)
        case .peerDisconnected(let peer): disconnect(peer)
        case .frameReceived(let peer, let bytes): receive(bytes, from: peer, snapshot)
        case .itemSubmitted(let bytes, let ticket): submit(bytes, .client(ticket), snapshot)
        case .itemVerified(let claim, let source): take(claim.value, source, snapshot)
        case .itemRefused(let claim, let source): refuseSignature(of: claim, source)
        case .itemPutBack(let claim, let source): putBack(claim.decoded, source)
        case .voteVerified(let claim, _): record(claim, snapshot)
        case .proposalVerified(let claim, let proposal, let at):
            record(proposal, claim, receivedAt: at, snapshot)
        case .batchVerified(let claim, _): hold(HeldBatch(claim.value), snapshot)
        case .recordRefused(let peer): output.penalties.append(.badRecord(peer))
        case .voteSigned(let vote): recordOwn(vote, snapshot)
        case .proposalSigned(let proposal): recordOwn(proposal, snapshot)
        case .batchSigned(let batch): publish(batch, snapshot)
        case .proved(let height, let proof): propose(with: proof, at: height, snapshot)
        case .deadlineReached: break
        }
    }

    private mutating func pursueDeadlines(_ snapshot: some Snapshot) {
        if let deadline = agreement.nextDeadline, deadline <= moment {
            feed([.deadlineReached], snapshot)
            if output.decided != nil { return }
        }
        if let own = identity.validator { hearTip(view.tip.height, of: own) }
        guardian?.advance(tip: view.tip.height, isNewTip: false, now: moment)
        closeBatch()
        acknowledge()
        pursueFreshProposal()
        requestMissing()
        pursueRelays()
        repeatStatements()
    }
}
