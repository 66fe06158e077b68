// Who is subscribed, and what the streams came to. Invariant: a seat is left exactly once, when its last owner is gone,
// whether or not the stream that it was taken for ever began.
import Synchronization

/// Bounds of the event streams.
package struct EventBounds: Sendable {
    package var subscribers = APILimits.subscribersMax
    package var subscribersOfAddress = APILimits.subscribersOfAddressMax
    package var heartbeat = APILimits.heartbeatInterval
    package var writeTimeout = APILimits.eventWriteTimeout

    package init() {}
}

package final class EventBook: Sendable {
    struct Counters {
        var open = 0
        var sent: UInt64 = 0
        var dropped: UInt64 = 0
        var refused: UInt64 = 0
    }

    private struct State {
        var counters = Counters()
        var addresses: [String: Int] = [:]
    }

    private let state = Mutex(State())
    let bounds: EventBounds

    init(_ bounds: EventBounds) { self.bounds = bounds }

    var counters: Counters { state.withLock { $0.counters } }

    /// nil when there are too many, in total or from this address.
    func seat(_ address: String) -> EventSeat? {
        let hasRoom = state.withLock { state in
            let taken = state.addresses[address, default: 0]
            guard state.counters.open < bounds.subscribers, taken < bounds.subscribersOfAddress else {
                state.counters.refused += 1
                return false
            }
            state.counters.open += 1
            state.addresses[address] = taken + 1
            return true
        }
        return hasRoom ? EventSeat(self, address) : nil
    }

    fileprivate func leave(_ address: String) {
        state.withLock { state in
            state.counters.open -= 1
            let rest = state.addresses[address, default: 0] - 1
            state.addresses[address] = rest > 0 ? rest : nil
        }
    }

    func sent(_ count: UInt64) { state.withLock { $0.counters.sent += count } }
    func dropped() { state.withLock { $0.counters.dropped += 1 } }
}

/// The right to one stream.
final class EventSeat: Sendable {
    let book: EventBook
    private let address: String

    fileprivate init(_ book: EventBook, _ address: String) { (self.book, self.address) = (book, address) }

    deinit { book.leave(address) }
}
