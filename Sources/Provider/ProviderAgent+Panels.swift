// Seats on panels: the task's input goes to the engine's command, the result is sealed, and revealed once the chain's
// own record says that the panel reveals. The charge is flat, because nothing that two machines measure is the same.
import Chain
import Codec
import Cryptography
import Execution
import Ledger
import Logging
import Primitives
import ProgramRules
import Quorum

extension ProviderAgent {
    mutating func actOnPanels() throws(ChainViewError) {
        for place in panels.overdue { workers.cancel(place) }
        var height: Height?
        for place in panels.proofs() { try provePanel(place, at: &height) }
        try runPanels()
        for message in panels.messages() { try send(message) }
    }

    mutating func runPanels() throws(ChainViewError) {
        var failure: ChainViewError?
        for place in panels.nextRuns(idleWorkers: workers.idleCount) {
            do throws(ChainViewError) {
                if failure != nil { panels.postponed(place) } else { try beginPanel(place) }
            } catch {
                panels.postponed(place)
                failure = error
            }
        }
        if let failure { throw failure }
    }

    private mutating func provePanel(_ place: TaskPlace, at height: inout Height?) throws(ChainViewError) {
        let record: PanelRecord? = try chain.record(StateKey.panel(place), at: &height)
        guard let record, let seat = record.seat(of: account), record.seats[seat].isOpen else { return }
        try learn(place.job, at: &height)
        guard jobs[job: place.job] != nil else { return }
        panels.proved(place, phase: record.phase, seal: record.seats[seat].seal)
    }

    // MARK: Executing

    private mutating func beginPanel(_ place: TaskPlace) throws(ChainViewError) {
        if let kept = panelResults?.load(place) { return concludePanel(place, kept) }
        guard let job = jobs[job: place.job] else { return panels.postponed(place) }
        let request = job.request
        guard let command = settings.engines.first(where: { PanelEngine.id($0.name) == request.engineID }) else {
            logger.error("seat for an engine that is not offered", metadata: Self.facts(place))
            _ = panels.finished(place, nil)
            return
        }
        let content = try blob(request.program)
        let shared = try request.input.map { (digest) throws(ChainViewError) in try blob(digest) } ?? []
        let own = try job.ownBytes.map { (digest) throws(ChainViewError) in try blob(digest) } ?? []
        let task = EngineTask(
            job: place.job, index: place.index, input: content + shared + own,
            outputBytesMax: Int(request.limits.outputBytes))
        workers.start(place, EngineRun(command, task))
    }

    mutating func finishPanel(_ place: TaskPlace, _ ending: EngineEnding) {
        let facts = Self.facts(place)
        guard case .output(let bytes) = ending, let job = jobs[job: place.job] else {
            var more = facts
            if case .failed(let reason, let complaint) = ending {
                (more["reason"], more["complaint"]) = ("\(reason)", "\(complaint)")
            }
            switch panels.finished(place, nil) {
            case .late: logger.info("engine stopped: the seat is left", metadata: more)
            case .retried: logger.warning("engine failed, it runs once more", metadata: more)
            default: logger.error("engine failed, the seat stays silent", metadata: more)
            }
            return
        }
        // The same on every machine: nothing of it is measured.
        let digest = Hash.sha256(bytes)
        let honest = TaskResult(
            output: digest, finalState: digest, fuel: job.request.limits.fuel, peakPages: job.pages,
            outputBytes: UInt32(clamping: bytes.count))
        let (output, result, isWrong) = cheat.apply(bytes, honest)
        do {
            try outputs.store(output)
            try panelResults?.store(result, of: place)
        } catch {
            logger.error("result not kept", metadata: facts.merging(["reason": "\(error)"]) { $1 })
        }
        logger.info(
            isWrong ? "task of a panel answered wrongly on purpose" : "task of a panel done",
            metadata: facts.merging(["output": "\(result.output.short)"]) { $1 })
        concludePanel(place, result)
    }

    private mutating func concludePanel(_ place: TaskPlace, _ result: TaskResult) {
        guard let chainID else { return panels.postponed(place) }
        let nonce = PanelResults.nonce(place, chain: chainID.bytes, key: settings.key)
        let sealed = SealedResult(taskIndex: place.index, nonce: nonce, result: result)
        if case .differs = panels.finished(place, sealed) {
            logger.error("the result is not the sealed one, the seat stays silent", metadata: Self.facts(place))
        }
    }

    private static func facts(_ place: TaskPlace) -> Logger.Metadata {
        ["job": "\(place.job.short)", "task": "\(place.index)"]
    }

    // MARK: Saying

    private mutating func send(_ message: PanelPlan.Message) throws(ChainViewError) {
        let (action, name): (Action, String) =
            switch message {
            case .seal(let said): (.sealResults(said), "seals")
            case .reveal(let said): (.revealResults(said), "results")
            }
        guard let word = try submit(action) else { return }
        panels.sent(message, wasTaken: word.code == 0)
        let facts: Logger.Metadata = [
            "job": "\(message.places.first?.job.short ?? "")", "tasks": "\(message.places.count)",
            "code": "\(word.code)", "log": "\(word.log)",
        ]
        if word.code == 0 {
            logger.info("\(name) of panels sent", metadata: facts)
        } else {
            logger.warning("\(name) of panels refused", metadata: facts)
        }
    }

    /// Signs a transaction of the own account and hands it in; nil before the chain is known.
    mutating func submit(_ action: Action) throws(ChainViewError) -> (code: UInt32, log: String)? {
        guard let chainID else { return nil }
        let tip = plan.tip
        let sequence = sequences.sequence(onChain: try chain.nextSequence(of: account), tip: tip)
        let content = TransactionContent(sender: settings.key.publicKey, sequence: sequence, action: action)
        let word = try chain.submit(
            .transaction(Transaction(signing: content, by: settings.key, chainID: chainID)))
        sequences.sent(sequence, tip: tip, wasTaken: word.code == 0)
        return word
    }
}
