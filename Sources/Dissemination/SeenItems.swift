// Content ids seen lately: a repeat is dropped before its signature is checked. Bounded by two generations; forgetting
// costs at most one more check, never correctness, because replay is stopped by state.
package import Primitives

package struct SeenItems: Sendable {
    private var young: Set<Digest> = []
    private var old: Set<Digest> = []

    package init() {}

    /// False when the id was seen before.
    package mutating func insert(_ id: Digest) -> Bool {
        if young.contains(id) || old.contains(id) { return false }
        if young.count >= DisseminationLimits.seenItemsMax / 2 { (old, young) = (young, []) }
        young.insert(id)
        return true
    }

    /// Lets an id in again, because the item could not be taken after all.
    package mutating func forget(_ id: Digest) {
        young.remove(id)
        old.remove(id)
    }
}
