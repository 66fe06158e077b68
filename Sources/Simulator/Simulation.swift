// One network in one thread: a heap of due events ordered by (time, number), nodes that run the real core under the
// real driver, a network that loses, delays and repeats, and disks that forget what was not synced. The same seed gives
// the same run; `digest` proves it. Checkers look after every event.
package import Chain
import Codec
import Cryptography
import Ledger
import NodeCore
package import Primitives
import Quorum

package struct Simulation {
    /// What the network and the machines do to the nodes. Probabilities in ppm.
    package struct Faults: Sendable {
        package var dropPPM: UInt64 = 0
        package var duplicatePPM: UInt64 = 0
        package var delay: ClosedRange<Int64> = 1_000_000...20_000_000
        /// Per node and simulated second.
        package var crashPPM: UInt64 = 0
        package var downTime = Span.milliseconds(1500)

        package init() {}
        package static let none = Faults()
    }

    package struct Settings: Sendable {
        package var seed: UInt64
        package var validators: Int
        /// Nodes without a vote; where there are some, they are handed all transfers.
        package var followers = 0
        package var faults: Faults
        /// Transfers handed in per simulated second, spread over the nodes.
        package var transfersPerSecond: UInt64 = 5
        /// Heights after a restart at which a node looks for other signatures of its key.
        package var watchedHeights: UInt64 = 0

        package init(seed: UInt64, validators: Int = 4, faults: Faults = .none) {
            (self.seed, self.validators, self.faults) = (seed, validators, faults)
        }
    }

    struct Node {
        var driver: Driver<NodeCore, SimulatedWorld>?
        var disk = SimulatedDisk()
        let keys: NodeKeys
        /// Grows with each restart, so that what was under way for an earlier life is dropped.
        var life = 0
        var wakeAt: Instant?
    }

    enum Happening {
        case event(node: Int, life: Int, Event)
        case wake(node: Int)
        case crash(node: Int)
        case restart(node: Int)
        case submit
        case tick
    }

    package private(set) var settings: Settings
    package let genesis: Genesis
    package internal(set) var now: Instant
    /// Of everything that happened so far.
    var history = SHA256()
    package var digest: Digest { history.finish() }
    package internal(set) var events = 0
    /// When the clock moved last, and how many events came before that.
    var lastMove: (at: Instant, events: Int) = (.zero, 0)
    /// The first broken invariant, in words.
    package internal(set) var violation: String?
    package internal(set) var stats = Stats()
    var faults: Faults
    var nodes: [Node] = []
    var random: Random
    var queue = EventHeap<Happening>()
    var peerIDs: [PeerID] = []
    var decidedHashes: [Digest] = []
    /// What each node said where, whatever its disk remembers of it.
    var statements: [Statement: Bytes] = [:]
    var accounts: [SigningKey] = []
    var sequences: [UInt64] = []

    package struct Stats: Equatable, Sendable {
        package var sent = 0
        package var dropped = 0
        package var crashes = 0
        package var submitted = 0
        package var admitted = 0
    }

    package init(_ settings: Settings) {
        self.settings = settings
        faults = settings.faults
        random = Random(seed: settings.seed)
        let keys = (0..<settings.validators + settings.followers).map {
            NodeKeys(number: UInt64($0), seed: settings.seed)
        }
        accounts = (0..<4).map { NodeKeys(number: UInt64(1000 + $0), seed: settings.seed).account }
        sequences = accounts.map { _ in 0 }
        genesis = Self.genesis(keys: Array(keys.prefix(settings.validators)), accounts: accounts)
        now = genesis.time.instant.advanced(by: .seconds(1))
        peerIDs = keys.map(\.transport.address)
        nodes = keys.map { Node(keys: $0) }
        for index in nodes.indices {
            nodes[index].disk.store.commit(genesisWrites)
            boot(index)
        }
        queue.push(.tick, at: now.advanced(by: .seconds(1)))
        if settings.transfersPerSecond > 0 { queue.push(.submit, at: now.advanced(by: .milliseconds(50))) }
    }

    private var genesisWrites: WriteBatch {
        do { return try Ledger.genesis(genesis).writes } catch { preconditionFailure("genesis: \(error)") }
    }

    /// Height of the lowest and the highest tip among the nodes that are up.
    package var tips: ClosedRange<UInt64> {
        let heights = nodes.compactMap { $0.driver?.core.view.tip.height.value }
        return (heights.min() ?? 0)...(heights.max() ?? 0)
    }

    /// Runs until the deadline, or until an invariant breaks.
    package mutating func run(for span: Span) {
        let end = now.advanced(by: span)
        while violation == nil, let time = queue.nextTime, time <= end, let happening = queue.pop() {
            now = max(now, time)
            events += 1
            checkClock()
            perform(happening)
        }
        now = max(now, end)
    }

    /// Runs until every node has decided `height`; false when `limit` of simulated time was not enough.
    package mutating func run(toHeight height: UInt64, limit: Span) -> Bool {
        let end = now.advanced(by: limit)
        while violation == nil, now < end {
            if nodes.allSatisfy({ $0.driver != nil }), tips.lowerBound >= height { return true }
            run(for: .milliseconds(250))
        }
        return false
    }

    /// Nobody hands in transfers any more.
    package mutating func quieten() { settings.transfersPerSecond = 0 }

    /// Transactions of the accounts that the chain of node 0 has counted.
    package var counted: UInt64 {
        guard let store = nodes[0].driver?.world.disk.store else { return 0 }
        let state = WorkingState(store)
        return accounts.reduce(0) { $0 + state.account($1.address).nextSequence }
    }

    /// From here on nothing is lost and nobody crashes: progress must follow.
    package mutating func heal() {
        faults = .none
        for index in nodes.indices where nodes[index].driver == nil { boot(index) }
    }

    private mutating func perform(_ happening: Happening) {
        switch happening {
        case .event(let node, let life, let event):
            guard nodes[node].life == life, nodes[node].driver != nil else { return }
            deliver([event], to: node)
        case .wake(let node):
            nodes[node].wakeAt = nil
            deliver([.deadlineReached], to: node)
        case .crash(let node): crash(node)
        case .restart(let node): if nodes[node].driver == nil { boot(node) }
        case .submit: submit()
        case .tick: tick()
        }
    }

    private mutating func tick() {
        for index in nodes.indices where random.chance(ppm: faults.crashPPM) {
            queue.push(.crash(node: index), at: now)
        }
        queue.push(.tick, at: now.advanced(by: .seconds(1)))
    }

    // MARK: Nodes

    private mutating func boot(_ index: Int) {
        let keys = nodes[index].keys
        let address = keys.consensus.address
        let set = genesisSet
        let world = SimulatedWorld(disk: nodes[index].disk, keys: keys, chainID: genesis.chainID) { _ in
            set.index(of: address).map(UInt32.init)
        }
        let view: LedgerView
        guard let stored = LedgerView(nodes[index].disk.store) else {
            preconditionFailure("node \(index) has no state")
        }
        view = stored
        var identity = NodeCore.Identity(peerID: peerIDs[index], validator: address)
        (identity.signed, identity.watchedHeights) = (world.highestSigned, settings.watchedHeights)
        nodes[index].driver = Driver(core: NodeCore(identity: identity, view: view), world: world)
        nodes[index].life += 1
        let journal = nodes[index].disk.journal.map(\.encoded)
        let others = nodes.indices.filter { $0 != index && nodes[$0].driver != nil }
        deliver([.started(journal: journal)] + others.map { .peerConnected(peerIDs[$0]) }, to: index)
        for other in others { deliver([.peerConnected(peerIDs[index])], to: other) }
    }

    private var genesisSet: ValidatorSet {
        guard let view = LedgerView(nodes[0].disk.store) else { preconditionFailure("node 0 has no state") }
        return view.validators
    }

    private mutating func crash(_ index: Int) {
        guard let driver = nodes[index].driver else { return }
        stats.crashes += 1
        var disk = driver.world.disk
        // What was not synced may be lost, from some row on.
        let kept = disk.journalSynced + Int(random.below(UInt64(disk.journal.count - disk.journalSynced + 1)))
        disk.journal.removeSubrange(kept...)
        disk.journalSynced = kept
        nodes[index].disk = disk
        nodes[index].driver = nil
        nodes[index].life += 1
        for other in nodes.indices where other != index { deliver([.peerDisconnected(peerIDs[index])], to: other) }
        queue.push(.restart(node: index), at: now.advanced(by: faults.downTime))
    }

    /// What the node would find again after a crash now.
    package func backup(of node: Int) -> SimulatedDisk { nodes[node].driver?.world.disk ?? nodes[node].disk }

    /// The node crashes and comes back with an older disk, signing record included.
    package mutating func restore(_ disk: SimulatedDisk, to node: Int) {
        crash(node)
        // What it sent last arrives while the backup is put back.
        run(for: .milliseconds(500))
        nodes[node].disk = disk
        boot(node)
    }

    private mutating func deliver(_ batch: [Event], to index: Int) {
        guard var driver = nodes[index].driver else { return }
        nodes[index].driver = nil
        note(batch, node: index)
        driver.handle(batch, now: now)
        let sends = driver.world.outbox
        let checks = driver.world.checks
        stats.admitted += driver.world.replies.count { $0.answer == .admitted }
        (driver.world.outbox, driver.world.checks, driver.world.replies) = ([], [], [])
        check(driver, node: index)
        let wake = driver.nextDeadline
        nodes[index].driver = driver
        for request in checks {
            let due = now.advanced(by: Span(nanoseconds: 50_000 + Int64(random.below(200_000))))
            queue.push(.event(node: index, life: nodes[index].life, request.perform()), at: due)
        }
        for send in sends { transmit(send, from: index) }
        if let wake, nodes[index].wakeAt.map({ wake < $0 }) ?? true {
            nodes[index].wakeAt = wake
            queue.push(.wake(node: index), at: max(wake, now))
        }
    }

    // MARK: Network

    private mutating func transmit(_ send: Send, from sender: Int) {
        checkStatement(send.message, from: sender)
        let bytes = send.message.encoded
        for receiver in nodes.indices where receiver != sender {
            if case .peer(let id) = send.target, id != peerIDs[receiver] { continue }
            stats.sent += 1
            // The first word on a link arrives, and before the others, or there is no link.
            let isFirstWord = if case .newestVote = send.message { true } else { false }
            if nodes[receiver].driver == nil || random.chance(ppm: faults.dropPPM) && !isFirstWord {
                stats.dropped += 1
                continue
            }
            let copies = random.chance(ppm: faults.duplicatePPM) ? 2 : 1
            for _ in 0..<copies {
                let spread = UInt64(faults.delay.upperBound - faults.delay.lowerBound + 1)
                let delay = faults.delay.lowerBound + (isFirstWord ? 0 : Int64(random.below(spread)))
                let event = Event.frameReceived(peerIDs[sender], bytes)
                queue.push(
                    .event(node: receiver, life: nodes[receiver].life, event),
                    at: now.advanced(by: Span(nanoseconds: delay)))
            }
        }
    }

    /// A transfer between two of the accounts, handed to the node that the sender always uses.
    private mutating func submit() {
        if settings.transfersPerSecond == 0 { return }
        let interval = 1_000_000_000 / Int64(settings.transfersPerSecond)
        queue.push(.submit, at: now.advanced(by: Span(nanoseconds: interval)))
        let sender = Int(random.below(UInt64(accounts.count)))
        let followers = settings.followers
        let node = followers > 0 ? settings.validators + sender % followers : sender % nodes.count
        guard nodes[node].driver != nil else { return }
        let recipient = accounts[Int(random.below(UInt64(accounts.count)))].address
        let transfer = Transfer(recipient: recipient, amount: Amount(1 + random.below(1000)))
        let content = TransactionContent(
            sender: accounts[sender].publicKey, sequence: sequences[sender], action: .transfer(transfer))
        let item = Item.transaction(Transaction(signing: content, by: accounts[sender], chainID: genesis.chainID))
        sequences[sender] += 1
        stats.submitted += 1
        deliver([.itemSubmitted(item.encoded, UInt64(stats.submitted))], to: node)
    }
}
