// Before its first paid task: tasks of others, executed for nothing and answered under the own salt. Paid work comes
// first, because it has deadlines.
import Chain
import Codec
import Cryptography
import Execution
import Ledger
import Logging
import Primitives

extension ProviderAgent {
    /// Takes in what the node says of the own admission.
    mutating func observeAdmission(_ hint: ChainView.Hint) {
        admission.observe(hint.admissionTasks, at: hint.tip)
        guard hint.admission != admissionText else { return }
        if hint.admission.isEmpty {
            logger.info("admitted: tasks are drawn for this provider from now on")
        } else {
            logger.info("not admitted yet", metadata: ["answers": "\(hint.admission)"])
        }
        admissionText = hint.admission
    }

    mutating func actOnAdmission() throws(ChainViewError) {
        var height: Height?
        for place in admission.proofs() { try proveAdmission(place, at: &height) }
        try runAdmission()
        try sendAnswers()
    }

    mutating func runAdmission() throws(ChainViewError) {
        var failure: ChainViewError?
        for (place, salt) in admission.nextRuns(idleWorkers: workers.idleCount) {
            do throws(ChainViewError) {
                guard failure == nil, var request = try request(for: place) else {
                    admission.postponed(place)
                    continue
                }
                request.salts = [salt.bytes]
                workers.start(place, request)
            } catch {
                admission.postponed(place)
                failure = error
            }
        }
        if let failure { throw failure }
    }

    private mutating func proveAdmission(_ place: TaskPlace, at height: inout Height?) throws(ChainViewError) {
        let task: AdmissionTask? = try chain.record(StateKey.admissionTask(place), at: &height)
        guard let task, task.provider == account, task.state == .open else { return }
        try learn(place.job, at: &height)
        if jobs[job: place.job] != nil { admission.proved(place, salt: task.salt(place)) }
    }

    /// True where the task was one to answer.
    mutating func finishAdmission(_ place: TaskPlace, _ outcome: Outcome) -> Bool {
        guard admission.isRunning(place) else { return false }
        let facts: Logger.Metadata = ["job": "\(place.job.short)", "task": "\(place.index)"]
        guard case .result(let run) = outcome, let digest = run.saltedMemory.first else {
            logger.error(
                "task of admission failed here", metadata: facts.merging(["reason": "\(outcome)"]) { $1 })
            admission.finished(place, nil)
            return true
        }
        let honest = TaskResult(
            output: Hash.sha256(run.output), finalState: digest, fuel: run.fuel, peakPages: run.peakPages,
            outputBytes: UInt32(clamping: run.output.count))
        let (_, said, isWrong) = cheat.apply(run.output, honest)
        logger.info(
            isWrong ? "task of admission answered wrongly on purpose" : "task of admission done", metadata: facts)
        admission.finished(place, said.finalState)
        return true
    }

    private mutating func sendAnswers() throws(ChainViewError) {
        let answers = admission.answers()
        guard !answers.isEmpty,
            let (code, log) = try submit(.answerAdmission(AnswerAdmission(answers: answers)))
        else { return }
        admission.sent(answers, wasTaken: code == 0)
        let facts: Logger.Metadata = ["tasks": "\(answers.count)", "code": "\(code)", "log": "\(log)"]
        if code == 0 {
            logger.info("answers of admission sent", metadata: facts)
        } else {
            logger.warning("answers of admission refused", metadata: facts)
        }
    }
}
