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

/// Whether an account may open a dispute about a receipt.
package enum DisputeWindow: String, CaseIterable, Sendable {
    /// Not yet: auditors have their word first.
    case later
    case open
    /// All validators execute it already.
    case disputed
    /// No more.
    case over
}

package struct DisputeOutlook: Hashable, Sendable {
    package let window: DisputeWindow
    /// What whoever opens it must hold, as of now.
    package let deposit: Amount
}

extension AuditCheck {
    fileprivate func window(_ place: TaskPlace, _ task: TaskRecord, delivered: Height) -> DisputeWindow {
        if state.bytes(StateKey.dispute(place)) != nil { return .disputed }
        if let epoch = judgedEpoch, isJudged(place, task, with: epoch) {
            return calendar.phase < .open ? .later : calendar.phase == .open ? .open : .over
        }
        let isDrawnAgain = redraw(of: place, with: view.epoch.number) != nil
        return delivered >= view.epoch.startHeight || isDrawnAgain ? .later : .over
    }
}

extension Ledger {
    /// Of a task of class D; nil for one without a receipt.
    package static func disputeOutlook(
        _ place: TaskPlace, on snapshot: some Snapshot, view: LedgerView
    ) -> DisputeOutlook? {
        let check = AuditCheck(WorkingState(snapshot), view: view)
        guard let task: TaskRecord = check.state.load(StateKey.task(place)), let delivered = task.delivered,
            let job: JobRecord = check.state.load(StateKey.job(place.job))
        else { return nil }
        let epoch = delivered >= view.epoch.startHeight ? view.epoch.number : check.judgedEpoch ?? 0
        return DisputeOutlook(
            window: check.window(place, task, delivered: delivered),
            deposit: check.deposit(task, job, epoch: epoch))
    }
}
