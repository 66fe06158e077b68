// Batches that a proposal names and that are not held: whom to ask, when to ask the next one. Several are asked for at
// once; each is asked of one peer at a time, in the order given (proposer, then voters, then everybody).
package import Chain
package import Primitives

package struct PullBook: Sendable {
    private struct Pull: Sendable {
        let reference: BatchReference
        var asked: Int
        var deadline: Instant
    }

    /// Sorted by digest, so that requests do not depend on hashing.
    private var pulls: [Pull] = []

    package init() {}
    package var isEmpty: Bool { pulls.isEmpty }

    package func isNamed(author: Address, sequence: UInt64) -> Bool {
        pulls.contains { $0.reference.author == author && $0.reference.sequence == sequence }
    }

    package mutating func want(_ references: [BatchReference], now: Instant) {
        for reference in references where pulls.count < DisseminationLimits.pullsMax {
            guard !pulls.contains(where: { $0.reference.digest == reference.digest }) else { continue }
            pulls.append(Pull(reference: reference, asked: 0, deadline: now))
        }
        pulls.sort { $0.reference.digest < $1.reference.digest }
    }

    package mutating func received(_ digest: Digest) { pulls.removeAll { $0.reference.digest == digest } }
    package mutating func removeAll() { pulls.removeAll() }

    /// The requests that are due: per peer, what to ask. `sources` in order of preference; they are asked in turn.
    package mutating func due(now: Instant, sources: [Address]) -> [(peer: Address, references: [BatchReference])] {
        if sources.isEmpty { return [] }
        var requests: [(peer: Address, references: [BatchReference])] = []
        for index in pulls.indices where pulls[index].deadline <= now {
            let peer = sources[pulls[index].asked % sources.count]
            pulls[index].asked += 1
            pulls[index].deadline = now.advanced(by: DisseminationLimits.pullPatience)
            if let place = requests.firstIndex(where: {
                $0.peer == peer && $0.references.count < DisseminationLimits.batchesPerRequestMax
            }) {
                requests[place].references.append(pulls[index].reference)
            } else {
                requests.append((peer, [pulls[index].reference]))
            }
        }
        return requests
    }

    package var deadline: Instant? { pulls.map(\.deadline).min() }
}
