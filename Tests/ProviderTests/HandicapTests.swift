import Ledger
import Primitives
import Testing

@testable import Provider

@Suite("handicap")
struct HandicapTests {
    @Test(
        "a receipt is held back for its part of D, counted from the assignment",
        arguments: [(0, 100), (999_999, 159), (1_000_000, 160), (1_300_000, 178), (1_800_000, 208)]
            as [(UInt32, UInt64)])
    func earliest(slow: UInt32, height: UInt64) throws {
        let provider = try #require(Address(Bytes(repeating: 1, count: 20)))
        let task = TaskRecord(provider: provider, assigned: try #require(Height(100)), budget: 60)
        let earliest = Handicap(slow: slow).earliest(task)
        #expect(earliest.value == height && earliest < task.deadline)
    }

    @Test("none, all or about half of the challenges are passed over")
    func passesOver() {
        func count(_ rate: UInt32) -> Int { (0..<1_000).count { _ in Handicap(misses: rate).passesOver() } }
        #expect(count(0) == 0 && count(1_000_000) == 1_000)
        // Ten standard deviations.
        #expect((340...660).contains(count(500_000)))
    }
}
