// Receipts: each must name a task that its provider has, or had until a moment ago, keep the job's limits, and together
// they must cost what the signature says. A receipt counts once, because it ends the assignment it needs.
// An attestation pays no fee. One that fails costs the author of its batch, who could have asked its own state; never
// the provider, or anyone could replay what it signed and drain its bond.
import Chain
import Cryptography
import Primitives
import ProgramRules
import Rewards

extension Ledger {
    /// The receipts that count now; the others are of tasks that went to somebody else meanwhile.
    static func check(
        _ attestation: Attestation, in state: WorkingState, view: LedgerView
    ) throws(Rule) -> [Receipt] {
        let provider = Hash.address(of: attestation.provider)
        guard state.bytes(StateKey.provider(provider)) != nil else { throw .unknownProvider }
        guard let job: JobRecord = state.load(StateKey.job(attestation.job)) else { throw .unknownJob }
        let epoch = view.epoch.number
        guard attestation.epoch <= epoch, epoch - attestation.epoch <= 1 else { throw .wrongEpoch }
        var counted: [Receipt] = []
        var computeUnits: UInt64 = 0
        for receipt in attestation.receipts {
            let place = TaskPlace(job: attestation.job, index: receipt.taskIndex)
            if try isDue(place, from: provider, in: state) { counted.append(receipt) }
            if let result = receipt.result { computeUnits += try cost(of: result, in: job) }
        }
        guard attestation.computeUnits == computeUnits else { throw .wrongTotal }
        guard !counted.isEmpty else { throw .nothingCounted }
        return counted
    }

    /// False where the provider had the task and lost it to a deadline.
    private static func isDue(
        _ place: TaskPlace, from provider: Address, in state: WorkingState
    ) throws(Rule) -> Bool {
        guard let task: TaskRecord = state.load(StateKey.task(place)) else { throw .receiptNotAssigned }
        if task.provider == provider {
            switch task.state {
            case .assigned: return true
            case .delivered, .settled, .forfeited, .voided: throw .receiptRepeated
            case .timedOut, .undeliverable: return false
            }
        }
        guard task.late == provider else { throw .receiptNotAssigned }
        return false
    }

    /// Compute units of one result; at most `limits.computeUnits`, so sums of receipts fit.
    private static func cost(of result: TaskResult, in job: JobRecord) throws(Rule) -> UInt64 {
        let limits = job.request.limits
        guard result.fuel <= limits.fuel, result.outputBytes <= limits.outputBytes, result.peakPages == job.pages
        else { throw .receiptOutsideLimits }
        return computeUnits(of: result, in: job)
    }

    static func computeUnits(of result: TaskResult, in job: JobRecord) -> UInt64 {
        ComputeUnits.of(
            fuel: result.fuel, peakPages: result.peakPages, inputBytes: job.inputBytes,
            outputBytes: result.outputBytes)
    }
}

extension BlockExecution {
    mutating func execute(_ attestation: Attestation) throws(Rule) {
        let counted = try Ledger.check(attestation, in: state, view: view)
        let provider = requireProvider(Hash.address(of: attestation.provider))
        let streak = state.reputation(provider.number).streak
        for receipt in counted {
            let place = TaskPlace(job: attestation.job, index: receipt.taskIndex)
            if let result = receipt.result {
                deliver(place, result, streak: streak)
            } else {
                work.abstained.append(place)
            }
        }
    }

    private mutating func deliver(_ place: TaskPlace, _ result: TaskResult, streak: UInt64) {
        var job = requireJob(place.job)
        var task = requireTask(place)
        var record = release(place, task, of: job)
        record.timeouts = 0
        state.store(record, at: StateKey.work(task.provider))
        burnCharge(&task, &job, place.job)
        (task.state, task.result, task.delivered) = (.delivered, result, view.height)
        task.settlesIn = view.epoch.number + 1
        task.computeUnits = Ledger.computeUnits(of: result, in: job)
        let rate = auditRate(streak: streak)
        task.auditRate = max(rate, job.request.assurance)
        calendar.countReceipt(at: view.height)
        job.done += 1
        state.store(task, at: StateKey.task(place))
        state.store(job, at: StateKey.job(place.job))
        work.receipts.append(
            DueReceipt(
                provider: task.provider, place: place,
                work: (
                    task.computeUnits,
                    Pace(used: view.height.distance(from: task.assigned), budget: task.budget)
                ), auditRate: rate))
    }

    /// Streaks move with settlements alone, so this is the one before the epoch.
    private func auditRate(streak: UInt64) -> UInt64 {
        do throws(ArithmeticError) {
            return try Rewards.Rule.auditRate(streak: streak, rules: view.parameters.rewards.audit)
        } catch {
            preconditionFailure("the audit rate of streak \(streak): \(error)")
        }
    }
}
