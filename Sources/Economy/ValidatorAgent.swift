// A validator: the desk of a real node decides what it says and when; only what an execution gives is replaced. One
// that cheats shows the same desk less than there is, or hands it findings that it did not get by executing.
import Auditor
import Chain
import Cryptography
import Ledger
import Primitives

struct ValidatorAgent {
    let role: ValidatorRole
    let keys: Keyring
    /// Spent on compute so far.
    private(set) var cost: UInt64 = 0
    private var reader: AuditReader
    private var desk: AuditDesk

    init(_ role: ValidatorRole, _ keys: Keyring) {
        (self.role, self.keys) = (role, keys)
        reader = AuditReader(key: keys.audit, chainID: LocalChain.id)
        let secret = keys.audit
        desk = AuditDesk { epoch in AuditReader.nonceSeed(epoch: epoch, key: secret, chainID: LocalChain.id) }
    }

    var address: Address { keys.account.address }

    mutating func act(_ sight: Sight) -> Act {
        guard let found = reader.situation(on: sight.store, view: sight.view) else { return Act() }
        let situation = seen(found, sight)
        // Said once before and once after the executions, so that what is found out now is said in the next block.
        var contents = desk.update(situation)
        let votes = Set(situation.disputes.map { AuditDesk.Run(task: $0.task, salts: $0.salts) })
        var hasExecuted = false
        while let run = desk.nextRun() {
            desk.finished(run, .found(finding(run, isVote: votes.contains(run), sight)))
            hasExecuted = true
        }
        if hasExecuted { contents += desk.update(situation) }
        let statements = contents.map {
            Item.audit(AuditStatement(signing: $0, by: keys.audit, chainID: LocalChain.id))
        }
        return Act(items: statements + moves(sight))
    }

    private func moves(_ sight: Sight) -> [Item] {
        guard role.plan.moves > 0, sight.offset == 0, !sight.isQuiet else { return [] }
        let account = sight.account(address)
        var actions: [Action] = []
        if account.balance.units >= role.stake.units / 8 {
            actions.append(.bond(BondChange(amount: Amount(account.balance.units - World.pocketMoney))))
        }
        if sight.view.epoch.number % role.plan.moves == 0 {
            actions.append(.unbond(BondChange(amount: Amount(role.stake.units / 4))))
        }
        return actions.enumerated().map { keys.item($1, sequence: account.nextSequence + UInt64($0)) }
    }

    /// The situation without what this validator does not want to know.
    private func seen(_ situation: AuditSituation, _ sight: Sight) -> AuditSituation {
        let plan = role.plan
        if plan.votes, plan.manner != .denying, plan.cover != .silence { return situation }
        let epochs = situation.epochs.map { epoch in
            let duties = epoch.duties.filter { duty in
                plan.manner != .denying && !(plan.cover == .silence && isOfSubject(duty.task, sight))
            }
            return AuditedEpoch(
                epoch: epoch.epoch, window: (epoch.window, isUrgent: epoch.isUrgent), proof: epoch.proof,
                duties: duties, said: (epoch.commits, epoch.isDisclosed))
        }
        return AuditSituation(
            height: situation.height, epochs: epochs, disputes: plan.votes ? situation.disputes : [],
            misses: situation.misses)
    }

    private func isOfSubject(_ place: TaskPlace, _ sight: Sight) -> Bool {
        sight.task(place).map { sight.isOfSubject($0.provider) } ?? false
    }

    private mutating func finding(_ run: AuditDesk.Run, isVote: Bool, _ sight: Sight) -> AuditDesk.Finding {
        let plan = role.plan
        let claim = sight.task(run.task)?.result
        let isAlly = isVote ? plan.votesForSubject : plan.cover == .approval
        if isAlly, isOfSubject(run.task, sight), let claim {
            // The provider hands its memory over, true or made up.
            let forged = sight.forged(run.task)
            return (claim == forged.result ? forged : sight.execute(run.task, machine: address)).finding(run.salts)
        }
        if !isVote, plan.manner == .copying, let claim {
            let digests = run.salts.map { Hash.sha256([Bytes("made up".utf8), $0, address.bytes]) }
            return AuditDesk.Finding(result: claim, digests: digests)
        }
        let outcome = sight.execute(run.task, machine: address)
        cost += sight.cost(run.task, outcome.result)
        return outcome.finding(run.salts)
    }
}
