// What is kept of missed duties: who proved one, and who must do it instead.
// Invariant: a task that is drawn again stays in the list of what is due until its redraw is done or given up.
package import Chain
package import Codec
package import Primitives
import Quorum

/// A duty that somebody proved to be missed.
struct MissedRecord: Hashable, Message {
    /// The operator or account that proved it first.
    let reporter: Address
    /// The block that holds the proof.
    let height: Height

    init(reporter: Address, height: Height) { (self.reporter, self.height) = (reporter, height) }

    func encode(into encoder: inout Encoder) {
        encoder.data(1, reporter)
        encoder.signed(2, height.signed)
    }

    init(from decoder: inout Decoder) throws(DecodeError) {
        reporter = try decoder.fixedBytes(1)
        height = try decoder.height(2)
    }
}

/// A task whose audit was missed: one auditor, named in public, must audit it with the tasks of another epoch.
package struct RedrawRecord: Hashable, Sendable, Message {
    /// Whose tasks it is judged with.
    package let epoch: UInt64
    package let auditor: Address
    /// R of the block that drew him; makes the salts of this audit.
    package let beacon: Digest
    /// Of the receipt.
    let dueEpoch: UInt64
    /// Who missed it so far, ascending.
    package let missed: [Address]

    init(epoch: UInt64, auditor: Address, beacon: Digest, due dueEpoch: UInt64, missed: [Address]) {
        (self.epoch, self.auditor, self.beacon) = (epoch, auditor, beacon)
        (self.dueEpoch, self.missed) = (dueEpoch, missed)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, epoch + 1)
        encoder.data(2, auditor)
        encoder.data(3, beacon)
        encoder.unsigned(4, dueEpoch)
        for address in missed { encoder.element(5, address.bytes) }
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        let epochPlusOne = try decoder.unsigned(1)
        if epochPlusOne == 0 { throw .missing(field: 1) }
        epoch = epochPlusOne - 1
        auditor = try decoder.fixedBytes(2)
        beacon = try decoder.fixedBytes(3)
        dueEpoch = try decoder.unsigned(4)
        missed = try decoder.addresses(5)
    }
}

extension StateKey {
    static func missed(_ epoch: UInt64, by operatorAddress: Address) -> Bytes {
        [StateTag.missedDuty.rawValue] + epoch.bigEndianBytes + operatorAddress.bytes
    }
    package static func missed(
        _ epoch: UInt64, by operatorAddress: Address, _ round: AuditRound, _ place: TaskPlace
    ) -> Bytes {
        missed(epoch, by: operatorAddress) + [UInt8(round.rawValue)] + place.bytes
    }
    package static func redraw(_ place: TaskPlace) -> Bytes { [StateTag.redraw.rawValue] + place.bytes }
}
