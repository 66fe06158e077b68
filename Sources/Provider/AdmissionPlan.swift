// What a provider that is not admitted does with the tasks that it must answer first: tasks the chain lists in, actions
// out. No clock, no socket. Invariant: a task runs once at a time and only after the chain's own record of it was
// proved, because its salt comes from there; an answer is repeated unchanged; of what is not listed any more nothing is
// sent.
package import Chain
package import Primitives

package struct AdmissionPlan: Sendable {
    private enum Stage: Sendable {
        /// Asked for its proof at that tip already.
        case found(asked: Height?)
        case proved(Digest)
        case running(Digest)
        case done(Digest, notBefore: Height)
        /// This machine cannot execute it; another task is drawn in its place.
        case failed
    }

    private struct Entry: Sendable {
        var stage = Stage.found(asked: nil)
        var runs = 0
    }

    private var entries: [TaskPlace: Entry] = [:]
    private var tip = Height.zero

    package init() {}

    package var count: Int { entries.count }

    // MARK: What happened

    /// The tasks that wait for an answer at `tip`. Lists of a node that lags behind are ignored.
    package mutating func observe(_ open: [TaskPlace], at tip: Height) {
        guard tip >= self.tip else { return }
        self.tip = tip
        let listed = Set(open.prefix(ProviderLimits.admissionsMax))
        entries = entries.filter { place, entry in
            if case .running = entry.stage { return true }
            return listed.contains(place)
        }
        for place in listed where entries[place] == nil { entries[place] = Entry() }
    }

    /// The chain's own record gives the salt of this provider.
    package mutating func proved(_ place: TaskPlace, salt: Digest) {
        if case .found? = entries[place]?.stage { entries[place]?.stage = .proved(salt) }
    }

    package func isRunning(_ place: TaskPlace) -> Bool {
        if case .running? = entries[place]?.stage { true } else { false }
    }

    /// The task could not be begun after all.
    package mutating func postponed(_ place: TaskPlace) {
        if case .running(let salt)? = entries[place]?.stage { entries[place]?.stage = .proved(salt) }
    }

    /// `digest` nil: the machine failed; tried again while there are tries.
    package mutating func finished(_ place: TaskPlace, _ digest: Digest?) {
        guard var entry = entries[place], case .running(let salt) = entry.stage else { return }
        entry.runs += 1
        if let digest {
            entry.stage = .done(digest, notBefore: tip)
        } else {
            entry.stage = entry.runs < ProviderLimits.runsMax ? .proved(salt) : .failed
        }
        entries[place] = entry
    }

    /// A node took the answers, or refused them: what is still listed in a while goes out again.
    package mutating func sent(_ answers: [AdmissionAnswer], wasTaken: Bool) {
        let pause = wasTaken ? ProviderLimits.resubmitBlocks : ProviderLimits.refusalBlocks
        for answer in answers where entries[answer.task] != nil {
            entries[answer.task]?.stage = .done(answer.digest, notBefore: tip.advanced(by: pause))
        }
    }

    // MARK: What to do

    private var ordered: [TaskPlace] { entries.keys.sorted { ($0.job, $0.index) < ($1.job, $1.index) } }

    /// Tasks whose records are to be proved now, each once at a tip.
    package mutating func proofs() -> [TaskPlace] {
        var found: [TaskPlace] = []
        for place in ordered where found.count < ProviderLimits.provesPerStep {
            guard case .found(let asked)? = entries[place]?.stage, asked != tip else { continue }
            entries[place]?.stage = .found(asked: tip)
            found.append(place)
        }
        return found
    }

    package mutating func nextRuns(idleWorkers: Int) -> [(place: TaskPlace, salt: Digest)] {
        var found: [(TaskPlace, Digest)] = []
        for place in ordered where found.count < idleWorkers {
            guard case .proved(let salt)? = entries[place]?.stage else { continue }
            entries[place]?.stage = .running(salt)
            found.append((place, salt))
        }
        return found
    }

    /// One transaction's, ascending by task; empty where nothing is to be sent.
    package func answers() -> [AdmissionAnswer] {
        var found: [AdmissionAnswer] = []
        for place in ordered where found.count < AdmissionLimits.answersMax {
            guard case .done(let digest, let notBefore)? = entries[place]?.stage, notBefore <= tip else { continue }
            found.append(AdmissionAnswer(task: place, digest: digest))
        }
        return found
    }
}
