// How much a proposer offers after heights that went well or badly.
import NodeCore
import Primitives
import Testing

@Suite("The pace of proposals")
struct ProposalPaceTests {
    @Test("a lost round halves, a good height adds a quarter, and both ends are bounded")
    func steps() {
        var pace = ProposalPace()
        let start = pace.itemBytes(round: 0)
        #expect(start == 1 << 20)
        #expect(pace.itemBytes(round: 1) == start / 2 && pace.itemBytes(round: 2) == start / 4)
        pace.decided(round: 0, itemBytesMax: .max)
        #expect(pace.itemBytes(round: 0) == start + start / 4)
        pace.decided(round: 3, itemBytesMax: .max)
        #expect(pace.itemBytes(round: 0) == (start + start / 4) / 2)
        for _ in 0..<100 { pace.decided(round: 1, itemBytesMax: .max) }
        let least = pace.itemBytes(round: 0)
        #expect(least == 1 << 18 && pace.itemBytes(round: 100) == least && pace.itemBytes(round: .max) == least)
        for _ in 0..<200 { pace.decided(round: 0, itemBytesMax: 33_000_000) }
        #expect(pace.itemBytes(round: 0) == 33_000_000)
        // A ledger that allows less than the least is not obeyed here: the selection has its bound.
        pace.decided(round: 0, itemBytesMax: 1_000)
        #expect(pace.itemBytes(round: 0) == least)
    }
}
