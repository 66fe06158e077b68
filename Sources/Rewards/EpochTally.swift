// What happened in one epoch, as counters: everything a settlement may know. The ledger fills it from blocks,
// receipts and reveals; the order in which it is filled does not matter.
// Invariant: sums only, O(participants) space however many tasks were settled; accounts ascend strictly.

package import Primitives

/// One task whose pay is due now.
package struct SettledTask: Hashable, Sendable {
    /// F, held in the task's escrow until now.
    package let fee: Amount
    package let computeUnits: UInt64
    package let pace: Pace
    package let resource: ResourceClass
    /// p(n) of the provider when it delivered, by which auditors were drawn; 0 where nobody audits.
    package let auditRate: UInt64
    /// Prepaid for a raised audit rate, held in the escrow too.
    package let assurance: Amount

    package init(
        fee: Amount, computeUnits: UInt64, pace: Pace, resource: ResourceClass, auditRate: UInt64 = 0,
        assurance: Amount = .zero
    ) {
        (self.fee, self.computeUnits, self.pace) = (fee, computeUnits, pace)
        (self.resource, self.auditRate, self.assurance) = (resource, auditRate, assurance)
    }
}

/// Sums of the fee parts of one provider's settled tasks.
package struct FeeTotals: Hashable, Sendable {
    package var charged = Amount.zero
    package var audit = Amount.zero
    package var burn = Amount.zero
    package var treasury = Amount.zero
    package var provider = Amount.zero
    /// Of the provider part: the cost of a newcomer's extra audits.
    package var haircut = Amount.zero
    package var assurance = Amount.zero

    package init() {}
}

/// Sums of one provider's settled tasks in one class.
package struct ClassWork: Hashable, Sendable {
    package var fee: UInt64 = 0
    package var computeUnits: UInt64 = 0
    /// Σ fee * speed.
    package var speedByFee: UInt128 = 0
    /// Σ fee * (10^6 * b / D).
    package var paceByFee: UInt128 = 0

    package init() {}
}

package struct ProviderTally: Hashable, Sendable {
    package let account: Address
    package var slots: UInt64 = 0
    /// May work for pay.
    private(set) var isAdmitted = true
    /// R before the epoch, in units of 2^-16.
    package var reliability: UInt64 = Rule.reliabilityStart
    package var challengesAsked: UInt64 = 0
    package var challengesAnswered: UInt64 = 0
    package var verified: UInt64 = 0
    package var failed: UInt64 = 0
    /// Takes its fees as credits.
    package var takesCredits = false
    /// Why receipts of this epoch are not paid now; the gravest cause.
    package var withheld: Reason?
    package var fees = FeeTotals()
    package var cpu = ClassWork()
    package var open = ClassWork()

    package init(account: Address) { self.account = account }

    package mutating func withhold(_ reason: Reason) {
        precondition(reason.explainsZero, "\(reason) does not explain why pay is withheld")
        withheld = withheld.map { $0.rawValue < reason.rawValue ? reason : $0 } ?? reason
    }

    /// Being there is not work, before it may work.
    package mutating func waitForAdmission() {
        (isAdmitted, slots) = (false, 0)
        withhold(.notAdmitted)
    }

    func work(_ resource: ResourceClass) -> ClassWork {
        switch resource {
        case .cpu: cpu
        case .open: open
        }
    }
}

package enum Referral: Hashable, Sendable {
    case none
    case to(Address)
    case expired
    case sameOperator
}

/// An account that paid fees of tasks settled now.
package struct PayerTally: Hashable, Sendable {
    package let account: Address
    package var referral = Referral.none
    package var treasury = Amount.zero

    package init(account: Address, referral: Referral = .none) { (self.account, self.referral) = (account, referral) }
}

/// What one account proved that an auditor missed, in compute units.
package struct DutyProof: Hashable, Sendable {
    package let reporter: Address
    package let computeUnits: UInt64

    package init(reporter: Address, computeUnits: UInt64) {
        (self.reporter, self.computeUnits) = (reporter, computeUnits)
    }
}

package struct ValidatorTally: Hashable, Sendable {
    /// The operator's account.
    package let account: Address
    /// Own bond and delegations at the start of the epoch.
    package var stake: Amount
    /// Σ over its decided blocks of the stake whose precommits their commit includes.
    package var includedStake: UInt128 = 0
    package var blocksProposed: UInt64 = 0
    package var precommitsIncluded: UInt64 = 0
    /// The audit key counts and the validator is not jailed: its stake is in W_e.
    package var mayAudit = false
    /// In W_e, where it is not the stake: what was bonded at the start of the epoch that is judged.
    package var auditStake: Amount?
    /// In cu of revealed duties.
    package var duty: UInt64 = 0
    package var done: UInt64 = 0
    /// Duties that somebody proved to be missed.
    package var proofs: [DutyProof] = []
    package var commission: UInt64 = 0
    package var delegations = DelegationPool()
    /// The operator's own position in `delegations`.
    package var own = Delegation()
    /// Why it loses the epoch's reward.
    package var withheld: Reason?

    package init(account: Address, stake: Amount) { (self.account, self.stake) = (account, stake) }

    package mutating func withhold(_ reason: Reason) {
        precondition(reason.explainsZero, "\(reason) does not explain why pay is withheld")
        withheld = withheld.map { $0.rawValue < reason.rawValue ? reason : $0 } ?? reason
    }
}

/// One seat of a panel that checked a task and was right.
package struct PanelCheck: Hashable, Sendable {
    package let account: Address
    /// F of one replica; the check is paid like its provider part, out of the audit pool.
    package let fee: Amount

    package init(account: Address, fee: Amount) { (self.account, self.fee) = (account, fee) }
}

/// Where the participants of the last recorded task stand in a tally.
package struct TallySeats: Sendable {
    fileprivate var provider = 0
    fileprivate var payer = 0

    package init() {}
}

/// Who has a tally of its own.
private protocol Participant {
    var account: Address { get }
}

extension ProviderTally: Participant {}
extension ValidatorTally: Participant {}
extension PayerTally: Participant {}

package struct EpochTally: Hashable, Sendable {
    package var blocks: UInt64 = 0
    /// T: all stake bonded at the start of the epoch.
    package var totalStake = Amount.zero
    /// All stake bonded now, for the ratio that moves s.
    package var bondedNow = Amount.zero
    /// The epoch ends a day-epoch: floor prices move.
    package var endsDay = true
    package var capacityCPU: UInt64 = 0
    package var capacityOpen: UInt64 = 0
    package private(set) var providers: [ProviderTally] = []
    package private(set) var validators: [ValidatorTally] = []
    package private(set) var payers: [PayerTally] = []
    /// Audit and burn parts of tasks closed as undeliverable.
    package var undeliverableAudit = Amount.zero
    package var undeliverableBurn = Amount.zero
    /// Who paid them, ascending.
    package var unserved: [Address] = []
    /// In the order in which the audit pool pays them.
    package var checks: [PanelCheck] = []
    /// Reporter and compensation rows, paid out of slashed bonds by whoever slashed.
    package var dues: [RewardRow] = []
    package var slashes: [SlashRow] = []

    package init() {}

    /// Before so many are added.
    package mutating func expect(providers count: Int) { providers.reserveCapacity(count) }

    package mutating func add(_ provider: ProviderTally) throws(SettlementError) {
        let index = Self.position(of: provider.account, in: providers)
        if index.isFound { throw .duplicateProvider(provider.account) }
        providers.insert(provider, at: index.index)
    }

    /// Many at once, ascending, above all that were added before.
    package mutating func add(ascending list: [ProviderTally]) throws(SettlementError) {
        var last = providers.last?.account
        for provider in list {
            if let last, last >= provider.account { throw .duplicateProvider(provider.account) }
            last = provider.account
        }
        providers += list
    }

    package mutating func add(_ validator: ValidatorTally) throws(SettlementError) {
        let index = Self.position(of: validator.account, in: validators)
        if index.isFound { throw .duplicateValidator(validator.account) }
        validators.insert(validator, at: index.index)
    }

    package mutating func add(_ payer: PayerTally) throws(SettlementError) {
        let index = Self.position(of: payer.account, in: payers)
        if index.isFound { throw .duplicatePayer(payer.account) }
        payers.insert(payer, at: index.index)
    }

    /// Counts one settled task for a provider and a payer that were added before.
    package mutating func record(
        _ task: SettledTask, by provider: Address, for payer: Address, _ parameters: Parameters
    ) throws(SettlementError) {
        var seats = TallySeats()
        try record(task, by: provider, for: payer, parameters, near: &seats)
    }

    /// The same for one of many tasks: found without a search where it is the one of the task before, or the next.
    package mutating func record(
        _ task: SettledTask, by provider: Address, for payer: Address, _ parameters: Parameters,
        near seats: inout TallySeats
    ) throws(SettlementError) {
        let (place, isProvider) = Self.position(of: provider, in: providers, near: seats.provider)
        let (purse, isPayer) = Self.position(of: payer, in: payers, near: seats.payer)
        if !isProvider { throw .unknownProvider(provider) }
        if !isPayer { throw .unknownPayer(payer) }
        let pace = task.pace
        if UInt128(pace.used) > 2 * UInt128(pace.budget) { throw .taskIsTimeout(used: pace.used, budget: pace.budget) }
        do throws(ArithmeticError) {
            let speed = try Rule.speed(pace) ?? 0
            let split = try Rule.feeSplit(task.fee, rules: parameters.fees)
            let treasury = try payers[purse].treasury.adding(split.treasury)
            try providers[place].count(task, split, speed: speed, parameters)
            payers[purse].treasury = treasury
            (seats.provider, seats.payer) = (place, purse)
        } catch {
            throw .arithmetic(error)
        }
    }

    private static func position(
        of account: Address, in list: [some Participant], near seat: Int = 0
    ) -> (index: Int, isFound: Bool) {
        for index in seat..<seat + 2 where index < list.count && list[index].account == account {
            return (index, true)
        }
        // Whoever fills a tally in order adds at its end.
        if let last = list.last, last.account < account { return (list.count, false) }
        var (low, high) = (0, list.count)
        while low < high {
            let middle = (low + high) / 2
            if list[middle].account < account { low = middle + 1 } else { high = middle }
        }
        return (low, low < list.count && list[low].account == account)
    }
}

extension ProviderTally {
    mutating func count(
        _ task: SettledTask, _ split: FeeSplit, speed: UInt64, _ parameters: Parameters
    ) throws(ArithmeticError) {
        let haircut = try Rule.haircut(
            pay: split.provider, rate: task.auditRate, floor: parameters.audit.rateFloor)
        var totals = fees
        totals.charged = try totals.charged.adding(task.fee)
        totals.audit = try totals.audit.adding(split.audit)
        totals.burn = try totals.burn.adding(split.burn)
        totals.treasury = try totals.treasury.adding(split.treasury)
        totals.provider = try totals.provider.adding(split.provider)
        totals.haircut = try totals.haircut.adding(haircut)
        totals.assurance = try totals.assurance.adding(task.assurance)
        var work = work(task.resource)
        work.fee = try work.fee.plus(task.fee.units)
        work.computeUnits = try work.computeUnits.plus(task.computeUnits)
        let pace = try task.pace.used.scaled(by: Rule.million, over: task.pace.budget)
        work.speedByFee = try work.speedByFee.plus(UInt128(task.fee.units) * UInt128(speed))
        work.paceByFee = try work.paceByFee.plus(UInt128(task.fee.units) * UInt128(pace))
        fees = totals
        switch task.resource {
        case .cpu: cpu = work
        case .open: open = work
        }
    }
}
