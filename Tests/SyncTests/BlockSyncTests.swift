import Primitives
import Sync
import Testing

@Suite("Block sync")
struct BlockSyncTests {
    let first = Address(Bytes(repeating: 1, count: 20))!
    let second = Address(Bytes(repeating: 2, count: 20))!
    let start = Instant(nanoseconds: 1_000_000_000)

    private func height(_ value: UInt64) -> Height { Height(value)! }

    @Test("the next height alone is left to the votes for a while, then asked for")
    func grace() {
        var sync = BlockSync(tip: height(5))
        sync.peerClaims(first, height: height(6), now: start)
        let early = sync.due(now: start) { _ in false }.isEmpty
        #expect(early)
        let later = start.advanced(by: BlockSync.Limit.grace)
        #expect(sync.deadline == later)
        let asked = sync.due(now: later) { _ in false }.map(\.height)
        #expect(asked == [height(6)])
    }

    @Test("when nobody claims more any longer there is nothing to wait for")
    func withdrawn() {
        let end = start.advanced(by: .seconds(9))
        for isGone in [true, false] {
            var sync = BlockSync(tip: height(5))
            sync.peerClaims(first, height: height(6), now: start)
            if isGone { sync.peerLeft(first) } else { sync.peerClaims(first, height: height(5), now: start) }
            let asked = sync.due(now: end) { _ in false }.isEmpty
            #expect(asked)
            #expect(sync.deadline == nil)
            // The lag of a later claim is counted from that claim.
            sync.peerClaims(second, height: height(6), now: end)
            #expect(sync.deadline == end.advanced(by: BlockSync.Limit.grace))
        }
    }

    @Test("a node far behind asks at once, spreads over peers and stays inside the window")
    func window() {
        var sync = BlockSync(tip: .zero)
        sync.peerClaims(first, height: height(100), now: start)
        sync.peerClaims(second, height: height(100), now: start)
        let requests = sync.due(now: start) { _ in false }
        #expect(requests.count == 2 * BlockSync.Limit.requestsPerPeer)
        #expect(requests.map(\.height) == (1...16).map { height($0) })
        #expect(Set(requests.map(\.peer)) == [first, second])
        let repeated = sync.due(now: start) { _ in false }.isEmpty
        #expect(repeated)
    }

    @Test("a silent or lying peer is asked last, and what it owed is asked of another")
    func failures() {
        var sync = BlockSync(tip: .zero)
        sync.peerClaims(first, height: height(50), now: start)
        let asked = sync.due(now: start) { _ in false }
        #expect(asked.allSatisfy { $0.peer == first })
        sync.peerClaims(second, height: height(50), now: start)
        let later = start.advanced(by: BlockSync.Limit.patience)
        let again = sync.due(now: later) { _ in false }
        #expect(again.prefix(8).allSatisfy { $0.peer == second })
        #expect(again.first?.height == height(1))
    }

    @Test("a block nobody asked for is refused, and a claim alone is no progress")
    func unasked() {
        var sync = BlockSync(tip: .zero)
        sync.peerClaims(first, height: height(9), now: start)
        let unasked = sync.received(first, height: height(1))
        #expect(!unasked)
        _ = sync.due(now: start) { _ in false }
        let foreign = sync.received(second, height: height(1))
        #expect(!foreign)
        let wanted = sync.received(first, height: height(1))
        #expect(wanted)
        #expect(sync.isBehind)
        sync.advanced(to: height(9), now: start)
        #expect(!sync.isBehind)
        #expect(sync.deadline == nil)
    }

    @Test("heights that wait here are not asked for again, and a peer that leaves frees its requests")
    func held() {
        var sync = BlockSync(tip: .zero)
        sync.peerClaims(first, height: height(3), now: start)
        let asked = sync.due(now: start) { $0 == self.height(2) }.map(\.height)
        #expect(asked == [height(1), height(3)])
        sync.peerLeft(first)
        let nothing = sync.due(now: start) { _ in false }.isEmpty
        #expect(nothing)
    }
}
