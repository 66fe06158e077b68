import Chain
import Cryptography
import Ledger
import Primitives
import Provider
import Testing

@Suite("work plan")
struct WorkPlanTests {
    static let job = Hash.sha256(Bytes("job".utf8))
    static let other = Hash.sha256(Bytes("other".utf8))

    static func place(_ index: UInt32, of job: Digest = job) -> TaskPlace { TaskPlace(job: job, index: index) }

    static func open(_ indexes: [UInt32], deadline: UInt64 = 50, of job: Digest = job) -> [WorkPlan.Open] {
        indexes.map { .init(place: place($0, of: job), deadline: Height(deadline)!) }
    }

    static let result = TaskResult(output: .zero, finalState: .zero, fuel: 1, peakPages: 1, outputBytes: 2)

    static func height(_ value: UInt64) -> Height { Height(value)! }

    /// A plan whose tasks are proved and computed, at tip 10.
    static func computed(_ indexes: [UInt32]) -> WorkPlan {
        var plan = WorkPlan()
        plan.observe(open(indexes), at: height(10))
        _ = plan.next(epoch: 1, idleWorkers: 0)
        for index in indexes { plan.proved(place(index)) }
        _ = plan.next(epoch: 1, idleWorkers: indexes.count)
        for index in indexes { plan.finished(place(index), result) }
        return plan
    }

    static func shipments(_ actions: [WorkPlan.Action]) -> [WorkPlan.Shipment] {
        actions.compactMap { action in
            if case .ship(let shipment) = action { shipment } else { nil }
        }
    }

    @Test("a receipt waits for the height that it was given, however often it is looked for")
    func heldBack() {
        var plan = WorkPlan()
        plan.observe(Self.open([4, 5]), at: Self.height(10))
        _ = plan.next(epoch: 1, idleWorkers: 0)
        plan.proved(Self.place(4), earliest: Self.height(13))
        plan.proved(Self.place(5))
        _ = plan.next(epoch: 1, idleWorkers: 2)
        for index in 4...5 as ClosedRange<UInt32> { plan.finished(Self.place(index), Self.result) }
        let first = Self.shipments(plan.next(epoch: 1, idleWorkers: 2))
        #expect(first.flatMap(\.receipts).map(\.taskIndex) == [5])
        plan.shipped(first[0])
        plan.observe(Self.open([4]), at: Self.height(12))
        #expect(Self.shipments(plan.next(epoch: 1, idleWorkers: 2)).isEmpty && !plan.isIdle)
        plan.observe(Self.open([4]), at: Self.height(13))
        let second = Self.shipments(plan.next(epoch: 1, idleWorkers: 2))
        #expect(second.flatMap(\.receipts).map(\.taskIndex) == [4])
    }

    @Test("a task is proved, then run, then its receipt is handed in; nothing happens twice")
    func order() {
        var plan = WorkPlan()
        plan.observe(Self.open([4]), at: Self.height(10))
        #expect(plan.next(epoch: 1, idleWorkers: 2) == [.prove(Self.place(4))])
        #expect(plan.next(epoch: 1, idleWorkers: 2) == [])
        // The proof of a fresh task comes a block later.
        plan.observe(Self.open([4]), at: Self.height(11))
        #expect(plan.next(epoch: 1, idleWorkers: 2) == [.prove(Self.place(4))])
        plan.proved(Self.place(4))
        #expect(plan.next(epoch: 1, idleWorkers: 0) == [])
        #expect(plan.next(epoch: 1, idleWorkers: 2) == [.run(Self.place(4))])
        #expect(plan.next(epoch: 1, idleWorkers: 2) == [])
        #expect(!plan.isIdle)
        plan.finished(Self.place(4), Self.result)
        let shipments = Self.shipments(plan.next(epoch: 3, idleWorkers: 2))
        #expect(shipments.map(\.receipts) == [[Receipt(taskIndex: 4, result: Self.result)]])
        #expect(shipments.map(\.epoch) == [3])
        plan.shipped(shipments[0])
        #expect(plan.next(epoch: 3, idleWorkers: 2) == [] && plan.isIdle)
        #expect(plan.observe([], at: Self.height(12)) == [Self.place(4)])
        #expect(plan.count == 0)
    }

    @Test("earlier deadlines run first, and no more tasks than workers are idle")
    func urgency() {
        var plan = WorkPlan()
        plan.observe(
            Self.open([0, 1], deadline: 60) + Self.open([7], deadline: 55, of: Self.other), at: Self.height(10))
        _ = plan.next(epoch: 1, idleWorkers: 0)
        for place in [Self.place(0), Self.place(1), Self.place(7, of: Self.other)] { plan.proved(place) }
        #expect(plan.next(epoch: 1, idleWorkers: 2) == [.run(Self.place(7, of: Self.other)), .run(Self.place(0))])
    }

    @Test("an idle worker gets its next task at once, and receipts wait for company")
    func refilling() {
        var plan = WorkPlan()
        plan.observe(Self.open([0, 1]), at: Self.height(10))
        _ = plan.next(epoch: 1, idleWorkers: 0)
        for index in 0...1 as ClosedRange<UInt32> { plan.proved(Self.place(index)) }
        for index in 0...1 as ClosedRange<UInt32> {
            #expect(plan.nextRuns(idleWorkers: 1) == [.run(Self.place(index))])
            plan.finished(Self.place(index), Self.result)
        }
        #expect(plan.nextRuns(idleWorkers: 1) == [])
        #expect(Self.shipments(plan.next(epoch: 1, idleWorkers: 1)).map(\.receipts.count) == [2])
    }

    @Test("what cannot be in time is not begun", arguments: [(10, false), (11, true)] as [(UInt64, Bool)])
    func late(deadline: UInt64, isBegun: Bool) {
        var plan = WorkPlan()
        plan.observe(Self.open([0], deadline: deadline), at: Self.height(10))
        #expect(plan.next(epoch: 1, idleWorkers: 1).isEmpty != isBegun)
    }

    @Test("receipts of one job that are ready together go out together, ascending; each job has its own signature")
    func grouping() {
        var plan = Self.computed([2, 0, 1])
        plan.observe(Self.open([0, 1, 2]) + Self.open([5], of: Self.other), at: Self.height(10))
        _ = plan.next(epoch: 1, idleWorkers: 0)
        plan.proved(Self.place(5, of: Self.other))
        _ = plan.next(epoch: 1, idleWorkers: 1)
        plan.finished(Self.place(5, of: Self.other), Self.result)
        let shipments = Self.shipments(plan.next(epoch: 1, idleWorkers: 0))
        #expect(Set(shipments.map(\.job)) == [Self.job, Self.other])
        #expect(shipments.first { $0.job == Self.job }?.receipts.map(\.taskIndex) == [0, 1, 2])
    }

    @Test("receipts that do not show up are repeated unchanged, signed anew only when the epoch is too old")
    func repeats() {
        var plan = Self.computed([0, 1])
        let first = Self.shipments(plan.next(epoch: 1, idleWorkers: 0))[0]
        plan.shipped(first)
        plan.observe(Self.open([0, 1]), at: Self.height(21))
        #expect(Self.shipments(plan.next(epoch: 2, idleWorkers: 0)).isEmpty)
        plan.observe(Self.open([0, 1]), at: Self.height(22))
        let second = Self.shipments(plan.next(epoch: 2, idleWorkers: 0))
        #expect(second.count == 1 && second[0].receipts == first.receipts && second[0].epoch == 1)
        #expect(second[0].isRepeat && second[0].number == first.number)
        plan.shipped(second[0])
        plan.observe(Self.open([0, 1]), at: Self.height(34))
        #expect(Self.shipments(plan.next(epoch: 3, idleWorkers: 0)).map(\.epoch) == [3])
    }

    @Test("what a node refuses goes out again two blocks later, if it is still open")
    func refused() {
        var plan = Self.computed([0, 1])
        let first = Self.shipments(plan.next(epoch: 1, idleWorkers: 0))[0]
        plan.refused(first)
        #expect(plan.next(epoch: 1, idleWorkers: 0).isEmpty)
        plan.observe(Self.open([1]), at: Self.height(12))
        let second = Self.shipments(plan.next(epoch: 1, idleWorkers: 0))
        #expect(second.map { $0.receipts.map(\.taskIndex) } == [[1]])
        #expect(second.map(\.isRepeat) == [false])
    }

    @Test("a failed run is tried once more, then the receipt abstains")
    func abstention() {
        var plan = WorkPlan()
        plan.observe(Self.open([0]), at: Self.height(10))
        _ = plan.next(epoch: 1, idleWorkers: 0)
        plan.proved(Self.place(0))
        for _ in 0..<2 {
            #expect(plan.next(epoch: 1, idleWorkers: 1) == [.run(Self.place(0))])
            plan.finished(Self.place(0), nil)
        }
        let shipments = Self.shipments(plan.next(epoch: 1, idleWorkers: 1))
        #expect(shipments.map(\.receipts) == [[Receipt(taskIndex: 0, result: nil)]])
    }

    @Test("a task that the chain took away while it ran leaves no receipt")
    func takenAway() {
        var plan = WorkPlan()
        plan.observe(Self.open([0]), at: Self.height(10))
        _ = plan.next(epoch: 1, idleWorkers: 0)
        plan.proved(Self.place(0))
        _ = plan.next(epoch: 1, idleWorkers: 1)
        plan.observe([], at: Self.height(51))
        plan.finished(Self.place(0), Self.result)
        #expect(plan.next(epoch: 1, idleWorkers: 1) == [] && plan.count == 0)
    }

    @Test("an older tip and an incomplete list take nothing away")
    func lagging() {
        var plan = Self.computed([0])
        plan.observe([], at: Self.height(9))
        plan.observe([], at: Self.height(11), isComplete: false)
        #expect(plan.count == 1)
        #expect(Self.shipments(plan.next(epoch: 1, idleWorkers: 0)).count == 1)
    }

    @Test("a task that could not be begun is begun later")
    func postponed() {
        var plan = WorkPlan()
        plan.observe(Self.open([0]), at: Self.height(10))
        _ = plan.next(epoch: 1, idleWorkers: 0)
        plan.proved(Self.place(0))
        _ = plan.next(epoch: 1, idleWorkers: 1)
        plan.postponed(Self.place(0))
        #expect(plan.next(epoch: 1, idleWorkers: 1) == [.run(Self.place(0))])
    }

    @Test("after the word to stop nothing begins, and what is computed is still handed in")
    func stopping() {
        var plan = Self.computed([0])
        plan.observe(Self.open([0, 1]), at: Self.height(10))
        _ = plan.next(epoch: 1, idleWorkers: 0)
        plan.proved(Self.place(1))
        plan.stop()
        #expect(!plan.isIdle)
        let actions = plan.next(epoch: 1, idleWorkers: 4)
        #expect(actions.count == 1 && Self.shipments(actions).count == 1)
        plan.shipped(Self.shipments(actions)[0])
        #expect(plan.isIdle)
    }

    @Test("no more tasks are held than the bound")
    func bound() {
        var plan = WorkPlan()
        plan.observe(Self.open(Array(0..<UInt32(ProviderLimits.tasksMax + 50))), at: Self.height(10))
        #expect(plan.count == ProviderLimits.tasksMax)
    }
}
