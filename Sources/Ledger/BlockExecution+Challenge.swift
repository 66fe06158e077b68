// Challenges of uptime: the beacon of a block decides whether it challenges every provider at once; who answers within
// `answer_blocks` was there. The counts of an epoch are those of the challenges that closed in it.
// An answer pays no fee. One that fails costs the author of its batch, who could have asked its own state.
import Chain
import Cryptography
package import Primitives
import Rewards

extension Ledger {
    /// The number of the challenge that the answer is to.
    static func check(_ answer: ChallengeAnswer, in state: WorkingState, view: LedgerView) throws(Rule) -> UInt64 {
        let provider = Hash.address(of: answer.provider)
        guard let record: ProviderRecord = state.load(StateKey.provider(provider)) else { throw .unknownProvider }
        guard slots(of: record, view.parameters) > 0 else { throw .noBondedSlot }
        let challenges = challenges(in: state)
        let uptime = uptime(of: provider, in: state)
        guard let number = challenges.number(of: answer.height), number >= uptime.since,
            let open = challenges.open.first(where: { $0.height == answer.height })
        else { throw .notChallenged }
        guard open.beacon == answer.beacon else { throw .wrongChallengeBeacon }
        guard !uptime.hasAnswered(number) else { throw .challengeAnswered }
        return number
    }

    /// What a provider's bond pays for; nothing once it is excluded.
    static func slots(of record: ProviderRecord, _ parameters: LedgerParameters) -> UInt64 {
        record.isTombstoned ? 0 : record.bond.units / max(1, parameters.rewards.market.slotBond.units)
    }

    static func challenges(in state: WorkingState) -> ChallengeRecord {
        state.load(StateKey.singleton(.challenges)) ?? ChallengeRecord()
    }

    static func uptime(of provider: Address, in state: WorkingState) -> UptimeRecord {
        state.load(StateKey.uptime(provider)) ?? UptimeRecord(since: 0)
    }

    /// The challenges that `provider` may still answer and has not, the oldest first; none without a bonded slot.
    package static func openChallenges(of provider: Address, on snapshot: some Snapshot) -> [ChallengeRecord.Open] {
        let state = WorkingState(snapshot)
        let parameters = state.require(.ledgerParameters, as: ParameterRecord.self).parameters
        guard let record: ProviderRecord = state.load(StateKey.provider(provider)), slots(of: record, parameters) > 0
        else { return [] }
        let uptime = uptime(of: provider, in: state)
        let challenges = challenges(in: state)
        return zip(challenges.firstOpen..., challenges.open)
            .filter { $0.0 >= uptime.since && !uptime.hasAnswered($0.0) }.map(\.1)
    }
}

extension BlockExecution {
    var challenges: ChallengeRecord { Ledger.challenges(in: state) }

    /// A paused provider is back with its answer.
    mutating func execute(_ answer: ChallengeAnswer) throws(Rule) {
        let number = try Ledger.check(answer, in: state, view: view)
        let provider = Hash.address(of: answer.provider)
        var uptime = Ledger.uptime(of: provider, in: state)
        uptime.turnEpoch(first: challenges.firstOfEpoch)
        uptime.answer(number)
        state.store(uptime, at: StateKey.uptime(provider))
        guard var work: WorkRecord = state.load(StateKey.work(provider)), work.isPaused else { return }
        (work.isPaused, work.timeouts) = (false, 0)
        state.store(work, at: StateKey.work(provider))
    }

    /// Closes what is over, and challenges if this block's beacon says so.
    mutating func moveChallenges(beacon: Digest) {
        let rules = view.parameters.rewards.usage
        var record = challenges
        let before = record
        record.close(at: view.height, answerBlocks: rules.answerBlocks)
        let seed = Hash.sha256([Bytes("challenge".utf8), beacon.bytes])
        guard let draw = UInt64(bigEndian: seed.bytes.prefix(8)) else { preconditionFailure("8 bytes of 32") }
        let missing = rules.challengesPerEpoch - min(rules.challengesPerEpoch, record.issuedNow)
        if Rewards.Rule.isChallenged(draw: draw, missing: missing, step: step) {
            record.issue(at: view.height, beacon: beacon)
        }
        if record != before { state.store(record, .challenges) }
    }

    /// This block's part of the epoch's time.
    private var step: EpochStep {
        let (start, last) = (view.epoch.startTime, view.tip.time)
        let end = start.adding(seconds: Int64(clamping: view.parameters.epochSeconds))
        return EpochStep(
            remaining: last.nanoseconds(until: end), passed: last.nanoseconds(until: block.header.time))
    }

    /// Of the challenges that closed in this epoch.
    func challenges(of provider: Address, _ record: ChallengeRecord) -> (asked: UInt64, answered: UInt64) {
        record.counts(of: Ledger.uptime(of: provider, in: state))
    }

    mutating func turnChallenges() {
        var record = challenges
        let before = record
        record.turnEpoch()
        if record != before { state.store(record, .challenges) }
    }
}

extension Timestamp {
    /// 0 where `end` is earlier; at most 2^63 - 1.
    fileprivate func nanoseconds(until end: Timestamp) -> UInt64 {
        let seconds = Int128(end.seconds - self.seconds)
        let length = seconds * 1_000_000_000 + Int128(end.nanoseconds - nanoseconds)
        return UInt64(clamping: max(0, min(length, Int128(Int64.max))))
    }
}
