// What a participant may look at before it says something: the chain at its tip, what executing gives, and who is of
// its own party. Never anybody's key, and never a beacon that is not in a block.
import Chain
import Codec
import Cryptography
package import Ledger
package import Primitives
import ProgramRules

package struct Sight {
    package let store: MemoryStore
    package let view: LedgerView
    package let table: OutcomeTable
    /// Accounts of the subject; of these its providers, in the order of its cast; the validator of others that takes
    /// bribes.
    let parties: (subject: Set<Address>, providers: [Address], bribed: Address?)
    /// Base units that executing one compute unit costs.
    package let costPerUnit: UInt64
    /// No new work is asked for: what is open comes to its end.
    package let isQuiet: Bool

    private var state: WorkingState { WorkingState(store) }

    var subject: Set<Address> { parties.subject }
    var bribed: Address? { parties.bribed }

    /// Blocks of the running epoch before the next one.
    var offset: UInt64 { view.height.distance(from: view.epoch.startHeight) }

    func task(_ place: TaskPlace) -> TaskRecord? { state.load(StateKey.task(place)) }
    func work(of account: Address) -> WorkRecord? { state.load(StateKey.work(account)) }
    func provider(_ account: Address) -> ProviderRecord? { state.load(StateKey.provider(account)) }
    /// What it may spend.
    func account(_ address: Address) -> Account { Ledger.spendable(address, on: store, view) }
    func blob(_ kind: BlobKind, _ digest: Digest) -> BlobRecord? { state.load(StateKey.blob(kind, digest)) }
    func requester(_ account: Address) -> RequesterRecord? { state.load(StateKey.requester(account)) }
    func panel(_ place: TaskPlace) -> PanelRecord? { state.load(StateKey.panel(place)) }
    func hasDispute(_ place: TaskPlace) -> Bool { store.load(.state, key: StateKey.dispute(place)) != nil }
    func isOfSubject(_ account: Address) -> Bool { subject.contains(account) }

    func job(_ id: Digest) -> JobRecord {
        guard let job: JobRecord = state.load(StateKey.job(id)) else { preconditionFailure("no job \(id)") }
        return job
    }

    /// What `machine` gets from executing the task.
    func execute(_ place: TaskPlace, machine: Address) -> OutcomeTable.Outcome {
        let job = job(place.job)
        return table.outcome(place, limits: job.request.limits, pages: job.pages, machine: machine)
    }

    func forged(_ place: TaskPlace) -> OutcomeTable.Outcome {
        let job = job(place.job)
        return table.forged(place, limits: job.request.limits, pages: job.pages)
    }

    /// What another provider handed in for another task of the same job: anybody reads it in a block.
    func delivered(besides place: TaskPlace) -> TaskResult? {
        let own = task(place)?.provider
        return (0..<job(place.job).request.tasks).lazy.compactMap { index in
            let other = task(TaskPlace(job: place.job, index: index))
            return other?.provider == own ? nil : other?.result
        }.first
    }

    /// A result that neither executing gives nor a forger says.
    func apart(_ place: TaskPlace) -> TaskResult {
        let job = job(place.job)
        return table.apart(place, limits: job.request.limits, pages: job.pages).result
    }

    func standing(_ account: Address) -> StandingRecord? { state.load(StateKey.standing(account)) }

    func computeUnits(_ result: TaskResult, of job: JobRecord) -> UInt64 {
        ComputeUnits.of(
            fuel: result.fuel, peakPages: result.peakPages, inputBytes: job.inputBytes,
            outputBytes: result.outputBytes)
    }

    /// What executing the task costs whoever does it.
    func cost(_ place: TaskPlace, _ result: TaskResult) -> UInt64 {
        computeUnits(result, of: job(place.job)) * costPerUnit
    }

    /// The tasks on whose panels an account has a seat now.
    func seats(of account: Address) -> [TaskPlace] {
        keys(StateKey.seats(of: account)).map { TaskPlace(keySuffix: $0) }
    }

    /// What an account must hold to dispute a task.
    func disputeCost(_ place: TaskPlace) -> Amount {
        Ledger.disputeOutlook(place, on: store, view: view)?.deposit ?? .zero
    }

    func streak(_ account: Address) -> UInt64 { provider(account).map { state.reputation($0.number).streak } ?? 0 }

    /// The provider of the subject with the longest record; of equal ones the first.
    var bestProvider: Address? {
        let most = parties.providers.map(streak).max() ?? 0
        return parties.providers.first { streak($0) == most }
    }

    /// Engines that slashes wait for.
    func deferredEngines() -> [Digest] {
        var found: [Digest] = []
        for key in keys([StateTag.deferredSlash.rawValue]) {
            guard let engine = Digest(Bytes(key.dropFirst().prefix(32))), found.last != engine else { continue }
            found.append(engine)
        }
        return found
    }

    /// Tasks whose receipts are judged now, while anybody may open a dispute.
    func disputable() -> [TaskPlace] {
        guard view.epoch.number > 0, Ledger.auditPhase(on: store) == .open else { return [] }
        return Ledger.dueReceipts(of: view.epoch.number - 1, on: store).map(\.place)
    }

    func keys(_ prefix: Bytes) -> [Bytes] {
        var found: [Bytes] = []
        var next = store.first(.state, from: prefix)
        while let entry = next, entry.key.starts(with: prefix) {
            found.append(entry.key)
            next = store.first(.state, from: entry.key + [0])
        }
        return found
    }
}

/// What a participant hands in, and what the programs of its new jobs do.
struct Act {
    var items: [Item] = []
    var kinds: [(job: Digest, kind: JobKind)] = []
}
