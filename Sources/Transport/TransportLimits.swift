// Every bound of this module that no configuration may move. What an owner may tune is in `TransportConfiguration`.

package enum TransportLimits {
    /// Bytes of the hello the owner supplies; the only body a stranger can make us hold.
    package static let helloBytesMax = 4_096
    /// Bytes of the reason inside a close frame; longer text is cut.
    package static let closeTextBytesMax = 200
    /// What one queued or delivered frame is charged beyond its body, so that tiny frames are not free.
    package static let frameOverheadBytes = 64
    /// Bytes written between two looks at the priorities and at the channel's writability.
    static let drainBytes = 64 * 1_024
    /// Drain rounds before the event loop is given back to its other channels.
    static let drainRoundsMax = 16
    /// Bytes waiting in the channel above which it stops being writable, and below which it is so again.
    static let channelBytesHigh = 128 * 1_024
    static let channelBytesLow = 32 * 1_024
    /// Unsent bytes the kernel takes for one link: what is in there no vote can overtake.
    static let kernelUnsentBytesMax = 128 * 1_024
    /// A receive buffer larger than this is given back once it is empty.
    static let decoderBytesKept = 64 * 1_024
    /// Banned peers and banned addresses remembered, each; the oldest ban is forgotten first.
    package static let bansMax = 4_096
    /// Addresses that are dialled and redialled.
    package static let dialsMax = 1_024
    /// Refusals waiting for the owner; further ones are counted and not reported.
    static let refusalsPendingMax = 1_024
    /// Doublings of the redial delay; the configured maximum cuts earlier.
    static let redialDoublingsMax = 20
}
