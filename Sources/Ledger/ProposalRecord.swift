// A proposed change of parameters, as state from its proposal until a while after its end.
package import Chain
package import Codec
package import Primitives

/// Raw values are part of the chain.
package enum ProposalStatus: UInt32, CaseIterable, Sendable {
    case open = 1
    /// Has its votes; the next epoch's end puts it in force.
    case passed = 2
    case inForce = 3
    case expired = 4
    /// Had its votes, and broke a rule with what had changed since.
    case refused = 5

    /// The name in every machine-readable answer.
    package var label: String {
        switch self {
        case .open: "open"
        case .passed: "passed"
        case .inForce: "in_force"
        case .expired: "expired"
        case .refused: "refused"
        }
    }
}

package struct ProposalRecord: Hashable, Sendable, Message {
    package let number: UInt64
    package let proposer: Address
    package let changes: [Setting]
    /// The epoch at whose start it is not open any more.
    package let closes: UInt64
    package var status = ProposalStatus.open
    /// Operators, ascending.
    package var votes: [Address] = []
    /// The epoch at whose end the status was reached.
    package var decided: UInt64 = 0
    /// The rule that a refused change broke, with both sides of an inequality.
    package var refusal = Bytes()

    package static let openMax = 8
    /// How long votes are collected, and how long the outcome is kept.
    package static let days: UInt64 = 7
    static let refusalBytesMax = 512
    /// Members of all the sets that may have voted.
    static let votesMax = 1 << 16

    package init(number: UInt64, proposer: Address, changes: [Setting], closes: UInt64) {
        (self.number, self.proposer, self.changes, self.closes) = (number, proposer, changes, closes)
    }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, number)
        encoder.data(2, proposer)
        encoder.messages(3, changes)
        encoder.unsigned(4, closes)
        encoder.unsigned(5, UInt64(status.rawValue))
        for vote in votes { encoder.data(6, vote) }
        encoder.unsigned(7, decided)
        encoder.data(8, refusal)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        number = try decoder.unsigned(1)
        proposer = try decoder.fixedBytes(2)
        changes = try decoder.messages(3, count: ProposeChange.changesMax)
        closes = try decoder.unsigned(4)
        guard let status = ProposalStatus(rawValue: try decoder.unsigned32(5)) else { throw .invalid(field: 5) }
        self.status = status
        for bytes in try decoder.elements(6, count: ProposalRecord.votesMax, max: Address.count) {
            guard let vote = Address(bytes) else { throw .invalid(field: 6) }
            votes.append(vote)
        }
        decided = try decoder.unsigned(7)
        refusal = try decoder.data(8, max: Self.refusalBytesMax)
    }
}

/// The number of the newest proposal.
struct GovernanceRecord: Hashable, Message {
    let newest: UInt64

    init(newest: UInt64) { self.newest = newest }

    func encode(into encoder: inout Encoder) { encoder.unsigned(1, newest) }
    init(from decoder: inout Decoder) throws(DecodeError) { newest = try decoder.unsigned(1) }
}

extension StateKey {
    package static func proposal(_ number: UInt64) -> Bytes {
        [StateTag.proposal.rawValue] + number.bigEndianBytes
    }
}

extension Ledger {
    /// Every proposal that the state still holds, ascending by number.
    package static func proposals(on snapshot: some Snapshot) -> [ProposalRecord] {
        WorkingState(snapshot).scan(.proposal, as: ProposalRecord.self).map(\.record)
    }
}
