// Batches that are appended to each other, in one piece or in several.
import Primitives
import Testing

@Suite("a batch of writes")
struct WriteBatchTests {
    private static func random(_ random: inout Random, count: Int) -> [Write] {
        (0..<count).map { _ in
            let value = random.chance(ppm: 200_000) ? nil : random.bytes(3)
            return Write(random.chance(ppm: 500_000) ? .state : .tree, key: random.bytes(4), value: value)
        }
    }

    private static func add(_ writes: [Write], to batch: inout WriteBatch) {
        for write in writes {
            if let value = write.value {
                batch.put(write.table, key: write.key, value: value)
            } else {
                batch.delete(write.table, key: write.key)
            }
        }
    }

    @Test(
        "writes keep their order, however large the batches are that they came in", arguments: UInt64(0)..<20)
    func order(seed: UInt64) {
        var random = Random(seed: seed)
        var (batch, expected): (WriteBatch, [Write]) = (WriteBatch(), [])
        for _ in 0..<12 {
            let writes = Self.random(&random, count: Int(random.below(200)))
            expected += writes
            if random.chance(ppm: 500_000) {
                Self.add(writes, to: &batch)
                continue
            }
            var other = WriteBatch()
            Self.add(writes, to: &other)
            batch.append(other)
            // What happens to the other batch later is its own.
            other.delete(.meta, key: [1])
        }
        #expect(batch.writes == expected && Array(batch.parts.joined()) == expected)
        #expect(batch.isEmpty == expected.isEmpty && !batch.parts.contains([]))
        var whole = WriteBatch()
        Self.add(expected, to: &whole)
        #expect(whole == batch && whole.parts.count <= 1)
        whole.delete(.meta, key: [1])
        #expect(whole != batch)
    }

    @Test("an appended batch of nothing leaves nothing")
    func nothing() {
        var batch = WriteBatch()
        batch.append(WriteBatch())
        #expect(batch.isEmpty && batch.parts == [] && batch == WriteBatch())
    }
}
