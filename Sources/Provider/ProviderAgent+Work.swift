// What the agent does with its tasks: prove, execute, sign, hand in.
import Chain
import Codec
import Cryptography
import Execution
import Ledger
import Logging
import Primitives
import ProgramRules

extension ProviderAgent {
    mutating func act() throws(ChainViewError) {
        try perform(plan.next(epoch: epoch, idleWorkers: workers.idleCount))
        // What was proved a moment ago need not wait for the next block.
        try perform(plan.nextRuns(idleWorkers: workers.idleCount))
        try actOnAdmission()
        try actOnPanels()
    }

    mutating func perform(_ actions: [WorkPlan.Action]) throws(ChainViewError) {
        // One height for all proofs of a step, so that one header serves them.
        var height: Height?
        var failure: ChainViewError?
        for action in actions {
            if failure != nil {
                if case .run(let place) = action { plan.postponed(place) }
                continue
            }
            do throws(ChainViewError) {
                switch action {
                case .prove(let place): try prove(place, at: &height)
                case .run(let place): try begin(place)
                case .ship(let shipment): try ship(shipment)
                }
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
    }

    /// A task that was assigned in the newest block can be proved one block later; until then it is asked for again.
    private mutating func prove(_ place: TaskPlace, at height: inout Height?) throws(ChainViewError) {
        let task: TaskRecord? = try chain.record(StateKey.task(place), at: &height)
        guard let task, task.state == .assigned, task.provider == account else { return }
        try learn(place.job, at: &height)
        if jobs[job: place.job] != nil { plan.proved(place) }
    }

    /// Asks for the record of a job that is not known yet.
    mutating func learn(_ id: Digest, at height: inout Height?) throws(ChainViewError) {
        if jobs[job: id] != nil { return }
        guard let job: JobRecord = try chain.record(StateKey.job(id), at: &height) else { return }
        jobs.insert(job, id)
    }

    // MARK: Executing

    private mutating func begin(_ place: TaskPlace) throws(ChainViewError) {
        do throws(ChainViewError) {
            guard let request = try request(for: place) else { return plan.postponed(place) }
            workers.start(place, request)
        } catch {
            plan.postponed(place)
            throw error
        }
    }

    /// nil while its job is not known.
    mutating func request(for place: TaskPlace) throws(ChainViewError) -> RunRequest? {
        guard let job = jobs[job: place.job] else { return nil }
        let program = try blob(job.request.program)
        let shared = try job.request.input.map { (digest) throws(ChainViewError) in try blob(digest) } ?? []
        let own = try job.ownBytes.map { (digest) throws(ChainViewError) in try blob(digest) } ?? []
        var request = RunRequest(
            program: program, input: shared + own, taskIndex: place.index, fuelLimit: job.request.limits.fuel)
        request.outputLimit = Int(job.request.limits.outputBytes)
        return request
    }

    mutating func blob(_ digest: Digest) throws(ChainViewError) -> Bytes {
        if let known = jobs[blob: digest] { return known }
        let bytes = try chain.blob(digest)
        jobs.insert(bytes, digest)
        return bytes
    }

    mutating func finish(_ finished: Workers.Finished) {
        let place = finished.place
        switch finished.ending {
        case .engine(let ending): finishPanel(place, ending)
        case .program(let outcome):
            if !finishAdmission(place, outcome) { finish(place, outcome) }
        }
    }

    private mutating func finish(_ place: TaskPlace, _ outcome: Outcome) {
        let facts: Logger.Metadata = ["job": "\(place.job.short)", "task": "\(place.index)"]
        guard case .result(let run) = outcome else {
            logger.error("task failed here", metadata: facts.merging(["reason": "\(outcome)"]) { $1 })
            return plan.finished(place, nil)
        }
        guard run.peakPages == jobs[job: place.job]?.pages ?? run.peakPages else {
            logger.error("task used other memory than its program has", metadata: facts)
            return plan.finished(place, nil)
        }
        let honest = TaskResult(
            output: Hash.sha256(run.output), finalState: run.finalMemory, fuel: run.fuel, peakPages: run.peakPages,
            outputBytes: UInt32(clamping: run.output.count))
        let (output, result, isWrong) = cheat.apply(run.output, honest)
        do { try outputs.store(output) } catch {
            logger.error("output not kept", metadata: facts.merging(["reason": "\(error)"]) { $1 })
        }
        logger.info(
            isWrong ? "task answered wrongly on purpose" : "task done",
            metadata: facts.merging(["fuel": "\(result.fuel)", "output": "\(result.output.short)"]) { $1 })
        plan.finished(place, result)
    }

    // MARK: Handing in

    private mutating func ship(_ shipment: WorkPlan.Shipment) throws(ChainViewError) {
        guard let chainID, let job = jobs[job: shipment.job] else { return plan.refused(shipment) }
        if shipment.isRepeat { turn() }
        let units = shipment.receipts.compactMap(\.result).reduce(UInt64(0)) { sum, result in
            sum
                + ComputeUnits.of(
                    fuel: result.fuel, peakPages: result.peakPages, inputBytes: job.inputBytes,
                    outputBytes: result.outputBytes)
        }
        let attestation = Attestation.signing(
            job: shipment.job, epoch: shipment.epoch, work: (units, shipment.receipts), key: settings.key,
            chainID: chainID)
        let word: (code: UInt32, log: String)
        do throws(ChainViewError) { word = try chain.submit(.attestation(attestation)) } catch {
            // The node may have taken it: what was on its way before stays so.
            if shipment.isRepeat { plan.shipped(shipment) } else { plan.refused(shipment) }
            throw error
        }
        let facts: Logger.Metadata = [
            "job": "\(shipment.job.short)", "tasks": "\(shipment.receipts.count)",
            "first": "\(shipment.receipts.first?.taskIndex ?? 0)", "cu": "\(units)", "epoch": "\(shipment.epoch)",
        ]
        // A node that was handed the same before has it on its way.
        if word.code == 0 || word.code == Self.alreadyHandedIn {
            plan.shipped(shipment)
            logger.info(shipment.isRepeat ? "receipts sent again" : "receipts sent", metadata: facts)
        } else {
            plan.refused(shipment)
            logger.warning("receipts refused", metadata: facts.merging(["rule": "\(word.log)"]) { $1 })
        }
    }

    /// Before anything else of a look, because few blocks take an answer.
    mutating func answer(_ open: [ChallengeRecord.Open], tip: Height) throws(ChainViewError) {
        guard let chainID else { return }
        for challenge in answers.due(open, tip: tip) {
            let answer = ChallengeAnswer(
                signing: challenge.height, beacon: challenge.beacon, by: settings.key, chainID: chainID)
            let word = try chain.submit(.answer(answer))
            answers.answered(challenge.height)
            let facts: Logger.Metadata = ["height": "\(challenge.height)", "tip": "\(tip)"]
            if word.code == 0 || word.code == Self.alreadyHandedIn {
                logger.debug("challenge answered", metadata: facts)
            } else {
                logger.warning("answer refused", metadata: facts.merging(["rule": "\(word.log)"]) { $1 })
            }
        }
    }

    /// The node's code for an item that it was given before.
    private static let alreadyHandedIn: UInt32 = 3
}

extension Digest {
    /// Enough to find it in a log.
    var short: String { String(description.prefix(12)) }
}
