// A network of machines under one seed: messages are dropped, delayed, reordered and duplicated until the healing time,
// nodes restart out of their journals, up to f validators are Byzantine. Everything comes from the seed.
import Consensus
import Cryptography
import Primitives
import Quorum

/// Entries by time, then by order of insertion.
struct Agenda<Item> {
    private var heap: [(at: Instant, order: Int, item: Item)] = []
    private var count = 0

    mutating func add(_ item: Item, at: Instant) {
        count += 1
        heap.append((at, count, item))
        var child = heap.count - 1
        while child > 0, precedes(child, (child - 1) / 2) {
            heap.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    mutating func next() -> (Instant, Item)? {
        guard let first = heap.first else { return nil }
        heap.swapAt(0, heap.count - 1)
        heap.removeLast()
        var parent = 0
        while true {
            var least = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < heap.count && precedes(child, least) {
                least = child
            }
            if least == parent { break }
            heap.swapAt(parent, least)
            parent = least
        }
        return (first.at, first.item)
    }

    private func precedes(_ left: Int, _ right: Int) -> Bool {
        (heap[left].at, heap[left].order) < (heap[right].at, heap[right].order)
    }
}

enum Message {
    case proposal(Verified<ProposalClaim>)
    case vote(Verified<VoteClaim>)

    var height: Height {
        switch self {
        case .proposal(let claim): claim.value.statement.height
        case .vote(let claim): claim.value.vote.height
        }
    }
}

enum Happening {
    case message(Message, to: Int)
    case deadline(Int)
    case verdict(ProposalID, Height, node: Int)
    case gossip(Int)
    case restart(Int)
}

struct Simulation {
    let committee: Committee
    let byzantine: Set<Int>
    let heights: UInt64
    static let origin = Instant(nanoseconds: 1_767_323_045_000_000_000)
    let healing: Instant
    private let dropPPM: UInt64
    private let delayMax: UInt64
    private var random: Random
    private var agenda = Agenda<Happening>()
    private(set) var now = Simulation.origin
    /// By validator; each with one node per height it has reached. A Byzantine one has none.
    private(set) var nodes: [[TestNode]]
    private var early: [[Message]]
    private var valueCount: UInt64 = 0
    private(set) var law: Law
    private var liesLeft = 150
    /// What was signed, verified once: keyed by the signature, so that gossip costs no cryptography.
    private var votes: [Signature: Verified<VoteClaim>] = [:]
    private var proposals: [Signature: Verified<ProposalClaim>] = [:]
    /// Values that some Byzantine validator can name, by height.
    private var rumours: [(height: Height, id: ProposalID)] = []

    init(seed: UInt64, committee: Committee, faulty: Int, heights: UInt64 = 2) {
        var random = Random(seed: seed)
        (self.committee, self.heights) = (committee, heights)
        var chosen: Set<Int> = []
        while chosen.count < faulty { chosen.insert(Int(random.below(UInt64(committee.set.count)))) }
        byzantine = chosen
        healing = Self.origin.advanced(by: .milliseconds(Int64(random.below(2500))))
        dropPPM = random.below(400_000)
        delayMax = 20 + random.below(400)
        nodes = committee.keys.map { _ in [] }
        early = committee.keys.map { _ in [] }
        law = Law(committee: committee, byzantine: chosen)
        self.random = random
    }

    var honest: [Int] { committee.keys.indices.filter { !byzantine.contains($0) } }
    var isDone: Bool {
        honest.allSatisfy { nodes[$0].last?.machine.decision != nil && nodes[$0].count == Int(heights) }
    }

    /// Runs until every honest node decided every height, or `span` after the healing.
    mutating func run(for span: Span) {
        for index in honest {
            agenda.add(.gossip(index), at: now.advanced(by: .milliseconds(Int64(random.below(100)))))
            if random.chance(ppm: 300_000) {
                agenda.add(.restart(index), at: now.advanced(by: .milliseconds(Int64(random.below(2500)))))
            }
            startHeight(index)
        }
        let end = healing.advanced(by: span)
        while !isDone, let (at, happening) = agenda.next(), at <= end {
            now = max(now, at)
            perform(happening)
        }
    }

    private mutating func perform(_ happening: Happening) {
        switch happening {
        case .message(let message, let node): deliver(message, to: node)
        case .deadline(let node):
            if let due = nodes[node].last?.machine.nextDeadline, due <= now { step(node, .deadlineReached) }
        case .verdict(let id, let height, let node):
            guard nodes[node].last?.terms.height == height else { return }
            let verdict = law.verdict(id, to: node)
            step(node, .proposalChecked(id, verdict))
        case .gossip(let node):
            gossip(node)
            agenda.add(.gossip(node), at: now.advanced(by: .milliseconds(80)))
        case .restart(let node):
            let last = nodes[node].count - 1
            handle(nodes[node][last].restart(now: now), of: node)
        }
    }

    // MARK: Honest nodes

    private mutating func startHeight(_ index: Int) {
        let timeout = Timeout(base: .milliseconds(100), delta: .milliseconds(60))
        let terms = Agreement.Terms(
            height: Height.zero.advanced(by: UInt64(nodes[index].count + 1)), set: committee.set,
            schedule: committee.schedule, timeouts: Timeouts(propose: timeout, prevote: timeout, precommit: timeout),
            timeliness: Timeliness(precision: .milliseconds(50), messageDelay: .milliseconds(100)))
        nodes[index].append(TestNode(committee, terms.voting(as: index)))
        step(index, .started)
        let waiting = early[index]
        early[index] = []
        for message in waiting { deliver(message, to: index) }
    }

    private mutating func deliver(_ message: Message, to index: Int) {
        if byzantine.contains(index) { return lie(about: message, as: index) }
        guard let height = nodes[index].last?.terms.height else { return }
        if message.height > height, early[index].count < 500 { early[index].append(message) }
        guard message.height == height else { return }
        switch message {
        case .proposal(let claim):
            step(index, .proposalReceived(Agreement.Proposal(claim, receivedAt: now)))
        case .vote(let claim): step(index, .voteVerified(claim))
        }
    }

    private mutating func step(_ index: Int, _ event: Agreement.Event) {
        let last = nodes[index].count - 1
        handle(nodes[index][last].step(event, now: now), of: index)
    }

    private mutating func handle(_ outputs: [Agreement.Output], of index: Int) {
        guard let node = nodes[index].last else { return }
        for output in outputs {
            law.check(output, by: index, node: node)
            switch output {
            case .propose(let height, let round, let polRound, let valid):
                let id = valid ?? freshValue(height, isInvalid: false, time: now.timestamp)
                propose(ProposalStatement(height: height, round: round, polRound: polRound, proposal: id), by: index)
            case .check(let id), .fetch(let id):
                let wait = random.chance(ppm: 500_000) ? 0 : random.below(120)
                agenda.add(
                    .verdict(id, node.terms.height, node: index), at: now.advanced(by: .milliseconds(Int64(wait))))
            case .vote(let statement):
                if let id = statement.proposal { rumours.append((statement.height, id)) }
                broadcast(.vote(signed(statement, by: index)), from: index)
            default: break
            }
        }
        let isOpen = nodes[index].last?.terms.height == node.terms.height
        if isOpen, node.machine.decision != nil, nodes[index].count < Int(heights) { startHeight(index) }
        if let deadline = nodes[index].last?.machine.nextDeadline {
            agenda.add(.deadline(index), at: max(now, deadline))
        }
    }

    private mutating func propose(_ statement: ProposalStatement, by index: Int) {
        let last = nodes[index].count - 1
        let claim = committee.proposal(statement, by: index)
        proposals[claim.value.signature] = claim
        rumours.append((statement.height, statement.proposal))
        let outputs = nodes[index][last].propose(claim, now: now)
        broadcast(.proposal(claim), from: index)
        handle(outputs, of: index)
    }

    private mutating func freshValue(_ height: Height, isInvalid: Bool, time: Timestamp) -> ProposalID {
        valueCount += 1
        let hash = Hash.sha256(valueCount.bigEndianBytes)
        let id = ProposalID(blockID: BlockID(hash: hash, parts: PartSetHeader(total: 1, hash: hash)), time: time)
        if isInvalid { law.invalid.insert(id) }
        return id
    }

    /// What a lagging peer needs: this node's votes, its proposal, the polka behind it, the votes that decided.
    private mutating func gossip(_ index: Int) {
        let peer = Int(random.below(UInt64(committee.set.count)))
        guard peer != index, !byzantine.contains(peer), let lagging = nodes[peer].last?.terms.height else { return }
        guard let node = nodes[index].first(where: { $0.terms.height == lagging }) else { return }
        let machine = node.machine
        var rounds = [machine.round]
        if let valid = machine.valid { rounds.append(valid.round) }
        rounds += machine.roundsKept.filter { !machine.votes(.precommit, round: $0).isEmpty }.suffix(3)
        for round in Set(rounds).sorted() {
            if let proposal = machine.proposal(round: round), let claim = proposals[proposal.claim.signature] {
                send(.proposal(claim), to: peer)
            }
            let known = machine.votes(.prevote, round: round) + machine.votes(.precommit, round: round)
            for claim in known.compactMap({ votes[$0.signature] }) { send(.vote(claim), to: peer) }
        }
    }

    private mutating func broadcast(_ message: Message, from index: Int) {
        for peer in committee.keys.indices where peer != index { send(message, to: peer) }
    }

    private mutating func send(_ message: Message, to peer: Int) {
        if now >= healing {
            agenda.add(.message(message, to: peer), at: now.advanced(by: .milliseconds(1 + Int64(random.below(9)))))
            return
        }
        if random.chance(ppm: dropPPM) { return }
        for _ in 0..<(random.chance(ppm: 100_000) ? 2 : 1) {
            agenda.add(
                .message(message, to: peer), at: now.advanced(by: .milliseconds(Int64(random.below(delayMax)))))
        }
    }

    private mutating func signed(_ statement: VoteStatement, by index: Int) -> Verified<VoteClaim> {
        let claim = committee.vote(statement, by: index)
        votes[claim.value.vote.signature] = claim
        return claim
    }

    // MARK: Byzantine ones

    /// Where there are two, one with an odd index is silent; the others answer what they hear with contradictions.
    private mutating func lie(about message: Message, as index: Int) {
        guard index % 2 == Int(heights) % 2 || byzantine.count == 1, liesLeft > 0, random.chance(ppm: 150_000) else {
            return
        }
        liesLeft -= 1
        let height = message.height
        var round: Round = 0
        switch message {
        case .proposal(let claim): round = claim.value.statement.round
        case .vote(let claim): round = claim.value.vote.round
        }
        round += Round(random.below(3))
        if random.chance(ppm: 20_000) { round += 1000 }
        for peer in honest {
            if committee.proposer(height, round) == index, random.chance(ppm: 500_000) {
                lieProposal(height, round, to: peer, as: index)
            } else {
                let type = random.chance(ppm: 500_000) ? VoteType.prevote : .precommit
                let statement = VoteStatement(type: type, height: height, round: round, proposal: rumour(height))
                send(.vote(signed(statement, by: index)), to: peer)
            }
        }
    }

    private mutating func lieProposal(_ height: Height, _ round: Round, to peer: Int, as index: Int) {
        let offset = Span.milliseconds(Int64(random.below(400)) - 200)
        let fresh = freshValue(
            height, isInvalid: random.chance(ppm: 500_000), time: now.advanced(by: offset).timestamp)
        let polRound = round > 0 && random.chance(ppm: 500_000) ? Round(random.below(UInt64(round))) : nil
        let id = random.chance(ppm: 500_000) ? rumour(height) ?? fresh : fresh
        rumours.append((height, id))
        let statement = ProposalStatement(height: height, round: round, polRound: polRound, proposal: id)
        let claim = committee.proposal(statement, by: index)
        proposals[claim.value.signature] = claim
        send(.proposal(claim), to: peer)
    }

    private mutating func rumour(_ height: Height) -> ProposalID? {
        let known = rumours.filter { $0.height == height }
        if known.isEmpty || random.chance(ppm: 250_000) { return nil }
        return known[Int(random.below(UInt64(known.count)))].id
    }
}
