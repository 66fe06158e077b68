// One connection as the rest of the module sees it: safe to use from any thread. What happens on the connection is
// decided by its `LinkHandler` alone, on its event loop; this side only queues and pokes.
import NIOCore
import Primitives
import Synchronization

/// What a link is told from other threads.
enum LinkCommand: Sendable {
    /// Write what is queued.
    case drain
    /// Read again: the owner caught up.
    case resume
    case close(CloseReason)
}

final class Link: Sendable {
    private struct Outbox {
        var queue: OutboundQueue
        var isDrainScheduled = false
    }

    let id: LinkID
    let channel: any Channel
    /// The dial this link comes from; nil for inbound ones.
    let dial: DialID?
    let address: String
    let identity: IdentityCheck
    private let outbox: Mutex<Outbox>
    private let inbox: Mutex<InboundBudget>

    var isOutbound: Bool { dial != nil }

    init(
        id: LinkID, channel: any Channel, origin: (dial: DialID?, address: String), identity: IdentityCheck,
        configuration: TransportConfiguration
    ) {
        (self.id, self.channel, self.identity) = (id, channel, identity)
        (dial, address) = origin
        let queue = OutboundQueue(
            budget: configuration.outboundBytesMax, total: configuration.outboundBytesTotalMax
        )
        outbox = Mutex(Outbox(queue: queue))
        inbox = Mutex(InboundBudget(limit: configuration.inboundBytesMax))
    }

    func command(_ command: LinkCommand) { channel.triggerUserOutboundEvent(command, promise: nil) }

    // MARK: Outbound

    var bytesQueued: Int { outbox.withLock { $0.queue.bytes } }

    /// The classes of the frames dropped for this one.
    func enqueue(_ body: Bytes, _ kind: FrameClass) -> [FrameClass] {
        let (dropped, mustWake) = outbox.withLock { outbox in
            let dropped = outbox.queue.enqueue(body, kind)
            defer { outbox.isDrainScheduled = true }
            return (dropped, !outbox.isDrainScheduled)
        }
        if mustWake { command(.drain) }
        return dropped
    }

    /// The next frames to write. After an empty answer the next `enqueue` pokes
    /// the link again; while frames wait, whoever stopped writing has to come back by itself.
    func take(upTo bytesMax: Int) -> [(kind: FrameClass, body: Bytes)] {
        outbox.withLock { outbox in
            let frames = outbox.queue.take(upTo: bytesMax)
            if frames.isEmpty { outbox.isDrainScheduled = false }
            return frames
        }
    }

    // MARK: Inbound

    /// True when reading must stop now.
    func charge(_ cost: Int) -> Bool { inbox.withLock { $0.charge(cost) } }

    func consumed(_ cost: Int) {
        if inbox.withLock({ $0.release(cost) }) { command(.resume) }
    }

    var isPaused: Bool { inbox.withLock { $0.isPaused } }
}
