// What one height has received, by round, in bounded memory. Invariants: `rounds` ascends strictly; at most
// `roundsBehindMax` of them lie below the current round and `roundsAheadMax` above it; beyond that window each
// validator has at most one prevote and one precommit, of its highest round there.
import Primitives
import Quorum

struct RoundEntry: Equatable, Sendable {
    let round: Round
    var prevotes: VoteTally
    var precommits: VoteTally
    var proposal: Agreement.Proposal?
    var isDoubleProposalReported = false
}

struct RoundBook: Equatable, Sendable {
    /// The votes of one validator in its highest round beyond the window.
    struct Far: Equatable, Sendable {
        let round: Round
        var prevote: Vote?
        var precommit: Vote?
    }

    let set: ValidatorSet
    private(set) var rounds: [RoundEntry] = []
    private var far: [Far?]
    /// The highest round in which each validator voted.
    private var highest: [Round?]

    init(set: ValidatorSet) {
        self.set = set
        far = Array(repeating: nil, count: set.count)
        highest = Array(repeating: nil, count: set.count)
    }

    subscript(round: Round) -> RoundEntry? {
        let place = position(of: round)
        return place < rounds.count && rounds[place].round == round ? rounds[place] : nil
    }

    /// Changes the entry of `round`, making it when it is not there.
    mutating func update<Result>(_ round: Round, _ change: (inout RoundEntry) -> Result) -> Result {
        let place = position(of: round)
        if place == rounds.count || rounds[place].round != round {
            let empty = VoteTally(validators: set.count)
            rounds.insert(RoundEntry(round: round, prevotes: empty, precommits: empty), at: place)
        }
        return change(&rounds[place])
    }

    private func position(of round: Round) -> Int {
        var (low, high) = (0, rounds.count)
        while low < high {
            let middle = (low + high) / 2
            if rounds[middle].round < round { low = middle + 1 } else { high = middle }
        }
        return low
    }

    /// True when votes and proposals of `round` are kept in full while `current` is open.
    static func isInWindow(_ round: Round, current: Round) -> Bool {
        UInt64(round) <= UInt64(current) + UInt64(ConsensusLimits.roundsAheadMax)
    }

    mutating func note(_ round: Round, by index: Int) {
        if highest[index].map({ $0 < round }) ?? true { highest[index] = round }
    }

    /// Keeps a vote beyond the window in place of lower ones of its validator; the first of each type stays.
    mutating func keepFar(_ vote: Vote) {
        let index = Int(vote.validatorIndex)
        if let known = far[index], known.round > vote.round { return }
        var entry = far[index].flatMap { $0.round == vote.round ? $0 : nil } ?? Far(round: vote.round)
        switch vote.type {
        case .prevote: entry.prevote = entry.prevote ?? vote
        case .precommit: entry.precommit = entry.precommit ?? vote
        }
        far[index] = entry
    }

    /// The far votes that the window around `current` now covers, by index; they leave the far list.
    mutating func takeFar(current: Round) -> [Vote] {
        var votes: [Vote] = []
        for index in far.indices {
            guard let entry = far[index], Self.isInWindow(entry.round, current: current) else { continue }
            votes += [entry.prevote, entry.precommit].compactMap { $0 }
            far[index] = nil
        }
        return votes
    }

    /// The highest round above `current` such that more than a third of the power voted in it or a higher one.
    func skipTarget(above current: Round) -> Round? {
        var ahead: [(round: Round, power: Int64)] = []
        var power: Int64 = 0
        for (index, round) in highest.enumerated() {
            guard let round, round > current else { continue }
            ahead.append((round, set.validators[index].power))
            power += set.validators[index].power
        }
        guard set.isBlocking(power) else { return nil }
        ahead.sort { $0.round > $1.round }
        power = 0
        for entry in ahead {
            power += entry.power
            if set.isBlocking(power) { return entry.round }
        }
        return nil
    }

    /// Drops rounds below `current` that are too many: the lowest without a polka first, then the lowest. `pinned` is
    /// the round that the open proposal points to.
    mutating func prune(current: Round, pinned: Round?) {
        while position(of: current) > ConsensusLimits.roundsBehindMax {
            let past = rounds[..<position(of: current)].indices.filter { rounds[$0].round != pinned }
            guard let lowest = past.first else { return }
            rounds.remove(at: past.first { rounds[$0].prevotes.quorumValue(set) == nil } ?? lowest)
        }
    }
}
