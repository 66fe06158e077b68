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
        return Act(items: statements + transactions(sight))
    }

    private func transactions(_ sight: Sight) -> [Item] {
        let actions = returns(sight) + declares(sight) + moves(sight)
        if actions.isEmpty { return [] }
        let sequence = sight.account(address).nextSequence
        return actions.enumerated().map { keys.item($1, sequence: sequence + UInt64($0)) }
    }

    /// Whoever may leave the jail does.
    private func returns(_ sight: Sight) -> [Action] {
        guard sight.offset == 0, let standing = sight.standing(address), standing.isJailed,
            sight.view.epoch.number >= standing.freeEpoch
        else { return [] }
        return [.unjail(Unjail())]
    }

    private func declares(_ sight: Sight) -> [Action] {
        guard role.plan.declares, sight.offset == 0 else { return [] }
        return sight.deferredEngines().map { .declareEngine(DeclareEngine(engineID: $0)) }
    }

    private func moves(_ sight: Sight) -> [Action] {
        guard role.plan.moves > 0, sight.offset == 0, !sight.isQuiet else { return [] }
        let account = sight.account(address)
        var actions: [Action] = []
        if account.balance.units >= role.stake.units / 8 {
            actions.append(.bond(BondChange(amount: Amount(account.balance.units - World.pocketMoney))))
        }
        if sight.view.epoch.number % role.plan.moves == 0 {
            actions.append(.unbond(BondChange(amount: Amount(role.stake.units / 4))))
        }
        return actions
    }

    /// The situation without what this validator does not want to know.
    private func seen(_ situation: AuditSituation, _ sight: Sight) -> AuditSituation {
        let plan = role.plan
        let isPlain = plan.votes && plan.skips == 0 && plan.cover == .none && plan.ownDisputes != .absent
        if isPlain, plan.manner == .honest { return situation }
        let epochs = situation.epochs.map { epoch in
            let duties = epoch.duties.filter { duty in
                OutcomeTable.draw("skip", duty.task, address) >= plan.skips
                    && !(plan.cover == .silence && isOfSubject(duty.task, sight))
            }
            return AuditedEpoch(
                epoch: epoch.epoch, window: (epoch.window, isUrgent: epoch.isUrgent), proof: epoch.proof,
                duties: duties, said: (epoch.commits, epoch.isDisclosed))
        }
        let disputes = situation.disputes.filter { dispute in
            plan.votes && !(plan.ownDisputes == .absent && isOfSubject(dispute.task, sight))
        }
        // Whoever makes digests up has nothing to compare others' with, and nobody speaks up about an ally's.
        let checks = situation.checks.filter { plan.manner == .honest && !isOfSubject($0.task, sight) }
        return AuditSituation(
            height: situation.height, epochs: epochs, disputes: disputes, misses: situation.misses, checks: checks)
    }

    private func isOfSubject(_ place: TaskPlace, _ sight: Sight) -> Bool {
        sight.task(place).map { sight.isOfSubject($0.provider) } ?? false
    }

    private mutating func finding(_ run: AuditDesk.Run, isVote: Bool, _ sight: Sight) -> AuditDesk.Finding {
        let plan = role.plan
        let claim = sight.task(run.task)?.result
        let isOwn = isOfSubject(run.task, sight)
        let isAlly = isVote ? plan.ownDisputes == .receipt : plan.cover == .approval
        if isAlly, isOwn, let claim {
            // The provider hands its memory over, true or made up.
            let forged = sight.forged(run.task)
            return (claim == forged.result ? forged : sight.execute(run.task, machine: address)).finding(run.salts)
        }
        let isAlone = run.salts.count == 1
        let copies = plan.manner == .copying || (plan.manner == .copyingAlone && isAlone)
        let copied = !isVote && copies ? claim : nil
        let isApart = isVote && isOwn && plan.ownDisputes == .apart
        let result = isApart ? sight.apart(run.task) : copied
        if let result { return AuditDesk.Finding(result: result, digests: madeUp(run.salts)) }
        let outcome = sight.execute(run.task, machine: address)
        cost += sight.cost(run.task, outcome.result)
        if isVote, isOwn, plan.ownDisputes == .wrongDigests {
            return AuditDesk.Finding(result: outcome.result, digests: madeUp(run.salts))
        }
        return outcome.finding(run.salts)
    }

    private func madeUp(_ salts: [Bytes]) -> [Digest] {
        salts.map { Hash.sha256([Bytes("made up".utf8), $0, address.bytes]) }
    }
}
