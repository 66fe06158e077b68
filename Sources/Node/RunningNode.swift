// A node of this process: the core's thread, its world, its links, and the questions others may ask of it.
package import Auditor
package import Chain
import Codec
import Cryptography
package import Execution
import Ledger
package import Logging
package import NodeCore
package import Primitives
import Quorum
package import Storage
package import Transport

package final class RunningNode: Sendable {
    package struct Facts: Sendable {
        package let moniker: String
        package let transportKey: PublicKey
        package let listenAddress: SocketAddress
        package let rpcAddress: SocketAddress
        package let genesis: Genesis
        package let validator: PublicKey?

        package var peerID: PeerID { Hash.address(of: transportKey) }
    }

    package let facts: Facts
    package let board: StatusBoard
    package let store: LedgerStore
    package let transport: Transport
    private let thread: CoreThread
    private let mailbox: CoreMailbox
    private let tickets: TicketBook
    private let verifiers: VerifierPool
    private let delivery: Delivery
    private let home: HomeLock
    private let auditor: AuditThread?
    private let jail: JailWatch?

    private init(_ parts: Parts, facts: Facts, thread: CoreThread) {
        (self.facts, self.thread, home, delivery) = (facts, thread, parts.lock, parts.delivery)
        (auditor, jail) = (parts.auditor, parts.jail)
        (board, store, transport) = (parts.world.board, parts.world.store, parts.world.transport)
        (mailbox, tickets, verifiers) = (parts.mailbox, parts.world.tickets, parts.world.verifiers)
    }

    private struct Parts {
        let lock: HomeLock
        let mailbox: CoreMailbox
        let world: NodeWorld.Shared
        let delivery: Delivery
        let auditor: AuditThread?
        let jail: JailWatch?
    }

    // MARK: Start

    /// Starts the node of a home folder; it returns once the node listens and the core runs. A validator audits with
    /// `executor`; without one it audits nothing.
    package static func start(
        _ home: NodeHome, passphrase: Passphrase, executor: ExecutorProcess.Command? = nil, logger: Logger,
        end: @escaping Ending
    ) async throws -> RunningNode {
        if let rule = AcceptanceProbe.firstDeviation() {
            throw NodeEnd(.refused, "libsodium decides '\(rule)' differently from the chain: install version 1.0.18")
        }
        let lock = try home.lock()
        let configuration = try home.loadConfiguration()
        let genesis = try home.loadGenesis()
        let keys = try home.loadKeys(passphrase)
        // The record before the store: a key that may not sign leaves no chain behind.
        let signer = try home.signer(keys, chainID: genesis.chainID)
        let store = try home.openStore(genesis)
        guard let view = LedgerView(store.snapshot()) else { preconditionFailure("an opened store without a tip") }
        let (journal, rows) = try home.openJournal(peer: keys.transport.address, tip: view.tip.height)
        let mailbox = CoreMailbox()
        let board = StatusBoard(tip: view.tip)
        let hello = { @Sendable in
            PeerHello(chainID: genesis.chainID, genesisHash: view.genesisHash, tip: board.status.tip.height)
        }
        let delivery = Delivery(mailbox: mailbox, logger: logger)
        let transport = try makeTransport(keys.transport, delivery, hello: hello)
        let world = NodeWorld.Shared(
            store: store, transport: transport,
            verifiers: VerifierPool(threads: configuration.verifiers) { mailbox.post($0) },
            tickets: TicketBook(), board: board, logger: logger, end: end)
        var identity = NodeCore.Identity(
            peerID: transport.peer, validator: signer == nil ? nil : keys.consensus?.address)
        (identity.signed, identity.watchedHeights) = (signer?.lastSigned, configuration.doppelgangerHeights)
        let driver = Driver(
            core: NodeCore(identity: identity, view: view),
            world: NodeWorld(shared: world, chainID: genesis.chainID, signer: signer, journal: journal))
        let thread = CoreThread(driver: driver, mailbox: mailbox)
        for peer in BanRow.all(store.snapshot()) { transport.ban(peer) }
        let port = try await listen(transport, configuration.listen)
        mailbox.post(.started(journal: rows))
        thread.start()
        for peer in configuration.persistentPeers where peer.id != transport.peer {
            transport.dial(host: peer.address.host, port: peer.address.port, expecting: peer.id)
        }
        let facts = Facts(
            moniker: configuration.moniker, transportKey: keys.transport.publicKey,
            listenAddress: SocketAddress(host: configuration.listen.host, port: port), rpcAddress: configuration.rpc,
            genesis: genesis, validator: keys.consensus?.publicKey)
        var auditor: AuditThread?
        if let executor, signer != nil, let key = keys.audit {
            auditor = makeAuditor(key, genesis, mailbox, world)
            auditor?.start(executor, following: board)
        }
        let around = JailWatch.Surroundings(
            home: home, isAutomatic: configuration.automaticUnjail, rpc: configuration.rpc, chainID: genesis.chainID,
            board: board, snapshot: { store.snapshot() }, submit: { await submit([$0], world.tickets, mailbox)[0] },
            logger: logger)
        let jail = signer == nil ? nil : keys.consensus.map { JailWatch($0.address, around) }
        let parts = Parts(
            lock: lock, mailbox: mailbox, world: world, delivery: delivery, auditor: auditor, jail: jail)
        return RunningNode(parts, facts: facts, thread: thread)
    }

    private static func makeAuditor(
        _ key: SigningKey, _ genesis: Genesis, _ mailbox: CoreMailbox, _ world: NodeWorld.Shared
    ) -> AuditThread {
        let (store, tickets) = (world.store, world.tickets)
        let around = AuditThread.Surroundings(
            chainID: genesis.chainID, snapshot: { store.snapshot() },
            submit: { await submit([$0], tickets, mailbox)[0] }, logger: world.logger)
        return AuditThread(key: key, around: around)
    }

    private static func listen(_ transport: Transport, _ address: SocketAddress) async throws -> Int {
        do { return try await transport.listen(host: address.host, port: address.port) } catch {
            await transport.shutdown()
            throw NodeEnd(.unreachable, "cannot listen on \(address): \(error); change `listen` in config.toml")
        }
    }

    private static func makeTransport(
        _ key: SigningKey, _ delivery: Delivery, hello: @escaping @Sendable () -> PeerHello
    ) throws -> Transport {
        var configuration = TransportConfiguration()
        configuration.seed = key.address.bytes.reduce(0) { $0 &* 31 &+ UInt64($1) }
        let owner = Transport.Owner(
            hello: { hello().encoded },
            judge: { _, bytes in hello().refusal(of: bytes).map { .refuse($0) } ?? .accept },
            delivery: { delivery.take($0) })
        let transport = try Transport(
            identity: TransportIdentity(signingKey: key), configuration: configuration, owner: owner)
        delivery.attach(transport)
        return transport
    }

    // MARK: Questions

    /// Hands in items, in order. One is admitted when this node has taken it into its open batch.
    package func submit(_ items: [Bytes]) async -> [Reply.Answer] { await Self.submit(items, tickets, mailbox) }

    package func submit(_ item: Bytes) async -> Reply.Answer { await submit([item])[0] }

    private static func submit(
        _ items: [Bytes], _ tickets: TicketBook, _ mailbox: CoreMailbox
    ) async -> [Reply.Answer] {
        await withCheckedContinuation { client in
            mailbox.post(Array(zip(items, tickets.open(items.count, client))))
        }
    }

    /// The committed content as of now. Hold it shortly.
    package func snapshot() -> StoreSnapshot { store.snapshot() }

    package var status: NodeStatus { board.status }
    package var connected: [ConnectedPeer] { delivery.connected }
    /// nil for a node that does not audit.
    package var audits: AuditDesk.Counters? { auditor?.counters }
    /// Frames that peers sent faster than the core took them.
    package var framesDropped: UInt64 { mailbox.dropped }

    /// Closes every link; those that this node dials are dialled again.
    package func dropLinks() {
        for peer in transport.peers { transport.disconnect(peer, reason: "asked by the operator") }
    }

    // MARK: The end

    /// Finishes the pass under way, tells the peers and closes everything. Idempotent.
    package func stop() async {
        await auditor?.stop()
        await jail?.stop()
        await thread.stop()
        verifiers.stop()
        tickets.close()
        board.close()
        await transport.shutdown()
    }
}
