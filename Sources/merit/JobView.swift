// A job as a node shows it, with all its assigned tasks.
import ArgumentParser
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
    }

    let id: Digest
    let job: JSON
    let tasks: [Task]
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
        (waiting, assigned) = (try states.number("waiting"), try states.number("assigned"))
    }

    private static func task(_ json: JSON) throws -> Task {
        Task(
            json: json, index: try json.number("index"), state: try json.text("state"),
            provider: try json.text("provider"), deadline: try json.text("deadline"),
            computeUnits: try json.text("compute_units"), output: try json.optionalHex("output"),
            outputBytes: try json.number("output_bytes"))
    }

    /// Nothing is going to happen any more but pay.
    var hasEnded: Bool { waiting == 0 && assigned == 0 }

    var line: String {
        "job \(id): \(done) of \(end) tasks have receipts, \(assigned) at providers, \(waiting) waiting"
    }
}
