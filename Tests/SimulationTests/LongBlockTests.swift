// A block may be longer than the longest frame between peers. Two real cores, and a wire that drops what is too long.
import Chain
import Codec
import Cryptography
import Ledger
import NodeCore
import Primitives
import Quorum
import Simulator
import Testing

@Suite("Long blocks")
struct LongBlockTests {
    /// The longest body of a frame that carries blocks.
    private static let frameBytesMax = 8 << 20
    private static let seed: UInt64 = 5

    private typealias Machine = Driver<NodeCore, SimulatedWorld>

    private func machine(_ keys: NodeKeys, _ genesis: Genesis, isValidator: Bool) throws -> Machine {
        var disk = SimulatedDisk()
        disk.store.commit(try Ledger.genesis(genesis).writes)
        let view = try #require(LedgerView(disk.store))
        let index = view.validators.index(of: keys.consensus.address).map { UInt32($0) }
        let identity = NodeCore.Identity(
            peerID: keys.transport.address, validator: isValidator ? keys.consensus.address : nil)
        let world = SimulatedWorld(disk: disk, keys: keys, chainID: genesis.chainID) { _ in index }
        return Machine(core: NodeCore(identity: identity, view: view), world: world)
    }

    /// Handles events and everything that its checks answer.
    private func handle(_ events: [Event], _ machine: inout Machine, at now: Instant) {
        var events = events
        repeat {
            machine.handle(events, now: now)
            events = machine.world.checks.map { $0.perform() }
            machine.world.checks = []
        } while !events.isEmpty
    }

    /// An input of a million bytes.
    private func item(_ number: UInt64, _ genesis: Genesis) -> Bytes {
        let account = NodeKeys(number: 1_000, seed: Self.seed).account
        let publish = Publish(
            kind: .input, bytes: number.bigEndianBytes + Bytes(repeating: 1, count: JobLimits.blobBytesMax - 8))
        let content = TransactionContent(sender: account.publicKey, sequence: number, action: .publish(publish))
        return Item.transaction(Transaction(signing: content, by: account, chainID: genesis.chainID)).encoded
    }

    /// Makes blocks until one is longer than a frame; its height.
    private func makeLongBlock(_ author: inout Machine, _ genesis: Genesis, _ now: inout Instant) throws -> Height {
        handle([.started(journal: [])], &author, at: now)
        // Heights that need no second round let a proposer name more.
        while author.core.view.tip.height.value < 12 {
            now = now.advanced(by: .milliseconds(50))
            handle([.deadlineReached], &author, at: now)
        }
        // Nothing is proposed at the parent's own time, so all of them wait together.
        let parent = author.core.view.tip
        for number in 0..<UInt64(10) {
            handle([.itemSubmitted(item(number, genesis), number)], &author, at: parent.time.instant)
        }
        #expect(author.world.replies.allSatisfy { $0.answer == .admitted } && author.world.replies.count == 10)
        #expect(author.core.batchesWaiting > 0 && author.core.batchesWaiting + author.core.itemsOpen == 10)
        while author.core.view.tip.height.value < parent.height.value + 2 {
            now = now.advanced(by: .milliseconds(50))
            handle([.deadlineReached], &author, at: now)
        }
        #expect(author.core.batchesWaiting == 0 && author.core.itemsOpen == 0)
        let height = parent.height.advanced()
        let block = try #require(author.world.disk.store.load(.blocks, key: height.value.bigEndianBytes))
        try #require(block.count > Self.frameBytesMax)
        return height
    }

    @Test("a block longer than any frame reaches a node that is behind")
    func sync() throws {
        let genesis = Simulation(Simulation.Settings(seed: Self.seed, validators: 1)).genesis
        var machines = [
            try machine(NodeKeys(number: 0, seed: Self.seed), genesis, isValidator: true),
            try machine(NodeKeys(number: 7, seed: Self.seed), genesis, isValidator: false),
        ]
        var now = genesis.time.instant.advanced(by: .seconds(1))
        let height = try makeLongBlock(&machines[0], genesis, &now)
        let ids = machines.map(\.core.identity.peerID)
        machines[0].world.outbox = []
        handle([.started(journal: []), .peerConnected(ids[0])], &machines[1], at: now)
        handle([.peerConnected(ids[1])], &machines[0], at: now)
        var longest = 0
        for _ in 0..<400 where machines[1].core.view.tip.height <= height {
            now = now.advanced(by: .milliseconds(20))
            for sender in 0...1 {
                let frames = machines[sender].world.outbox.map(\.message.encoded)
                machines[sender].world.outbox = []
                longest = max(longest, frames.map(\.count).max() ?? 0)
                let events = frames.filter { $0.count <= Self.frameBytesMax }
                    .map { Event.frameReceived(ids[sender], $0) }
                handle(events.isEmpty ? [.deadlineReached] : events, &machines[1 - sender], at: now)
            }
        }
        #expect(machines[1].core.view.tip.height > height)
        #expect(longest <= Self.frameBytesMax)
        #expect(machines.allSatisfy { $0.world.penalties.isEmpty })
    }
}
