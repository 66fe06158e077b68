// What must hold whatever the schedule: checked at every output of every honest node, from outside the machine.
import Consensus
import Primitives
import Quorum

struct Law {
    let committee: Committee
    let byzantine: Set<Int>
    var invalid: Set<ProposalID> = []
    /// The values that each node was told to be valid.
    private var told: [Int: Set<ProposalID>] = [:]
    private(set) var breaches: [String] = []
    private(set) var decisions: [Height: ProposalID] = [:]
    private(set) var roundsOfDecision: [Round] = []
    private(set) var evidenceCount = 0

    private struct Key: Hashable {
        let node: Int
        let height: Height
        let round: Round
        let type: VoteType
    }

    private var signed: [Key: ProposalID?] = [:]
    private var proposed: [Key: ProposalStatement] = [:]
    /// The newest precommit for a value, by node and height.
    private var locks: [Int: [Height: Agreement.RoundValue]] = [:]

    init(committee: Committee, byzantine: Set<Int>) { (self.committee, self.byzantine) = (committee, byzantine) }

    /// The verdict that a node gets about a value.
    mutating func verdict(_ id: ProposalID, to index: Int) -> Agreement.Verdict {
        if invalid.contains(id) { return .invalid }
        told[index, default: []].insert(id)
        return .valid
    }

    mutating func check(_ output: Agreement.Output, by index: Int, node: TestNode) {
        switch output {
        case .vote(let vote): check(vote, by: index, machine: node.machine)
        case .decided(let id, let round, let commit): check(id, round, commit, by: index, node: node)
        case .doubleVote(let first, let second): check(first, second)
        case .refusedDecision(let id, _): breaches.append("node \(index) saw a quorum for the invalid \(id)")
        default: break
        }
    }

    private mutating func check(_ vote: VoteStatement, by index: Int, machine: Agreement) {
        let key = Key(node: index, height: vote.height, round: vote.round, type: vote.type)
        if signed[key] != nil { breaches.append("node \(index) votes twice in \(vote.type) \(vote.round)") }
        signed[key] = .some(vote.proposal)
        guard let value = vote.proposal else { return }
        if told[index]?.contains(value) != true {
            breaches.append("node \(index) votes for a value that it does not hold")
        }
        switch vote.type {
        case .prevote:
            guard let lock = locks[index]?[vote.height], Self.id(lock) != value else { return }
            if !(lock.round..<vote.round).contains(where: { isPolka(value, in: $0, machine) }) {
                breaches.append("node \(index) leaves its lock of round \(lock.round) in \(vote.round) without a polka")
            }
        case .precommit:
            if !isPolka(value, in: vote.round, machine) {
                breaches.append("node \(index) precommits in \(vote.round) without a polka")
            }
            locks[index, default: [:]][vote.height] = machine.locked
            if machine.locked.map({ $0.round != vote.round || Self.id($0) != value }) ?? true {
                breaches.append("node \(index) precommits without the lock")
            }
        }
    }

    private static func id(_ value: Agreement.RoundValue) -> ProposalID { value.value }

    /// Counted here, from the signed votes themselves: three or more of four, five of seven.
    private func isPolka(_ value: ProposalID, in round: Round, _ machine: Agreement) -> Bool {
        let voters = Set(machine.votes(.prevote, round: round).filter { $0.proposal == value }.map(\.validatorIndex))
        return voters.count * 3 > committee.set.count * 2
    }

    private mutating func check(_ id: ProposalID, _ round: Round, _ commit: Commit, by index: Int, node: TestNode) {
        let height = node.terms.height
        if invalid.contains(id) { breaches.append("node \(index) decides an invalid value") }
        if let other = decisions[height], other != id { breaches.append("two decisions at \(height)") }
        if decisions[height] == nil { roundsOfDecision.append(round) }
        decisions[height] = id
        do throws(CommitError) {
            try commit.check(
                blockID: id.blockID, header: (height, id.time), set: committee.set, chainID: committee.chainID,
                profile: .merit)
        } catch {
            breaches.append("the commit of node \(index) proves nothing: \(error)")
        }
    }

    private mutating func check(_ first: Vote, _ second: Vote) {
        evidenceCount += 1
        if !byzantine.contains(Int(first.validatorIndex)) {
            breaches.append("honest \(first.validatorIndex) is accused")
        }
        let isSameKey =
            (first.height, first.round, first.type, first.validatorIndex)
            == (second.height, second.round, second.type, second.validatorIndex)
        if !isSameKey || !first.blockID.sortKey.lexicographicallyPrecedes(second.blockID.sortKey) {
            breaches.append("malformed evidence")
        }
    }
}
