// A job as a node shows it, with all its assigned tasks.
import ArgumentParser
import Chain
import Foundation
import Primitives
import RPC

struct JobView {
    struct Task {
        let json: JSON
        let index: UInt32
        let state: String
        let provider: String
        let deadline: String
        let computeUnits: String
        /// nil before the receipt.
        let output: Digest?
        let outputBytes: Int
        /// Who may serve the output: of class Q everybody who has the majority's.
        let holders: [String]
        /// Of class Q: "3 seats, 2 sealed, 0 revealed".
        var seats = ""
    }

    let id: Digest
    let job: JSON
    /// Of class Q its panels.
    let tasks: [Task]
    /// Operators that do each task; 0 for class D.
    let replicas: UInt32
    /// Tasks from here on were taken back.
    let end: UInt32
    /// Tasks with a receipt.
    let done: UInt32
    /// Tasks that nobody was given yet, and that a provider works on.
    let waiting: UInt32
    let assigned: UInt32

    static func id(_ text: String) throws -> Digest {
        guard let id = Digest(hex: text) else { throw ValidationError("\(text) is no job id (64 hex digits)") }
        return id
    }

    init(_ id: Digest, _ options: NodeOptions) throws {
        self.id = id
        var tasks: [Task] = []
        var page = 1
        while true {
            let answer = try options.ask(
                "job", ["id": .hex(id), "page": .decimal(page), "per_page": "100"])
            tasks += try answer.elements("tasks", max: 100).map(Self.task)
            tasks += try answer.elements("panels", max: 100).map(Self.panel)
            let total: Int = try answer.decimal("total")
            if tasks.count < total, try answer.decimal("count") > 0 {
                page += 1
                continue
            }
            job = try answer.member("job")
            break
        }
        self.tasks = tasks
        (end, done) = (try job.number("end"), try job.number("done"))
        let states = try job.member("states")
        replicas = try job.number("replicas")
        waiting = try states.number("waiting")
        if replicas == 0 {
            assigned = try states.number("assigned")
        } else {
            let (sealing, revealing): (UInt32, UInt32) = (
                try states.number("sealing"), try states.number("revealing")
            )
            assigned = sealing + revealing
        }
    }

    private static func panel(_ json: JSON) throws -> Task {
        let seats = try json.elements("seats", max: PanelLimits.seatsMax)
        let holders = try seats.filter { $0["agrees"] == true }.map { try $0.text("provider") }
        let phase = try json.text("phase")
        let closed = json["majority"] == true ? "majority" : "no_majority"
        let (sealed, revealed) = (seats.count { $0["sealed"] == true }, seats.count { $0["revealed"] == true })
        return Task(
            json: json, index: try json.number("index"), state: phase == "closed" ? closed : phase,
            provider: holders.first ?? "", deadline: try json.text("deadline"), computeUnits: "",
            output: try json.optionalHex("output"), outputBytes: try json.number("output_bytes"), holders: holders,
            seats: "\(seats.count) seats, \(sealed) sealed, \(revealed) revealed, \(holders.count) agree")
    }

    private static func task(_ json: JSON) throws -> Task {
        Task(
            json: json, index: try json.number("index"), state: try json.text("state"),
            provider: try json.text("provider"), deadline: try json.text("deadline"),
            computeUnits: try json.text("compute_units"), output: try json.optionalHex("output"),
            outputBytes: try json.number("output_bytes"), holders: [try json.text("provider")])
    }

    /// Nothing is going to happen any more but pay.
    var hasEnded: Bool { waiting == 0 && assigned == 0 }

    var line: String {
        if replicas > 0 {
            return "job \(id), class Q: \(done) of \(end) tasks have a majority of \(replicas) replicas, "
                + "\(assigned) at panels, \(waiting) waiting"
        }
        return "job \(id): \(done) of \(end) tasks have receipts, \(assigned) at providers, \(waiting) waiting"
    }
}
