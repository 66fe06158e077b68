// Pay that is not settled: the receipts of each block, in records of some hundred, with all that a settlement needs to
// know of them. So settling costs what the participants cost, and neither reads nor writes a record for each task.
// Invariant: a receipt stands here from its block until it is paid or refused, and its task's terms do not change
// meanwhile.
package import Chain
package import Codec
package import Primitives
package import Rewards

/// One receipt whose pay is due.
package struct DueReceipt: Hashable, Sendable {
    package let provider: Address
    package let place: TaskPlace
    package let computeUnits: UInt64
    /// Blocks from the assignment to the receipt, and the task's budget of them.
    package let pace: Pace
    /// p(n) of the provider at the receipt, by which its pay has the haircut; without what the requester prepaid.
    package let auditRate: UInt64

    package init(provider: Address, place: TaskPlace, work: (computeUnits: UInt64, pace: Pace), auditRate: UInt64) {
        (self.provider, self.place) = (provider, place)
        (computeUnits, pace) = work
        self.auditRate = auditRate
    }
}

/// A part of one block's receipts, in their order in the block.
package struct DueReceipts: Hashable, Sendable, Message {
    package var receipts: [DueReceipt]

    /// Small enough to be proved and changed, large enough to be few.
    package static let receiptsMax = 256

    package init(_ receipts: [DueReceipt]) { self.receipts = receipts }

    /// The records of one block's receipts, in their order.
    package static func parts(of all: [DueReceipt]) -> [DueReceipts] {
        stride(from: 0, to: all.count, by: receiptsMax).map { start in
            DueReceipts(Array(all[start..<min(start + receiptsMax, all.count)]))
        }
    }

    package func encode(into encoder: inout Encoder) {
        var job: Digest?
        for receipt in receipts {
            encoder.message(1, Entry(receipt, namesJob: receipt.place.job != job))
            job = receipt.place.job
        }
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        receipts = []
        receipts.reserveCapacity(Self.receiptsMax)
        while var part = try decoder.element(1) {
            if receipts.count == Self.receiptsMax { throw .tooLong(field: 1) }
            let entry = try Entry(from: &part)
            try part.finish()
            let before = receipts.last?.place.job
            guard let job = entry.job ?? before, entry.job != before else { throw .invalid(field: 1) }
            receipts.append(
                DueReceipt(
                    provider: entry.provider, place: TaskPlace(job: job, index: entry.index),
                    work: (entry.computeUnits, entry.pace), auditRate: entry.auditRate))
        }
        if receipts.isEmpty { throw .missing(field: 1) }
    }
}

private struct Entry: Message {
    let provider: Address
    /// nil: that of the entry before.
    let job: Digest?
    let index: UInt32
    let computeUnits: UInt64
    let pace: Pace
    let auditRate: UInt64

    init(_ receipt: DueReceipt, namesJob: Bool) {
        (provider, index) = (receipt.provider, receipt.place.index)
        job = namesJob ? receipt.place.job : nil
        (computeUnits, pace, auditRate) = (receipt.computeUnits, receipt.pace, receipt.auditRate)
    }

    func encode(into encoder: inout Encoder) {
        encoder.data(1, provider)
        if let job { encoder.data(2, job) }
        encoder.unsigned(3, UInt64(index))
        encoder.unsigned(4, computeUnits)
        encoder.unsigned(5, pace.used)
        encoder.unsigned(6, pace.budget)
        encoder.unsigned(7, auditRate)
    }

    init(from decoder: inout Decoder) throws(DecodeError) {
        provider = try decoder.fixedBytes(1)
        job = try decoder.optionalFixedBytes(2)
        index = try decoder.unsigned32(3)
        computeUnits = try decoder.unsigned(4)
        pace = Pace(used: try decoder.unsigned(5), budget: try decoder.unsigned(6))
        auditRate = try decoder.unsigned(7)
    }
}

/// A record of due receipts and where it stands.
package struct DueList: Sendable {
    /// Of the receipts.
    package let epoch: UInt64
    package let height: Height
    package let key: Bytes
    package let receipts: [DueReceipt]

    init(_ key: Bytes, _ record: DueReceipts) {
        guard let epoch = UInt64(bigEndian: key[1..<9]),
            let height = UInt64(bigEndian: key[9..<17]).flatMap({ Height($0) })
        else { preconditionFailure("due key \(Hex.lower(key))") }
        (self.epoch, self.height, self.key, receipts) = (epoch, height, key, record.receipts)
    }
}

/// What is due of one epoch, from a block on, one record after the other.
struct DueReader: Sequence, IteratorProtocol {
    private let prefix: Bytes
    private let snapshot: any Snapshot
    /// The first key that was not looked at.
    private var place: Bytes

    init(_ epoch: UInt64, from height: Height, on snapshot: any Snapshot) {
        (prefix, place) = (Bytes(StateKey.due(epoch).prefix(9)), StateKey.due(epoch, from: height))
        self.snapshot = snapshot
    }

    mutating func next() -> DueList? {
        guard let found = snapshot.first(.state, from: place), found.key.starts(with: prefix) else { return nil }
        place = found.key + [0]
        return DueList(found.key, WorkingState.record(found.value, found.key))
    }
}

extension StateKey {
    /// All receipts of an epoch, from those of `height` on, come after it.
    package static func due(_ epoch: UInt64, from height: Height = .zero) -> Bytes {
        [StateTag.due.rawValue] + epoch.bigEndianBytes + height.value.bigEndianBytes
    }
    package static func due(_ epoch: UInt64, _ height: Height, part: UInt32) -> Bytes {
        due(epoch, from: height) + part.bigEndianBytes
    }
}

extension WorkingState {
    /// Ascending by epoch and height. `prefix` begins with the table's tag.
    func dueLists(prefix: Bytes = [StateTag.due.rawValue]) -> [DueList] {
        scan(prefix: prefix, as: DueReceipts.self).map { DueList(prefix + $0.id, $0.record) }
    }

    /// Of an epoch and those before it.
    func dueLists(upTo epoch: UInt64) -> [DueList] {
        large(entries(.due, upTo: epoch.bigEndianBytes, limit: .max)) { DueList($0, Self.record($1, $0)) }
    }

    /// What is left of a list, which goes with its last receipt.
    mutating func keep(_ left: [DueReceipt], of list: DueList) {
        if left.count == list.receipts.count { return }
        if left.isEmpty { remove(list.key) } else { store(DueReceipts(left), at: list.key) }
    }
}

extension Ledger {
    /// Receipts of an epoch that are not settled, in their order on the chain.
    package static func dueReceipts(of epoch: UInt64, on snapshot: some Snapshot) -> [DueReceipt] {
        DueReader(epoch, from: .zero, on: snapshot).flatMap(\.receipts)
    }
}

extension BlockExecution {
    /// The receipts of this block, which the draws of the next and the settlement find here.
    mutating func recordReceipts() {
        for (part, receipts) in DueReceipts.parts(of: work.receipts).enumerated() {
            state.store(receipts, at: StateKey.due(view.epoch.number, view.height, part: UInt32(part)))
        }
    }

    /// Takes one receipt out of what is due.
    mutating func dropReceipt(_ place: TaskPlace, epoch: UInt64, height: Height) {
        for list in state.dueLists(prefix: StateKey.due(epoch, from: height)) {
            state.keep(list.receipts.filter { $0.place != place }, of: list)
        }
    }
}
