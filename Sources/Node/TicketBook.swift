// Clients that wait for the core's answers to items they handed in. Invariant: every ticket is answered exactly once,
// and a client is resumed once, with the answers in the order of its items.
import NodeCore
import Synchronization

final class TicketBook: Sendable {
    typealias Client = CheckedContinuation<[Reply.Answer], Never>

    /// What one client handed in together.
    private struct Order {
        let client: Client
        var answers: [Reply.Answer]
        var open: Int
    }

    private struct State {
        /// By the order's first ticket.
        var orders: [Ticket: Order] = [:]
        /// Ticket to the first one of its order.
        var waiting: [Ticket: Ticket] = [:]
        var next: Ticket = 1
        var isClosed = false
    }

    private let state = Mutex(State())

    /// A ticket for each of the first items; those beyond the bound, or all once the node is stopping, are answered
    /// `busy`.
    func open(_ count: Int, _ client: Client) -> [Ticket] {
        let tickets = state.withLock { state -> [Ticket] in
            let room = state.isClosed ? 0 : RuntimeLimits.itemsOutstandingMax - state.waiting.count
            let opened = min(count, max(0, room))
            guard opened > 0 else { return [] }
            let first = state.next
            state.next += Ticket(opened)
            for ticket in first..<state.next { state.waiting[ticket] = first }
            state.orders[first] = Order(
                client: client, answers: Array(repeating: .busy, count: count), open: opened)
            return Array(first..<state.next)
        }
        if tickets.isEmpty { client.resume(returning: Array(repeating: .busy, count: count)) }
        return tickets
    }

    func answer(_ reply: Reply) {
        let finished = state.withLock { state -> Order? in
            guard let first = state.waiting.removeValue(forKey: reply.ticket) else { return nil }
            state.orders[first]?.answers[Int(reply.ticket - first)] = reply.answer
            state.orders[first]?.open -= 1
            return state.orders[first]?.open == 0 ? state.orders.removeValue(forKey: first) : nil
        }
        if let finished { finished.client.resume(returning: finished.answers) }
    }

    /// Answers everybody, now and later, with `busy`.
    func close() {
        let orders = state.withLock { state in
            state.isClosed = true
            defer { (state.waiting, state.orders) = ([:], [:]) }
            return Array(state.orders.values)
        }
        for order in orders { order.client.resume(returning: order.answers) }
    }
}
