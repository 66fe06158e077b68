// One subscriber's stream. It pulls: the next page is read from a fresh snapshot only after the subscriber took the one
// before, so a slow subscriber costs a page and the channel's buffer, and nobody waits for it.
package import Primitives
package import RPC

package struct EventFeed<Node: NodeFacade>: Sendable {
    private let node: Node
    private let account: Address?
    private let heartbeat: Duration
    private var next: Height
    /// The highest tip that was heard of.
    private var heard = Height.zero

    /// Throws where the events of the first height that is asked for are not told any more.
    init(_ node: Node, _ question: EventQuestion, heartbeat: Duration) throws(RPCError) {
        (self.node, account, self.heartbeat) = (node, question.account, heartbeat)
        next = try question.start(in: ChainReader(node.snapshot()))
    }

    /// What is there to tell at once; empty at the tip.
    package mutating func page() throws(RPCError) -> (bytes: Bytes, count: UInt64) {
        let page = try ChainReader(node.snapshot()).events(from: next, of: account)
        next = page.next
        return (page.bytes, page.count)
    }

    /// What is to be sent next: events as soon as there are some, else a comment that says that the stream is alive.
    /// nil when the task is cancelled.
    mutating func following() async throws(RPCError) -> (bytes: Bytes, count: UInt64)? {
        let page = try page()
        if page.count > 0 { return page }
        let last = max(heard, next.lowered())
        if let tip = await node.commits.next(after: last, within: heartbeat, as: .subscriber) {
            heard = tip
            let page = try self.page()
            if page.count > 0 { return page }
        }
        return Task.isCancelled ? nil : (Bytes(":\n\n".utf8), 0)
    }
}

extension RPCHandler {
    /// The stream that a target asks for, without any socket.
    package func events(_ target: String, lastEventID: String? = nil) throws(RPCError) -> EventFeed<Node> {
        let parts = target.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let question = try EventQuestion(query: parts.count > 1 ? parts[1] : "", lastEventID: lastEventID)
        return try EventFeed(node, question, heartbeat: events.bounds.heartbeat)
    }
}
