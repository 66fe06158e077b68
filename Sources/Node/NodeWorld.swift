// The real world of the core: LMDB, the journal, the signing record, TLS links and verifier threads. It performs what
// the Driver asks for, in that order, and decides nothing. Used by the core's thread alone.
import Chain
import Codec
import Cryptography
import Ledger
import Logging
import NodeCore
import Primitives
import Quorum
import Storage
import Transport

struct NodeWorld: Environment {
    /// What other threads use too.
    struct Shared {
        let store: LedgerStore
        let transport: Transport
        let verifiers: VerifierPool
        let tickets: TicketBook
        let board: StatusBoard
        let logger: Logger
        let end: Ending
    }

    let shared: Shared
    let chainID: ChainID
    let signer: Signer?
    let journalFile: Journal
    private var scores = PeerScores()
    /// Items of the block that was committed last.
    private var committedTip: (tip: Tip, items: Int)?

    init(shared: Shared, chainID: ChainID, signer: Signer?, journal: Journal) {
        (self.shared, self.chainID, self.signer, journalFile) = (shared, chainID, signer, journal)
    }

    /// A fresh one for each use: a snapshot held over a commit would keep the store from growing.
    var reader: StoreSnapshot { shared.store.snapshot() }

    // MARK: Durable

    mutating func commit(_ writes: WriteBatch) {
        orEnd { () throws(StorageError) in try shared.store.commit(writes) }
        committedTip = Self.tip(in: writes) ?? committedTip
    }

    /// The new tip in the writes of a decided block, and the number of items beside its preamble.
    private static func tip(in writes: WriteBatch) -> (tip: Tip, items: Int)? {
        let all = writes.parts.joined()
        guard let bytes = all.last(where: { $0.table == .meta && $0.key == LedgerView.tipKey })?.value else {
            return nil
        }
        do {
            return (try Tip(decoding: bytes), all.count { $0.table == .transactions })
        } catch {
            preconditionFailure("the own tip does not decode: \(error)")
        }
    }

    mutating func journal(_ rows: [JournalRow], sync: Bool) {
        orEnd { () throws(StorageError) in
            for row in rows { try journalFile.append(row.encoded, height: row.height.value) }
            if sync { try journalFile.sync() }
        }
        if sync { shared.board.update { $0.counters.journalSyncs += 1 } }
    }

    mutating func clearJournal(decided: Height) {
        orEnd { () throws(StorageError) in try journalFile.drop(upTo: decided.value) }
        guard let (tip, items) = committedTip, tip.height == decided else { return }
        shared.board.committed(tip, items: items)
        let facts: Logger.Metadata = [
            "height": "\(tip.height)", "items": "\(items)", "app_hash": "\(tip.appHash)",
            "block": "\(tip.blockID.hash.map(\.description) ?? "")",
        ]
        shared.logger.info("committed block", metadata: facts)
    }

    private func orEnd(_ body: () throws(StorageError) -> Void) {
        do { try body() } catch { shared.end(NodeEnd(error)) }
    }

    // MARK: Signed, sent, verified

    mutating func sign(_ intent: SignIntent) -> Event? {
        guard let signer else { return nil }
        let event: Event?
        do { event = try signer.answer(intent, store: shared.store) } catch { shared.end(NodeEnd(error)) }
        shared.board.update { status in
            status.counters.signatures += event == nil ? 0 : 1
            status.counters.refusedSignatures += event == nil ? 1 : 0
        }
        if event == nil {
            shared.logger.error("the signing record refuses a signature", metadata: ["intent": "\(intent.summary)"])
        }
        return event
    }

    mutating func send(_ send: Send) {
        let kind = FrameClass(send.message.priority)
        let bytes = send.message.encoded
        guard bytes.count <= kind.bytesMax else {
            shared.board.update { $0.counters.oversizeFrames += 1 }
            return
        }
        switch send.target {
        case .everyone: shared.transport.broadcast(bytes, kind)
        case .peer(let peer): shared.transport.send(bytes, kind, to: peer)
        }
    }

    mutating func verify(_ request: VerifyRequest) { shared.verifiers.submit(request) }

    mutating func reply(_ reply: Reply) { shared.tickets.answer(reply) }

    mutating func penalise(_ penalty: Penalty) {
        shared.board.update { $0.counters.penalties += 1 }
        let peer = penalty.peer
        shared.logger.notice("a peer broke a rule", metadata: ["penalty": "\(penalty)"])
        switch scores.note(penalty, now: WallClock.monotonicSeconds) {
        case .tolerate: break
        case .disconnect: shared.transport.disconnect(peer, reason: "too many broken rules")
        case .ban:
            var writes = WriteBatch()
            writes.put(.peers, key: BanRow.key(peer), value: [1])
            orEnd { () throws(StorageError) in try shared.store.commit(writes) }
            shared.transport.ban(peer)
            shared.logger.warning("banned a peer", metadata: ["peer": "\(peer)"])
        }
    }

    mutating func note(_ notice: Notice) {
        switch notice {
        case .signingWithheld(let height):
            let text = "the network knows of signatures or heights that this node's signing record does not hold: "
            shared.logger.warning("\(text)signing nothing through height \(height)")
        }
    }

    mutating func fail(_ reason: String) { shared.end(NodeEnd(.checkFailed, reason)) }
}

extension FrameClass {
    init(_ priority: MessagePriority) {
        switch priority {
        case .vote: self = .votes
        case .proposal: self = .proposals
        case .block: self = .blocks
        case .batch: self = .batches
        case .transaction: self = .transactions
        }
    }
}

/// Bans in `Table.peers`, which survive a restart.
enum BanRow {
    private static let prefix = Bytes("ban/".utf8)

    static func key(_ peer: PeerID) -> Bytes { prefix + peer.bytes }

    static func all(_ snapshot: some Snapshot) -> [PeerID] {
        var peers: [PeerID] = []
        var next = prefix
        while peers.count < TransportLimits.bansMax, let (key, _) = snapshot.first(.peers, from: next),
            key.starts(with: prefix), let peer = PeerID(key.dropFirst(prefix.count))
        {
            peers.append(peer)
            next = key + [0]
        }
        return peers
    }
}

extension SignIntent {
    /// For the log: no bytes of items.
    var summary: String {
        switch self {
        case .vote(let statement): "\(statement.type) of height \(statement.height), round \(statement.round)"
        case .proposal(let round, _, let compact): "proposal of height \(compact.header.height), round \(round)"
        case .batch(let sequence, _, _): "batch \(sequence)"
        case .beacon(let height, _): "beacon of height \(height)"
        }
    }
}
