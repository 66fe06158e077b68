// What the rest of the process may know of the core, written by the core's thread after each pass and each commit.
package import Ledger
import NodeCore
package import Primitives
import Synchronization

package struct NodeStatus: Sendable {
    package internal(set) var tip: Tip
    /// The round of the open height.
    package internal(set) var round: UInt32 = 0
    /// Items in the own open batch.
    package internal(set) var itemsOpen = 0
    /// Held batches that stand in no block yet.
    package internal(set) var batchesWaiting = 0
    /// A peer claims a height that is more than one above the tip.
    package internal(set) var isCatchingUp = false
    package internal(set) var counters = Counters()

    /// Since the process started.
    package struct Counters: Sendable {
        package internal(set) var blocks: UInt64 = 0
        package internal(set) var items: UInt64 = 0
        package internal(set) var passes: UInt64 = 0
        package internal(set) var events: UInt64 = 0
        package internal(set) var journalSyncs: UInt64 = 0
        package internal(set) var signatures: UInt64 = 0
        package internal(set) var refusedSignatures: UInt64 = 0
        package internal(set) var penalties: UInt64 = 0
        package internal(set) var oversizeFrames: UInt64 = 0
    }
}

package final class StatusBoard: Sendable {
    private struct State {
        var status: NodeStatus
        var followers: [UInt64: AsyncStream<Height>.Continuation] = [:]
        var next: UInt64 = 0
        var isClosed = false
    }

    private let state: Mutex<State>

    init(tip: Tip) { state = Mutex(State(status: NodeStatus(tip: tip))) }

    package var status: NodeStatus { state.withLock { $0.status } }

    func update(_ body: (inout NodeStatus) -> Void) { state.withLock { body(&$0.status) } }

    /// Called once its height is durable. Followers are told without the lock: to wake one takes a lock of its task,
    /// which whoever cancels that task holds while it asks for this one, to leave.
    func committed(_ tip: Tip, items: Int) {
        let followers = state.withLock { state in
            state.status.tip = tip
            state.status.counters.blocks += 1
            state.status.counters.items += UInt64(items)
            return Array(state.followers.values)
        }
        for follower in followers { follower.yield(tip.height) }
    }

    /// The heights committed from now on, each once and in order; a slow follower loses the oldest. nil when too many
    /// follow already. It ends when the node stops.
    package func heights() -> AsyncStream<Height>? {
        let buffered = RuntimeLimits.heightsBufferedMax
        let (stream, follower) = AsyncStream.makeStream(of: Height.self, bufferingPolicy: .bufferingNewest(buffered))
        let number = state.withLock { state -> UInt64? in
            guard !state.isClosed, state.followers.count < RuntimeLimits.followersMax else { return nil }
            defer { state.next += 1 }
            state.followers[state.next] = follower
            return state.next
        }
        guard let number else { return nil }
        follower.onTermination = { [weak self] _ in self?.leave(number) }
        return stream
    }

    private func leave(_ number: UInt64) { state.withLock { _ = $0.followers.removeValue(forKey: number) } }

    func close() {
        let followers = state.withLock { state in
            state.isClosed = true
            defer { state.followers = [:] }
            return Array(state.followers.values)
        }
        for follower in followers { follower.finish() }
    }
}
