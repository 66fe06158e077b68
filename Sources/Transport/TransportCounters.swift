// What the metrics page shows of the network. Counters only grow; gauges are read at the moment of asking.

package struct TrafficCount: Sendable, Equatable {
    package var frames: UInt64 = 0
    /// Body bytes.
    package var bytes: UInt64 = 0

    mutating func add(bytes count: Int) {
        frames &+= 1
        bytes &+= UInt64(count)
    }
}

package struct TransportCounters: Sendable {
    package var received = PerClass(repeating: TrafficCount())
    package var sent = PerClass(repeating: TrafficCount())
    /// Frames dropped because the peer reads too slowly.
    package var dropped = PerClass(repeating: TrafficCount())
    /// Links that ended before they were up, reported or not.
    package var refusals: UInt64 = 0
    package var refusalsUnreported: UInt64 = 0
    package var connections: UInt64 = 0
    package var disconnections: UInt64 = 0
    package var dials: UInt64 = 0
    /// Times a link was not read because the owner was behind.
    package var pauses: UInt64 = 0
    // Gauges.
    package var peersInbound = 0
    package var peersOutbound = 0
    package var halfOpen = 0
    package var outboundBytesQueued = 0
}
