// What re-executing a task says of its receipt, and whether the chain said the same.
import Chain
import Client
import Cryptography
import Execution
import Ledger
import Primitives
import ProgramRules
import Rewards

struct TaskVerdict {
    /// One number in which receipt and execution are not the same.
    struct Difference: Equatable {
        let name: String
        let receipt: String
        let executed: String
    }

    enum Chain: String {
        case same, other, open, none
    }

    let transcript: TaskTranscript
    /// nil where nothing was executed, for `reason`.
    let executed: TaskResult?
    let ending: String
    let reason: String

    init(_ transcript: TaskTranscript, notJudged reason: String) {
        (self.transcript, executed, ending, self.reason) = (transcript, nil, "", reason)
    }

    init(_ transcript: TaskTranscript, _ run: RunResult) {
        (self.transcript, reason) = (transcript, "")
        executed = TaskResult(
            output: Hash.sha256(run.output), finalState: run.finalMemory, fuel: run.fuel, peakPages: run.peakPages,
            outputBytes: UInt32(clamping: run.output.count))
        switch run.ending {
        case .returned(let output): ending = "returned \(output.count) bytes"
        case .trapped(let trap): ending = "trapped: \(trap)"
        }
    }

    /// Why it cannot be judged by executing it here, where that is known beforehand.
    static func obstacle(_ transcript: TaskTranscript) -> String? {
        let request = transcript.job.request
        if request.resource == ResourceClass.open.rawValue {
            return "it is of class Q: its program need not give the same bytes everywhere, so a panel of providers "
                + "judges it by majority and re-execution cannot"
        }
        if request.engineID != EngineIdentity.id { return "it was made for another engine, \(request.engineID)" }
        if transcript.task.result == nil { return "there is no receipt: the task is \(transcript.task.state.label)" }
        return nil
    }

    /// In the order in which a receipt has them.
    static func numbers(_ result: TaskResult, _ job: JobRecord) -> [(name: String, title: String, value: String)] {
        [
            ("output", "output hash", "\(result.output)"), ("final_state", "final state", "\(result.finalState)"),
            ("fuel", "fuel", "\(result.fuel)"), ("peak_pages", "peak pages", "\(result.peakPages)"),
            ("output_bytes", "output bytes", "\(result.outputBytes)"),
            ("compute_units", "compute units", "\(computeUnits(result, job))"),
        ]
    }

    static func computeUnits(_ result: TaskResult, _ job: JobRecord) -> UInt64 {
        ComputeUnits.of(
            fuel: result.fuel, peakPages: result.peakPages, inputBytes: job.inputBytes, outputBytes: result.outputBytes)
    }

    /// The receipt's numbers; compute units are those that the chain counted.
    var receipt: [(name: String, title: String, value: String)] {
        guard let result = transcript.task.result else { return [] }
        return Self.numbers(result, transcript.job).dropLast()
            + [("compute_units", "compute units", "\(transcript.task.computeUnits)")]
    }

    var differences: [Difference] {
        guard let executed else { return [] }
        return zip(receipt, Self.numbers(executed, transcript.job)).compactMap { said, found in
            said.value == found.value
                ? nil : Difference(name: said.name, receipt: said.value, executed: found.value)
        }
    }

    var name: String { executed == nil ? "not_judged" : differences.isEmpty ? "agrees" : "differs" }

    /// The receipt is wrong, and it is not too late to say so.
    var isDisputable: Bool {
        name == "differs" && transcript.task.state == .delivered && transcript.decided == nil
    }

    // MARK: The chain

    /// What the end of an epoch found the right result to be; nil where the dispute had no winner or is open.
    private var judged: (isReceipt: Bool, result: TaskResult?)? {
        guard let decided = transcript.decided, decided.settledEpoch != nil else { return nil }
        let isGuilty = decided.slashes.contains {
            $0.key.offence == .wrongResult && $0.key.account == transcript.task.provider
        }
        if let standing = decided.dispute.tally.standing { return (standing == transcript.task.result, standing) }
        return isGuilty ? (false, nil) : nil
    }

    var chain: Chain {
        guard let decided = transcript.decided else {
            let isAudited = transcript.audits.contains { $0.state == .agrees }
            return isAudited ? (differences.isEmpty ? .same : .other) : .none
        }
        if decided.settledEpoch == nil { return .open }
        guard let judged, let executed else { return .none }
        if judged.isReceipt { return differences.isEmpty ? .same : .other }
        // The one thing to compare with is what the voters found.
        return judged.result.map { $0 == executed } ?? !differences.isEmpty ? .same : .other
    }

    var chainSays: String {
        guard let decided = transcript.decided else {
            let count = transcript.audits.count { $0.state == .agrees }
            if count > 0 { return "\(count) of its auditors executed the task and found the receipt's result" }
            return "no auditor was drawn for it, and nobody disputed it"
        }
        if decided.settledEpoch == nil { return "validators still vote on it" }
        switch decided.dispute.tally.outcome {
        case .stands:
            let who = judged?.isReceipt == true ? "the receipt's" : "another one than the receipt's"
            return "more than 2/3 of the stake executed the task, and the result that stood is \(who)"
        case .nonDeterministic:
            return "honest validators got different results: the program may not be used any more, nobody is slashed"
        case .unresolved: return "no result found 2/3 of the stake: what was held went back, nobody is slashed"
        case .extended:
            return judged == nil
                ? "it was decided by votes in the very block that ended the epoch"
                : "the provider lost it by votes in the very block that ended the epoch"
        }
    }
}
