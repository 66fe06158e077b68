// What a provider does next with each of its tasks: open tasks of the chain in, actions out. No clock, no socket; the
// agent performs the actions and reports back. Invariants: a task runs once at a time and only after its record was
// proved; receipts that were handed in are repeated unchanged and in the same company, because the chain counts an
// attestation as a whole; of what the chain no longer lists as open nothing is sent.
package import Chain
package import Primitives

package struct WorkPlan: Sendable {
    /// A task that the chain says is open.
    package struct Open: Hashable, Sendable {
        package let place: TaskPlace
        /// The last height whose block may include the receipt.
        package let deadline: Height

        package init(place: TaskPlace, deadline: Height) { (self.place, self.deadline) = (place, deadline) }
    }

    /// Receipts of one job that go out under one signature.
    package struct Shipment: Hashable, Sendable {
        package let number: UInt64
        package let job: Digest
        package let epoch: UInt64
        /// Ascending by task.
        package let receipts: [Receipt]
        /// The same was handed in before.
        package let isRepeat: Bool
    }

    package enum Action: Hashable, Sendable {
        /// Ask for the task's record and its proof.
        case prove(TaskPlace)
        case run(TaskPlace)
        case ship(Shipment)
    }

    private enum Stage: Sendable {
        /// Listed by a node; asked for its proof at that tip already.
        case found(asked: Height?)
        case proved
        case running
        case done(TaskResult?, notBefore: Height)
        case shipped(TaskResult?, number: UInt64, epoch: UInt64, at: Height)
    }

    private struct Entry: Sendable {
        let place: TaskPlace
        var deadline: Height
        var stage = Stage.found(asked: nil)
        /// Left the chain's list while it ran.
        var isGone = false
        var runs = 0
        /// The least tip at which its receipt goes out.
        var earliest = Height.zero
    }

    private var entries: [TaskPlace: Entry] = [:]
    private var shipments: UInt64 = 0
    private var isStopping = false
    /// The highest tip that was observed.
    package private(set) var tip = Height.zero

    package init() {}

    package var count: Int { entries.count }

    /// Nothing runs, and nothing that was computed waits to be handed in.
    package var isIdle: Bool {
        entries.values.allSatisfy {
            switch $0.stage {
            case .running, .done: false
            case .found, .proved, .shipped: true
            }
        }
    }

    /// From now on no task is begun.
    package mutating func stop() { isStopping = true }

    // MARK: What happened

    /// The open tasks at `tip`; what is missing in a complete list has left the chain. Returns the tasks whose receipts
    /// are in the state now. Lists of a node that lags behind are ignored.
    @discardableResult
    package mutating func observe(_ open: [Open], at tip: Height, isComplete: Bool = true) -> [TaskPlace] {
        guard tip >= self.tip else { return [] }
        self.tip = tip
        let listed = Set(open.map(\.place))
        var delivered: [TaskPlace] = []
        for (place, entry) in isComplete ? entries : [:] where !listed.contains(place) {
            if case .running = entry.stage {
                entries[place]?.isGone = true
                continue
            }
            if case .shipped = entry.stage, tip <= entry.deadline { delivered.append(place) }
            entries[place] = nil
        }
        for task in open {
            if entries[task.place] != nil {
                entries[task.place]?.deadline = task.deadline
                entries[task.place]?.isGone = false
            } else if entries.count < ProviderLimits.tasksMax, !isStopping {
                entries[task.place] = Entry(place: task.place, deadline: task.deadline)
            }
        }
        return delivered.sorted(by: Self.isBefore)
    }

    /// The chain's own record says that the task is this provider's. Its receipt waits for a tip of `earliest`.
    package mutating func proved(_ place: TaskPlace, earliest: Height = .zero) {
        guard case .found? = entries[place]?.stage else { return }
        entries[place]?.stage = .proved
        entries[place]?.earliest = earliest
    }

    /// The task could not be begun after all.
    package mutating func postponed(_ place: TaskPlace) {
        if case .running? = entries[place]?.stage { entries[place]?.stage = .proved }
    }

    /// `result` nil: the machine failed; the task runs again while there are tries, and then the receipt abstains.
    package mutating func finished(_ place: TaskPlace, _ result: TaskResult?) {
        guard var entry = entries[place], case .running = entry.stage else { return }
        entry.runs += 1
        if entry.isGone {
            entries[place] = nil
            return
        }
        let mayRetry = result == nil && entry.runs < ProviderLimits.runsMax && !isStopping
        entry.stage = mayRetry ? .proved : .done(result, notBefore: tip)
        entries[place] = entry
    }

    /// A node took the shipment.
    package mutating func shipped(_ shipment: Shipment) {
        for receipt in shipment.receipts {
            let place = TaskPlace(job: shipment.job, index: receipt.taskIndex)
            guard entries[place] != nil else { continue }
            entries[place]?.stage = .shipped(
                receipt.result, number: shipment.number, epoch: shipment.epoch, at: tip)
        }
    }

    /// No node took the shipment; what is still open goes out anew in a while.
    package mutating func refused(_ shipment: Shipment) {
        for receipt in shipment.receipts {
            let place = TaskPlace(job: shipment.job, index: receipt.taskIndex)
            guard entries[place] != nil else { continue }
            entries[place]?.stage = .done(
                receipt.result, notBefore: tip.advanced(by: ProviderLimits.refusalBlocks))
        }
    }

    // MARK: What to do

    /// `epoch`: the running one, which receipts are signed for.
    package mutating func next(epoch: UInt64, idleWorkers: Int) -> [Action] {
        let proofs = isStopping ? [] : proofs()
        return proofs + nextRuns(idleWorkers: idleWorkers) + deliveries(epoch: epoch) + repeats(epoch: epoch)
    }

    /// Tasks for workers that became idle. Receipts wait for `next`, so that several go out under one signature.
    package mutating func nextRuns(idleWorkers: Int) -> [Action] {
        isStopping || idleWorkers == 0 ? [] : runs(idleWorkers)
    }

    /// By urgency.
    private var ordered: [Entry] {
        entries.values.sorted { left, right in
            left.deadline == right.deadline ? Self.isBefore(left.place, right.place) : left.deadline < right.deadline
        }
    }

    private mutating func proofs() -> [Action] {
        var found: [Action] = []
        for entry in ordered where found.count < ProviderLimits.provesPerStep && entry.deadline > tip {
            guard case .found(let asked) = entry.stage, asked != tip else { continue }
            entries[entry.place]?.stage = .found(asked: tip)
            found.append(.prove(entry.place))
        }
        return found
    }

    private mutating func runs(_ idleWorkers: Int) -> [Action] {
        var found: [Action] = []
        for entry in ordered where found.count < idleWorkers && entry.deadline > tip {
            guard case .proved = entry.stage else { continue }
            entries[entry.place]?.stage = .running
            found.append(.run(entry.place))
        }
        return found
    }

    private mutating func deliveries(epoch: UInt64) -> [Action] {
        var receipts: [Digest: [Receipt]] = [:]
        for entry in entries.values {
            guard case .done(let result, let notBefore) = entry.stage, max(notBefore, entry.earliest) <= tip
            else { continue }
            receipts[entry.place.job, default: []].append(Receipt(taskIndex: entry.place.index, result: result))
        }
        return receipts.keys.sorted().map { job in
            shipments += 1
            return .ship(
                Shipment(
                    number: shipments, job: job, epoch: epoch, receipts: Self.ordered(receipts[job] ?? []),
                    isRepeat: false))
        }
    }

    /// What was handed in a while ago and is still open. The signature covers the epoch, so it changes only when the
    /// chain would refuse the old one.
    private func repeats(epoch: UInt64) -> [Action] {
        struct Key: Hashable {
            let number: UInt64
            let job: Digest
            let epoch: UInt64
        }
        var receipts: [Key: [Receipt]] = [:]
        for entry in entries.values {
            guard case .shipped(let result, let number, let signed, let at) = entry.stage,
                at.advanced(by: ProviderLimits.resubmitBlocks) <= tip
            else { continue }
            let key = Key(number: number, job: entry.place.job, epoch: epoch > signed + 1 ? epoch : signed)
            receipts[key, default: []].append(Receipt(taskIndex: entry.place.index, result: result))
        }
        return receipts.keys.sorted { $0.number < $1.number }.map { key in
            .ship(
                Shipment(
                    number: key.number, job: key.job, epoch: key.epoch, receipts: Self.ordered(receipts[key] ?? []),
                    isRepeat: true))
        }
    }

    private static func ordered(_ receipts: [Receipt]) -> [Receipt] {
        receipts.sorted { $0.taskIndex < $1.taskIndex }
    }

    private static func isBefore(_ left: TaskPlace, _ right: TaskPlace) -> Bool {
        left.job == right.job ? left.index < right.index : left.job < right.job
    }
}
