// One task that a panel judges (class Q), and what a provider's pay for such tasks is held for.
// Invariant: each seat of a panel is another account's; what a task holds is in its job until the settlement after its
// panel closed.
package import Chain
package import Codec
package import Primitives
import Quorum

package enum PanelPhase: UInt32, CaseIterable, Sendable {
    case sealing = 1
    case revealing = 2
    /// Judged; its pay is due with the next settlement.
    case closed = 3
}

package enum SeatKind: UInt32, CaseIterable, Sendable {
    case replica = 1
    /// Drawn because the first ones had no majority.
    case further = 2
    /// Drawn by the beacon to check; paid out of the audit pool.
    case checker = 3
}

package struct PanelSeat: Hashable, Sendable, Message {
    package let provider: Address
    package let kind: SeatKind
    /// Until the seat is left.
    package var isOpen = true
    package var seal: Digest?
    /// From the draw of the seat to the block that includes the seal.
    package var blocks: UInt64 = 0
    package var result: TaskResult?

    init(provider: Address, kind: SeatKind) { (self.provider, self.kind) = (provider, kind) }

    package func encode(into encoder: inout Encoder) {
        encoder.data(1, provider)
        encoder.unsigned(2, UInt64(kind.rawValue))
        encoder.bool(3, isOpen)
        if let seal { encoder.data(4, seal) }
        encoder.unsigned(5, blocks)
        encoder.message(6, optional: result)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        provider = try decoder.fixedBytes(1)
        guard let kind = SeatKind(rawValue: try decoder.unsigned32(2)) else { throw .invalid(field: 2) }
        self.kind = kind
        isOpen = try decoder.bool(3)
        seal = try decoder.optionalFixedBytes(4)
        blocks = try decoder.unsigned(5)
        result = try decoder.optionalMessage(6)
    }
}

package struct PanelRecord: Hashable, Sendable, Message {
    package var phase = PanelPhase.sealing
    /// Of the seats drawn last.
    package var assigned: Height
    /// D of those seats.
    package var budget: UInt64
    /// The last height whose block may include what the phase asks for.
    package var deadline: Height
    package var seats: [PanelSeat]
    /// A beacon has decided whether checkers are drawn.
    package var isDrawn = false
    /// What the majority gave; nil without one.
    package var result: TaskResult?

    init(assigned: Height, budget: UInt64, seats: [PanelSeat]) {
        (self.assigned, self.budget, self.seats) = (assigned, budget, seats)
        deadline = assigned.advanced(by: 2 * budget)
    }

    package func seat(of provider: Address) -> Int? { seats.firstIndex { $0.provider == provider } }
    var providers: Set<Address> { Set(seats.map(\.provider)) }
    package var isChecked: Bool { seats.contains { $0.kind == .checker } }

    /// Nobody of the panel is waited for.
    var isPhaseComplete: Bool {
        seats.allSatisfy { !$0.isOpen || (phase == .sealing ? $0.seal != nil : $0.result != nil) }
    }

    /// The result that more than half of `panel` seats gave; absent seats count against every result.
    func majority(of panel: Int) -> TaskResult? {
        let results = seats.compactMap(\.result)
        return results.first { result in 2 * results.count { $0 == result } > panel }
    }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, UInt64(phase.rawValue))
        encoder.signed(2, assigned.signed)
        encoder.unsigned(3, budget)
        encoder.signed(4, deadline.signed)
        encoder.messages(5, seats)
        encoder.bool(6, isDrawn)
        encoder.message(7, optional: result)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        guard let phase = PanelPhase(rawValue: try decoder.unsigned32(1)) else {
            throw .invalid(field: 1)
        }
        self.phase = phase
        assigned = try decoder.height(2)
        budget = try decoder.unsigned(3)
        deadline = try decoder.height(4)
        seats = try decoder.messages(5, count: PanelLimits.seatsMax)
        isDrawn = try decoder.bool(6)
        result = try decoder.optionalMessage(7)
    }
}

/// The last pay of a provider for tasks that panels judged, held in escrow while it serves the class.
package struct HeldRecord: Hashable, Sendable, Message {
    /// Above zero.
    package var amount: Amount
    /// v of the largest task in it.
    package var part: Amount

    init(amount: Amount, part: Amount) { (self.amount, self.part) = (amount, part) }

    package func encode(into encoder: inout Encoder) {
        encoder.unsigned(1, amount.units)
        encoder.unsigned(2, part.units)
    }

    package init(from decoder: inout Decoder) throws(DecodeError) {
        amount = Amount(try decoder.unsigned(1))
        part = Amount(try decoder.unsigned(2))
        if amount == .zero { throw .missing(field: 1) }
    }
}

extension StateKey {
    package static func panel(_ place: TaskPlace) -> Bytes { [StateTag.panel.rawValue] + place.bytes }
    static func panelDeadline(_ height: Height, _ place: TaskPlace) -> Bytes {
        [StateTag.panelDeadline.rawValue] + height.value.bigEndianBytes + place.bytes
    }
    /// All seats of a provider begin with it.
    package static func seats(of provider: Address) -> Bytes {
        [StateTag.seat.rawValue] + provider.bytes
    }
    static func seat(of provider: Address, _ place: TaskPlace) -> Bytes {
        seats(of: provider) + place.bytes
    }
    package static func panelDue(_ place: TaskPlace) -> Bytes { [StateTag.panelDue.rawValue] + place.bytes }
    package static func held(_ provider: Address) -> Bytes {
        [StateTag.held.rawValue] + provider.bytes
    }
}
