// Items into batches, batches into everybody's hands, acknowledgements back.
import Chain
import Codec
import Consensus
import Cryptography
import Dissemination
import Ledger
import Primitives
import Quorum
import Sync

extension NodeCore {
    // MARK: Items of clients, and of peers that take them from clients

    mutating func submit(_ bytes: Bytes, _ source: ItemSource, _ snapshot: some Snapshot) {
        guard isStarted else { return answer(source, .unready("this node is starting")) }
        guard ownIndex != nil || canRelay(for: source) else {
            let reason = "this node has no vote and no link to a validator; try again or elsewhere"
            return answer(source, .unready(reason))
        }
        guard ownIndex != nil || hasRelayRoom else { return answer(source, .busy) }
        let claim: ItemClaim
        do { claim = try ItemClaim(decoding: bytes, chainID: view.chainID) } catch {
            if case .peer(let peer) = source { output.penalties.append(.malformedFrame(peer)) }
            return refuse(source, code: 1, "malformed item: \(error)")
        }
        // Admission first: state and repeats cost nothing to look at, a signature check does.
        if let rule = refusal(of: claim.decoded, snapshot) { return refuse(source, code: rule.rawValue, rule.label) }
        guard seen.insert(claim.decoded.contentID) else { return refuse(source, code: 3, "already handed in") }
        output.checks.append(.item(claim, source))
    }

    /// A peer's item goes no further than one validator.
    private func canRelay(for source: ItemSource) -> Bool {
        if case .client = source { canRelay } else { false }
    }

    func refusal(of decoded: DecodedItem, _ snapshot: some Snapshot) -> Rule? {
        let reserved = decoded.item.sender.flatMap { reservations[$0] } ?? Reservation()
        return Ledger.admit(
            decoded.item, byteCount: decoded.bytes.count, on: snapshot, view: view,
            pending: PendingSpend(count: reserved.count, amount: Amount(reserved.amount)))
    }

    /// Counts what an item that waits here will take from its sender, or no longer does.
    mutating func reserve(_ item: Item, byteCount: Int, by step: Int) {
        guard let sender = item.sender else { return }
        let amount = Ledger.spend(of: item, byteCount: byteCount, view: view).units
        var reserved = reservations[sender] ?? Reservation()
        if step > 0 {
            reserved.count += 1
            let (sum, overflow) = reserved.amount.addingReportingOverflow(amount)
            reserved.amount = overflow ? .max : sum
        } else {
            reserved.count -= min(reserved.count, 1)
            reserved.amount -= min(reserved.amount, amount)
        }
        reservations[sender] = reserved.count == 0 ? nil : reserved
    }

    private mutating func refuse(_ source: ItemSource, code: UInt32, _ reason: String) {
        answer(source, .refused(code: code, reason: reason))
    }

    private mutating func answer(_ source: ItemSource, _ answer: Reply.Answer) {
        if case .client(let ticket) = source { output.replies.append(Reply(ticket: ticket, answer: answer)) }
    }

    mutating func refuseSignature(of claim: ItemClaim, _ source: ItemSource) {
        seen.forget(claim.decoded.contentID)
        if case .peer(let peer) = source { output.penalties.append(.badRecord(peer)) }
        refuse(source, code: 1, "the item is malformed or a signature does not hold")
    }

    /// There is no room for it now.
    mutating func putBack(_ decoded: DecodedItem, _ source: ItemSource) {
        seen.forget(decoded.contentID)
        answer(source, .busy)
    }

    mutating func take(_ claim: ItemClaim, _ source: ItemSource, _ snapshot: some Snapshot) {
        if let rule = refusal(of: claim.decoded, snapshot) {
            seen.forget(claim.decoded.contentID)
            return refuse(source, code: rule.rawValue, rule.label)
        }
        let isTaken = ownIndex == nil ? relay(claim.decoded) : open.append(claim.decoded, now: moment)
        guard isTaken else { return putBack(claim.decoded, source) }
        reserve(claim.item, byteCount: claim.bytes.count, by: 1)
        answer(source, .admitted)
    }

    // MARK: Own batches

    mutating func closeBatch() {
        guard let own = identity.validator, ownIndex != nil, batchBeingSigned.isEmpty, !open.isEmpty else { return }
        guard let items = open.close(now: moment, nothingInFlight: !batches.isInFlight(of: own)) else { return }
        batchBeingSigned = items
        let expiry = view.tip.height.advanced(by: DisseminationLimits.batchLifeHeights)
        let sequence = batches.lastSequence(of: own) + 1
        output.signs.append(.batch(sequence: sequence, expiry: expiry, items: items.map(\.bytes)))
    }

    /// The own batch is signed: durable with this step's writes, and pushed after them.
    mutating func publish(_ batch: Batch, _ snapshot: some Snapshot) {
        let items = batchBeingSigned
        batchBeingSigned = []
        guard ownIndex != nil else { return }
        output.sends.append(Send(.batch(batch.encoded)))
        hold(HeldBatch(own: batch, items: items), snapshot)
    }

    // MARK: Everybody's batches

    /// Takes a verified batch in: durable with this step, acknowledged after it.
    mutating func hold(_ held: HeldBatch, _ snapshot: some Snapshot) {
        let batch = held.batch
        let head = BatchHead(author: batch.author, sequence: batch.sequence, expiry: batch.expiry)
        let named = pulls.isNamed(author: batch.author, sequence: batch.sequence)
        guard batches.refusal(of: head, tip: view.tip.height, named: named) == nil else { return }
        batches.insert(held)
        pulls.received(batch.digest)
        output.writes.put(.batches, key: Self.key(of: batch), value: batch.encoded)
        noteOwnMarks()
        if acknowledgeAt == nil { acknowledgeAt = moment.advanced(by: DisseminationLimits.acknowledgementInterval) }
        judgeOpenCandidates(snapshot)
    }

    /// What must hold for a batch of a member; nil for a stranger's, or one that does not decode.
    private func claim(of batch: Batch) -> BatchClaim? {
        guard let index = view.validators.index(of: batch.author) else { return nil }
        let key = view.validators.validators[index].publicKey
        do { return try BatchClaim(batch: batch, authorKey: key, chainID: view.chainID) } catch { return nil }
    }

    /// Own batches that survived a restart still reserve what they will take.
    private mutating func reserveOwnBatches() {
        guard let own = identity.validator else { return }
        for held in batches.unordered(of: own) {
            for held in held.items { reserve(held.item, byteCount: held.bytes.count, by: 1) }
        }
    }

    static func key(of batch: Batch) -> Bytes { batch.author.bytes + batch.sequence.bigEndianBytes }

    /// This node's own marks count as its acknowledgement.
    func ownMarks() -> [AcknowledgementMark] { batches.marks }

    mutating func noteOwnMarks() {
        guard let own = ownIndex else { return }
        for mark in batches.marks { batches.acknowledge(mark, by: own) }
    }

    mutating func acknowledge() {
        guard let due = acknowledgeAt else { return }
        // At once when this step made something durable and little is going on; else with the next interval.
        guard due <= moment || batches.waiting.batches <= 1 else { return }
        acknowledgeAt = nil
        let marks = ownMarks()
        guard marks != acknowledgedMarks, ownIndex != nil else { return }
        acknowledgedMarks = marks
        output.sends.append(Send(.acknowledgement(marks)))
    }

    /// Batches on disk that no block has named yet: what this node acknowledged it still holds after a restart.
    mutating func reloadBatches(_ snapshot: some Snapshot) {
        var key: Bytes = []
        while let entry = snapshot.first(.batches, from: key) {
            key = entry.key + [0]
            guard let batch = Batch.decoded(entry.value), let claim = claim(of: batch) else { continue }
            batches.insert(HeldBatch(claim))
        }
        noteOwnMarks()
        reserveOwnBatches()
        acknowledgedMarks = ownMarks()
    }

    /// What a decided block did to the batches: named ones leave, own skipped items go into the next batch.
    mutating func order(_ marks: [BatchMark]) {
        var last: [(author: Address, sequence: UInt64)] = []
        for mark in marks {
            if let place = last.firstIndex(where: { $0.author == mark.author }) {
                last[place].sequence = max(last[place].sequence, mark.sequence)
            } else {
                last.append((mark.author, mark.sequence))
            }
        }
        for (author, sequence) in last {
            for held in batches.order(author: author, upTo: sequence) {
                output.writes.delete(.batches, key: Self.key(of: held.batch))
                guard author == identity.validator else { continue }
                release(held, isNamed: marks.contains { $0.author == author && $0.sequence == held.batch.sequence })
            }
        }
    }

    /// An own batch is gone: a skipped one is dead, and its items go into a new one if there is room.
    private mutating func release(_ held: HeldBatch, isNamed: Bool) {
        for decoded in held.items {
            let isWaiting = !isNamed && open.append(decoded, now: moment)
            if !isWaiting { reserve(decoded.item, byteCount: decoded.bytes.count, by: -1) }
        }
    }
}
