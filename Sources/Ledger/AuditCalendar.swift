// Where the judgement of the epoch before stands: which window is open, since when, and the beacon that draws second
// auditors. One record. Invariant: windows open one after the other, one block closes at most one, and a window ends
// with the first block that has both its seconds and its blocks (rewards design, section 7.5).
import Chain
package import Codec
package import Primitives
import Quorum
import Rewards

/// What may be said now about tasks of the judged epoch. The raw value is its number on the chain.
package enum AuditPhase: UInt32, CaseIterable, Comparable, Sendable {
    /// First auditors commit to verdicts.
    case commit = 1
    /// Second auditors are drawn and commit.
    case recheck = 2
    /// Keys are disclosed and verdicts revealed.
    case reveal = 3
    /// Anybody may open a dispute.
    case open = 4
    /// Every validator of the judged epoch votes.
    case vote = 5
    /// Nothing, until the epoch turns.
    case closed = 6

    /// The name in every machine-readable answer.
    package var label: String {
        switch self {
        case .commit: "commit"
        case .recheck: "recheck"
        case .reveal: "reveal"
        case .open: "open"
        case .vote: "vote"
        case .closed: "closed"
        }
    }

    var following: AuditPhase { AuditPhase(rawValue: rawValue + 1) ?? .closed }

    package static func < (lhs: AuditPhase, rhs: AuditPhase) -> Bool { lhs.rawValue < rhs.rawValue }
}

package struct AuditCalendar: Hashable, Sendable, Message {
    package private(set) var phase = AuditPhase.closed
    /// The last block before the open window, and its header time.
    package private(set) var opened: Height
    package private(set) var openedTime: Timestamp
    /// R of the block that closed the commit window.
    package private(set) var recheckBeacon: Digest?
    /// The first block of the judged epoch.
    package private(set) var judgedStart = Height.zero
    /// The newest block that includes a receipt; its tasks are drawn by the next block's beacon.
    private(set) var lastReceipt = Height.zero
    /// Receipts of the running epoch, and of the judged one.
    package private(set) var receipts: UInt64 = 0
    package private(set) var judgedReceipts: UInt64 = 0

    /// Before epoch 1 nothing is judged.
    init(genesisTime: Timestamp) { (opened, openedTime) = (.zero, genesisTime) }

    mutating func countReceipt(at height: Height) { (receipts, lastReceipt) = (receipts + 1, height) }

    /// Closes the open window if `height` is the first block that satisfies it.
    mutating func close(at height: Height, time: Timestamp, beacon: Digest, _ calendar: Calendar) {
        guard let window = window(calendar),
            window.isClosed(opened: openedTime, now: time, blocks: height.distance(from: opened))
        else { return }
        if phase == .commit { recheckBeacon = beacon }
        (phase, opened, openedTime) = (phase.following, height, time)
    }

    private func window(_ calendar: Calendar) -> Window? {
        switch phase {
        case .commit: calendar.commit
        case .recheck: calendar.recheck
        case .reveal: calendar.reveal
        case .open: calendar.open
        case .vote: calendar.vote
        case .closed: nil
        }
    }

    /// The epoch that began with `start` ends with block `height`, and is judged from the next block on.
    mutating func turn(at height: Height, time: Timestamp, start: Height) {
        (phase, opened, openedTime, recheckBeacon) = (.commit, height, time, nil)
        (judgedStart, judgedReceipts, receipts) = (start, receipts, 0)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, UInt64(phase.rawValue))
        encoder.signed(2, opened.signed)
        encoder.message(3, openedTime)
        if let recheckBeacon { encoder.data(4, recheckBeacon) }
        encoder.signed(5, judgedStart.signed)
        encoder.signed(6, lastReceipt.signed)
        encoder.unsigned(7, receipts)
        encoder.unsigned(8, judgedReceipts)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        guard let phase = AuditPhase(rawValue: try decoder.unsigned32(1)) else { throw .invalid(field: 1) }
        self.phase = phase
        opened = try decoder.anyHeight(2)
        openedTime = try decoder.message(3)
        recheckBeacon = try decoder.optionalFixedBytes(4)
        judgedStart = try decoder.anyHeight(5)
        lastReceipt = try decoder.anyHeight(6)
        receipts = try decoder.unsigned(7)
        judgedReceipts = try decoder.unsigned(8)
    }
}

extension Decoder {
    /// A height or zero.
    fileprivate mutating func anyHeight(_ field: UInt32) throws(DecodeError) -> Height {
        guard let height = Height(signed: try signed(field)) else { throw .outOfRange(field: field) }
        return height
    }
}
