// The account that asks for work: it submits the topology's jobs on their schedule, each by `merit job submit` as
// anybody would, one after the other because they spend one account's sequence numbers.
import Foundation
import Node
import Primitives
import Synchronization

final class Requester: Sendable {
    struct Submission: Sendable {
        let job: Digest
        let tasks: UInt32
        /// Of class Q.
        var isPanel = false
    }

    private struct State {
        var submissions: [Submission] = []
        var failures: [String] = []
        var isStopped = false
    }

    private static let failuresMax = 16
    private let jobs: [Topology.Job]
    private let programs: String
    private let home: String
    private let nodes: [String]
    private let run: @Sendable ([String], Bool) throws -> Child.Result
    private let state = Mutex(State())

    /// `programs`: the folder of the shipped `.wasm` files; `run`: performs a command that may fail or must not.
    init(
        _ jobs: [Topology.Job], programs: String, home: String, nodes: [String],
        run: @escaping @Sendable ([String], Bool) throws -> Child.Result = { try Child.run($0, mayFail: $1) }
    ) {
        (self.jobs, self.programs, self.home) = (jobs, programs, home)
        (self.nodes, self.run) = (nodes, run)
    }

    var submissions: [Submission] { state.withLock(\.submissions) }
    var failures: [String] { state.withLock(\.failures) }

    func start() {
        Thread { [self] in work() }.start()
    }

    func stop() { state.withLock { $0.isStopped = true } }

    private func work() {
        var due = jobs.map { _ in Date() }
        var number: UInt64 = 0
        while !state.withLock(\.isStopped), let next = due.indices.min(by: { due[$0] < due[$1] }) {
            let pause = due[next].timeIntervalSinceNow
            if pause > 0 {
                Thread.sleep(forTimeInterval: min(pause, 0.2))
                continue
            }
            due[next] = max(due[next], Date().addingTimeInterval(-1)).addingTimeInterval(
                TimeInterval(jobs[next].everySeconds))
            number += 1
            submit(jobs[next], number)
        }
    }

    private func submit(_ job: Topology.Job, _ number: UInt64) {
        struct Answer: Decodable { let id: String }
        do {
            let result = try atSomeNode(
                ["job", "submit"] + (try words(job, number)) + [
                    "--tasks", "\(job.tasks)", "--key", home + "/keys/account.json", "--json",
                ], first: number)
            let answer = try JSONDecoder().decode(Answer.self, from: result.output)
            guard let id = Hex.decode(answer.id).flatMap({ Digest($0) }) else { return }
            state.withLock {
                $0.submissions.append(Submission(job: id, tasks: job.tasks, isPanel: job.work.engine != nil))
            }
        } catch {
            state.withLock { state in
                if state.failures.count < Self.failuresMax { state.failures.append("\(error)") }
            }
        }
    }

    /// What the job is of; its input is written first.
    private func words(_ job: Topology.Job, _ number: UInt64) throws -> [String] {
        switch job.work {
        case .program(let program):
            let file = "\(home)/input-\(program.rawValue)"
            try Data(program.input(tasks: job.tasks, number: number)).write(to: URL(fileURLWithPath: file))
            let inputs = [program.model(programs: programs), file].compactMap { $0 }
            return ["\(programs)/\(program.rawValue).wasm"] + inputs.flatMap { ["--input", $0] }
        case .engine(let engine, let replicas):
            let file = "\(home)/input-\(engine.rawValue)"
            try Data(engine.input(number: number)).write(to: URL(fileURLWithPath: file))
            return [file, "--engine", engine.rawValue, "--replicas", "\(replicas)"]
        }
    }

    /// Asks the nodes in turn until one takes the command. One that is killed or cut off meanwhile answers nothing, but
    /// what it took may still come into a block, and then the next try is refused for its sequence number.
    func atSomeNode(_ arguments: [String], first: UInt64) throws -> Child.Result {
        var hasLostOne = false
        var turn = first
        while true {
            let isLast = turn - first == UInt64(nodes.count)
            let node = nodes[Int(turn % UInt64(nodes.count))]
            let result = try run(arguments + ["--node", node], !isLast)
            if result.code == 0 { return result }
            hasLostOne = hasLostOne || result.code == NodeEnd.Code.unreachable.rawValue
            if !hasLostOne { throw LocalnetError.child("merit job submit: \(result.complaint)") }
            turn += 1
        }
    }
}
