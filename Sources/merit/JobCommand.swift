// `merit job`: the requester's side. Commands believe their node; outputs are checked by the hash that the receipt
// names.
import ArgumentParser
import Chain
import Client
import Foundation
import Ledger
import Primitives
import RPC

struct JobCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "job", abstract: "Have a program executed by providers, and fetch what it computed.",
        discussion: """
            A job is one WebAssembly program over one input in N tasks; task i gets the input and the number i. What no
            such program can do is for class Q, with --engine (`merit job submit --help` says when, and what it costs).

              merit job estimate Sources/Programs/wasm/montecarlo.wasm --input option.bin --tasks 8
              merit job submit Sources/Programs/wasm/montecarlo.wasm --input option.bin --tasks 8 \\
                --key ~/.merit/keys/account.json --node http://127.0.0.1:26657 --wait
              merit job output ID --node http://127.0.0.1:26657 --out results/

            The escrow of every task is held at submission; after the task's settlement the rest of it returns.
            """,
        subcommands: [
            JobEstimateCommand.self, JobSubmitCommand.self, JobStatusCommand.self, JobOutputCommand.self,
            JobCancelCommand.self,
        ])
}

struct JobStatusCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "status", abstract: "Where the tasks of a job stand.",
        discussion: "Example: merit job status ID --node http://127.0.0.1:26657")

    @Argument(help: "The job's id, as `merit job submit` printed it.") var id: String
    @OptionGroup var options: NodeOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let view = try JobView(try JobView.id(id), options)
        var lines = [view.line]
        for task in view.tasks where view.replicas > 0 {
            let due = ["sealing", "revealing"].contains(task.state) ? ", due by height \(task.deadline)" : ""
            lines.append("  task \(task.index)  \(task.state)  \(task.seats)\(due)")
        }
        for task in view.tasks where view.replicas == 0 {
            let amount = task.state == "assigned" ? "due by height \(task.deadline)" : "\(task.computeUnits) cu"
            lines.append("  task \(task.index)  \(task.state)  \(task.provider)  \(amount)")
        }
        let (tasks, panels) = view.replicas == 0 ? (view.tasks, []) : ([], view.tasks)
        output.answer(
            "job.status",
            ["job": view.job, "tasks": .array(tasks.map(\.json)), "panels": .array(panels.map(\.json))], lines)
    }
}

struct JobCancelCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cancel", abstract: "Take back the tasks that nobody was given yet.",
        discussion: """
            Their escrow returns at once. Tasks that a provider has already go on and are paid.
            Example: merit job cancel ID --key ~/.merit/keys/account.json --node http://127.0.0.1:26657
            """)

    @Argument(help: "The job's id, as `merit job submit` printed it.") var id: String
    @OptionGroup var account: AccountOptions
    @OptionGroup var options: NodeOptions
    @OptionGroup var output: OutputOptions

    func run() throws {
        let job = try JobView.id(id)
        let before = try JobView(job, options)
        _ = try options.perform(.cancelJob(.init(job: job)), by: try account.signer())
        let after = try JobView(job, options)
        let taken = before.end > after.end ? before.end - after.end : 0
        output.answer(
            "job.cancel", ["id": .hex(job), "cancelled": .number(taken), "job": after.job],
            ["\(taken) tasks taken back; \(after.line)"])
    }
}

extension OutputOptions {
    /// One JSON object with its schema, or the lines.
    func answer(_ command: String, _ object: JSON, _ lines: [String]) {
        guard json, case .object(let members) = object else { return print(lines.joined(separator: "\n")) }
        print(JSON.object([.init("schema", .string("merit.\(command).1"))] + members).text)
    }
}
