// Which decided heights are missing here, and of whom to ask them. Progress is measured by blocks that were verified
// and applied, never by what peers claim: a claim only says whom to ask. Missing heights are a window above the tip, so
// a partial answer drops nothing, and a peer that does not deliver is asked later than the others. It touches no socket
// and no disk, and knows nothing of what a block means.
package import Primitives

package struct BlockSync: Sendable {
    package enum Limit {
        /// Heights asked for at the same time.
        package static let window: UInt64 = 32
        /// Requests under way at one peer.
        package static let requestsPerPeer = 8
        /// A peer has this long to answer.
        package static let patience = Span.seconds(2)
        /// The next height is decided by votes as a rule; only after this long is it asked for as a block.
        package static let grace = Span.milliseconds(400)
    }

    private struct Peer: Sendable {
        let id: Address
        var claimed: Height
        var failures: UInt32
    }

    private struct Request: Sendable {
        let height: Height
        let peer: Address
        let deadline: Instant
    }

    private var peers: [Peer] = []
    private var requests: [Request] = []
    private var tip: Height
    /// Since when some peer claims more than the tip.
    private var behindSince: Instant?

    package init(tip: Height) { self.tip = tip }

    package mutating func peerClaims(_ id: Address, height: Height, now: Instant) {
        if let index = peers.firstIndex(where: { $0.id == id }) {
            peers[index].claimed = height
        } else {
            peers.append(Peer(id: id, claimed: height, failures: 0))
            peers.sort { $0.id < $1.id }
        }
        if height > tip, behindSince == nil { behindSince = now }
        forgetLag()
    }

    /// Where nobody claims more than the tip any longer there is nothing to wait for.
    private mutating func forgetLag() {
        if !peers.contains(where: { $0.claimed > tip }) { behindSince = nil }
    }

    package mutating func peerLeft(_ id: Address) {
        peers.removeAll { $0.id == id }
        requests.removeAll { $0.peer == id }
        forgetLag()
    }

    /// The peer sent something that is no valid block of that height, or nothing in time: it is asked last from now on.
    package mutating func failed(_ id: Address, height: Height) {
        requests.removeAll { $0.peer == id && $0.height == height }
        if let index = peers.firstIndex(where: { $0.id == id }) { peers[index].failures += 1 }
    }

    /// This peer was asked for this height and has time left.
    package func isAsked(_ id: Address, height: Height) -> Bool {
        requests.contains { $0.peer == id && $0.height == height }
    }

    /// Some of a block arrived: the peer gets its time anew for the rest. The number of parts bounds how often.
    package mutating func progressed(_ id: Address, height: Height, now: Instant) {
        guard let place = requests.firstIndex(where: { $0.peer == id && $0.height == height }) else { return }
        requests[place] = Request(height: height, peer: id, deadline: now.advanced(by: Limit.patience))
    }

    /// A block arrived; false when nobody asked this peer for it.
    package mutating func received(_ id: Address, height: Height) -> Bool {
        let before = requests.count
        requests.removeAll { $0.peer == id && $0.height == height }
        return requests.count < before
    }

    /// A height was decided or synced here.
    package mutating func advanced(to height: Height, now: Instant) {
        tip = height
        requests.removeAll { $0.height <= height }
        behindSince = peers.contains { $0.claimed > height } ? now : nil
    }

    package var isBehind: Bool { peers.contains { $0.claimed > tip.advanced() } }

    /// The requests to send now. `held`: heights above the tip that wait here already; `last`: none above it.
    package mutating func due(
        now: Instant, through last: Height? = nil, held: (Height) -> Bool
    ) -> [(peer: Address, height: Height)] {
        for request in requests where request.deadline <= now { failed(request.peer, height: request.height) }
        guard let behindSince, isBehind || behindSince.advanced(by: Limit.grace) <= now else { return [] }
        var result: [(peer: Address, height: Height)] = []
        for offset in 1...Limit.window {
            let height = tip.advanced(by: offset)
            if let last, height > last { break }
            if held(height) || requests.contains(where: { $0.height == height }) { continue }
            guard let peer = source(for: height) else { break }
            requests.append(Request(height: height, peer: peer, deadline: now.advanced(by: Limit.patience)))
            result.append((peer, height))
        }
        return result
    }

    /// The least failing, least busy peer that claims the height.
    private func source(for height: Height) -> Address? {
        let able = peers.filter { peer in
            peer.claimed >= height && requests.count { $0.peer == peer.id } < Limit.requestsPerPeer
        }
        return able.min { left, right in
            let (first, second) = (load(of: left), load(of: right))
            return first == second ? left.id < right.id : first < second
        }?.id
    }

    private func load(of peer: Peer) -> Int { Int(peer.failures) * 100 + requests.count { $0.peer == peer.id } }

    package var deadline: Instant? {
        let timeouts = requests.map(\.deadline)
        guard let behindSince, requests.isEmpty else { return timeouts.min() }
        return (timeouts + [behindSince.advanced(by: Limit.grace)]).min()
    }
}
