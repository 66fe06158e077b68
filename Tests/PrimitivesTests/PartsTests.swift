// Work in parts, and the order of keys without their references.
import Dispatch
import Primitives
import Synchronization
import Testing

@Suite("parts of a snapshot's work")
struct PartsTests {
    /// Runs the parts from the last to the first.
    private struct Backwards: Snapshot {
        func load(_ table: Table, key: Bytes) -> Bytes? { nil }
        func first(_ table: Table, from key: Bytes) -> (key: Bytes, value: Bytes)? { nil }
        func last(_ table: Table, upTo key: Bytes) -> (key: Bytes, value: Bytes)? { nil }
        func forEach(below count: Int, _ body: (Int) -> Void) { for part in (0..<count).reversed() { body(part) } }
    }

    @Test("results come in the order of the parts, whatever the order in which they ran")
    func order() {
        #expect(Backwards().parts(5, isLarge: true) { $0 * $0 } == [0, 1, 4, 9, 16])
        #expect(MemoryStore().parts(5, isLarge: true) { $0 * $0 } == [0, 1, 4, 9, 16])
        #expect(Backwards().parts(0, isLarge: true) { $0 } == [])
    }

    @Test("the parts of a list cover it, in order", arguments: [0, 1, 255, 511, 512, 1000, 4095, 4096, 100_003])
    func cover(count: Int) {
        let parts = Backwards().parts(of: 0..<count) { part, range in (part: part, range: range) }
        #expect(parts.map(\.part) == Array(parts.indices))
        #expect(parts.flatMap { Array($0.range) } == Array(0..<count))
        #expect(parts.count == min(16, max(1, count / 256)))
    }

    @Test("keys stand in bytewise order, also where they agree in their first 56 bytes or one begins another")
    func keys() {
        var random = Random(seed: 7)
        var keys: Set<Bytes> = []
        for _ in 0..<3000 {
            let shared = Bytes(repeating: 5, count: Int(random.below(70)))
            keys.insert(shared + random.bytes(Int(random.below(12))).map { $0 % 3 })
        }
        let list = Array(keys)
        let expected = list.sorted { $0.lexicographicallyPrecedes($1) }
        #expect(KeyOrder.places(of: list).map { list[$0] } == expected)
        for (left, right) in zip(list, list.dropFirst()) {
            #expect(left.precedes(right) == left.lexicographicallyPrecedes(right))
            #expect(!left.precedes(left))
        }
    }
}
