// A task's transcript from a node that nobody trusts, and the task executed here.
import ArgumentParser
import Chain
import Client
import Execution
import Foundation
import Ledger
import LightClient
import Primitives
import RPC

/// Which task is executed here, and where its proofs begin.
struct TaskOptions: ParsableArguments {
    @Argument(help: "The job's id and the task's number, as JOB/INDEX.") var task: String
    @OptionGroup var node: NodeOptions
    @Option(help: ArgumentHelp("The hash of the chain's genesis.", valueName: "hex")) var genesisHash: String?

    static func place(_ text: String) -> TaskPlace? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let job = Digest(hex: String(parts[0])), let index = UInt32(parts[1]) else {
            return nil
        }
        return TaskPlace(job: job, index: index)
    }

    func validate() throws {
        _ = try place()
        guard genesisHash.map({ Digest(hex: $0) != nil }) ?? true else {
            throw ValidationError("\(genesisHash ?? "") is no hash")
        }
    }

    func place() throws -> TaskPlace {
        guard let place = Self.place(task) else {
            throw ValidationError("\(task) is no task: JOB/INDEX, the job in hex")
        }
        return place
    }

    /// The given one, else as the node says.
    func genesis() throws -> Digest { try genesisHash.flatMap { Digest(hex: $0) } ?? node.genesisHash() }
}

/// What the chain has about a task of either class.
enum FoundTask {
    case task(TaskTranscript)
    case panel(PanelTranscript)
}

extension NodeOptions {
    /// As the node says.
    func genesisHash() throws -> Digest {
        do { return try Genesis(json: try ask("genesis").member("genesis")).hash } catch let error as ShapeError {
            Merit.leave("\(node): no answer of the protocol: \(error)", 1)
        }
    }

    /// Ends the process where there is no such task, or something is not proved.
    func transcript(of place: TaskPlace, genesis hash: Digest) throws -> FoundTask {
        guard let options = VerificationOptions(trustingPeriod: .seconds(14 * 86_400)) else {
            preconditionFailure("14 days are not negative")
        }
        var reader = TaskReader(
            try client(), follower: LightFollower(genesisHash: hash, options: options), now: WallTime.now)
        do {
            if let transcript = try reader.transcript(of: place) { return .task(transcript) }
            if let transcript = try reader.panel(of: place) { return .panel(transcript) }
        } catch {
            Merit.leave("\(node): \(error.sentence)", error.isUnreachable ? 4 : 3)
        }
        Merit.leave(
            "nobody was given task \(place.index) of job \(place.job): check both with `merit job status`, or ask "
                + "again in a moment when it was given out just now", 3)
    }

    func judge(_ transcript: TaskTranscript) throws -> TaskVerdict {
        if let obstacle = TaskVerdict.obstacle(transcript) { return TaskVerdict(transcript, notJudged: obstacle) }
        let job = transcript.job
        let shared = try job.request.input.map { try blob($0) } ?? []
        let own = try job.ownBytes.map { try blob($0) } ?? []
        var request = RunRequest(
            program: try blob(job.request.program), input: shared + own, taskIndex: transcript.place.index,
            fuelLimit: job.request.limits.fuel)
        request.outputLimit = Int(job.request.limits.outputBytes)
        switch LocalRun.run(request) {
        case .result(let run): return TaskVerdict(transcript, run)
        case .abstained(let reason):
            return TaskVerdict(transcript, notJudged: "this machine could not execute it: \(reason)")
        }
    }
}
