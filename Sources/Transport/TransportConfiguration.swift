// What an owner may tune. The defaults suit up to some hundred validators on ordinary lines.

package struct TransportConfiguration: Sendable {
    /// Event loop threads.
    package var threads = 2
    /// From the accepted connection to the end of the TLS handshake.
    package var handshakeDeadline: Duration = .seconds(5)
    /// From there to the peer's acceptance of our hello.
    package var helloDeadline: Duration = .seconds(5)
    package var connectDeadline: Duration = .seconds(5)
    package var pingInterval: Duration = .seconds(5)
    /// A link without one whole frame for so long is dead; at least two ping intervals.
    package var silenceDeadline: Duration = .seconds(20)
    package var redialDelayMin: Duration = .milliseconds(100)
    package var redialDelayMax: Duration = .seconds(10)
    /// A link that lived so long clears the redial back-off.
    package var stableAfter: Duration = .seconds(10)
    /// Of the redial jitter; different nodes should have different seeds.
    package var seed: UInt64 = 0
    /// Inbound connections that are not up yet.
    package var halfOpenMax = 128
    package var halfOpenPerAddressMax = 32
    /// Inbound links that are up or about to be.
    package var inboundPeersMax = 256
    /// Bytes of one peer's frames that the owner has not consumed.
    package var inboundBytesMax = 16 * 1_024 * 1_024
    /// Bytes waiting for one peer, by class and in total.
    package var outboundBytesMax = PerClass<Int> { 4 * $0.bytesMax }
    package var outboundBytesTotalMax = 32 * 1_024 * 1_024

    package init() {}
}
