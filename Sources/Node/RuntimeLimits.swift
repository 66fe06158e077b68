// The bounds of the running node: what peers and clients can make it queue.
import NodeCore
import Transport

package enum RuntimeLimits {
    /// Events that one pass of the core takes: one sync of the journal covers them all.
    static let eventsPerPass = 512
    /// Frames of one peer and class that wait for the core; beyond it that peer's newest are dropped.
    static func framesPerPeer(_ kind: FrameClass) -> Int {
        switch kind {
        case .votes: 8_192
        case .proposals: 1_024
        case .blocks: 64
        case .batches: 1_024
        case .transactions: 1_024
        }
    }
    /// Items handed in by clients that have no answer yet; one more is answered `busy`.
    static let itemsOutstandingMax = 16_384
    /// Votes and proposals that wait for a verifier; repeats bring back what is dropped.
    static let statementChecksMax = 16_384
    /// Bytes of batches and items that wait for a verifier; a dropped batch is pulled again when it is named.
    static let bulkCheckBytesMax = 256 << 20
    /// Verifier threads.
    static let verifiersMax = 64
    /// Followers of the committed heights, and heights that each may lag behind.
    static let followersMax = 4_096
    static let heightsBufferedMax = 1_024
    /// Points at which a peer is sent away, and at which it is banned; one point is forgiven each second.
    static let disconnectScore = 50
    static let banScore = 100
    /// Peers whose points are remembered.
    static let scoresMax = 4_096
    /// Bytes of a configuration or key file.
    static let configurationBytesMax = 1 << 20
    /// Bytes of a genesis file.
    static let genesisBytesMax = 64 << 20
    /// Bytes of the log file before it is put aside; one older file is kept.
    static let logBytesMax = 64 << 20
    /// Heights that a validator may be told to let pass after a restart.
    static let doppelgangerHeightsMax: UInt64 = 100
    /// Persistent peers in a configuration.
    static let persistentPeersMax = 256
}
