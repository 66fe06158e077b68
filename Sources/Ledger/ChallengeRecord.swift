// The challenges of uptime as state: which are open, how many there were, and what each provider answered.
// Invariant: challenges are numbered in the order of their heights, so how many a provider was asked in an epoch is a
// difference of two numbers, whoever else there is; an answer to an open challenge counts when it closes.
package import Codec
package import Primitives
import Quorum

package struct ChallengeRecord: Hashable, Sendable, Message {
    package struct Open: Hashable, Sendable, Message {
        package let height: Height
        /// R of that height.
        package let beacon: Digest

        package init(height: Height, beacon: Digest) { (self.height, self.beacon) = (height, beacon) }

        package func encode(into encoder: inout Encoder) {
            encoder.signed(1, height.signed)
            encoder.data(2, beacon)
        }

        package init(from decoder: inout Decoder) throws(DecodeError) {
            height = try decoder.height(1)
            beacon = try decoder.fixedBytes(2)
        }
    }

    /// As many as a provider's marks can tell apart.
    static let openMax = 64

    /// Challenges since genesis.
    package private(set) var issued: UInt64 = 0
    /// Challenges of the running epoch.
    package private(set) var issuedNow: UInt64 = 0
    /// The number of the first challenge that did not count in an epoch before this one.
    private(set) var firstOfEpoch: UInt64 = 0
    /// Those that may still be answered, the oldest first; the newest has the number `issued - 1`.
    package private(set) var open: [Open] = []

    package init() {}

    /// Every challenge before this number is closed.
    var firstOpen: UInt64 { issued - UInt64(open.count) }

    /// The number of the open challenge of `height`.
    func number(of height: Height) -> UInt64? {
        open.firstIndex { $0.height == height }.map { firstOpen + UInt64($0) }
    }

    package mutating func issue(at height: Height, beacon: Digest) {
        guard open.count < Self.openMax else { return }
        open.append(Open(height: height, beacon: beacon))
        (issued, issuedNow) = (issued + 1, issuedNow + 1)
    }

    /// Closes what the blocks after `height` cannot answer any more.
    mutating func close(at height: Height, answerBlocks: UInt64) {
        open.removeAll { $0.height.advanced(by: answerBlocks) <= height }
    }

    /// Of the challenges that closed in this epoch: those put to a provider, and its answers.
    func counts(of uptime: UptimeRecord) -> (asked: UInt64, answered: UInt64) {
        var uptime = uptime
        uptime.turnEpoch(first: firstOfEpoch)
        let first = max(firstOfEpoch, uptime.since)
        return (firstOpen - min(first, firstOpen), uptime.counted(before: firstOpen))
    }

    mutating func turnEpoch() { (issuedNow, firstOfEpoch) = (0, firstOpen) }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, issued + 1)
        encoder.unsigned(2, issuedNow)
        encoder.unsigned(3, firstOfEpoch)
        encoder.messages(4, open)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        let issuedPlusOne = try decoder.unsigned(1)
        if issuedPlusOne == 0 { throw .missing(field: 1) }
        issued = issuedPlusOne - 1
        issuedNow = try decoder.unsigned(2)
        firstOfEpoch = try decoder.unsigned(3)
        open = try decoder.messages(4, count: Self.openMax)
        if issued < UInt64(open.count) { throw .invalid(field: 4) }
    }
}

package struct UptimeRecord: Hashable, Sendable, Message {
    /// The number of the first challenge that is put to this provider.
    package let since: UInt64
    /// Answers that no epoch before the one of `first` has counted.
    private(set) var answered: UInt64 = 0
    /// 1 + the highest number that it answered; 0 before its first answer.
    private(set) var newestPlusOne: UInt64 = 0
    /// Bit i: it answered the challenge i below the highest.
    private(set) var marks: UInt64 = 0
    /// The first challenge that counted in the epoch in which the record was written last, or a later one. An epoch's
    /// end leaves it alone: whoever reads the record turns it.
    private(set) var first: UInt64 = 0

    package init(since: UInt64) { self.since = since }

    func hasAnswered(_ number: UInt64) -> Bool {
        guard newestPlusOne > number else { return false }
        let age = newestPlusOne - 1 - number
        return age >= 64 || marks & (1 << age) != 0
    }

    /// Of a challenge that it has not answered.
    package mutating func answer(_ number: UInt64) {
        if newestPlusOne > number {
            marks |= 1 << (newestPlusOne - 1 - number)
        } else {
            // Shifts of 64 and more leave nothing.
            marks = marks << (number + 1 - newestPlusOne) | 1
            newestPlusOne = number + 1
        }
        answered += 1
    }

    /// Answers to challenges from `number` on; at most 64 of them exist.
    private func answers(from number: UInt64) -> UInt64 {
        guard newestPlusOne > number else { return 0 }
        let count = newestPlusOne - number
        return UInt64((count >= 64 ? marks : marks & ((1 << count) - 1)).nonzeroBitCount)
    }

    /// Answers that count now: those to challenges before `firstOpen`.
    func counted(before firstOpen: UInt64) -> UInt64 { answered - answers(from: firstOpen) }

    /// `first`: of the running epoch. What was answered before that, an earlier epoch has counted.
    mutating func turnEpoch(first: UInt64) {
        if self.first < first { (answered, self.first) = (answers(from: first), first) }
    }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, since + 1)
        encoder.unsigned(2, answered)
        encoder.unsigned(3, newestPlusOne)
        encoder.unsigned(4, marks)
        encoder.unsigned(5, first)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        let sincePlusOne = try decoder.unsigned(1)
        if sincePlusOne == 0 { throw .missing(field: 1) }
        since = sincePlusOne - 1
        answered = try decoder.unsigned(2)
        newestPlusOne = try decoder.unsigned(3)
        marks = try decoder.unsigned(4)
        first = try decoder.unsigned(5)
    }
}

extension StateKey {
    package static func uptime(_ provider: Address) -> Bytes { [StateTag.uptime.rawValue] + provider.bytes }
}
