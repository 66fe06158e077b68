// Items at a node without a vote, one row of decision 24 after the other: to whom they go, how often, when they end.
import Chain
import Codec
import Cryptography
import Ledger
import NodeCore
import Primitives
import Quorum
import Simulator
import Testing

@Suite("Items at a node without a vote")
struct RelayTests {
    private static let seed: UInt64 = 11
    private static let followerKeys = NodeKeys(number: 7, seed: seed)

    private static func account(_ number: UInt64) -> SigningKey { NodeKeys(number: 1_000 + number, seed: seed).account }

    /// A transfer of one unit; with `isForged` the signature is another item's.
    private static func item(
        _ sequence: UInt64, of sender: UInt64 = 0, _ genesis: Genesis, isForged: Bool = false
    ) -> Bytes {
        func content(_ amount: UInt64) -> TransactionContent {
            let transfer = Transfer(recipient: account(3).address, amount: Amount(amount))
            return TransactionContent(
                sender: account(sender).publicKey, sequence: sequence, action: .transfer(transfer))
        }
        let right = Transaction(signing: content(1), by: account(sender), chainID: genesis.chainID)
        if !isForged { return Item.transaction(right).encoded }
        let other = Transaction(signing: content(2), by: account(sender), chainID: genesis.chainID)
        return Item.transaction(Transaction(content: right.content, signature: other.signature)).encoded
    }

    /// A chain that a test moves on by hand, seen by one of its nodes.
    private final class Station {
        let genesis: Genesis
        let validators: [NodeKeys]
        var machine: Machine
        var now: Instant

        init(validators count: Int, isValidator: Bool = false) throws {
            genesis = Simulation(Simulation.Settings(seed: seed, validators: count)).genesis
            validators = (0..<count).map { NodeKeys(number: UInt64($0), seed: seed) }
            now = genesis.time.instant.advanced(by: .seconds(1))
            machine = try Machine(
                isValidator ? validators[0] : followerKeys, genesis, isValidator: isValidator)
            handle(.started(journal: []))
        }

        var peers: [PeerID] { validators.map(\.transport.address).sorted() }

        func handle(_ events: Event...) { machine.handleAll(events, at: now) }

        func link() { for peer in peers { handle(.peerConnected(peer)) } }

        func submit(_ bytes: Bytes, _ ticket: Ticket = 1) -> Reply.Answer? {
            machine.world.replies = []
            handle(.itemSubmitted(bytes, ticket))
            return machine.world.replies.last?.answer
        }

        /// Items handed on since the last look, in order.
        func handedOn() -> [(peer: PeerID, bytes: Bytes)] {
            defer { machine.world.outbox = [] }
            return machine.world.outbox.compactMap { send in
                guard case .item(let bytes) = send.message, case .peer(let peer) = send.target else { return nil }
                return (peer, bytes)
            }
        }

        func wait() {
            now = now.advanced(by: NodeLimits.relayPatience)
            handle(.deadlineReached)
        }
    }

    @Test("an item goes to one validator after the other, four times again, and may then be handed in anew")
    func turns() throws {
        let node = try Station(validators: 4)
        node.link()
        let item = Self.item(0, node.genesis)
        #expect(node.submit(item) == .admitted)
        var asked = node.handedOn()
        // Not before the patience ends.
        node.now = node.now.advanced(by: NodeLimits.relayPatience).advanced(by: .milliseconds(-1))
        node.handle(.deadlineReached)
        #expect(node.handedOn().isEmpty)
        node.now = node.now.advanced(by: .milliseconds(1))
        node.handle(.deadlineReached)
        asked += node.handedOn()
        for _ in 0..<3 {
            node.wait()
            asked += node.handedOn()
        }
        #expect(asked.allSatisfy { $0.bytes == item } && asked.count == 5)
        let places = try asked.map { try #require(node.peers.firstIndex(of: $0.peer)) }
        #expect(places == (0..<5).map { (places[0] + $0) % 4 })
        #expect(node.machine.core.itemsOpen == 1)
        guard case .refused(3, _) = node.submit(item) else {
            Issue.record("taken twice")
            return
        }

        node.wait()
        #expect(node.handedOn().isEmpty && node.machine.core.itemsOpen == 0)
        // Neither its id nor its sequence number is held any longer.
        #expect(node.submit(item) == .admitted)
        #expect(node.handedOn().map(\.peer) == [asked[0].peer])
    }

    @Test("later items of a sender go wherever its oldest one goes; those of others stay where they are")
    func company() throws {
        let node = try Station(validators: 4)
        node.link()
        let items = [Self.item(0, node.genesis), Self.item(1, node.genesis)]
        #expect(node.submit(items[0]) == .admitted)
        node.now = node.now.advanced(by: .seconds(1))
        #expect(node.submit(items[1]) == .admitted)
        let other = Self.item(0, of: 1, node.genesis)
        #expect(node.submit(other) == .admitted)
        let first = node.handedOn()
        #expect(first.map(\.bytes) == items + [other] && first[0].peer == first[1].peer)
        node.now = node.now.advanced(by: .seconds(2))
        node.handle(.deadlineReached)
        let second = node.handedOn()
        #expect(second.map(\.bytes) == items && second[0].peer == second[1].peer && second[0].peer != first[0].peer)
        node.now = node.now.advanced(by: .seconds(1))
        node.handle(.deadlineReached)
        #expect(node.handedOn().map(\.bytes) == [other])
    }

    @Test("without a link to a validator nothing is taken; linked followers do not count")
    func unlinked() throws {
        let node = try Station(validators: 4)
        node.handle(.peerConnected(NodeKeys(number: 8, seed: Self.seed).transport.address))
        guard case .unready(let reason)? = node.submit(Self.item(0, node.genesis)) else {
            Issue.record("taken without a link")
            return
        }
        #expect(reason.contains("no link to a validator"))
        node.link()
        #expect(node.submit(Self.item(0, node.genesis)) == .admitted)
    }

    @Test("what a block holds is done with, and the sender's next item is taken")
    func block() throws {
        let node = try Station(validators: 1)
        let author = try Station(validators: 1, isValidator: true)
        let ids = (node.machine.core.identity.peerID, author.machine.core.identity.peerID)
        node.handle(.peerConnected(ids.1))
        author.handle(.peerConnected(ids.0))
        let items = (0..<3).map { Self.item($0, node.genesis) }
        #expect(node.submit(items[0]) == .admitted && node.submit(items[1]) == .admitted)
        for _ in 0..<200 where author.machine.core.itemsOpen + node.machine.core.itemsOpen > 0 {
            for send in node.machine.world.outbox { author.handle(.frameReceived(ids.0, send.message.encoded)) }
            node.machine.world.outbox = []
            for send in author.machine.world.outbox { node.handle(.frameReceived(ids.1, send.message.encoded)) }
            author.machine.world.outbox = []
            (node.now, author.now) = (
                node.now.advanced(by: .milliseconds(20)), author.now.advanced(by: .milliseconds(20))
            )
            node.handle(.deadlineReached)
            author.handle(.deadlineReached)
        }
        #expect(node.machine.core.itemsOpen == 0 && node.machine.tip > .zero)
        #expect(node.submit(items[2]) == .admitted)
        #expect(node.machine.core.itemsOpen == 1)
    }

    @Test("no more items wait than the limit; one more is told to come back")
    func room() throws {
        let node = try Station(validators: 4)
        node.link()
        for number in 0..<UInt64(NodeLimits.relaysMax - 1) {
            #expect(node.submit(Self.item(number, node.genesis)) == .admitted)
        }
        // Two are verified at the same time, and there is room for one.
        node.machine.world.replies = []
        node.handle(
            .itemSubmitted(Self.item(0, of: 1, node.genesis), 1), .itemSubmitted(Self.item(0, of: 2, node.genesis), 2))
        #expect(node.machine.world.replies.map(\.answer) == [.admitted, .busy])
        #expect(node.machine.core.itemsOpen == NodeLimits.relaysMax)
        // Now a further one is not even verified.
        node.machine.handle([.itemSubmitted(Self.item(0, of: 2, node.genesis), 3)], now: node.now)
        #expect(node.machine.world.replies.last == Reply(ticket: 3, answer: .busy))
        #expect(node.machine.world.checks.isEmpty)
    }

    @Test("a validator puts clients' and peers' items into its batch and hands none on")
    func validator() throws {
        let node = try Station(validators: 4, isValidator: true)
        for peer in node.peers where peer != node.machine.core.identity.peerID { node.handle(.peerConnected(peer)) }
        _ = node.handedOn()
        let relay = Self.followerKeys.transport.address
        node.handle(.peerConnected(relay))
        #expect(node.submit(Self.item(0, node.genesis)) == .admitted)
        node.handle(.frameReceived(relay, PeerMessage.item(Self.item(0, of: 1, node.genesis)).encoded))
        for _ in 0..<3 { node.wait() }
        let batches = node.machine.world.outbox.compactMap { send -> Batch? in
            guard case .batch(let bytes) = send.message else { return nil }
            return Batch.decoded(bytes)
        }
        #expect(Set(batches.flatMap(\.items)).count == 2)
        #expect(node.handedOn().isEmpty && node.machine.world.penalties.isEmpty)
    }

    @Test("a node without a vote takes no item from a peer, and blames nobody for it")
    func chain() throws {
        let node = try Station(validators: 4)
        node.link()
        for isForged in [false, true] {
            let item = Self.item(0, node.genesis, isForged: isForged)
            node.handle(.frameReceived(node.peers[0], PeerMessage.item(item).encoded))
        }
        #expect(node.handedOn().isEmpty && node.machine.core.itemsOpen == 0)
        #expect(node.machine.world.penalties.isEmpty)
    }

    @Test(
        "a peer pays for an item whose signature does not hold or that does not decode, not for a late or a second one")
    func penalties() throws {
        let node = try Station(validators: 4, isValidator: true)
        let relay = Self.followerKeys.transport.address
        func penalties(_ bytes: Bytes) -> [Penalty] {
            node.machine.world.penalties = []
            node.handle(.frameReceived(relay, PeerMessage.item(bytes).encoded))
            return node.machine.world.penalties
        }
        node.handle(.peerConnected(relay))
        #expect(penalties(Self.item(0, node.genesis, isForged: true)) == [.badRecord(relay)])
        #expect(penalties([0x0A, 0xFF]) == [.malformedFrame(relay)])
        #expect(penalties(Self.item(5, node.genesis)) == [])
        // The forged one does not stand in the way of the right one.
        #expect(penalties(Self.item(0, node.genesis)) == [])
        #expect(penalties(Self.item(0, node.genesis)) == [])
        #expect(node.machine.core.itemsOpen + node.machine.core.batchesWaiting == 1)
    }

    @Test("a client's bad signature is refused, and the right item after it is taken")
    func forged() throws {
        let node = try Station(validators: 4)
        node.link()
        guard case .refused(1, _)? = node.submit(Self.item(0, node.genesis, isForged: true)) else {
            Issue.record("a bad signature was not refused")
            return
        }
        #expect(node.machine.world.penalties.isEmpty)
        #expect(node.submit(Self.item(0, node.genesis)) == .admitted)
    }

    @Test("an item that there was no room to verify is told to come back, and is taken when it does")
    func putBack() throws {
        let node = try Station(validators: 4)
        node.link()
        let item = Self.item(0, node.genesis)
        let claim = try ItemClaim(decoding: item, chainID: node.genesis.chainID)
        // Its check is never performed.
        node.machine.handle([.itemSubmitted(item, 1)], now: node.now)
        #expect(node.machine.world.checks.count == 1)
        node.machine.world.checks = []
        node.handle(.itemPutBack(claim, .client(1)))
        #expect(node.machine.world.replies.map(\.answer) == [.busy])
        #expect(node.submit(item) == .admitted)
    }
}
