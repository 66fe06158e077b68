// When a validator's node says something about its jail, and when it asks to return: no clock, no key, no socket.
// Invariant: it asks at most once in an epoch, and only when the term is over in a state that is not behind.
import Ledger

struct JailPlan {
    enum Step: Equatable {
        case wait
        /// It begins; said once for each term.
        case announce(Jail)
        case ask(Jail)
    }

    private var announced: UInt64?
    private var asked: UInt64?

    mutating func next(_ jail: Jail?, isBehind: Bool) -> Step {
        guard let jail else {
            (announced, asked) = (nil, nil)
            return .wait
        }
        if isBehind { return .wait }
        if jail.isOver {
            if asked == jail.epoch { return .wait }
            asked = jail.epoch
            return .ask(jail)
        }
        if announced == jail.freeEpoch { return .wait }
        announced = jail.freeEpoch
        return .announce(jail)
    }
}
