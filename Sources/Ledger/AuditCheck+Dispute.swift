// What it costs that all validators execute a task: by what the work is worth, so that whoever calls them without a
// cause pays for all of it.
// Invariant: a deposit is never less than what a false dispute costs.
package import Chain
package import Primitives
import Rewards

extension AuditCheck {
    /// Base units per cu: what the job bids, or the floor price where that has risen above it.
    func workPrice(of job: JobRecord) -> UInt64 {
        max(job.request.bid, state.require(.pools, as: PoolRecord.self).markets[0].floorPrice)
    }

    /// One execution by each of so many voters.
    func cost(_ task: TaskRecord, _ job: JobRecord, voters: Int) -> Amount {
        do throws(ArithmeticError) {
            let each = try Rewards.Rule.voterPay(
                computeUnits: task.computeUnits, price: workPrice(of: job), rules: view.parameters.rewards.slashing)
            let (cost, overflow) = each.units.multipliedReportingOverflow(by: UInt64(voters))
            return overflow ? Amount(.max) : Amount(cost)
        } catch {
            preconditionFailure("what executing \(task.computeUnits) units is paid: \(error)")
        }
    }

    /// Three times the task's escrow, and never less than what all voters of its epoch are paid.
    func deposit(_ task: TaskRecord, _ job: JobRecord, epoch: UInt64) -> Amount {
        let (escrows, overflow) = job.escrow.units.multipliedReportingOverflow(by: 3)
        let votes = cost(task, job, voters: epochSet(epoch).members.count)
        return max(overflow ? Amount(.max) : Amount(escrows), votes)
    }
}

extension Ledger {
    /// What whoever opens a dispute about a task must hold now; nil for a task without a receipt, and in epoch 0.
    package static func disputeDeposit(
        _ place: TaskPlace, on snapshot: some Snapshot, view: LedgerView
    ) -> Amount? {
        let check = AuditCheck(WorkingState(snapshot), view: view)
        guard let epoch = check.judgedEpoch, let task: TaskRecord = check.state.load(StateKey.task(place)),
            task.delivered != nil, let job: JobRecord = check.state.load(StateKey.job(place.job))
        else { return nil }
        return check.deposit(task, job, epoch: epoch)
    }
}
