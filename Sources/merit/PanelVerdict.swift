// What the chain says of a task of class Q: its seats, what each of them said, and which result the most of them gave.
// Nobody executes such a task again to judge it: bytes that differ prove nothing there.
import Chain
import Client
import Ledger
import Primitives
import RPC
import Rewards

struct PanelVerdict {
    let transcript: PanelTranscript

    private var panel: PanelRecord { transcript.panel }

    /// "quorum": more than half of all seats gave one result; "no_quorum": nobody is paid; "open": not judged yet.
    var name: String {
        if panel.phase != .closed { return "open" }
        return panel.result == nil ? "no_quorum" : "quorum"
    }

    static let reason =
        "it is of class Q, whose engines need not give the same bytes everywhere: it is not executed again, a panel of "
        + "providers judges it by quorum"

    private var agreeing: Int { panel.seats.count { panel.agrees($0) } }

    var chainSays: String {
        switch name {
        case "open": return "the panel is \(panel.phase.label), until height \(panel.deadline) at most"
        case "no_quorum": return "no result has more than half of \(panel.seats.count) seats: nobody is paid"
        default: return "\(agreeing) of \(panel.seats.count) seats gave the same result"
        }
    }

    /// "paid", "due" with the end of the running epoch, or "unpaid": it won nothing, or its row has nothing because the
    /// audit pool was empty.
    private func pay(_ seat: PanelSeat) -> String {
        guard panel.earns(seat) else { return "unpaid" }
        if transcript.isDue { return "due" }
        return paid(seat)?.row.amount == .zero ? "unpaid" : "paid"
    }

    private var table: PanelPay? { transcript.settled?.pay }
    private func paid(_ seat: PanelSeat) -> CheckedExplanation.Reward? {
        panel.earns(seat) ? table?.rows[seat.provider] : nil
    }

    /// Why there is no row to show of some winner; empty where every winner's is shown, or nobody won.
    var gap: String {
        if panel.phase != .closed { return "the panel is not closed" }
        if panel.result == nil { return "" }
        if transcript.isDue { return "its pay is due with the end of the running epoch" }
        if let reason = transcript.settledGap { return "the node has no proof of when it was settled: \(reason)" }
        if transcript.settled == nil { return "it was settled longer ago than is looked for here" }
        return table?.gap ?? ""
    }

    private func loss(of seat: PanelSeat) -> Amount {
        let rows = transcript.settled?.slashes.filter { $0.key.account == seat.provider } ?? []
        return Amount(rows.reduce(UInt64(0)) { $0 + $1.amount.units })
    }

    // MARK: For programs

    /// The members that `merit audit` has for other tasks, empty where they say nothing here, and `panel`.
    var members: [(String, JSON)] {
        [
            ("job", .hex(transcript.place.job)), ("index", .number(transcript.place.index)),
            ("verdict", .string(name)), ("reason", .string(Self.reason)), ("differences", []),
            ("chain", .string(panel.phase == .closed ? "none" : "open")), ("chain_says", .string(chainSays)),
            ("task", taskJSON), ("receipt", panel.result?.json ?? .null), ("executed", .null), ("audits", []),
            ("dispute", .null), ("panel", panelJSON),
        ]
    }

    private var taskJSON: JSON {
        let job = transcript.job
        return [
            "state": .string(panel.label), "class": "Q", "requester": .string(job.requester.bech32),
            "provider": "", "late_provider": "", "program": .hex(job.request.program),
            "input": .hex(job.request.input), "own_bytes": .hex(job.ownBytes),
            "engine_id": .hex(job.request.engineID), "assigned": .decimal(panel.assigned), "delivered": "0",
            "epoch": .null,
        ]
    }

    private var panelJSON: JSON {
        [
            "phase": .string(panel.phase.label), "replicas": .number(transcript.job.request.replicas),
            "checked": .bool(panel.isChecked), "deadline": .decimal(panel.deadline), "agreeing": .number(agreeing),
            "settled_epoch": transcript.settled.map { .decimal($0.epoch) } ?? .null, "table": tableJSON,
            "rows_missing": .string(gap),
            "seats": .array(
                panel.seats.map { seat in
                    [
                        "provider": .string(seat.provider.bech32), "kind": .string(seat.kind.label),
                        "sealed": .bool(seat.seal != nil), "revealed": .bool(seat.result != nil),
                        "agrees": .bool(panel.agrees(seat)), "pay": .string(pay(seat)),
                        "lost": .decimal(loss(of: seat).units), "result": seat.result?.json ?? .null,
                        "row": rowJSON(seat),
                    ]
                }),
        ]
    }

    /// Whose rows are shown, and what proves them.
    private var tableJSON: JSON {
        guard let table else { return .null }
        return [
            "epoch": .decimal(table.epoch), "reward_rows": .decimal(table.summary.rewardRows),
            "rewards_root": .hex(table.summary.rewardsRoot), "header_height": .decimal(table.header.height),
            "header_hash": .hex(table.header.hash),
        ]
    }

    private func rowJSON(_ seat: PanelSeat) -> JSON {
        guard let table, let reward = paid(seat) else { return .null }
        return reward.row.json.adding("epoch", .decimal(table.epoch)).adding("place", .decimal(reward.place))
    }

    // MARK: For people

    var text: String {
        let (job, place) = (transcript.job, transcript.place)
        var table = TextTable(["provider", "seat", "sealed", "result", "pay", "lost MRT"])
        for seat in panel.seats {
            table.add([
                seat.provider.bech32, seat.kind.label, seat.seal == nil ? "no" : "yes", said(seat), pay(seat),
                loss(of: seat).tokens,
            ])
        }
        let head = [
            "Task \(place.index) of job \(place.job), class Q (judged by a panel)",
            "  input      \(job.request.program), \(job.request.replicas) replicas, engine \(job.request.engineID)",
            "  asked for  by \(job.requester.bech32) at height \(job.submitted)",
            "  panel      drawn at height \(panel.assigned), \(panel.phase.label) now",
        ]
        let result = panel.result.map { ["  output     \($0.output), \($0.outputBytes) bytes"] } ?? []
        let said = head + result + ["", "Seats"] + table.lines
        return (said + rowLines + ["", verdictLine, payLine]).joined(separator: "\n")
    }

    private func said(_ seat: PanelSeat) -> String {
        guard let result = seat.result else { return seat.isOpen ? "not yet" : "silent" }
        if panel.result == nil { return "output \(String("\(result.output)".prefix(12)))" }
        return panel.agrees(seat) ? "the majority's" : "another, \(String("\(result.output)".prefix(12)))"
    }

    private var verdictLine: String {
        let verdict =
            switch name {
            case "quorum": "Verdict by quorum: \(chainSays)"
            case "open": "Verdict: none yet; \(chainSays)"
            default: "Verdict: none; \(chainSays)"
            }
        return "\(verdict).\nNothing was executed here: \(Self.reason)."
    }

    /// The winners' rows, each under the root.
    private var rowLines: [String] {
        guard let table else { return [] }
        var rows = TextTable(["provider", "kind", "MRT", "why", "row"])
        for seat in panel.seats {
            guard let reward = paid(seat) else { continue }
            let row = reward.row
            rows.add([
                seat.provider.bech32, row.key.kind.label, row.amount.tokens, row.reason.text,
                "\(reward.place) of \(table.summary.rewardRows)",
            ])
        }
        let head = ["", "Rows of epoch \(table.epoch), each an account's pay of its kind for all its tasks"]
        let proof = [
            "  under \(table.summary.rewardsRoot)",
            "  and header \(table.header.height), \(table.header.hash)",
        ]
        let gap = table.gap.map { ["", "Not every row is shown: \($0)."] } ?? []
        return (rows.isEmpty ? [] : head + rows.lines + proof) + gap
    }

    private var payLine: String {
        if panel.phase != .closed { return "Nobody is paid before the panel is closed." }
        guard let settled = transcript.settled else {
            return panel.result == nil ? "Nothing is paid for it." : "No row is shown: \(gap)."
        }
        let checked = panel.isChecked ? "checked by further operators" : "not drawn to be checked"
        return
            "Settled with epoch \(settled.epoch), \(checked). The audit pool pays checkers, as far as it goes."
    }
}
