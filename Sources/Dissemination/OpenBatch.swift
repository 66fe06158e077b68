// The batch that this author is filling. It closes when it is full, when it is old, or at once when nothing of this
// author is on its way; so a lone item does not wait and a flood travels in full batches.
package import Chain
package import Primitives

package struct OpenBatch: Sendable {
    private var items: [DecodedItem] = []
    private var bytes = 0
    private var openedAt: Instant?

    package init() {}

    package var isEmpty: Bool { items.isEmpty }
    package var count: Int { items.count }

    /// False when there is no room: the submitter is told to come back.
    package mutating func append(_ item: DecodedItem, now: Instant) -> Bool {
        guard items.count < DisseminationLimits.openItemsMax else { return false }
        if items.isEmpty { openedAt = now }
        items.append(item)
        bytes += item.bytes.count
        return true
    }

    /// The items of the next batch, oldest first, when it is time to close one.
    package mutating func close(now: Instant, nothingInFlight: Bool) -> [DecodedItem]? {
        guard let openedAt, !items.isEmpty else { return nil }
        let due = openedAt.advanced(by: DisseminationLimits.batchAgeMax) <= now
        guard due || nothingInFlight || bytes >= Batch.itemBytesTarget else { return nil }
        var taken = 0
        var size = 0
        for item in items {
            let count = item.bytes.count
            if taken > 0, size + count > Batch.itemBytesTarget || taken == Batch.itemsMax { break }
            (taken, size) = (taken + 1, size + count)
        }
        let batch = Array(items[..<taken])
        items.removeFirst(taken)
        bytes -= size
        self.openedAt = items.isEmpty ? nil : now
        return batch
    }

    /// When `close` becomes due by age.
    package var deadline: Instant? { openedAt?.advanced(by: DisseminationLimits.batchAgeMax) }
}
