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
        author.handleAll([.started(journal: [])], at: now)
        // Heights that need no second round let a proposer name more.
        while author.tip.value < 12 {
            now = now.advanced(by: .milliseconds(50))
            author.handleAll([.deadlineReached], at: now)
        }
        // Nothing is proposed at the parent's own time, so all of them wait together.
        let parent = author.core.view.tip
        for number in 0..<UInt64(10) {
            author.handleAll([.itemSubmitted(item(number, genesis), number)], at: parent.time.instant)
        }
        #expect(author.world.replies.allSatisfy { $0.answer == .admitted } && author.world.replies.count == 10)
        #expect(author.core.batchesWaiting > 0 && author.core.batchesWaiting + author.core.itemsOpen == 10)
        while author.tip.value < parent.height.value + 2 {
            now = now.advanced(by: .milliseconds(50))
            author.handleAll([.deadlineReached], at: now)
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
            try Machine(NodeKeys(number: 0, seed: Self.seed), genesis, isValidator: true),
            try Machine(NodeKeys(number: 7, seed: Self.seed), genesis, isValidator: false),
        ]
        var now = genesis.time.instant.advanced(by: .seconds(1))
        let height = try makeLongBlock(&machines[0], genesis, &now)
        let ids = machines.map(\.core.identity.peerID)
        machines[0].world.outbox = []
        machines[1].handleAll([.started(journal: []), .peerConnected(ids[0])], at: now)
        machines[0].handleAll([.peerConnected(ids[1])], at: now)
        var longest = 0
        for _ in 0..<400 where machines[1].tip <= height {
            now = now.advanced(by: .milliseconds(20))
            for sender in 0...1 {
                let frames = machines[sender].world.outbox.map(\.message.encoded)
                machines[sender].world.outbox = []
                longest = max(longest, frames.map(\.count).max() ?? 0)
                let events = frames.filter { $0.count <= Self.frameBytesMax }
                    .map { Event.frameReceived(ids[sender], $0) }
                machines[1 - sender].handleAll(events.isEmpty ? [.deadlineReached] : events, at: now)
            }
        }
        #expect(machines[1].tip > height)
        #expect(longest <= Self.frameBytesMax)
        #expect(machines.allSatisfy { $0.world.penalties.isEmpty })
    }

    @Test("of a burst a proposer names a first part, and more of it at each height that needed one round")
    func burst() throws {
        let genesis = Simulation(Simulation.Settings(seed: Self.seed, validators: 1)).genesis
        var author = try Machine(NodeKeys(number: 0, seed: Self.seed), genesis, isValidator: true)
        var now = genesis.time.instant
        author.handleAll([.started(journal: [])], at: now)
        for number in 0..<UInt64(10) {
            author.handleAll([.itemSubmitted(item(number, genesis), number)], at: now)
        }
        while author.core.batchesWaiting + author.core.itemsOpen > 0 {
            now = now.advanced(by: .milliseconds(50))
            author.handleAll([.deadlineReached], at: now)
        }
        var sizes: [Int] = []
        for height in 1...author.tip.value {
            let stored = try #require(author.world.disk.store.load(.blocks, key: height.bigEndianBytes))
            sizes.append(try Block(decoding: stored).items.count - 1)
        }
        // A MiB holds one such item, and the pace reaches two after three heights.
        #expect(sizes.first == 1 && sizes.allSatisfy { $0 <= 3 }, "\(sizes)")
        #expect(sizes.contains(2) && sizes.reduce(0, +) == 10, "\(sizes)")
    }
}
