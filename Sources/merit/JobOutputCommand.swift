// Fetches what tasks computed from the providers that computed it. An output counts only if it has the hash that the
// receipt on the chain names.
import ArgumentParser
import Chain
import Client
import Cryptography
import Execution
import Foundation
import Ledger
import Primitives
import ProgramRules
import RPC

struct JobOutputCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "output", abstract: "Fetch the outputs of a job and check their hashes.",
        discussion: """
            The chain holds hashes, providers hold outputs. When a provider is gone, --recompute executes the task here
            and compares: the output is the same or the receipt was wrong. Ends with 1 when one has another hash, with 4
            when one cannot be fetched. An output of class Q is fetched from whoever agrees with the majority, and
            --recompute does nothing for it.

              merit job output ID --node http://127.0.0.1:26657 --out results/
              merit job output ID --task 3 --node http://127.0.0.1:26657 --recompute
            """)

    @Argument(help: "The job's id, as `merit job submit` printed it.") var id: String
    @Option(help: "One task alone.") var task: UInt32?
    @Option(help: ArgumentHelp("A folder for task-0.bin, task-1.bin, …", valueName: "folder")) var out: String?
    @Flag(help: "Execute tasks here whose provider does not answer.") var recompute = false
    @OptionGroup var options: NodeOptions
    @OptionGroup var output: OutputOptions

    private enum Source: String {
        case provider, recomputed, missing, wrong
    }

    func run() throws {
        let view = try JobView(try JobView.id(id), options)
        let tasks = view.tasks.filter { $0.output != nil && (task == nil || $0.index == task) }
        if tasks.isEmpty {
            Merit.leave("no receipt yet\(task.map { " of task \($0)" } ?? ""): \(view.line); ask again later", 4)
        }
        var endpoints: [String: NodeURL?] = [:]
        var rows: [JSON] = []
        var lines: [String] = []
        var sources: Set<String> = []
        for task in tasks {
            guard let hash = task.output else { continue }
            let (source, bytes, reason) = try fetch(task, hash, view, &endpoints)
            sources.insert(source.rawValue)
            let path = try save(bytes, task.index)
            var row: JSON = [
                "index": .number(task.index), "hash": .hex(hash), "source": .string(source.rawValue),
                "verified": .bool(bytes != nil), "bytes": .number(task.outputBytes), "path": .string(path),
            ]
            if self.task != nil { row = row.adding("data", .base64(bytes)) }
            rows.append(row)
            lines.append("task \(task.index)  \(task.outputBytes) bytes  \(hash)  \(reason) \(path)")
        }
        output.answer("job.output", ["id": .hex(view.id), "outputs": .array(rows)], lines)
        if sources.contains(Source.wrong.rawValue) { throw ExitCode(1) }
        if sources.contains(Source.missing.rawValue) { throw ExitCode(4) }
    }

    private func save(_ bytes: Bytes?, _ index: UInt32) throws -> String {
        guard let out, let bytes else { return "" }
        try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true)
        let path = "\(out)/task-\(index).bin"
        try Data(bytes).write(to: URL(fileURLWithPath: path))
        return path
    }

    /// nil bytes where nothing has the receipt's hash.
    private func fetch(
        _ task: JobView.Task, _ hash: Digest, _ view: JobView, _ endpoints: inout [String: NodeURL?]
    ) throws -> (Source, Bytes?, String) {
        // A trapped task has no bytes to fetch.
        if hash == Hash.sha256(Bytes()) { return (.provider, [], "verified (empty: the task trapped or gave nothing)") }
        var complaint = ""
        for holder in task.holders {
            let (bytes, reason) = try ask(holder, for: hash, &endpoints)
            if let bytes { return (.provider, bytes, "verified") }
            complaint = reason
        }
        if view.replicas > 0 { return (.missing, nil, "MISSING: \(complaint); ask later") }
        guard recompute else {
            return (.missing, nil, "MISSING: \(complaint); ask later, or add --recompute to execute the task here")
        }
        guard let bytes = try compute(task.index, view) else { return (.missing, nil, "MISSING: \(complaint)") }
        guard Hash.sha256(bytes) == hash else {
            return (
                .wrong, nil, "WRONG: executed here, the task gives \(Hash.sha256(bytes)), not what the receipt says"
            )
        }
        return (.recomputed, bytes, "verified by executing it here (\(complaint))")
    }

    private func ask(
        _ provider: String, for hash: Digest, _ endpoints: inout [String: NodeURL?]
    ) throws -> (Bytes?, String) {
        guard let url = try endpoint(of: provider, &endpoints) else {
            return (nil, "the provider \(provider) names no endpoint")
        }
        do throws(ExchangeError) {
            let answer = try url.get("/outputs/\(hash)", max: ExecutionLimits.outputBytesMax)
            if answer.status == 200, Hash.sha256(answer.body) == hash { return (answer.body, "") }
            return (nil, answer.status == 200 ? "\(url) serves other bytes" : "\(url) has it no more")
        } catch {
            return (nil, "the provider \(provider) does not answer at \(url): \(error)")
        }
    }

    private func endpoint(of provider: String, _ known: inout [String: NodeURL?]) throws -> NodeURL? {
        if let found = known[provider] { return found }
        guard let account = Address(bech32: provider) else { return nil }
        let work: WorkRecord? = try options.record(StateKey.work(account))
        let url = NodeURL(String(decoding: work?.endpoint ?? [], as: UTF8.self))
        known[provider] = url
        return url
    }

    private func compute(_ index: UInt32, _ view: JobView) throws -> Bytes? {
        guard let job: JobRecord = try options.record(StateKey.job(view.id)) else { return nil }
        let shared = try job.request.input.map { try options.blob($0) } ?? []
        let own = try job.ownBytes.map { try options.blob($0) } ?? []
        var request = RunRequest(
            program: try options.blob(job.request.program), input: shared + own, taskIndex: index,
            fuelLimit: job.request.limits.fuel)
        request.outputLimit = Int(job.request.limits.outputBytes)
        guard case .result(let result) = LocalRun.run(request) else { return nil }
        return result.output
    }
}
