// Between the agreement and the rest: its outputs become journal rows, signatures, requests and decisions.
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
    /// Feeds events and performs what comes out, until nothing more follows.
    mutating func feed(
        _ events: [Agreement.Event], _ snapshot: some Snapshot
    ) {
        var queue = events[...]
        while let event = queue.popFirst() {
            for action in agreement.step(event, now: moment) {
                queue += perform(action, snapshot)
                if output.decided != nil || output.failure != nil { return }
            }
        }
    }

    private mutating func perform(
        _ action: Agreement.Output, _ snapshot: some Snapshot
    ) -> [Agreement.Event] {
        switch action {
        case .propose(_, let round, let polRound, let valid):
            startProposal(round: round, polRound: polRound, valid: valid, )
        case .check(let id):
            return judge(id, snapshot).map { [.proposalChecked(id, $0)] } ?? []
        case .fetch(let id):
            return fetch(id, snapshot)
        case .vote(let statement):
            output.journal.append(.ownVote(statement))
            output.journalMustSync = true
            output.signs.append(.vote(statement))
        case .decided(let id, _, let commit):
            decide(id, commit, )
        case .refusedDecision(let id, let round):
            let hash = id.blockID.hash.map(\.description) ?? "?"
            output.failure =
                "more than two thirds decided block \(hash) at height \(view.height), round \(round), which this node "
                + "holds to be invalid: compare versions with the other operators"
        case .doubleVote(let first, let second):
            guard doubleVotes.count < NodeLimits.evidenceMax else { break }
            doubleVotes.append(DoubleVote(first: first, second: second, set: view.validators))
        case .doubleProposal, .stepChanged:
            break
        }
        return []
    }

    // MARK: Votes

    mutating func record(
        _ claim: Verified<VoteClaim>, _ snapshot: some Snapshot
    ) {
        let vote = claim.value.vote
        guard vote.height == view.height else { return }
        let key = VoteKey(index: vote.validatorIndex, round: vote.round, type: vote.type, proposal: vote.proposal)
        guard votesSeen.insert(key).inserted else { return }
        remember(vote)
        output.journal.append(.vote(vote))
        feed([.voteVerified(claim)], snapshot)
    }

    mutating func recordOwn(_ vote: Vote, _ snapshot: some Snapshot) {
        output.sends.append(Send(.vote(vote)))
        guardian?.signed(SigningPlace(vote))
        guard vote.height == view.height, let index = ownIndex else { return }
        let key = view.validators.validators[index].publicKey
        guard let claim = Verified(VoteClaim(vote: vote, chainID: view.chainID, key: key)) else {
            preconditionFailure("the own signature over \(vote.statement) does not hold")
        }
        record(claim, snapshot)
    }

    // MARK: Proposals

    mutating func record(
        _ proposal: SignedProposal, _ claim: Verified<ProposalClaim>, receivedAt: Instant, _ snapshot: some Snapshot
    ) {
        guard proposal.height == view.height, keep(proposal.compact, as: proposal.proposalID) else { return }
        output.journal.append(.proposal(proposal, receivedAt: receivedAt))
        feed([.proposalReceived(Agreement.Proposal(claim, receivedAt: receivedAt))], snapshot)
        // A quorum may have named this value before its proposal came.
        if output.decided == nil { judgeOpenCandidates(snapshot) }
    }

    private mutating func keep(_ compact: CompactProposal, as id: ProposalID) -> Bool {
        if candidates.contains(where: { $0.id == id }) { return true }
        if candidates.count >= NodeLimits.proposalsMax {
            let needed = [agreement.locked?.value, agreement.valid?.value]
            guard let place = candidates.firstIndex(where: { !needed.contains($0.id) }) else { return false }
            candidates.remove(at: place)
        }
        candidates.append(Candidate(id: id, compact: compact, state: .open))
        return true
    }

    /// The verdict on a value; nil when its proposal is not here.
    func verdict(_ id: ProposalID) -> Agreement.Verdict? {
        guard let candidate = candidates.first(where: { $0.id == id }) else { return nil }
        switch candidate.state {
        case .open: return .unavailable
        case .valid: return .valid
        case .invalid: return .invalid
        }
    }

    /// Judges a value as far as it can be judged now, asking for batches that are missing.
    mutating func judge(_ id: ProposalID, _ snapshot: some Snapshot) -> Agreement.Verdict? {
        guard let place = candidates.firstIndex(where: { $0.id == id }) else { return nil }
        guard case .open = candidates[place].state else { return verdict(id) }
        let compact = candidates[place].compact
        candidates[place].isChecked = true
        // Everything that needs no batch is checked before anything is pulled.
        do { try Ledger.check(compact, on: view) } catch {
            candidates[place].state = .invalid
            return .invalid
        }
        let missing = compact.batches.filter { batches.batch($0) == nil }
        guard missing.isEmpty else {
            pulls.want(missing, now: moment)
            return .unavailable
        }
        let (block, items) = expand(compact)
        do {
            // What this node stored as the tip's commit is made of precommits that it verified.
            let vouched = Vouched(items: items, lastCommit: compact.lastCommit == lastCommit(snapshot))
            let transition = try Ledger.apply(block, id: id.blockID, on: snapshot, view: view, vouched: vouched)
            candidates[place].state = .valid(
                JudgedBlock(block: block, transition: transition, itemHashes: items.map(\.hash)))
            return .valid
        } catch {
            candidates[place].state = .invalid
            return .invalid
        }
    }

    mutating func judgeOpenCandidates(_ snapshot: some Snapshot) {
        for candidate in candidates where candidate.isChecked {
            guard case .open = candidate.state, let verdict = judge(candidate.id, snapshot),
                verdict != .unavailable
            else { continue }
            feed([.proposalChecked(candidate.id, verdict)], snapshot)
            if output.decided != nil || output.failure != nil { return }
        }
    }

    /// A quorum names a value: pull what is missing of it before anything else.
    private mutating func fetch(
        _ id: ProposalID, _ snapshot: some Snapshot
    ) -> [Agreement.Event] {
        if let verdict = judge(id, snapshot) { return [.proposalChecked(id, verdict)] }
        if let hash = id.blockID.hash {
            output.sends.append(Send(.proposalRequest(ProposalRequest(height: view.height, hash: hash))))
        }
        return []
    }

    /// The block behind a compact proposal whose batches are all held.
    func expand(_ compact: CompactProposal) -> (block: Block, items: [DecodedItem]) {
        let named = compact.batches.compactMap { batches.batch($0) }
        let (preamble, items) = Self.items(of: named, beaconProof: compact.beaconProof)
        let block = Block(
            header: compact.header, items: [preamble.bytes] + items.map(\.bytes), evidence: compact.evidence,
            lastCommit: compact.lastCommit)
        return (block, [preamble] + items)
    }

    /// Item 0 is the preamble; repeats of a content id inside the block are dropped.
    static func items(
        of named: [HeldBatch], beaconProof: VRFProof
    ) -> (preamble: DecodedItem, items: [DecodedItem]) {
        var known: Set<Digest> = []
        known.reserveCapacity(named.reduce(0) { $0 + $1.items.count })
        var items: [DecodedItem] = []
        var marks: [BatchMark] = []
        for held in named {
            var count: UInt32 = 0
            for item in held.items where known.insert(item.contentID).inserted {
                items.append(item)
                count += 1
            }
            marks.append(BatchMark(author: held.batch.author, sequence: held.batch.sequence, count: count))
        }
        do {
            let preamble = Item.preamble(Preamble(beaconProof: beaconProof, batches: marks))
            return (try DecodedItem(decoding: preamble.encoded), items)
        } catch {
            preconditionFailure("an own preamble does not decode: \(error)")
        }
    }
}
