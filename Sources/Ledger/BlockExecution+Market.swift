// The actions of the market: publishing, offering, asking, taking back. Each checks all its rules before it changes
// anything; what a job may cost at most is held from its submission on.
import Chain
import Cryptography
import Primitives
import ProgramRules
import Rewards

extension BlockExecution {
    // MARK: Publishing

    mutating func perform(_ publish: Publish, by sender: Address) throws(Rule) {
        let digest = Hash.sha256(publish.bytes)
        let key = StateKey.blob(publish.kind, digest)
        guard state.bytes(key) == nil else { throw .blobExists }
        var pages = 0
        if publish.kind == .program {
            do { pages = try ProgramScan.check(publish.bytes).pages } catch { throw .programRefused }
        }
        state.store(
            BlobRecord(size: UInt32(publish.bytes.count), pages: UInt32(pages), publisher: sender), at: key)
        work.blobs.put(.blobs, key: digest.bytes, value: publish.bytes)
    }

    // MARK: Providers

    mutating func perform(_ registration: RegisterProvider, by sender: Address) throws(Rule) {
        guard state.bytes(StateKey.provider(sender)) == nil else { throw .providerExists }
        try checkNotExcluded(sender)
        guard registration.bond >= view.parameters.rewards.market.slotBond else { throw .bondBelowSlot }
        try check(registration.offers)
        try pay(registration.bond, from: sender)
        state.enlist(sender, registeredEpoch: view.epoch.number, bond: registration.bond)
        state.store(
            WorkRecord(offers: registration.offers, endpoint: registration.endpoint), at: StateKey.work(sender))
        state.store(UptimeRecord(since: challenges.issued), at: StateKey.uptime(sender))
        askAdmission(of: sender, view.parameters.rewards.audit.admissionTasks)
    }

    mutating func perform(_ change: SetOffers, by sender: Address) throws(Rule) {
        guard let provider: ProviderRecord = state.load(StateKey.provider(sender)) else { throw .notAProvider }
        guard !provider.isTombstoned else { throw .tombstoned }
        try check(change.offers)
        if state.bytes(StateKey.work(sender)) == nil { askAdmission(ofListed: sender) }
        var record = state.load(StateKey.work(sender)) ?? WorkRecord(offers: [])
        (record.offers, record.endpoint) = (change.offers, change.endpoint)
        state.store(record, at: StateKey.work(sender))
    }

    private func check(_ offers: [Offer]) throws(Rule) {
        var seen: Set<[UInt8]> = []
        for offer in offers {
            guard let resource = ResourceClass(rawValue: offer.resource) else { throw .classUnavailable }
            guard resource == .open || offer.engineID == EngineIdentity.id else { throw .unknownEngine }
            guard offer.ask >= market(resource).floorPrice else { throw .askBelowFloor }
            let key = offer.resource.bigEndianBytes + offer.engineID.bytes
            guard seen.insert(key).inserted else { throw .repeatedOffer }
        }
    }

    mutating func performBond(_ amount: Amount, byProvider sender: Address) throws(Rule) {
        guard amount > .zero else { throw .zeroAmount }
        guard var record: ProviderRecord = state.load(StateKey.provider(sender)) else { throw .notAProvider }
        try pay(amount, from: sender)
        record.bond = record.bond.credited(amount)
        state.store(record, at: StateKey.provider(sender))
    }

    /// Leaves the bond at once, so that no task is drawn for it, and the chain after the unbonding time.
    mutating func performUnbond(_ amount: Amount, byProvider sender: Address) throws(Rule) {
        guard amount > .zero else { throw .zeroAmount }
        guard var record: ProviderRecord = state.load(StateKey.provider(sender)) else { throw .notAProvider }
        if isLocked(sender) { throw .bondLocked }
        guard record.bond >= amount else { throw .bondTooSmall }
        record.bond = record.bond.debited(amount)
        state.store(record, at: StateKey.provider(sender))
        let days = view.parameters.rewards.periods.unbond
        let (free, overflow) = (view.epoch.number + 1).addingReportingOverflow(view.parameters.epochs(days: days))
        let key = StateKey.providerUnbonding(sender, free: overflow ? .max : free)
        let before = state.load(key, as: UnbondingRecord.self)?.amount ?? .zero
        state.store(UnbondingRecord(amount: before.credited(amount)), at: key)
    }

    // MARK: Jobs

    mutating func perform(_ request: SubmitJob, by sender: Address, sequence: UInt64) throws(Rule) {
        let (pages, inputBytes) = try check(request)
        let terms = try terms(of: request)
        let assurance = try assurance(of: request, escrow: terms.escrow)
        // An escrow is at most `task_cap`, and a job has at most 4,096 tasks with 11 of them each.
        let held = UInt128(terms.escrow.units) * UInt128(request.heldReplicas) + UInt128(assurance.units)
        guard let total = UInt64(exactly: held * UInt128(request.tasks)) else { throw .insufficientBalance }
        try hold(Amount(total), of: sender, inCredits: request.paysCredits)
        registerRequester(sender)

        let own = request.bytes.isEmpty ? nil : Hash.sha256(request.bytes)
        if let own { work.blobs.put(.blobs, key: own.bytes, value: request.bytes) }
        let id = request.id(sender: sender, sequence: sequence)
        let job = JobRecord(
            request, by: sender, at: view.height, input: (inputBytes, own), pages: pages,
            held: (terms.escrow, assurance))
        state.store(job, at: StateKey.job(id))
        state.store(QueueRecord(tasks: request.tasks), at: StateKey.queue(view.height.advanced(), id))
    }

    /// The program's pages and the bytes of each task's input.
    private func check(_ request: SubmitJob) throws(Rule) -> (pages: UInt32, inputBytes: UInt32) {
        guard (1...JobLimits.tasksMax).contains(request.tasks) else { throw .badTaskCount }
        let resource = try checkClass(of: request)
        // What a panel does with the bytes of a program is not the chain's to judge.
        let kind: BlobKind = resource == .cpu ? .program : .input
        guard let program: BlobRecord = state.load(StateKey.blob(kind, request.program)) else {
            throw .unknownProgram
        }
        guard !program.isQuarantined else { throw .programQuarantined }
        var inputBytes = UInt32(request.bytes.count)
        if let input = request.input {
            guard let blob: BlobRecord = state.load(StateKey.blob(.input, input)) else { throw .unknownInput }
            inputBytes += blob.size
        }
        let limits = request.limits
        guard limits.fuel > 0, limits.outputBytes <= JobLimits.outputBytesMax else { throw .badLimits }
        let most = ComputeUnits.of(
            fuel: limits.fuel, peakPages: program.pages, inputBytes: inputBytes, outputBytes: limits.outputBytes)
        guard limits.computeUnits >= most else { throw .limitBelowWork }
        return (program.pages, inputBytes)
    }

    private func checkClass(of request: SubmitJob) throws(Rule) -> ResourceClass {
        guard let resource = ResourceClass(rawValue: request.resource) else { throw .classUnavailable }
        switch resource {
        case .cpu:
            guard request.engineID == EngineIdentity.id else { throw .unknownEngine }
            guard request.replicas == 0 else { throw .badReplicas }
        case .open:
            guard PanelLimits.replicas.contains(request.replicas), request.replicas % 2 == 1 else {
                throw .badReplicas
            }
            guard request.assurance == 0 else { throw .badAssurance }
        }
        return resource
    }

    private func terms(of request: SubmitJob) throws(Rule) -> TaskTerms {
        do throws(TermsError) {
            return try Rewards.Rule.taskEscrow(
                limit: request.limits.computeUnits, bid: request.bid,
                floorPrice: market(ResourceClass(rawValue: request.resource) ?? .cpu).floorPrice,
                rules: view.parameters.rewards.fees)
        } catch {
            switch error {
            case .bidBelowFloorPrice: throw .bidBelowFloor
            case .escrowAboveTaskCap, .arithmetic: throw .escrowAboveCap
            case .escrowBelowMinimumFee: throw .escrowBelowMinimum
            }
        }
    }

    /// Prepaid at the rate of a provider with a long record, because the provider is not known yet.
    private func assurance(of request: SubmitJob, escrow: Amount) throws(Rule) -> Amount {
        let rules = view.parameters.rewards
        if request.assurance == 0 { return .zero }
        guard request.assurance > rules.audit.rateFloor, request.assurance <= Rewards.Rule.million else {
            throw .badAssurance
        }
        do throws(ArithmeticError) {
            let audit = try Rewards.Rule.feeSplit(escrow, rules: rules.fees).audit
            return try Rewards.Rule.assurance(
                auditPart: audit, rate: rules.audit.rateFloor, raisedTo: request.assurance)
        } catch {
            throw .escrowAboveCap
        }
    }

    mutating func perform(_ cancel: CancelJob, by sender: Address) throws(Rule) {
        guard var job: JobRecord = state.load(StateKey.job(cancel.job)) else { throw .unknownJob }
        guard job.requester == sender else { throw .notTheRequester }
        guard job.next < job.end else { throw .nothingToCancel }
        withdraw(&job, cancel.job)
    }

    /// Tasks that nobody was given.
    mutating func withdraw(_ job: inout JobRecord, _ id: Digest) {
        let tasks = job.end - job.next
        (job.end, job.closed) = (job.next, job.closed + tasks)
        state.store(job, at: StateKey.job(id))
        refund(Amount(UInt64(tasks) * job.heldPerTask.units), of: job)
    }

    // MARK: Money

    /// Out of escrow, to an account.
    mutating func refund(_ amount: Amount, to address: Address) {
        if amount == .zero { return }
        var account = state.account(address)
        account.balance = account.balance.credited(amount)
        state.store(account, of: address)
        supply.escrow = supply.escrow.debited(amount)
        supply.balances = supply.balances.credited(amount)
    }

    func market(_ resource: ResourceClass) -> ClassMarket {
        state.require(.pools, as: PoolRecord.self).state(supply, view.parameters.rewards)[resource]
    }
}
