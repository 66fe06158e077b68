// When a validator's node says something about its jail, and when it asks to return: no clock, no key, no socket.
// Invariant: it asks only when the term is over in a state that is not behind, and in an epoch no more often than it is
// put off, with a bound.
import Ledger

struct JailPlan {
    enum Step: Equatable {
        case wait
        /// It begins; said once for each term.
        case announce(Jail)
        /// `isLast`: whoever is put off now is not asked again in this epoch.
        case ask(Jail, isLast: Bool)
    }

    /// How often it asks in one epoch while the node has no room or no link.
    static let triesMax = 16

    private var announced: UInt64?
    private var asked: UInt64?
    private var tried: UInt64?
    private var triesLeft = Self.triesMax

    mutating func next(_ jail: Jail?, isBehind: Bool) -> Step {
        guard let jail else {
            (announced, asked, tried) = (nil, nil, nil)
            return .wait
        }
        if isBehind { return .wait }
        if jail.isOver {
            if asked == jail.epoch { return .wait }
            if tried != jail.epoch { (tried, triesLeft) = (jail.epoch, Self.triesMax) }
            asked = jail.epoch
            triesLeft -= 1
            return .ask(jail, isLast: triesLeft == 0)
        }
        if announced == jail.freeEpoch { return .wait }
        announced = jail.freeEpoch
        return .announce(jail)
    }

    /// The node could not take the last one; the next block brings another.
    mutating func isPutOff() {
        if triesLeft > 0 { asked = nil }
    }
}
