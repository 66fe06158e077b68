// What must hold after every event, whatever the faults: safety. Liveness is asked for after `heal`.
import Chain
import Cryptography
import Ledger
import NodeCore
package import Primitives
import Quorum

extension Simulation {
    mutating func check(_ driver: Driver<NodeCore, SimulatedWorld>, node: Int) {
        if let reason = driver.world.failure { violation = "node \(node) ended: \(reason)" }
        let core = driver.core
        let height = Int(core.view.tip.height.value)
        guard height > 0, let hash = core.view.tip.blockID.hash else { return }
        // Agreement: one block per height over all nodes.
        while decidedHashes.count < height { decidedHashes.append(.zero) }
        if decidedHashes[height - 1] == .zero {
            decidedHashes[height - 1] = hash
        } else if decidedHashes[height - 1] != hash {
            violation = "node \(node) decided \(hash) at height \(height), another one \(decidedHashes[height - 1])"
        }
        // No peer gets punished by honest peers.
        if let penalty = driver.world.penalties.first {
            violation = "node \(node) penalised an honest peer: \(penalty)"
        }
    }

    /// A deadline that stays due after it was pursued would be a real node's core at full speed for nothing.
    mutating func checkClock() {
        if now > lastMove.at { lastMove = (now, events) }
        if events - lastMove.events > 100_000 { violation = "time stands still at \(now.nanoseconds) ns" }
    }

    struct Statement: Hashable {
        let node: Int
        let place: SigningPlace
    }

    /// No honest node ever says two things in one place.
    mutating func checkStatement(_ message: PeerMessage, from node: Int) {
        guard case .vote(let vote) = message, vote.validatorAddress == nodes[node].keys.consensus.address else {
            return
        }
        let place = SigningPlace(height: vote.height, round: vote.round, step: vote.type.rawValue)
        let bytes = vote.statement.signBytes(chainID: genesis.chainID)
        if let earlier = statements.updateValue(bytes, forKey: Statement(node: node, place: place)), earlier != bytes {
            violation = "node \(node) signed twice at height \(vote.height), round \(vote.round), \(vote.type)"
        }
    }

    /// Mixes what happens into the digest of the run.
    mutating func note(_ batch: [Event], node: Int) {
        history.update(UInt64(bitPattern: now.nanoseconds).bigEndianBytes + [UInt8(truncatingIfNeeded: node)])
        for event in batch {
            if case .frameReceived(let peer, let bytes) = event { history.update(peer.bytes + bytes) }
            if case .itemSubmitted(let bytes, let ticket) = event { history.update(ticket.bigEndianBytes + bytes) }
        }
    }

    /// How many places the node has voted in.
    package func votes(of node: Int) -> Int { statements.keys.count { $0.node == node } }

    /// App hashes by node, for those that are up.
    package var appHashes: [Digest] { nodes.compactMap { $0.driver?.core.view.appHash } }

    /// The committed balance of every account, from the first node that is up.
    package func store(of node: Int) -> MemoryStore? { nodes[node].driver?.world.disk.store }
}

extension Simulation {
    /// Equal stakes; the accounts hold money enough for every transfer of a run.
    static func genesis(keys: [NodeKeys], accounts: [SigningKey]) -> Genesis {
        guard let chainID = ChainID(Bytes("merit-simulation".utf8)),
            let time = Timestamp(rfc3339: "2026-01-01T00:00:00Z")
        else { preconditionFailure("constants") }
        let tokens = Amount.unitsPerToken
        let validators = keys.map { keys in
            GenesisValidator(
                operatorAddress: keys.account.address,
                keys: ValidatorKeys(
                    consensus: keys.consensus.publicKey, audit: keys.audit.publicKey,
                    transport: keys.transport.publicKey),
                stake: Amount(100_000 * tokens), name: [])
        }
        let balances = accounts.map { GenesisAccount(address: $0.address, balance: Amount(1_000_000 * tokens)) }
        return Genesis(
            chain: (chainID, time, Amount(1_000_000_000 * tokens)), consensus: ConsensusParameters(),
            accounts: balances, bonded: (validators, []), settings: [])
    }
}
