// Clients that wait for the core's answer to an item they handed in. Invariant: every ticket is answered exactly once.
import NodeCore
import Synchronization

final class TicketBook: Sendable {
    private struct State {
        var waiting: [Ticket: CheckedContinuation<Reply.Answer, Never>] = [:]
        var next: Ticket = 1
        var isClosed = false
    }

    private let state = Mutex(State())

    /// nil, with the answer `busy` given, when too many wait or the node is stopping.
    func open(_ client: CheckedContinuation<Reply.Answer, Never>) -> Ticket? {
        let ticket = state.withLock { state -> Ticket? in
            guard !state.isClosed, state.waiting.count < RuntimeLimits.itemsOutstandingMax else { return nil }
            defer { state.next += 1 }
            state.waiting[state.next] = client
            return state.next
        }
        if ticket == nil { client.resume(returning: .busy) }
        return ticket
    }

    func answer(_ reply: Reply) {
        state.withLock { $0.waiting.removeValue(forKey: reply.ticket) }?.resume(returning: reply.answer)
    }

    /// Answers everybody, now and later, with `busy`.
    func close() {
        let waiting = state.withLock { state in
            state.isClosed = true
            defer { state.waiting = [:] }
            return state.waiting
        }
        for client in waiting.values { client.resume(returning: .busy) }
    }
}
