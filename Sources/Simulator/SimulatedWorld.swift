// The environment of one simulated node: a disk that keeps what was committed and synced, real keys, and queues that
// the simulation drains. It implements what the Driver asks for and decides nothing.
import Chain
package import Cryptography
package import NodeCore
package import Primitives
package import Quorum

/// The secrets of one node, made from a seed.
package struct NodeKeys: Sendable {
    package let consensus: SigningKey
    package let audit: SigningKey
    package let account: SigningKey
    package let transport: SigningKey

    /// Distinct keys for every `number` and role.
    package init(number: UInt64, seed: UInt64) {
        func key(_ role: String) -> SigningKey {
            let digest = Hash.sha256(Bytes(role.utf8) + number.bigEndianBytes + seed.bigEndianBytes)
            guard let key = SigningKey(seed: digest.bytes) else { preconditionFailure("a digest is a seed") }
            return key
        }
        (consensus, audit) = (key("consensus"), key("audit"))
        (account, transport) = (key("account"), key("transport"))
    }
}

/// What survives a crash of the node.
package struct SimulatedDisk: Sendable {
    package var store = MemoryStore()
    package var journal: [JournalRow] = []
    /// How many rows of the journal are synced; a crash may lose the rest.
    package var journalSynced = 0
    /// The signing record: what was signed where, by sort key (height, round, step).
    package var signed: [SigningPlace: Bytes] = [:]

    package init() {}
}

package struct SimulatedWorld: Environment {
    package var disk: SimulatedDisk
    package let keys: NodeKeys
    package let chainID: ChainID
    package var outbox: [Send] = []
    package var checks: [VerifyRequest] = []
    package var replies: [Reply] = []
    package var penalties: [Penalty] = []
    package var failure: String?
    package var notices: [Notice] = []
    /// Refusals of the signing record: an honest core never asks for a second statement.
    package var refusals = 0
    package var highestSigned: SigningPlace?
    private let indexOf: @Sendable (Height) -> UInt32?

    package init(
        disk: SimulatedDisk, keys: NodeKeys, chainID: ChainID, indexOf: @escaping @Sendable (Height) -> UInt32?
    ) {
        (self.disk, self.keys, self.chainID, self.indexOf) = (disk, keys, chainID, indexOf)
        highestSigned = disk.signed.keys.max()
    }

    package var reader: MemoryStore { disk.store }
    package mutating func commit(_ writes: WriteBatch) { disk.store.commit(writes) }

    package mutating func journal(_ rows: [JournalRow], sync: Bool) {
        disk.journal += rows
        if sync { disk.journalSynced = disk.journal.count }
    }

    package mutating func clearJournal(decided: Height) { (disk.journal, disk.journalSynced) = ([], 0) }

    package mutating func sign(_ intent: SignIntent) -> Event? {
        switch intent {
        case .vote(let statement):
            let bytes = statement.signBytes(chainID: chainID)
            let step = statement.type.rawValue
            let place = SigningPlace(height: statement.height, round: statement.round, step: step)
            guard record(bytes, at: place), let index = indexOf(statement.height) else { return nil }
            let signature = keys.consensus.sign(bytes)
            return .voteSigned(
                Vote(statement: statement, address: keys.consensus.address, index: index, signature: signature))
        case .proposal(let round, let polRound, let compact):
            let unsigned = SignedProposal(round: round, polRound: polRound, compact: compact, signature: .zero)
            let bytes = unsigned.statement.signBytes(chainID: chainID)
            let place = SigningPlace(height: compact.header.height, round: round, step: 0)
            guard record(bytes, at: place) else { return nil }
            let signature = keys.consensus.sign(bytes)
            return .proposalSigned(
                SignedProposal(round: round, polRound: polRound, compact: compact, signature: signature))
        case .batch(let sequence, let expiry, let items):
            let mark = (author: keys.consensus.address, sequence: sequence, expiry: expiry)
            return .batchSigned(Batch.signing(mark: mark, items: items, key: keys.consensus, chainID: chainID))
        case .beacon(let height, let alpha):
            return .proved(height, VRF.prove(alpha, key: keys.audit))
        }
    }

    /// The same statement may be signed again; another one, or one below the highest place, is refused.
    private mutating func record(_ bytes: Bytes, at place: SigningPlace) -> Bool {
        if let known = disk.signed[place] {
            if known != bytes { refusals += 1 }
            return known == bytes
        }
        if let highestSigned, place < highestSigned {
            refusals += 1
            return false
        }
        disk.signed[place] = bytes
        highestSigned = place
        return true
    }

    package mutating func send(_ send: Send) { outbox.append(send) }
    package mutating func verify(_ request: VerifyRequest) { checks.append(request) }
    package mutating func reply(_ reply: Reply) { replies.append(reply) }
    package mutating func penalise(_ penalty: Penalty) { penalties.append(penalty) }
    package mutating func note(_ notice: Notice) { notices.append(notice) }
    package mutating func fail(_ reason: String) { failure = reason }
}
