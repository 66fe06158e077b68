// Trains a model by paid work, in rounds: a job whose tasks all start from the present model and each train on samples
// of their own, then the outputs, fetched from the providers and checked against the receipts' hashes, then their
// median. A receipt is not audited yet when its output is used, and a liar's output has the hash that the liar signed:
// what keeps a lie out of the model is the median, as long as most results of a round are honest.
import Chain
import Codec
import Foundation
import Ledger
import Primitives
import Synchronization

final class Trainer: Workload {
    private struct State {
        var submissions: [Requester.Submission] = []
        var complaints: [String] = []
        var curve = TrainingCurve()
        var isStopped = false
    }

    static let setting = TrainingModel.Setting(hidden: 32, batch: 16, steps: 64, rate: 0.3)
    /// Of a round.
    private static let program = SampleJob.sgd
    static let job = Topology.Job(work: .program(program), tasks: 12, everySeconds: 1)
    private static let complaintsMax = 16
    /// How long a round waits for the receipts of all its tasks.
    private static let patience: TimeInterval = 60
    private let programs: String
    private let home: String
    private let nodes: [String]
    private let state = Mutex(State())

    /// `programs`: the folder of the shipped `.wasm` files.
    init(programs: String, home: String, nodes: [String]) {
        (self.programs, self.home, self.nodes) = (programs, home, nodes)
    }

    var submissions: [Requester.Submission] { state.withLock(\.submissions) }
    var failures: [String] { state.withLock { $0.complaints + $0.curve.failures } }
    var isEnough: Bool { state.withLock { $0.curve.rounds.count >= TrainingCurve.roundsMin } }
    var report: [String] { state.withLock(\.curve.plot) }

    func start() {
        Thread { [self] in work() }.start()
    }

    func stop() { state.withLock { $0.isStopped = true } }

    private var isStopped: Bool { state.withLock(\.isStopped) }

    private func work() {
        var model = TrainingModel(Self.setting, seed: 1)
        var number = 0
        var missed = 0
        while !isStopped {
            number += 1
            do {
                if let round = try train(&model, node: nodes[number % nodes.count], samples: UInt64(number)) {
                    report(round)
                    missed = 0
                } else if !isStopped {
                    Merit.complain("a round of training is repeated: too few results")
                }
            } catch {
                // One node may be down; the next round asks another.
                missed += 1
                if missed % nodes.count == 0 { complain("\(error)") }
                Thread.sleep(forTimeInterval: 1)
            }
        }
    }

    private func report(_ round: TrainingCurve.Round) {
        let number = state.withLock { state in
            state.curve.add(round)
            return state.curve.rounds.count
        }
        Merit.complain(TrainingCurve.line(number, round))
    }

    private func complain(_ line: String) {
        state.withLock { state in
            if !state.isStopped, state.complaints.count < Self.complaintsMax { state.complaints.append(line) }
        }
    }

    // MARK: A round

    /// nil when no more than half of the tasks gave a result that can be used; the model is then as before.
    private func train(_ model: inout TrainingModel, node: String, samples: UInt64) throws -> TrainingCurve.Round? {
        let job = try submit(model.input(seed: samples), node)
        try awaitReceipts(job, node)
        if isStopped { return nil }
        let answers = try outputs(of: job, node).compactMap(model.answer)
        let tasks = Int(Self.job.tasks)
        guard answers.count * 2 > tasks else { return nil }
        model.combine(answers)
        return TrainingCurve.Round(
            loss: TrainingModel.median(answers.map(\.loss)), right: answers.reduce(0) { $0 + Int($1.right) },
            samples: answers.count * Int(Self.setting.batch), used: answers.count, tasks: tasks)
    }

    private func submit(_ input: Bytes, _ node: String) throws -> Digest {
        struct Answer: Decodable { let id: String }
        let file = "\(home)/input-\(Self.program.rawValue)"
        try Data(input).write(to: URL(fileURLWithPath: file))
        let result = try Child.run([
            "job", "submit", "\(programs)/\(Self.program.rawValue).wasm", "--tasks", "\(Self.job.tasks)", "--input",
            file, "--key", home + "/keys/account.json", "--node", node, "--json",
        ])
        let answer = try JSONDecoder().decode(Answer.self, from: result.output)
        guard let id = Hex.decode(answer.id).flatMap({ Digest($0) }) else {
            throw LocalnetError.child("\(answer.id) is no job")
        }
        state.withLock { $0.submissions.append(Requester.Submission(job: id, tasks: Self.job.tasks)) }
        return id
    }

    /// Returns when every task has a receipt or can have none, when it takes too long, or at the end of the run.
    private func awaitReceipts(_ id: Digest, _ node: String) throws {
        let client = try NodeClient(node)
        let deadline = Date().addingTimeInterval(Self.patience)
        while !isStopped, Date() < deadline, try isOpen(id, client) { Thread.sleep(forTimeInterval: 0.2) }
    }

    private func isOpen(_ id: Digest, _ client: NodeClient) throws -> Bool {
        guard let job = try client.state(StateKey.job(id)).flatMap({ JobRecord.decoded($0) }) else { return true }
        if job.done >= job.end { return false }
        if job.next < job.end { return true }
        return try (0..<job.end).contains { index in
            let key = StateKey.task(TaskPlace(job: id, index: index))
            let task = try client.state(key).flatMap { TaskRecord.decoded($0) }
            return task.map { $0.state == .assigned } ?? true
        }
    }

    /// What `merit job output` fetched and found to have the receipts' hashes.
    private func outputs(of job: Digest, _ node: String) throws -> [Bytes] {
        struct Answer: Decodable {
            struct Output: Decodable {
                let verified: Bool
                let path: String
            }
            let outputs: [Output]
        }
        let folder = "\(home)/results"
        // A task that gave nothing must not leave the file of another round.
        if FileManager.default.fileExists(atPath: folder) { try FileManager.default.removeItem(atPath: folder) }
        let result = try Child.run(
            ["job", "output", "\(job)", "--node", node, "--out", folder, "--json"], mayFail: true)
        if result.output.isEmpty { throw LocalnetError.child("merit job output: \(result.complaint)") }
        return try JSONDecoder().decode(Answer.self, from: result.output).outputs.filter(\.verified)
            .map { try ProgramFile.load($0.path) }
    }
}
