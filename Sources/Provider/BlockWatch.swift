// Listens to the events of the node that the agent asks, on a thread of its own, and wakes the agent. Invariants: the
// agent never waits for this thread; what a stream says of an earlier node is not passed on after `follow`; streams
// that fail are tried again at growing pauses.
package import Client
import Dispatch
import RPC
import Synchronization

package final class BlockWatch: Sendable {
    package struct News: Equatable, Sendable {
        /// A block was committed, or may have been before the stream began.
        package var hasBlock = false
        /// Why the stream of the followed node ended.
        package var loss: String?
    }

    private struct State {
        var node: NodeURL
        /// Counts the calls of `follow` that changed the node.
        var turn: UInt64 = 0
        var isStopped = false
        var news = News()
    }

    private let state: Mutex<State>
    private let wake: @Sendable () -> Void
    private let queue = DispatchQueue(label: "merit.provider.blocks")
    private let pause = DispatchSemaphore(value: 0)

    package init(_ node: NodeURL, wake: @escaping @Sendable () -> Void) {
        state = Mutex(State(node: node))
        self.wake = wake
    }

    package func start() { queue.async { [self] in run() } }

    package func stop() {
        state.withLock { $0.isStopped = true }
        pause.signal()
    }

    /// From now on this node is listened to.
    package func follow(_ node: NodeURL) {
        let isOther = state.withLock { state in
            if state.node.description == node.description { return false }
            (state.node, state.turn, state.news.loss) = (node, state.turn + 1, nil)
            return true
        }
        if isOther { pause.signal() }
    }

    /// What happened since the last call.
    package func news() -> News {
        state.withLock { state in
            defer { state.news = News() }
            return state.news
        }
    }

    // MARK: The thread

    private var target: (node: NodeURL, turn: UInt64)? {
        state.withLock { $0.isStopped ? nil : ($0.node, $0.turn) }
    }

    private func run() {
        var rest = StreamPause()
        while let target {
            let loss: String
            do throws(EventStreamError) {
                try listen(to: target.node, turn: target.turn, &rest)
                continue
            } catch {
                loss = "\(error)"
            }
            tell(of: target.turn) { $0.loss = loss }
            _ = pause.wait(timeout: .now() + .milliseconds(Int(rest.take() / .milliseconds(1))))
        }
    }

    /// Returns when another node is to be followed.
    private func listen(to node: NodeURL, turn: UInt64, _ rest: inout StreamPause) throws(EventStreamError) {
        let reader = try EventReader(node, stepSeconds: ProviderLimits.nodeStepSeconds)
        tell(of: turn) { $0.hasBlock = true }
        var last = ContinuousClock.now
        while target?.turn == turn {
            let event = try reader.next(within: ProviderLimits.eventStep)
            if case .block? = event {
                rest.reset()
                last = .now
                tell(of: turn) { $0.hasBlock = true }
            } else if last.duration(to: .now) > ProviderLimits.blockSilence {
                throw .exchange(.timeout)
            }
        }
    }

    private func tell(of turn: UInt64, _ change: (inout News) -> Void) {
        let isCurrent = state.withLock { state in
            guard state.turn == turn else { return false }
            change(&state.news)
            return true
        }
        if isCurrent { wake() }
    }
}
