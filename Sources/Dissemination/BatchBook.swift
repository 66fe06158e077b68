// Which batches of which author are held here and elsewhere. One owner of the fact "held": whatever is here is verified
// and durable, so an acknowledgement can be read off it.
// Invariant: for each author, `mark` is the largest s such that every sequence in (ordered, s] is held; `ordered` is
// the last sequence that a decided block named, and everything at or below it is gone from here. It does not know what
// an item means, and touches no socket.
package import Chain
package import Primitives
package import Quorum

/// A verified, durable batch.
package struct HeldBatch: Sendable {
    package let batch: Batch
    package let items: [DecodedItem]

    package init(_ claim: BatchClaim) { (batch, items) = (claim.batch, claim.items) }

    /// An own batch of items that were verified one by one.
    package init(own batch: Batch, items: [DecodedItem]) {
        precondition(batch.items.count == items.count, "a batch of \(batch.items.count) made of \(items.count) items")
        (self.batch, self.items) = (batch, items)
    }
}

package struct BatchBook: Sendable {
    private struct Author: Sendable {
        var ordered: UInt64
        var mark: UInt64
        /// The last sequence that was ever held.
        var newest: UInt64 = 0
        /// By sequence, only above `ordered`.
        var held: [UInt64: HeldBatch] = [:]
        var bytes = 0
        /// Per validator (index in the set): the sequence up to which it said to hold everything.
        var acknowledged: [UInt64]

        mutating func raiseMark() {
            if mark < ordered { mark = ordered }
            while held[mark + 1] != nil { mark += 1 }
        }
    }

    private var set: ValidatorSet
    /// In set order: iteration never depends on hashing.
    private var authors: [Author]

    /// `ordered`: the last ordered sequence per author, from state.
    package init(set: ValidatorSet, ordered: (Address) -> UInt64) {
        self.set = set
        authors = set.validators.map { validator in
            let last = ordered(validator.address)
            return Author(ordered: last, mark: last, acknowledged: Array(repeating: 0, count: set.count))
        }
    }

    /// Moves to a new validator set; batches of authors that left are dropped, acknowledgements of those that stay
    /// kept.
    package mutating func change(to newSet: ValidatorSet, ordered: (Address) -> UInt64) {
        if newSet.hash == set.hash { return }
        var next = BatchBook(set: newSet, ordered: ordered)
        for (position, validator) in newSet.validators.enumerated() {
            guard let old = set.index(of: validator.address) else { continue }
            next.authors[position].held = authors[old].held
            (next.authors[position].bytes, next.authors[position].newest) = (authors[old].bytes, authors[old].newest)
            for (index, member) in newSet.validators.enumerated() {
                guard let before = set.index(of: member.address) else { continue }
                next.authors[position].acknowledged[index] = authors[old].acknowledged[before]
            }
            next.authors[position].raiseMark()
        }
        self = next
    }

    /// Why a batch is not taken in. `named` batches, asked for by a proposal, are refused only when useless.
    package enum Refusal: Error, Equatable, Sendable {
        case unknownAuthor, alreadyHeld, alreadyOrdered, tooFarAhead, overQuota, expired
    }

    /// Admission before any signature is checked: cheap, and the same for pushed and pulled batches.
    package func refusal(of head: BatchHead, tip: Height, named: Bool) -> Refusal? {
        guard let index = set.index(of: head.author) else { return .unknownAuthor }
        let author = authors[index]
        if head.sequence <= author.ordered { return .alreadyOrdered }
        if author.held[head.sequence] != nil { return .alreadyHeld }
        if head.expiry <= tip { return .expired }
        if named { return nil }
        if head.sequence > author.ordered.addingSaturating(DisseminationLimits.sequencesAheadMax) {
            return .tooFarAhead
        }
        if author.held.count >= DisseminationLimits.unorderedBatchesPerAuthor { return .overQuota }
        return author.bytes >= DisseminationLimits.unorderedBytesPerAuthor ? .overQuota : nil
    }

    /// Takes in a verified batch, which the caller makes durable in the same step.
    package mutating func insert(_ held: HeldBatch) {
        guard let index = set.index(of: held.batch.author), held.batch.sequence > authors[index].ordered,
            authors[index].held[held.batch.sequence] == nil
        else { return }
        authors[index].held[held.batch.sequence] = held
        authors[index].bytes += held.batch.itemBytes
        authors[index].newest = max(authors[index].newest, held.batch.sequence)
        authors[index].raiseMark()
    }

    package func batch(_ reference: BatchReference) -> HeldBatch? {
        guard let index = set.index(of: reference.author), let held = authors[index].held[reference.sequence],
            held.batch.digest == reference.digest
        else { return nil }
        return held
    }

    package func batch(author: Address, sequence: UInt64) -> HeldBatch? {
        set.index(of: author).flatMap { authors[$0].held[sequence] }
    }

    /// What this node says to hold: one mark per author that has any, in set order.
    package var marks: [AcknowledgementMark] {
        authors.enumerated().filter { $0.element.mark > 0 }
            .map { AcknowledgementMark(author: set.validators[$0.offset].address, sequence: $0.element.mark) }
    }

    /// A validator (by index) says to hold everything of `author` up to a sequence. Marks only rise.
    package mutating func acknowledge(_ mark: AcknowledgementMark, by validator: Int) {
        guard let index = set.index(of: mark.author), authors[index].acknowledged.indices.contains(validator) else {
            return
        }
        authors[index].acknowledged[validator] = max(authors[index].acknowledged[validator], mark.sequence)
    }

    /// True when validators with more than two thirds of the stake hold everything of `author` up to `sequence`.
    package func isAvailable(author: Int, sequence: UInt64) -> Bool {
        var power: Int64 = 0
        for (validator, mark) in authors[author].acknowledged.enumerated() where mark >= sequence {
            power += set.validators[validator].power
        }
        return set.isQuorum(power)
    }

    /// The batches to name at `height`: available ones, round-robin over authors beginning at another author each
    /// height, oldest first, below the caps; of more than one only what is below `wanted` bytes.
    package func selection(height: Height, itemBytesMax: Int, wanted: Int = .max) -> [HeldBatch] {
        var next = authors.map { $0.ordered + 1 }
        var open = Array(authors.indices)
        let start = Int(height.value % UInt64(authors.count))
        open = Array(open[start...] + open[..<start])
        var chosen: [HeldBatch] = []
        var bytes = 0
        while !open.isEmpty {
            var remaining: [Int] = []
            for author in open {
                guard let held = nextLive(author, from: &next[author], height: height),
                    chosen.count < CompactProposal.batchesMax,
                    bytes + held.batch.itemBytes <= (chosen.isEmpty ? itemBytesMax : min(itemBytesMax, wanted))
                else { continue }
                chosen.append(held)
                bytes += held.batch.itemBytes
                remaining.append(author)
            }
            open = remaining
        }
        return chosen
    }

    private func nextLive(_ author: Int, from sequence: inout UInt64, height: Height) -> HeldBatch? {
        while let held = authors[author].held[sequence] {
            guard isAvailable(author: author, sequence: sequence) else { return nil }
            sequence += 1
            if held.batch.expiry >= height { return held }
        }
        return nil
    }

    /// True when some batch could be named at `height`.
    package func hasSelection(height: Height) -> Bool {
        authors.indices.contains { author in
            var sequence = authors[author].ordered + 1
            return nextLive(author, from: &sequence, height: height) != nil
        }
    }

    /// A decided block named `author`'s batches up to `sequence`. Returns what is gone, named or skipped, so that the
    /// caller frees the disk and puts its own skipped items into a new batch.
    package mutating func order(author: Address, upTo sequence: UInt64) -> [HeldBatch] {
        guard let index = set.index(of: author), sequence > authors[index].ordered else { return [] }
        let gone = authors[index].held.keys.filter { $0 <= sequence }.sorted()
        let batches = gone.compactMap { authors[index].held.removeValue(forKey: $0) }
        authors[index].bytes -= batches.reduce(0) { $0 + $1.batch.itemBytes }
        authors[index].ordered = sequence
        authors[index].raiseMark()
        return batches
    }

    /// The last sequence of `author` that is held or ordered.
    package func lastSequence(of author: Address) -> UInt64 {
        guard let index = set.index(of: author) else { return 0 }
        return max(authors[index].ordered, authors[index].newest)
    }

    /// True when something of `author` is held that more than two thirds of the stake do not hold yet.
    package func isInFlight(of author: Address) -> Bool {
        guard let index = set.index(of: author), authors[index].newest > authors[index].ordered else { return false }
        return !isAvailable(author: index, sequence: authors[index].newest)
    }

    /// Batches of `author` above its ordered ones, oldest first.
    package func unordered(of author: Address) -> [HeldBatch] {
        guard let index = set.index(of: author) else { return [] }
        return authors[index].held.keys.sorted().compactMap { authors[index].held[$0] }
    }

    /// Batches and bytes that wait to be ordered, over all authors.
    package var waiting: (batches: Int, bytes: Int) {
        authors.reduce((0, 0)) { ($0.0 + $1.held.count, $0.1 + $1.bytes) }
    }
}

extension UInt64 {
    func addingSaturating(_ other: UInt64) -> UInt64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
