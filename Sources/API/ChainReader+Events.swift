// The events of committed heights, out of the store: nothing is kept for a subscriber, so nothing grows with a slow one
// and any height can be told again. The `block` event ends its height and alone carries an id: whoever comes back with
// the last id it saw gets every event of the heights after it, and no height that it has only half.
import Chain
import Cryptography
import Ledger
import Primitives
import RPC
import Rewards

/// Events of neighbouring heights as the stream has them.
struct EventPage {
    private(set) var bytes = Bytes()
    private(set) var count: UInt64 = 0
    /// The height after the last one told.
    fileprivate(set) var next: Height

    fileprivate init(next: Height) { self.next = next }

    /// JSON holds no line break, so one `data:` line has it all.
    fileprivate mutating func add(_ kind: EventKind, id: Height? = nil, _ data: JSON) {
        bytes += "event: \(kind.rawValue)\n".utf8
        if let id { bytes += "id: \(id)\n".utf8 }
        bytes += "data: ".utf8 + data.encoded + "\n\n".utf8
        count += 1
    }
}

extension ChainReader {
    /// From `first` up to the tip, or as many heights as fill a page.
    func events(from first: Height, of account: Address?) throws(RPCError) -> EventPage {
        var page = EventPage(next: first)
        guard first <= tip.height else { return page }
        var epoch = try epoch(of: first)
        while page.next <= tip.height, page.bytes.count < APILimits.eventBytesMax {
            let header = try header(at: page.next)
            let items = try results(at: page.next).count
            let settled = try summary(of: epoch)
            let block = BlockEvent(
                (header.height, header.time), hash: header.hash, appHash: header.appHash, items: UInt64(items),
                epoch: epoch)
            if let settled, settled.height == page.next {
                page.add(.epoch, settled.json(epoch: epoch))
                if let account { try addRows(of: account, epoch, to: &page) }
                epoch += 1
            }
            page.add(.block, id: page.next, block.json)
            page.next = page.next.advanced()
        }
        return page
    }

    private func addRows(of account: Address, _ epoch: UInt64, to page: inout EventPage) throws(RPCError) {
        // An account has few rows: at most one of each kind and asset, and one of each offence and evidence.
        let range = 0..<Int(APILimits.pageMax)
        let place: JSON = ["epoch": .decimal(epoch)]
        for bytes in Ledger.rows(.rewards, epoch: epoch, of: account, at: range, on: snapshot) {
            let row: RewardRow = try Self.row(bytes)
            page.add(.reward, place.adding(row.json))
        }
        for bytes in Ledger.rows(.slashes, epoch: epoch, of: account, at: range, on: snapshot) {
            let row: SlashRow = try Self.row(bytes)
            page.add(.slash, place.adding(row.json))
        }
    }

    // MARK: Epochs

    private func summary(of epoch: UInt64) throws(RPCError) -> EpochSummary? {
        try load(.state, StateKey.epochSummary(epoch))
    }

    /// The epoch that a committed height belongs to: the first one that ends at it or after it.
    private func epoch(of height: Height) throws(RPCError) -> UInt64 {
        guard let running: EpochRecord = try load(.state, StateKey.singleton(.epoch)) else {
            throw .failed("the store is empty")
        }
        if height >= running.startHeight { return running.number }
        var (low, high): (UInt64, UInt64) = (0, running.number)
        while low < high {
            let middle = low + (high - low) / 2
            guard let summary = try summary(of: middle) else { throw unavailable(height) }
            if summary.height < height { low = middle + 1 } else { high = middle }
        }
        return low
    }
}

extension JSON {
    /// An object with the members of another put after its own.
    fileprivate func adding(_ other: JSON) -> JSON {
        guard case .object(let members) = other else { return self }
        return members.reduce(self) { $0.adding($1.name, $1.value) }
    }
}
