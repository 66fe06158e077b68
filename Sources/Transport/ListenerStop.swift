// How a server of HTTP ends without a trap: a connection that is accepted while nobody takes connections any more ends
// the process inside NIO ("Deinited NIOAsyncWriter without calling finish()"). So the listener first stops accepting,
// what it accepted becomes somebody's, and only then is the server cancelled.
package import NIOCore
import NIOPosix
import Synchronization

package final class ListenerStop: Sendable {
    private let listener = Mutex<(any Channel)?>(nil)

    package init() {}

    package func began(_ channel: any Channel) { listener.withLock { $0 = channel } }

    /// Runs `server` until it ends or this task is cancelled.
    package func run(_ server: @escaping @Sendable () async throws -> Void) async throws {
        let serving = Task { try await server() }
        try await withTaskCancellationHandler {
            try await serving.value
        } onCancel: {
            Task {
                await stopAccepting()
                serving.cancel()
            }
        }
    }

    private func stopAccepting() async {
        guard let channel = listener.withLock({ $0 }) else { return }
        do {
            try await channel.setOption(.autoRead, value: false).get()
            // A connection is handed over in a few turns of the loops that it passes.
            for _ in 0..<Self.turns {
                for loop in MultiThreadedEventLoopGroup.singleton.makeIterator() { try await loop.submit {}.get() }
            }
        } catch {
            // The listener is closed already.
        }
    }

    private static let turns = 8
}
