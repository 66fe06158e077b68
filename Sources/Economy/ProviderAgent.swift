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
    /// Results of panel tasks that are sealed and not revealed.
    private var sealed: [TaskPlace: SealedResult] = [:]
    /// Behind whose record the subject's bonds go.
    private var heir: Address?
    /// Its own bond is with the heir.
    private var hasMoved = false

    init(_ role: ProviderRole, _ keys: Keyring) { (self.role, self.keys) = (role, keys) }

    var address: Address { keys.account.address }

    mutating func act(_ sight: Sight) -> Act {
        if !isRegistered {
            isRegistered = true
            return Act(items: registration)
        }
        var jobs: [Digest: [Receipt]] = [:]
        for (place, _) in Ledger.assignments(of: address, limit: .max, on: sight.store) {
            guard let task = sight.task(place), task.state == .assigned,
                sight.view.height >= task.assigned.advanced(by: 1 + role.plan.delay),
                OutcomeTable.draw("ignore", place, address) >= role.plan.ignores
            else { continue }
            jobs[place.job, default: []].append(Receipt(taskIndex: place.index, result: result(place, sight)))
        }
        if role.plan.steals > 0 { steal(into: &jobs, sight) }
        let attestations = jobs.keys.sorted().map { attestation($0, jobs[$0] ?? [], sight) }
        return Act(items: signed(bribe(sight) + merge(sight) + onPanels(sight), sight) + answers(sight) + attestations)
    }

    /// In their order, from the account's next sequence on.
    private func signed(_ actions: [Action], _ sight: Sight) -> [Item] {
        let sequence = sight.account(address).nextSequence
        return actions.enumerated().map { keys.item($1, sequence: sequence + UInt64($0)) }
    }

    private func answers(_ sight: Sight) -> [Item] {
        Ledger.openChallenges(of: address, on: sight.store).map { open in
            .answer(
                ChallengeAnswer(signing: open.height, beacon: open.beacon, by: keys.account, chainID: LocalChain.id))
        }
    }

    private func bribe(_ sight: Sight) -> [Action] {
        guard let bribed = sight.bribed, role.plan.bribe > 0, sight.offset == 0, !sight.isQuiet else { return [] }
        return [.transfer(Transfer(recipient: bribed, amount: Amount(role.plan.bribe)))]
    }

    /// From one epoch on, moves all bond of the subject behind its provider with the longest record. What it earned
    /// meanwhile stays where it is, as with everybody else.
    private mutating func merge(_ sight: Sight) -> [Action] {
        guard role.plan.merges > 0, sight.offset == 0, sight.view.epoch.number >= role.plan.merges else { return [] }
        if heir == nil {
            heir = sight.bestProvider
            return heir == address ? [] : [.unbondProvider(BondChange(amount: role.bond))]
        }
        let days = sight.view.parameters.rewards.periods.unbond
        guard let heir, sight.view.epoch.number > role.plan.merges + days,
            sight.account(address).balance.units >= role.bond.units + World.pocketMoney
        else { return [] }
        if heir == address {
            let all = role.bond.units * UInt64(sight.parties.providers.count)
            guard let record = sight.provider(address), record.bond.units + role.bond.units <= all else { return [] }
            return [.bondProvider(BondChange(amount: role.bond))]
        }
        if hasMoved { return [] }
        hasMoved = true
        return [.transfer(Transfer(recipient: heir, amount: role.bond))]
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

    private var offers: [Offer] {
        [Offer(resource: role.resource.rawValue, engineID: EngineIdentity.id, ask: role.ask)]
    }

    private var registration: [Item] {
        let actions: [Action] = [.registerProvider(RegisterProvider(bond: role.bond, offers: offers))]
        let all = actions + (role.plan.takesCredits ? [.electPay(ElectPay(takesCredits: true))] : [])
        return all.enumerated().map { keys.item($1, sequence: UInt64($0)) }
    }

    // MARK: Panels

    private mutating func onPanels(_ sight: Sight) -> [Action] {
        guard role.resource == .open else { return [] }
        var actions: [Action] = []
        if role.plan.leavesAtEnds, sight.view.epoch.number > 0, sight.offset == 0 {
            actions.append(.setOffers(SetOffers(offers: offers)))
        }
        var seals: [Digest: [TaskSeal]] = [:]
        var reveals: [Digest: [SealedResult]] = [:]
        for place in sight.seats(of: address) {
            guard let panel = sight.panel(place), let seat = panel.seats.first(where: { $0.provider == address })
            else { continue }
            if panel.phase == .sealing, seat.seal == nil {
                let result = sealedResult(place, panel, sight)
                sealed[place] = result
                let seal = TaskSeal(taskIndex: place.index, seal: result.seal(job: place.job, provider: address))
                seals[place.job, default: []].append(seal)
            } else if panel.phase == .revealing, let result = sealed.removeValue(forKey: place) {
                reveals[place.job, default: []].append(result)
            }
        }
        for job in seals.keys.sorted() { actions.append(.sealResults(SealResults(job: job, seals: seals[job] ?? []))) }
        for job in reveals.keys.sorted() {
            actions.append(.revealResults(RevealResults(job: job, results: reveals[job] ?? [])))
        }
        if role.plan.leavesAtEnds, sight.offset + 1 == Terms.blocksPerEpoch {
            actions.append(.setOffers(SetOffers(offers: [])))
        }
        return actions
    }

    /// Everybody sees who sits on a panel before he seals: the subject makes a result up where it can be the majority.
    private mutating func sealedResult(_ place: TaskPlace, _ panel: PanelRecord, _ sight: Sight) -> SealedResult {
        let own = panel.seats.count { sight.isOfSubject($0.provider) }
        let forges =
            2 * own > panel.seats.count
            && OutcomeTable.draw("panel", place, sight.parties.providers.first ?? address) < role.plan.forgesPanels
        let outcome = forges ? sight.forged(place) : sight.execute(place, machine: address)
        if !forges { cost += sight.cost(place, outcome.result) }
        let nonce = Hash.sha256([Bytes("nonce".utf8), address.bytes, place.bytes])
        return SealedResult(taskIndex: place.index, nonce: nonce, result: outcome.result)
    }

    // MARK: Tasks

    private mutating func result(_ place: TaskPlace, _ sight: Sight) -> TaskResult? {
        let plan = role.plan
        if OutcomeTable.draw("abstain", place, address) < plan.abstains { return nil }
        if OutcomeTable.draw("steal", place, address) < plan.steals {
            guard plan.passesOff else { return nil }
            if let found = sight.delivered(besides: place) { return found }
        }
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
            sight.streak(address) >= plan.forgesFromStreak
        else { return false }
        if plan.stopsWhenCaught, sight.provider(address)?.lastFraud != nil { return false }
        openForgeries.removeAll { sight.task($0)?.seen(in: sight.view.epoch.number).state != .delivered }
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
