// What the server needs of a node. Every answer comes from a snapshot or from counters: nothing here waits for the core
// thread but `submit`, which is handed over and answered later.
package import NodeCore
package import Primitives

package protocol NodeFacade: Sendable {
    associatedtype Reader: Snapshot
    /// The committed content of the store; asked for once per request and dropped with its answer.
    func snapshot() -> Reader
    /// Hands items to the core, in order, and waits for its word on each.
    func submit(_ items: [Bytes]) async -> [Reply.Answer]
    /// Told of every committed height.
    var commits: CommitSignal { get }
    /// A copy of the counters; cheap.
    var facts: NodeFacts { get }
}

package struct NodeFacts: Sendable {
    package var moniker: String
    /// The node's identity to its peers.
    package var transportKey: PublicKey
    /// nil for a node that only follows.
    package var consensusKey: PublicKey?
    /// `host:port`, where peers and where clients connect.
    package var listenAddress: String
    package var rpcAddress: String
    package var isCatchingUp = false
    /// The round of the open height.
    package var round: UInt32 = 0
    package var peers: [PeerFacts] = []
    package var itemsCommitted: UInt64 = 0
    /// Items in the open batch.
    package var itemsOpen: UInt64 = 0
    /// Held batches that stand in no block yet.
    package var batchesWaiting: UInt64 = 0
    /// Calls of libsodium's verification.
    package var signaturesChecked: UInt64 = 0
    package var bytesReceived: UInt64 = 0
    package var bytesSent: UInt64 = 0
    /// Further series of the node's own.
    package var metrics: [Metric] = []

    package init(
        moniker: String, transportKey: PublicKey, consensusKey: PublicKey?, listenAddress: String, rpcAddress: String
    ) {
        (self.moniker, self.transportKey, self.consensusKey) = (moniker, transportKey, consensusKey)
        (self.listenAddress, self.rpcAddress) = (listenAddress, rpcAddress)
    }
}

package struct PeerFacts: Sendable {
    package let id: Address
    /// The peer's host.
    package let host: String
    package let isOutbound: Bool
    /// How long the link is up.
    package let age: Span
    package let bytesReceived: UInt64
    package let bytesSent: UInt64

    package init(
        id: Address, host: String, isOutbound: Bool, age: Span, bytes: (received: UInt64, sent: UInt64) = (0, 0)
    ) {
        (self.id, self.host, self.isOutbound, self.age) = (id, host, isOutbound, age)
        (bytesReceived, bytesSent) = bytes
    }
}

/// One series without labels.
package struct Metric: Sendable {
    package enum Kind: String, Sendable { case counter, gauge }

    /// Without the prefix `merit_`; a counter's ends in `_total`.
    package let name: String
    package let help: String
    package let kind: Kind
    package let value: UInt64

    package init(_ name: String, _ kind: Kind, _ value: UInt64, help: String) {
        (self.name, self.kind, self.value, self.help) = (name, kind, value, help)
    }
}
