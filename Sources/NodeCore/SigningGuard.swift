// Keeps a validator from contradicting what its key signed in a life that this node does not remember: a restored
// backup, a copied home, a second process. Source: the protocol design, section 5, "no honest key can produce slashable
// evidence across crashes and restores".
// Invariant: nothing leaves before validators with more than 2/3 of the stake (this one included) have said how far
// they are, and nothing leaves at or below `floor`. Waiting for them costs no block: without them nothing is decided.
package import Primitives
package import Quorum

/// Where in the chain something was signed.
package struct SigningPlace: Hashable, Comparable, Sendable {
    package let height: Height
    package let round: Round
    /// 0 proposal, 1 prevote, 2 precommit.
    package let step: UInt8

    package init(height: Height, round: Round, step: UInt8) {
        (self.height, self.round, self.step) = (height, round, step)
    }

    init(_ vote: Vote) { self.init(height: vote.height, round: vote.round, step: vote.type == .prevote ? 1 : 2) }

    package static func < (lhs: SigningPlace, rhs: SigningPlace) -> Bool {
        (lhs.height, lhs.round, lhs.step) < (rhs.height, rhs.round, rhs.step)
    }
}

struct SigningGuard: Sendable {
    private enum Phase: Sendable {
        /// Too few have said how far they are.
        case listening
        /// They have, but a validator that is connected has not: it may have seen what the others have not.
        case gathering(deadline: Instant)
        /// All have; other signatures of this key are looked for until a height is decided or nothing happens.
        case watching(through: Height, deadline: Instant)
        case open
    }

    private struct Report: Sendable {
        let validator: Address
        var tip: Height
    }

    private let own: Address
    private let startTip: Height
    private let watchedHeights: UInt64
    /// The highest that this node knows to have signed: its record's, then its own.
    private var newest: SigningPlace?
    private var reports: [Report] = []
    private var phase = Phase.listening
    /// Only heights above it are signed.
    private(set) var floor = Height.zero

    init(own: Address, tip: Height, signed: SigningPlace?, watchedHeights: UInt64) {
        (self.own, startTip, newest, self.watchedHeights) = (own, tip, signed, watchedHeights)
    }

    var isOpen: Bool {
        if case .open = phase { true } else { false }
    }

    var deadline: Instant? {
        switch phase {
        case .gathering(let deadline), .watching(_, let deadline): deadline
        case .listening, .open: nil
        }
    }

    func maySign(_ height: Height) -> Bool { isOpen && height > floor }

    // MARK: What is heard

    /// A validator's tip, the own one included. `connected`: the validators that are linked now.
    mutating func heard(
        _ tip: Height, of validator: Address, among set: ValidatorSet, connected: [Address], now: Instant
    ) {
        switch phase {
        case .listening, .gathering: break
        case .watching, .open: return
        }
        guard set.index(of: validator) != nil || validator == own else { return }
        if let place = reports.firstIndex(where: { $0.validator == validator }) {
            reports[place].tip = tip
        } else {
            reports.append(Report(validator: validator, tip: tip))
        }
        guard let reached = tipOfTwoThirds(set) else { return }
        let isComplete = connected.allSatisfy { peer in reports.contains { $0.validator == peer } }
        if case .listening = phase, !isComplete {
            phase = .gathering(deadline: now.advanced(by: NodeLimits.gatherPatience))
        }
        if case .gathering(let deadline) = phase, !isComplete, now < deadline { return }
        // The network decided heights that neither the store nor the record of this node reach.
        if reached > startTip, (newest?.height ?? .zero) <= reached { floor = max(floor, reached.advanced()) }
        let isAlone = set.index(of: own).map { isQuorum(set.validators[$0].power, set) } ?? false
        if isAlone || reached == .zero || watchedHeights == 0 {
            phase = .open
        } else {
            let end = now.advanced(by: NodeLimits.watchPatience)
            phase = .watching(through: max(claimed(by: own), reached).advanced(by: watchedHeights), deadline: end)
        }
    }

    private func claimed(by validator: Address) -> Height {
        reports.first { $0.validator == validator }?.tip ?? startTip
    }

    private func isQuorum(_ power: Int64, _ set: ValidatorSet) -> Bool { power * 3 > set.totalPower * 2 }

    /// The highest tip that more than 2/3 of the stake report or have passed.
    private func tipOfTwoThirds(_ set: ValidatorSet) -> Height? {
        var power: Int64 = 0
        for report in reports.sorted(by: { ($1.tip, $1.validator) < ($0.tip, $0.validator) }) {
            power += set.index(of: report.validator).map { set.validators[$0].power } ?? 0
            if isQuorum(power, set) { return report.tip }
        }
        return nil
    }

    /// This node signed there.
    mutating func signed(_ place: SigningPlace) { newest = max(newest ?? place, place) }

    /// A verified vote of the own key. True when this node never signed it: nothing is signed until a commit above its
    /// height is held.
    mutating func saw(_ place: SigningPlace) -> Bool {
        if let newest, place <= newest { return false }
        let end = place.height.advanced()
        defer { floor = max(floor, end) }
        return end > floor
    }

    /// Time passed, or a height was decided.
    mutating func advance(tip: Height, isNewTip: Bool, now: Instant) {
        guard case .watching(let through, let deadline) = phase else { return }
        if tip >= through || deadline <= now {
            phase = .open
        } else if isNewTip {
            phase = .watching(through: through, deadline: now.advanced(by: NodeLimits.watchPatience))
        }
    }
}
