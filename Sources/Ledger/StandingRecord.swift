// Whether a validator may take part: jail with its term, and who did not sign the last blocks.
// Invariant: `Attendance.missed` of a member is the number of slots of the window that name it since it was seated.
package import Codec
package import Primitives
import Quorum
import Rewards

/// A validator that was jailed at least once.
package struct StandingRecord: Hashable, Sendable, Message {
    /// Jailings in a row: each doubles the next term.
    package var jailings: UInt64
    package var isJailed: Bool
    /// The last epoch that ended with its jailing.
    package var jailedEpoch: UInt64
    /// The first epoch in which the operator may ask to return.
    package var freeEpoch: UInt64

    init(jailings: UInt64, jailedEpoch: UInt64, freeEpoch: UInt64) {
        (self.jailings, self.jailedEpoch, self.freeEpoch, isJailed) = (jailings, jailedEpoch, freeEpoch, true)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, jailings)
        encoder.bool(2, isJailed)
        encoder.unsigned(3, jailedEpoch)
        encoder.unsigned(4, freeEpoch)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        jailings = try decoder.unsigned(1)
        if jailings == 0 { throw .missing(field: 1) }
        isJailed = try decoder.bool(2)
        jailedEpoch = try decoder.unsigned(3)
        freeEpoch = try decoder.unsigned(4)
    }
}

/// How often each validator of the set is missing in the last blocks' commits.
struct AttendanceRecord: Hashable, Message {
    struct Member: Hashable, Message {
        let operatorAddress: Address
        /// The first height that counts for it.
        var since: Height
        var missed: UInt64 = 0
        /// It was under the least share in the running epoch.
        var isAbsent = false

        init(_ operatorAddress: Address, since: Height) {
            (self.operatorAddress, self.since) = (operatorAddress, since)
        }

        func encode(into encoder: inout Encoder) {
            encoder.data(1, operatorAddress)
            encoder.signed(2, since.signed)
            encoder.unsigned(3, missed)
            encoder.bool(4, isAbsent)
        }

        init(from decoder: inout Decoder) throws(DecodeError) {
            operatorAddress = try decoder.fixedBytes(1)
            since = try decoder.height(2)
            missed = try decoder.unsigned(3)
            isAbsent = try decoder.bool(4)
        }
    }

    /// `signed_window` when it was counted.
    let window: UInt64
    /// Ascending by operator: the set that decided the last block that was counted.
    var members: [Member] = []

    init(window: UInt64) { self.window = window }

    func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, window)
        encoder.messages(2, members)
    }

    init(from decoder: inout Decoder) throws(DecodeError) {
        window = try decoder.unsigned(1)
        if window == 0 { throw .missing(field: 1) }
        members = try decoder.messages(2, count: Limits.validatorsMax)
    }

    // MARK: Counting

    /// Members are exactly these from now on; who is new counts from `height` on.
    mutating func seat(_ operators: [Address], at height: Height) {
        let known = Dictionary(uniqueKeysWithValues: members.map { ($0.operatorAddress, $0) })
        members = operators.sorted().map { known[$0] ?? Member($0, since: height) }
    }

    /// The block of `height` was decided without `absent`; `leaving` was decided a whole window before.
    mutating func count(absent: [Address], at height: Height, leaving: SlotRecord?, _ rules: SlashRules) {
        for index in members.indices {
            var member = members[index]
            if let leaving, leaving.height >= member.since, leaving.absent.contains(member.operatorAddress) {
                member.missed -= min(1, member.missed)
            }
            if absent.contains(member.operatorAddress) { member.missed += 1 }
            let seen = min(window, height.distance(from: member.since) + 1)
            if Rewards.Rule.isAbsent(signed: seen - min(seen, member.missed), window: seen, rules: rules) {
                member.isAbsent = true
            }
            members[index] = member
        }
    }
}

/// One height of the window: who is missing in its commit. Heights that everybody signed have none.
struct SlotRecord: Hashable, Message {
    let height: Height
    /// Ascending.
    let absent: [Address]

    init(_ height: Height, absent: [Address]) { (self.height, self.absent) = (height, absent) }

    func encode(into encoder: inout Encoder) {
        encoder.signed(1, height.signed)
        for address in absent { encoder.element(2, address.bytes) }
    }

    init(from decoder: inout Decoder) throws(DecodeError) {
        height = try decoder.height(1)
        absent = try decoder.addresses(2)
    }
}

extension Decoder {
    /// At most as many as a set has members.
    mutating func addresses(_ field: UInt32) throws(DecodeError) -> [Address] {
        var addresses: [Address] = []
        for element in try elements(field, count: Limits.validatorsMax, max: 20) {
            guard let address = Address(element) else { throw .invalid(field: field) }
            addresses.append(address)
        }
        return addresses
    }
}

extension StateKey {
    package static func standing(_ operatorAddress: Address) -> Bytes {
        [StateTag.standing.rawValue] + operatorAddress.bytes
    }
    /// `height` modulo the window.
    static func slot(_ height: Height, window: UInt64) -> Bytes {
        [StateTag.attendanceSlot.rawValue] + (height.value % max(1, window)).bigEndianBytes
    }
}
