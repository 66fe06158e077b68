// Disputes that an account opens with a deposit. What auditors' reveals open needs none.
import Chain
import Primitives
import Rewards

extension BlockExecution {
    mutating func perform(_ request: OpenDispute, by sender: Address) throws(Rule) {
        let check = AuditCheck(state, view: view, calendar: calendar)
        guard let epoch = check.judgedEpoch, calendar.phase == .open else { throw .disputeWindowClosed }
        let place = request.task
        guard let task: TaskRecord = state.load(StateKey.task(place)), check.isJudged(place, task, with: epoch)
        else { throw .taskNotDisputable }
        guard state.bytes(StateKey.dispute(place)) == nil else { throw .disputeExists }
        let verdicts = Self.verdicts(state.load(StateKey.taskAudits(epoch, place)))
        guard request.claimed != task.result || !verdicts.isEmpty else { throw .disputeWithoutCause }
        guard request.deposit >= check.deposit(task, requireJob(place.job), epoch: epoch) else {
            throw .depositTooSmall
        }
        var account = state.account(sender)
        guard account.balance >= request.deposit else { throw .insufficientBalance }
        account.balance = account.balance.debited(request.deposit)
        state.store(account, of: sender)
        supply.balances = supply.balances.debited(request.deposit)
        supply.escrow = supply.escrow.credited(request.deposit)
        var dispute = newDispute(
            of: place, epoch: epoch, reporter: sender, claim: (request.claimed, request.deposit))
        dispute.verdicts = verdicts
        state.store(dispute, at: StateKey.dispute(place))
    }
}
