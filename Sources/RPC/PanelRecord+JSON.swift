// Panels as the market's methods answer them. Digests that are not there are empty strings.
import Chain
package import Ledger
import Primitives

extension PanelRecord {
    /// `isDue`: it is judged and its pay waits.
    package func json(index: UInt32, isDue: Bool) -> JSON {
        [
            "index": .number(index), "phase": .string(phase.label), "majority": .bool(result != nil),
            "assigned": .decimal(assigned), "deadline": .decimal(deadline), "budget": .decimal(budget),
            "checked": .bool(isChecked), "settled": .bool(phase == .closed && !isDue),
            "output": .hex(result?.output), "output_bytes": .number(result?.outputBytes ?? 0),
            "fuel": .decimal(result?.fuel ?? 0), "seats": .array(seats.map { json($0, isDue: isDue) }),
        ]
    }

    private func json(_ seat: PanelSeat, isDue: Bool) -> JSON {
        [
            "provider": .string(seat.provider.bech32), "kind": .string(seat.kind.label), "open": .bool(seat.isOpen),
            "sealed": .bool(seat.seal != nil), "revealed": .bool(seat.result != nil), "agrees": .bool(agrees(seat)),
            "paid": .bool(earns(seat) && !isDue), "output": .hex(seat.result?.output),
        ]
    }
}
