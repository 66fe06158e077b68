// Items at a node that has no vote: it judges them as an author would and hands each to one of the validators it is
// linked to, so that any node's RPC takes a client's item (protocol 4.7: a client stays with one author, the next on
// timeout). Invariant: a relayed item is admitted by this node's own state and verified; `reservations` counts the
// relayed items exactly while they wait. A validator takes items from peers into its own batch and never relays.
import Chain
import Dissemination
import Ledger
import Primitives
import Quorum

extension NodeCore {
    struct Relay: Sendable {
        let decoded: DecodedItem
        /// Whose turn it is: a place among the linked validators, before the remainder is taken.
        var turn: UInt64
        var triesLeft = NodeLimits.relayTriesMax
        var due: Instant
    }

    private var linkedValidators: [PeerID] { peers.map(\.id).filter { members[$0] != nil } }

    /// Whether an item can be handed on at all.
    var canRelay: Bool { relays.count < NodeLimits.relaysMax && !linkedValidators.isEmpty }

    /// Hands a verified item on for the first time; false when there is no room or nobody to take it.
    mutating func relay(_ item: DecodedItem) -> Bool {
        guard canRelay else { return false }
        let client = item.item.sender?.bytes ?? item.contentID.bytes
        guard let turn = UInt64(bigEndian: client.prefix(8)) else { preconditionFailure("8 bytes of \(client.count)") }
        var entry = Relay(decoded: item, turn: turn, due: moment)
        handOn(&entry)
        relays.append(entry)
        return true
    }

    private mutating func handOn(_ entry: inout Relay) {
        entry.due = moment.advanced(by: NodeLimits.relayPatience)
        let validators = linkedValidators
        if validators.isEmpty { return }
        let peer = validators[Int(entry.turn % UInt64(validators.count))]
        output.sends.append(Send(.item(entry.decoded.bytes), to: .peer(peer)))
    }

    /// What is in no block after a while goes to the next validator, a few times, and with it everything later of the
    /// same sender: behind a lost item no later one can be taken.
    mutating func pursueRelays() {
        guard relays.contains(where: { $0.due <= moment }) else { return }
        // Senders whose oldest entry was looked at, and the turn of those whose entries go out again.
        var heads: Set<Address> = []
        var turns: [Address: UInt64] = [:]
        var waiting: [Relay] = []
        for var entry in relays {
            let sender = entry.decoded.item.sender
            if let sender, heads.contains(sender) {
                if let turn = turns[sender] {
                    entry.turn = turn
                    handOn(&entry)
                }
            } else if entry.due <= moment, entry.triesLeft == 0 {
                forget(entry)
                continue
            } else {
                let isDue = entry.due <= moment
                if isDue {
                    entry.turn &+= 1
                    entry.triesLeft -= 1
                    handOn(&entry)
                }
                if let sender {
                    heads.insert(sender)
                    turns[sender] = isDue ? entry.turn : nil
                }
            }
            waiting.append(entry)
        }
        relays = waiting
    }

    private mutating func forget(_ entry: Relay) {
        seen.forget(entry.decoded.contentID)
        reserve(entry.decoded.item, byteCount: entry.decoded.bytes.count, by: -1)
    }

    /// No entry is due before an older one of its sender.
    var relayDeadline: Instant? { relays.map(\.due).min() }

    /// After a block: what the new state no longer admits is in it, or can never be in one.
    mutating func judgeRelays(_ snapshot: some Snapshot) {
        if relays.isEmpty { return }
        let before = relays
        relays = []
        for entry in before { reserve(entry.decoded.item, byteCount: entry.decoded.bytes.count, by: -1) }
        for entry in before where refusal(of: entry.decoded, snapshot) == nil {
            reserve(entry.decoded.item, byteCount: entry.decoded.bytes.count, by: 1)
            relays.append(entry)
        }
    }
}
