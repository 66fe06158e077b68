// What happens on a chain, as the event stream `/v1/events` tells it: names and JSON of every event, both ways.
// Invariant: reading accepts what writing makes and nothing else.
package import Ledger
package import Primitives
import Rewards

/// The name in the stream's `event:` lines.
package enum EventKind: String, CaseIterable, Sendable {
    /// Each committed block; it is the last event of its height.
    case block
    /// An epoch that the block settled.
    case epoch
    /// A row of that epoch's tables for the account that was asked for.
    case reward, slash
}

package enum ChainEvent: Equatable, Sendable {
    case block(BlockEvent)
    case epoch(UInt64, EpochSummary)
    /// A row as `rewards` answers it, with its epoch.
    case reward(JSON)
    /// A row as `slashes` answers it, with its epoch.
    case slash(JSON)

    package init(_ kind: EventKind, json: JSON) throws(ShapeError) {
        switch kind {
        case .block: self = .block(try BlockEvent(json: json))
        case .epoch: self = .epoch(try json.decimal("epoch"), try EpochSummary(json: json))
        case .reward, .slash:
            let (_, _): (UInt64, UInt64) = (try json.decimal("epoch"), try json.decimal("amount"))
            guard Address(bech32: try json.text("account")) != nil else { throw .wrongForm("account") }
            self = kind == .reward ? .reward(json) : .slash(json)
        }
    }
}

package struct BlockEvent: Hashable, Sendable {
    package let height: Height
    package let time: Timestamp
    package let hash: Digest
    /// As its header has it: the state before the block.
    package let appHash: Bytes
    package let items: UInt64
    /// The epoch that it belongs to.
    package let epoch: UInt64

    package init(
        _ header: (height: Height, time: Timestamp), hash: Digest, appHash: Bytes, items: UInt64, epoch: UInt64
    ) {
        (height, time) = header
        (self.hash, self.appHash, self.items, self.epoch) = (hash, appHash, items, epoch)
    }

    package var json: JSON {
        [
            "height": .decimal(height), "time": .time(time), "hash": .hex(hash), "app_hash": .hex(appHash),
            "items": .decimal(items), "epoch": .decimal(epoch),
        ]
    }

    package init(json: JSON) throws(ShapeError) {
        self.init(
            (try json.height("height"), try json.time("time")), hash: try json.fixedHex("hash"),
            appHash: try json.hex("app_hash"), items: try json.decimal("items"), epoch: try json.decimal("epoch"))
    }
}

extension EpochSummary {
    package init(json: JSON) throws(ShapeError) {
        self.init(
            height: try json.height("height"),
            roots: (try json.fixedHex("rewards_root"), try json.fixedHex("slashes_root")),
            rows: (try json.decimal("reward_rows"), try json.decimal("slash_rows")),
            totals: (
                Amount(try json.decimal("paid")), Amount(try json.decimal("minted")),
                Amount(try json.decimal("burned")), Amount(try json.decimal("slashed"))
            ))
    }
}
