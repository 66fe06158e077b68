// A binary heap of due things, ordered by (time, number of arrival): equal times keep their order, so a run is decided
// by its seed alone.
package import Primitives

package struct EventHeap<Element> {
    private struct Entry {
        let time: Instant
        let number: UInt64
        let element: Element

        func precedes(_ other: Entry) -> Bool { (time, number) < (other.time, other.number) }
    }

    private var entries: [Entry] = []
    private var pushed: UInt64 = 0

    package init() {}
    package var nextTime: Instant? { entries.first?.time }
    package var count: Int { entries.count }

    package mutating func push(_ element: Element, at time: Instant) {
        entries.append(Entry(time: time, number: pushed, element: element))
        pushed += 1
        var child = entries.count - 1
        while child > 0, entries[child].precedes(entries[(child - 1) / 2]) {
            entries.swapAt(child, (child - 1) / 2)
            child = (child - 1) / 2
        }
    }

    package mutating func pop() -> Element? {
        guard let first = entries.first else { return nil }
        let last = entries.removeLast()
        if !entries.isEmpty {
            entries[0] = last
            sink()
        }
        return first.element
    }

    private mutating func sink() {
        var parent = 0
        while true {
            var smallest = parent
            for child in [2 * parent + 1, 2 * parent + 2] where child < entries.count {
                if entries[child].precedes(entries[smallest]) { smallest = child }
            }
            if smallest == parent { return }
            entries.swapAt(parent, smallest)
            parent = smallest
        }
    }
}
