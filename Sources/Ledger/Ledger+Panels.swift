// What a provider or a requester asks of panels. Reading only; every record is a leaf of the state tree.
package import Chain
import Codec
package import Primitives

extension Ledger {
    /// The seats that `provider` has now, ascending by (job, index); at most `limit`.
    package static func seats(
        of provider: Address, limit: Int, on snapshot: some Snapshot
    ) -> [(place: TaskPlace, panel: PanelRecord)] {
        let prefix = StateKey.seats(of: provider)
        let seats: [(place: TaskPlace, record: AssignmentRecord)] = page(
            prefix, from: prefix, limit: limit, on: snapshot)
        let state = WorkingState(snapshot)
        return seats.map { seat in
            guard let panel: PanelRecord = state.load(StateKey.panel(seat.place)) else {
                preconditionFailure("a seat on no panel: \(seat.place)")
            }
            return (seat.place, panel)
        }
    }

    /// The panels of `job`, ascending by task; at most `limit`.
    package static func panels(
        of job: Digest, limit: Int, on snapshot: some Snapshot
    ) -> [(place: TaskPlace, panel: PanelRecord)] {
        let prefix = [StateTag.panel.rawValue] + job.bytes
        let panels: [(place: TaskPlace, record: PanelRecord)] = page(
            prefix, from: prefix, limit: limit, on: snapshot)
        return panels.map { ($0.place, $0.record) }
    }

    /// The panel is judged, and its pay waits for the end of the epoch.
    package static func isPanelDue(_ place: TaskPlace, on snapshot: some Snapshot) -> Bool {
        WorkingState(snapshot).bytes(StateKey.panelDue(place)) != nil
    }
}

extension PanelPhase {
    /// The name in every machine-readable answer.
    package var label: String {
        switch self {
        case .sealing: "sealing"
        case .revealing: "revealing"
        case .closed: "closed"
        }
    }

    package init?(label: String) {
        guard let phase = Self.allCases.first(where: { $0.label == label }) else { return nil }
        self = phase
    }
}

extension SeatKind {
    package var label: String {
        switch self {
        case .replica: "replica"
        case .further: "further"
        case .checker: "checker"
        }
    }
}

extension PanelRecord {
    /// How a task stands, for counting; the phase, and how it was closed.
    package var label: String { phase != .closed ? phase.label : result == nil ? "no_majority" : "majority" }

    /// What the phase asks for is not said yet by this seat.
    package func isWaitedFor(_ seat: PanelSeat) -> Bool {
        guard seat.isOpen else { return false }
        switch phase {
        case .sealing: return seat.seal == nil
        case .revealing: return seat.result == nil
        case .closed: return false
        }
    }

    package func agrees(_ seat: PanelSeat) -> Bool { result != nil && seat.result == result }

    /// Whose fee the requester pays, or, of checkers, the audit pool.
    package func earns(_ seat: PanelSeat) -> Bool { phase == .closed && agrees(seat) }
}
