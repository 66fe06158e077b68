// Who sits where: seats of peers, half-open connections, bans. Invariants: at most one seat for a peer; of two crossing
// connections both ends keep the one dialled by the smaller id; half-open <= halfOpenMax, per address <=
// halfOpenPerAddressMax. Pure: no sockets, no time.
import Primitives

struct Roster {
    struct Seat: Equatable {
        let link: LinkID
        let outbound: Bool
        var isUp = false
    }

    enum Claim: Equatable {
        case refused(CloseReason)
        /// The seat is taken; the link that had it must be closed.
        case seated(replacing: Seat?)
    }

    private let own: PeerID
    private let configuration: TransportConfiguration
    private var seats: [PeerID: Seat] = [:]
    private var halfOpen: [LinkID: String] = [:]
    private var halfOpenByAddress: [String: Int] = [:]
    private var bannedPeers = BanList<PeerID>()
    private var bannedAddresses = BanList<String>()

    init(own: PeerID, configuration: TransportConfiguration) { (self.own, self.configuration) = (own, configuration) }

    var halfOpenCount: Int { halfOpen.count }

    func seat(of peer: PeerID) -> Seat? { seats[peer] }

    /// The links that are up, by ascending peer.
    var upLinks: [(peer: PeerID, seat: Seat)] {
        seats.filter { $0.value.isUp }.map { ($0.key, $0.value) }.sorted { $0.0 < $1.0 }
    }

    // MARK: Before TLS

    /// Takes a half-open place for an inbound connection, or says why not.
    mutating func admit(_ link: LinkID, address: String) -> CloseReason? {
        if bannedAddresses.contains(address) { return .banned }
        if halfOpen.count >= configuration.halfOpenMax { return .halfOpenFull }
        let count = halfOpenByAddress[address, default: 0]
        if count >= configuration.halfOpenPerAddressMax { return .halfOpenAddressFull }
        halfOpen[link] = address
        halfOpenByAddress[address] = count + 1
        return nil
    }

    /// Gives the half-open place back; idempotent.
    mutating func leaveHalfOpen(_ link: LinkID) {
        guard let address = halfOpen.removeValue(forKey: link) else { return }
        let count = halfOpenByAddress[address, default: 1] - 1
        halfOpenByAddress[address] = count == 0 ? nil : count
    }

    // MARK: After the hello

    mutating func claim(_ link: LinkID, for peer: PeerID, outbound: Bool) -> Claim {
        if peer == own { return .refused(.ownIdentity) }
        if bannedPeers.contains(peer) { return .refused(.banned) }
        let current = seats[peer]
        if let current {
            // In the same direction the newer one wins: its dialler knows that the older one is gone.
            let isPreferred = outbound == current.outbound || outbound == (own < peer)
            if !isPreferred { return .refused(.duplicate) }
        }
        let inboundCount = seats.count { !$0.value.outbound && $0.key != peer }
        if !outbound, inboundCount >= configuration.inboundPeersMax { return .refused(.inboundFull) }
        seats[peer] = Seat(link: link, outbound: outbound)
        return .seated(replacing: current)
    }

    /// False when another link took the seat meanwhile.
    mutating func raise(_ link: LinkID, for peer: PeerID) -> Bool {
        leaveHalfOpen(link)
        guard seats[peer]?.link == link else { return false }
        seats[peer]?.isUp = true
        return true
    }

    /// The seat that became free; nil when the link had none.
    mutating func release(_ link: LinkID, of peer: PeerID) -> Seat? {
        guard seats[peer]?.link == link else { return nil }
        return seats.removeValue(forKey: peer)
    }

    // MARK: Bans

    func isBanned(_ peer: PeerID) -> Bool { bannedPeers.contains(peer) }
    mutating func ban(_ peer: PeerID) { bannedPeers.insert(peer) }
    mutating func unban(_ peer: PeerID) { bannedPeers.remove(peer) }
    mutating func ban(address: String) { bannedAddresses.insert(address) }
    mutating func unban(address: String) { bannedAddresses.remove(address) }
}

/// A set that forgets its oldest member beyond `TransportLimits.bansMax`.
private struct BanList<Member: Hashable & Sendable>: Sendable {
    private var numbers: [Member: UInt64] = [:]
    private var next: UInt64 = 0

    func contains(_ member: Member) -> Bool { numbers[member] != nil }
    mutating func remove(_ member: Member) { numbers[member] = nil }

    mutating func insert(_ member: Member) {
        if numbers[member] == nil, numbers.count >= TransportLimits.bansMax,
            let oldest = numbers.min(by: { $0.value < $1.value })
        {
            numbers[oldest.key] = nil
        }
        numbers[member] = next
        next += 1
    }
}
