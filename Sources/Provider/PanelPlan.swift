// What a provider does next with each of its seats on panels: seats that the chain lists in, actions out. No clock, no
// socket. Invariants: a task runs once at a time and only after the chain's own record of its panel was proved; a
// result is revealed only after it was proved that the panel reveals, because who is told too early can copy it; what
// was sealed is what is revealed; of a seat that is not listed any more nothing is sent.
package import Chain
package import Ledger
package import Primitives

package struct PanelPlan: Sendable {
    /// What a node says of a seat.
    package struct Seat: Hashable, Sendable {
        package let place: TaskPlace
        /// The last height whose block may include what the phase asks for.
        package let deadline: Height
        package let phase: PanelPhase
        /// The phase asks for nothing more of this provider.
        package let isAnswered: Bool

        package init(place: TaskPlace, deadline: Height, phase: PanelPhase, isAnswered: Bool) {
            (self.place, self.deadline, self.phase, self.isAnswered) = (place, deadline, phase, isAnswered)
        }
    }

    /// One transaction.
    package enum Message: Hashable, Sendable {
        case seal(SealResults)
        case reveal(RevealResults)
    }

    /// What became of a run.
    package enum Verdict: Sendable {
        case kept
        /// It runs once more.
        case retried
        case silent
        /// The seal on the chain is of another result: it cannot be revealed.
        case differs
        /// The seat is left.
        case late
    }

    private enum Work: Sendable {
        case waiting
        case running
        case ready(SealedResult)
        /// This machine has no result, or not the one that it sealed.
        case failed
    }

    private struct Entry: Sendable {
        var seat: Seat
        var work = Work.waiting
        /// Asked for its proof at that tip already.
        var asked: Height?
        /// What the chain's own record says of the own seat.
        var proved: (phase: PanelPhase, seal: Digest?)?
        /// What the phase asks for goes out from this height on.
        var notBefore: Height
        var isSent = false
        var isGone = false
        var runs = 0

        var wantsProof: Bool {
            guard let proved else { return true }
            return seat.phase == .revealing && proved.phase == .sealing && !seat.isAnswered
        }
    }

    private let provider: Address
    private var entries: [TaskPlace: Entry] = [:]
    private var isStopping = false
    package private(set) var tip = Height.zero

    package init(provider: Address) { self.provider = provider }

    package var count: Int { entries.count }

    /// Nothing runs, and nothing that the chain waits for now is unsent.
    package var isIdle: Bool {
        entries.values.allSatisfy { entry in
            switch entry.work {
            case .running: false
            case .ready: entry.isSent || entry.seat.isAnswered
            case .waiting, .failed: true
            }
        }
    }

    /// Seats whose result is sealed and not revealed: whoever does not come back for them pays for it.
    package var sealedCount: Int {
        entries.values.count { entry in
            guard case .ready = entry.work else { return false }
            return entry.seat.phase == .sealing ? entry.isSent || entry.seat.isAnswered : !entry.seat.isAnswered
        }
    }

    // MARK: What happened

    package mutating func stop() { isStopping = true }

    /// The own seats at `tip`. Lists of a node that lags behind are ignored.
    package mutating func observe(_ seats: [Seat], at tip: Height) {
        guard tip >= self.tip else { return }
        self.tip = tip
        let listed = Set(seats.map(\.place))
        for (place, entry) in entries where !listed.contains(place) {
            if case .running = entry.work { entries[place]?.isGone = true } else { entries[place] = nil }
        }
        for seat in seats {
            guard var entry = entries[seat.place] else {
                guard entries.count < ProviderLimits.seatsMax, !isStopping else { continue }
                entries[seat.place] = Entry(seat: seat, notBefore: tip)
                continue
            }
            if entry.seat.phase != seat.phase { (entry.notBefore, entry.isSent) = (tip, false) }
            (entry.seat, entry.isGone) = (seat, false)
            entries[seat.place] = entry
        }
    }

    /// What the chain's own record says of the seat; `seal` nil before the own one is in it.
    package mutating func proved(_ place: TaskPlace, phase: PanelPhase, seal: Digest?) {
        guard entries[place] != nil, phase == .sealing || seal != nil else { return }
        entries[place]?.proved = (phase, seal)
    }

    /// The task could not be begun after all.
    package mutating func postponed(_ place: TaskPlace) {
        if case .running? = entries[place]?.work { entries[place]?.work = .waiting }
    }

    /// `result` nil: the engine failed; the task runs again while there are tries, and then the seat stays silent.
    package mutating func finished(_ place: TaskPlace, _ result: SealedResult?) -> Verdict {
        guard var entry = entries[place], case .running = entry.work else { return .late }
        if entry.isGone {
            entries[place] = nil
            return .late
        }
        entry.runs += 1
        defer { entries[place] = entry }
        guard let result else {
            let mayRetry = entry.runs < ProviderLimits.runsMax && !isStopping
            entry.work = mayRetry ? .waiting : .failed
            return mayRetry ? .retried : .silent
        }
        if let seal = entry.proved?.seal, seal != result.seal(job: place.job, provider: provider) {
            entry.work = .failed
            return .differs
        }
        (entry.work, entry.notBefore) = (.ready(result), tip)
        return .kept
    }

    /// A node took the message, or refused it: what the chain still waits for in a while goes out again.
    package mutating func sent(_ message: Message, wasTaken: Bool) {
        let pause = wasTaken ? ProviderLimits.resubmitBlocks : ProviderLimits.refusalBlocks
        for place in message.places where entries[place] != nil {
            entries[place]?.notBefore = tip.advanced(by: pause)
            entries[place]?.isSent = wasTaken
        }
    }

    // MARK: What to do

    /// By urgency.
    private var ordered: [Entry] {
        entries.values.sorted { left, right in
            let (first, second) = (left.seat, right.seat)
            return (first.deadline, first.place.job, first.place.index)
                < (second.deadline, second.place.job, second.place.index)
        }
    }

    /// Panels whose records are to be proved now, each once at a tip.
    package mutating func proofs() -> [TaskPlace] {
        var found: [TaskPlace] = []
        for entry in ordered where found.count < ProviderLimits.provesPerStep {
            guard entry.wantsProof, !entry.isGone, entry.asked != tip else { continue }
            entries[entry.seat.place]?.asked = tip
            found.append(entry.seat.place)
        }
        return found
    }

    package mutating func nextRuns(idleWorkers: Int) -> [TaskPlace] {
        var found: [TaskPlace] = []
        for entry in isStopping ? [] : ordered where found.count < idleWorkers && entry.seat.deadline > tip {
            guard case .waiting = entry.work, entry.proved != nil else { continue }
            entries[entry.seat.place]?.work = .running
            found.append(entry.seat.place)
        }
        return found
    }

    /// Runs that nobody waits for any more.
    package var overdue: [TaskPlace] {
        ordered.filter { entry in
            guard case .running = entry.work else { return false }
            return entry.isGone || entry.seat.deadline <= tip
        }.map(\.seat.place)
    }

    /// Seals first, each a transaction of one job's tasks.
    package func messages() -> [Message] {
        var seals: [Digest: [TaskSeal]] = [:]
        var results: [Digest: [SealedResult]] = [:]
        for entry in entries.values.sorted(by: { $0.seat.place.index < $1.seat.place.index }) {
            guard case .ready(let result) = entry.work, !entry.seat.isAnswered, !entry.isGone, entry.notBefore <= tip,
                let proved = entry.proved
            else { continue }
            let job = entry.seat.place.job
            let seal = result.seal(job: job, provider: provider)
            if entry.seat.phase == .sealing, proved.seal == nil {
                seals[job, default: []].append(TaskSeal(taskIndex: result.taskIndex, seal: seal))
            } else if proved.phase == .revealing, proved.seal == seal {
                results[job, default: []].append(result)
            }
        }
        return seals.keys.sorted().map { job in
            .seal(SealResults(job: job, seals: Array((seals[job] ?? []).prefix(PanelLimits.entriesMax))))
        }
            + results.keys.sorted().map { job in
                .reveal(RevealResults(job: job, results: Array((results[job] ?? []).prefix(PanelLimits.entriesMax))))
            }
    }
}

extension PanelPlan.Message {
    package var places: [TaskPlace] {
        switch self {
        case .seal(let said): said.seals.map { TaskPlace(job: said.job, index: $0.taskIndex) }
        case .reveal(let said): said.results.map { TaskPlace(job: said.job, index: $0.taskIndex) }
        }
    }
}
