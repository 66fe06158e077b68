// Attendance and jail (rewards design, section 8). Who signed less than half of the last blocks loses a little and is
// jailed; a jailed validator has no seat, audits nothing and earns nothing until its operator asks to return.
// Invariant: the jailings of one epoch hold at most a third of T, so a set never loses its power to decide by them.
import Chain
import Cryptography
import Primitives
import Quorum
import Rewards

extension BlockExecution {
    // MARK: Attendance

    /// Counts who is missing in the commit of the block before.
    mutating func countAttendance() {
        guard view.tip.height > .zero else { return }
        let (height, rules) = (view.tip.height, view.parameters.rewards.slashing)
        let absent = zip(view.tipSeating.seats, block.lastCommit.signatures)
            .filter { $0.1.flag == .absent }.map(\.0.operatorAddress).sorted()
        var attendance = attendance()
        attendance.seat(view.tipSeating.seats.map(\.operatorAddress), at: height)
        let key = StateKey.slot(height, window: attendance.window)
        let slot: SlotRecord? = state.load(key)
        let isLeaving = slot.map { height.distance(from: $0.height) == attendance.window } ?? false
        attendance.count(absent: absent, at: height, leaving: isLeaving ? slot : nil, rules)
        if absent.isEmpty {
            if slot != nil { state.remove(key) }
        } else {
            state.store(SlotRecord(height, absent: absent), at: key)
        }
        state.store(attendance, .attendance)
    }

    /// Begins anew where there is none yet, and after a change of the window.
    private mutating func attendance() -> AttendanceRecord {
        let window = max(1, view.parameters.rewards.slashing.signedWindow)
        let known: AttendanceRecord? = state.load(StateKey.singleton(.attendance))
        if let known, known.window == window { return known }
        for key in state.keys(prefix: [StateTag.attendanceSlot.rawValue]) { state.remove(key) }
        return AttendanceRecord(window: window)
    }

    /// Who was under the least share in this epoch: a slash, the jail, and a window that begins anew.
    mutating func judgeAttendance() {
        guard var attendance: AttendanceRecord = state.load(StateKey.singleton(.attendance)) else { return }
        for index in attendance.members.indices where attendance.members[index].isAbsent {
            let operatorAddress = attendance.members[index].operatorAddress
            attendance.members[index] = AttendanceRecord.Member(operatorAddress, since: view.height)
            judgement.jailings.insert(operatorAddress)
            let evidence = Self.evidence("absence", of: operatorAddress, epoch: view.epoch.number)
            let taken = takeFlat(.absence, from: operatorAddress)
            supply.burned = supply.burned.credited(taken)
            addSlash(SlashKey(account: operatorAddress, offence: .absence, evidence: evidence), taken)
        }
        state.store(attendance, .attendance)
    }

    /// What identifies an offence that a whole epoch shows.
    static func evidence(_ offence: String, of operatorAddress: Address, epoch: UInt64) -> Digest {
        Hash.sha256([Bytes(offence.utf8), operatorAddress.bytes, epoch.bigEndianBytes])
    }

    /// Takes an offence's flat rate of the stake; leaves the totals.
    mutating func takeFlat(_ offence: SlashOffence, from operatorAddress: Address) -> Amount {
        guard let stake = slashableStake(of: operatorAddress) else { return .zero }
        do throws(ArithmeticError) {
            let rate = offence.baseRate(view.parameters.rewards.slashing) ?? 0
            return takeStake(of: operatorAddress, atMost: try Rewards.Rule.slashAmount(stake: stake, rate: rate))
        } catch {
            preconditionFailure("the slash of \(stake): \(error)")
        }
    }

    // MARK: Operators

    /// For good, in every role: a validator and a provider of one account are one operator.
    mutating func exclude(_ operatorAddress: Address) {
        if var validator: ValidatorRecord = state.load(StateKey.validator(operatorAddress)) {
            validator.isTombstoned = true
            state.store(validator, at: StateKey.validator(operatorAddress))
        }
        if var provider: ProviderRecord = state.load(StateKey.provider(operatorAddress)) {
            provider.isTombstoned = true
            state.store(provider, at: StateKey.provider(operatorAddress))
        }
    }

    /// Whoever is excluded in one role takes no other.
    func checkNotExcluded(_ operatorAddress: Address) throws(Rule) {
        let validator: ValidatorRecord? = state.load(StateKey.validator(operatorAddress))
        let provider: ProviderRecord? = state.load(StateKey.provider(operatorAddress))
        if validator?.isTombstoned == true || provider?.isTombstoned == true { throw .tombstoned }
    }

    /// Everybody in jail: at most as many as ever had a seat, and mostly nobody.
    func prisoners() -> Set<Address> {
        Set(state.scan(.standing, as: StandingRecord.self).compactMap { $1.isJailed ? Address($0) : nil })
    }

    // MARK: Jail

    func isJailed(_ operatorAddress: Address) -> Bool {
        state.load(StateKey.standing(operatorAddress), as: StandingRecord.self)?.isJailed == true
    }

    /// Jails whom this epoch's end found out, unless they are too many together. Who is in jail stays as it is.
    mutating func jailOffenders() {
        let offenders = judgement.jailings.union(judgement.absent).filter {
            !isJailed($0) && state.load(StateKey.validator($0), as: ValidatorRecord.self)?.isTombstoned == false
        }
        let stake = offenders.reduce(Amount.zero) { sum, offender in
            count.index(of: offender).map { sum.credited(count.members[$0].stake) } ?? sum
        }
        guard Rewards.Rule.jailingIsAllowed(jailedStake: stake, totalStake: count.totalStake) else { return }
        for offender in offenders.sorted() { jail(offender) }
    }

    /// Doubles with each jailing that follows the one before within the tombstone window.
    private mutating func jail(_ operatorAddress: Address) {
        let rules = view.parameters.rewards.slashing
        let before: StandingRecord? = state.load(StateKey.standing(operatorAddress))
        let window = view.parameters.epochs(days: rules.tombstoneDays)
        let isRepeated = before.map { view.epoch.number - $0.jailedEpoch <= window } ?? false
        let earlier = isRepeated ? before?.jailings ?? 0 : 0
        let term = Rewards.Rule.jailEpochs(
            first: view.parameters.epochs(days: rules.jailDays), earlierJailings: earlier)
        let (free, overflow) = (view.epoch.number + 1).addingReportingOverflow(term)
        state.store(
            StandingRecord(jailings: earlier + 1, jailedEpoch: view.epoch.number, freeEpoch: overflow ? .max : free),
            at: StateKey.standing(operatorAddress))
    }

    mutating func perform(_: Unjail, by sender: Address) throws(Rule) {
        guard let record: ValidatorRecord = state.load(StateKey.validator(sender)) else { throw .notAValidator }
        if record.isTombstoned { throw .tombstoned }
        let key = StateKey.standing(sender)
        guard var standing: StandingRecord = state.load(key), standing.isJailed else { throw .notJailed }
        guard view.epoch.number >= standing.freeEpoch else { throw .jailNotOver }
        standing.isJailed = false
        state.store(standing, at: key)
    }

    /// Validators in jail that no other row of the settlement is about, ascending.
    func idlePrisoners(besides judged: EpochSet?) -> [Address] {
        prisoners().filter { count.index(of: $0) == nil && judged?.member($0) == nil }.sorted()
    }
}
