// A provider: registers once, then answers for every task it is given, each in its plan's way.
import Chain
import Codec
import Cryptography
import Ledger
import Primitives
import ProgramRules
import Rewards

struct ProviderAgent {
    let role: ProviderRole
    let keys: Keyring
    /// Spent on compute so far.
    private(set) var cost: UInt64 = 0
    private var openForgeries: [TaskPlace] = []
    private var isRegistered = false

    init(_ role: ProviderRole, _ keys: Keyring) { (self.role, self.keys) = (role, keys) }

    var address: Address { keys.account.address }

    mutating func act(_ sight: Sight) -> Act {
        if !isRegistered {
            isRegistered = true
            return Act(items: [registration(sight)])
        }
        var jobs: [Digest: [Receipt]] = [:]
        for (place, _) in Ledger.assignments(of: address, limit: .max, on: sight.store) {
            guard let task = sight.task(place), task.state == .assigned,
                sight.view.height >= task.assigned.advanced(by: 1 + role.plan.delay),
                OutcomeTable.draw("ignore", place, address) >= role.plan.ignores
            else { continue }
            jobs[place.job, default: []].append(Receipt(taskIndex: place.index, result: result(place, sight)))
        }
        if role.plan.steals { steal(into: &jobs, sight) }
        return Act(
            items: bribe(sight) + answers(sight) + jobs.keys.sorted().map { attestation($0, jobs[$0] ?? [], sight) })
    }

    private func answers(_ sight: Sight) -> [Item] {
        Ledger.openChallenges(of: address, on: sight.store).map { open in
            .answer(
                ChallengeAnswer(signing: open.height, beacon: open.beacon, by: keys.account, chainID: LocalChain.id))
        }
    }

    private func bribe(_ sight: Sight) -> [Item] {
        guard let bribed = sight.bribed, role.plan.bribe > 0, sight.offset == 0, !sight.isQuiet else { return [] }
        let transfer = Transfer(recipient: bribed, amount: Amount(role.plan.bribe))
        return [keys.item(.transfer(transfer), sequence: sight.account(address).nextSequence)]
    }

    /// The first open task of somebody else's, in jobs of which it has none.
    private func steal(into jobs: inout [Digest: [Receipt]], _ sight: Sight) {
        for key in sight.keys([StateTag.assignment.rawValue]) {
            let place = TaskPlace(keySuffix: key)
            guard jobs[place.job] == nil, sight.task(place)?.provider != address else { continue }
            let result = sight.execute(place, machine: address).result
            jobs[place.job] = [Receipt(taskIndex: place.index, result: result)]
        }
    }

    private func registration(_ sight: Sight) -> Item {
        let offer = Offer(resource: ResourceClass.cpu.rawValue, engineID: EngineIdentity.id, ask: role.ask)
        return keys.item(.registerProvider(RegisterProvider(bond: role.bond, offers: [offer])), sequence: 0)
    }

    private mutating func result(_ place: TaskPlace, _ sight: Sight) -> TaskResult? {
        let plan = role.plan
        if OutcomeTable.draw("abstain", place, address) < plan.abstains { return nil }
        if forges(place, sight) {
            openForgeries.append(place)
            return sight.forged(place).result
        }
        let result = sight.execute(place, machine: address).result
        let isFree = plan.knowsOwnJobs && sight.isOfSubject(sight.job(place.job).requester)
        if !isFree { cost += sight.cost(place, result) }
        return result
    }

    private mutating func forges(_ place: TaskPlace, _ sight: Sight) -> Bool {
        let plan = role.plan
        guard OutcomeTable.draw("forge", place, address) < plan.forges,
            let work = sight.work(of: address), work.streak >= plan.forgesFromStreak
        else { return false }
        if plan.stopsWhenCaught, sight.provider(address)?.lastFraud != nil { return false }
        openForgeries.removeAll { sight.task($0)?.state != .delivered }
        return !plan.forgesAlone || openForgeries.isEmpty
    }

    private func attestation(_ job: Digest, _ receipts: [Receipt], _ sight: Sight) -> Item {
        let record = sight.job(job)
        let ordered = receipts.sorted { $0.taskIndex < $1.taskIndex }
        let units = ordered.reduce(UInt64(0)) { sum, receipt in
            sum + (receipt.result.map { sight.computeUnits($0, of: record) } ?? 0)
        }
        return .attestation(
            Attestation.signing(
                job: job, epoch: sight.view.epoch.number, work: (units, ordered), key: keys.account,
                chainID: LocalChain.id))
    }
}

extension Keyring {
    func item(_ action: Action, sequence: UInt64) -> Item {
        let content = TransactionContent(sender: account.publicKey, sequence: sequence, action: action)
        return .transaction(Transaction(signing: content, by: account, chainID: LocalChain.id))
    }
}
