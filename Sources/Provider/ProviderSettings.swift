// What an agent is told at its start.
package import Client
package import Cryptography
package import Execution
package import LightClient
package import Primitives
import Synchronization

package struct ProviderSettings: Sendable {
    package let key: SigningKey
    /// Asked in turn; none is believed.
    package let nodes: [NodeURL]
    package let genesisHash: Digest
    package var checkpoint: Checkpoint?
    package let trust: VerificationOptions
    /// Base units per compute unit; nil takes the floor price of the moment.
    package var ask: UInt64?
    /// Tasks executed at once, 1 to `ProviderLimits.workersMax`.
    package var workers = 1
    /// `http://host:port` of the own `OutputServer`, as requesters reach it.
    package var endpoint = Bytes()
    /// How an executor process is started.
    package let executor: ExecutorProcess.Command
    /// What runs tasks of class Q, each under its own name; at most `ProviderLimits.enginesMax`.
    package var engines: [EngineCommand] = []
    /// Where results of panels are kept; nil keeps none.
    package var panelsFolder: String?
    /// For test networks alone: of a million tasks so many are answered wrongly.
    package var cheatRate: UInt32 = 0
    package let now: @Sendable () -> Timestamp

    package init(
        key: SigningKey, nodes: [NodeURL], trust: (genesis: Digest, options: VerificationOptions),
        executor: ExecutorProcess.Command, now: @escaping @Sendable () -> Timestamp
    ) {
        (self.key, self.nodes, genesisHash, self.trust) = (key, nodes, trust.genesis, trust.options)
        (self.executor, self.now) = (executor, now)
    }
}

/// Asks the agent to end: no new task, then what runs is finished and handed in.
package final class StopFlag: Sendable {
    private let value = Atomic(false)

    package init() {}
    package func set() { value.store(true, ordering: .relaxed) }
    var isSet: Bool { value.load(ordering: .relaxed) }
}

/// How an agent ends.
package enum ProviderEnd: Equatable, Sendable {
    /// As asked; running tasks are finished.
    case stopped
    /// Every node has another genesis.
    case wrongGenesis(Digest)
    /// The first header is older than the trusting period.
    case trustExpired
    /// The account is no provider of this chain.
    case notAProvider(Address)
}
