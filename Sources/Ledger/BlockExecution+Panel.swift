// Tasks that a panel judges, from the draw to the verdict. A panel seals, then reveals: nobody sees a result while he
// may still choose his own. The draw of checkers comes between the two, so they are as blind as those they check.
// A seat that is left empty costs v of its provider's bond, burned at once.
import Chain
import Cryptography
import Primitives
import Rewards

extension BlockExecution {
    // MARK: What providers say

    mutating func perform(_ said: SealResults, by sender: Address) throws(Rule) {
        var changed: [(place: TaskPlace, record: PanelRecord)] = []
        for entry in said.seals {
            let place = TaskPlace(job: said.job, index: entry.taskIndex)
            let (found, seat) = try panelSeat(place, of: sender)
            var record = found
            guard record.phase == .sealing else { throw .notSealing }
            guard record.seats[seat].seal == nil else { throw .sealRepeated }
            record.seats[seat].seal = entry.seal
            record.seats[seat].blocks = view.height.distance(from: record.assigned)
            changed.append((place, record))
        }
        for (place, record) in changed { storeHeard(record, at: place) }
    }

    mutating func perform(_ said: RevealResults, by sender: Address) throws(Rule) {
        var changed: [(place: TaskPlace, record: PanelRecord)] = []
        for entry in said.results {
            let place = TaskPlace(job: said.job, index: entry.taskIndex)
            let (found, seat) = try panelSeat(place, of: sender)
            var record = found
            guard record.phase == .revealing else { throw .notRevealing }
            guard record.seats[seat].result == nil else { throw .resultRepeated }
            guard record.seats[seat].seal == entry.seal(job: said.job, provider: sender) else {
                throw .sealDiffers
            }
            let (result, job) = (entry.result, requireJob(said.job))
            let limits = job.request.limits
            guard result.fuel <= limits.fuel, result.outputBytes <= limits.outputBytes,
                result.peakPages == job.pages
            else { throw .resultOutsideLimits }
            record.seats[seat].result = result
            changed.append((place, record))
        }
        for (place, record) in changed { storeHeard(record, at: place) }
    }

    private func panelSeat(_ place: TaskPlace, of provider: Address) throws(Rule) -> (
        record: PanelRecord, seat: Int
    ) {
        guard let record: PanelRecord = state.load(StateKey.panel(place)),
            let seat = record.seat(of: provider), record.seats[seat].isOpen
        else { throw .notOnPanel }
        return (record, seat)
    }

    private mutating func storeHeard(_ record: PanelRecord, at place: TaskPlace) {
        state.store(record, at: StateKey.panel(place))
        if record.isPhaseComplete { work.completePanels.append(place) }
    }

    // MARK: The end of a block

    /// Panels that everybody has answered, then those whose time is over; whoever did not answer has left them.
    mutating func duePanels() -> [TaskPlace] {
        let overdue = state.range(
            .panelDeadline, upTo: view.height.value.bigEndianBytes, limit: .max, as: QueueRecord.self)
        var seen: Set<TaskPlace> = []
        let places = (work.completePanels + overdue.map { TaskPlace(keySuffix: $0.id) }).filter {
            seen.insert($0).inserted
        }
        for place in places {
            var record = requirePanel(place)
            state.remove(StateKey.panelDeadline(record.deadline, place))
            leaveAbsent(&record, place, requireJob(place.job))
            state.store(record, at: StateKey.panel(place))
        }
        return places
    }

    func requirePanel(_ place: TaskPlace) -> PanelRecord {
        guard let record: PanelRecord = state.load(StateKey.panel(place)) else {
            preconditionFailure("no panel of \(place)")
        }
        return record
    }

    /// The end of its phase.
    mutating func movePanel(_ place: TaskPlace, _ draw: inout ProviderDraw) {
        var record = requirePanel(place)
        let job = requireJob(place.job)
        switch record.phase {
        case .sealing:
            if !isChecked(&record, place, job, &draw) { open(.revealing, of: &record, place) }
        case .revealing: judge(&record, place, job, &draw)
        case .closed: preconditionFailure("a closed panel has no deadline: \(place)")
        }
        state.store(record, at: StateKey.panel(place))
    }

    private mutating func open(_ phase: PanelPhase, of record: inout PanelRecord, _ place: TaskPlace) {
        record.phase = phase
        record.deadline = view.height.advanced(by: 2 * record.budget)
        if record.isPhaseComplete { record.deadline = view.height.advanced() }
        storeSeats(record, place)
    }

    /// The panel's deadline, and what each provider of it reads.
    mutating func storeSeats(_ record: PanelRecord, _ place: TaskPlace) {
        state.store(QueueRecord(tasks: 1), at: StateKey.panelDeadline(record.deadline, place))
        for seat in record.seats where seat.isOpen {
            let entry = AssignmentRecord(provider: seat.provider, deadline: record.deadline)
            state.store(entry, at: StateKey.seat(of: seat.provider, place))
        }
    }

    /// Who did not answer in time leaves, at the price of v.
    private mutating func leaveAbsent(
        _ record: inout PanelRecord, _ place: TaskPlace, _ job: JobRecord
    ) {
        for index in record.seats.indices where record.seats[index].isOpen {
            let seat = record.seats[index]
            let isAbsent = record.phase == .sealing ? seat.seal == nil : seat.result == nil
            guard isAbsent else { continue }
            leave(&record.seats[index], place, job, isLate: true)
            let taken = takeBond(of: seat.provider, atMost: partOfTask(job))
            supply.burned = supply.burned.credited(taken)
            addSlash(SlashKey(account: seat.provider, offence: .timeout, evidence: place.job), taken)
        }
    }

    mutating func leave(_ seat: inout PanelSeat, _ place: TaskPlace, _ job: JobRecord, isLate: Bool) {
        seat.isOpen = false
        state.remove(StateKey.seat(of: seat.provider, place))
        var work = requireWork(seat.provider)
        work.openTasks -= 1
        work.openFuel -= job.request.limits.fuel
        if isLate {
            work.timeouts += 1
            countFailure(of: seat.provider)
            if work.timeouts >= view.parameters.rewards.market.timeoutsMax { work.isPaused = true }
        } else {
            work.timeouts = 0
        }
        state.store(work, at: StateKey.work(seat.provider))
    }

    /// v of one replica.
    func partOfTask(_ job: JobRecord) -> Amount {
        do throws(ArithmeticError) {
            return try Rewards.Rule.feeSplit(job.escrow, rules: view.parameters.rewards.fees).provider
        } catch {
            preconditionFailure("the fee parts of \(job.escrow): \(error)")
        }
    }

    // MARK: Verdicts

    /// True where this block's beacon draws checkers and there are enough of them: then they seal first.
    private mutating func isChecked(
        _ record: inout PanelRecord, _ place: TaskPlace, _ job: JobRecord, _ draw: inout ProviderDraw
    ) -> Bool {
        if record.isDrawn { return false }
        record.isDrawn = true
        let seed = Hash.sha256([Bytes("check".utf8), draw.beacon.bytes, place.bytes])
        guard let word = UInt64(bigEndian: seed.bytes.prefix(8)) else {
            preconditionFailure("8 bytes of 32")
        }
        guard Rewards.Rule.isPanelChecked(word: word, rate: view.parameters.rewards.audit.panelCheck) else {
            return false
        }
        return seatMore((PanelLimits.checkers, .checker), &record, place, job, &draw)
    }

    /// Adds seats of other operators, or none where there are not enough.
    private mutating func seatMore(
        _ more: (count: Int, kind: SeatKind), _ record: inout PanelRecord, _ place: TaskPlace, _ job: JobRecord,
        _ draw: inout ProviderDraw
    ) -> Bool {
        guard
            let chosen = draw.panel(place, of: job, count: more.count, kind: more.kind, except: record.providers)
        else { return false }
        record.seats += chosen.map { PanelSeat(provider: draw.candidates[$0].account, kind: more.kind) }
        (record.assigned, record.budget) = (view.height, take(chosen, job, &draw))
        open(.sealing, of: &record, place)
        return true
    }

    /// A majority of everybody who was drawn stands. Without one two more are drawn, once, and never after checkers.
    private mutating func judge(
        _ record: inout PanelRecord, _ place: TaskPlace, _ job: JobRecord, _ draw: inout ProviderDraw
    ) {
        record.result = record.majority(of: record.seats.count)
        let mayGrow = record.result == nil && record.seats.allSatisfy { $0.kind == .replica }
        if mayGrow, seatMore((PanelLimits.further, .further), &record, place, job, &draw) { return }
        for index in record.seats.indices where record.seats[index].isOpen {
            leave(&record.seats[index], place, job, isLate: false)
        }
        record.phase = .closed
        state.store(QueueRecord(tasks: 1), at: StateKey.panelDue(place))
        guard record.result != nil else { return }
        var counted = job
        counted.done += 1
        state.store(counted, at: StateKey.job(place.job))
    }
}
