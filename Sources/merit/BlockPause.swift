// Waits for a node's next block by its events, and for a moment where the node tells of none. It begins to listen when
// it is made, so that a block between a question and the wait is not missed.
import Client
import Foundation
import Primitives
import RPC

final class BlockPause {
    /// How long a wait is at most, and how long it is without events.
    private static let (longest, unheard) = (Duration.seconds(2), useconds_t(200_000))

    private var reader: EventReader?

    init(_ node: NodeURL) {
        do throws(EventStreamError) { reader = try EventReader(node) } catch { reader = nil }
    }

    func wait() {
        guard let reader else {
            usleep(Self.unheard)
            return
        }
        do throws(EventStreamError) { _ = try reader.next(within: Self.longest) } catch { self.reader = nil }
    }
}
