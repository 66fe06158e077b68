// One node on the real core and driver, whose events a test makes by hand.
import Chain
import Cryptography
import Ledger
import NodeCore
import Primitives
import Quorum
import Simulator
import Testing

typealias Machine = Driver<NodeCore, SimulatedWorld>

extension Driver where Core == NodeCore, World == SimulatedWorld {
    /// A node of a chain that has only its genesis.
    init(_ keys: NodeKeys, _ genesis: Genesis, isValidator: Bool) throws {
        var disk = SimulatedDisk()
        disk.store.commit(try Ledger.genesis(genesis).writes)
        let view = try #require(LedgerView(disk.store))
        let index = view.validators.index(of: keys.consensus.address).map { UInt32($0) }
        let identity = NodeCore.Identity(
            peerID: keys.transport.address, validator: isValidator ? keys.consensus.address : nil)
        let world = SimulatedWorld(disk: disk, keys: keys, chainID: genesis.chainID) { _ in index }
        self.init(core: NodeCore(identity: identity, view: view), world: world)
    }

    /// Handles events and everything that its checks answer.
    mutating func handleAll(_ events: [Event], at now: Instant) {
        var events = events
        repeat {
            handle(events, now: now)
            events = world.checks.map { $0.perform() }
            world.checks = []
        } while !events.isEmpty
    }

    var tip: Height { core.view.tip.height }
}
