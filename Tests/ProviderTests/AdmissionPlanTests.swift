// What the agent does with the tasks that it must answer before its first paid one.
import Chain
import Cryptography
import Ledger
import Primitives
import Provider
import Testing

@Suite("plan of admission")
struct AdmissionPlanTests {
    static let places = (UInt32(0)..<4).map { TaskPlace(job: Hash.sha256([1]), index: $0) }
    static let salt = Hash.sha256([7])
    static func height(_ number: UInt64) -> Height { Height(number)! }

    /// All of `places` listed at 100 and proved.
    static func proved(_ count: Int = 4) -> AdmissionPlan {
        var plan = AdmissionPlan()
        plan.observe(Array(places.prefix(count)), at: height(100))
        for place in plan.proofs() { plan.proved(place, salt: salt) }
        return plan
    }

    @Test("a task is proved once at a tip, runs after that on an idle worker, and is answered with its digest")
    func course() {
        var plan = AdmissionPlan()
        plan.observe(Self.places.reversed(), at: Self.height(100))
        #expect(plan.nextRuns(idleWorkers: 4).isEmpty)
        #expect(plan.proofs() == Self.places && plan.proofs().isEmpty)
        plan.proved(Self.places[2], salt: Self.salt)
        plan.observe(Self.places, at: Self.height(101))
        #expect(plan.proofs() == [Self.places[0], Self.places[1], Self.places[3]])
        #expect(plan.nextRuns(idleWorkers: 0).isEmpty)
        let runs = plan.nextRuns(idleWorkers: 4)
        #expect(runs.map(\.place) == [Self.places[2]] && runs.first?.salt == Self.salt)
        #expect(plan.isRunning(Self.places[2]) && !plan.isRunning(Self.places[1]))
        #expect(plan.nextRuns(idleWorkers: 4).isEmpty && plan.answers().isEmpty)
        plan.finished(Self.places[2], .zero)
        #expect(plan.answers() == [AdmissionAnswer(task: Self.places[2], digest: .zero)])
    }

    @Test("answers go out together in the chain's order, again after a while, and never of what is answered")
    func sending() {
        var plan = Self.proved()
        for (place, _) in plan.nextRuns(idleWorkers: 4).reversed() { plan.finished(place, .zero) }
        let answers = plan.answers()
        #expect(answers.map(\.task) == Self.places)
        plan.sent(answers, wasTaken: true)
        plan.observe(Self.places, at: Self.height(111))
        #expect(plan.answers().isEmpty)
        plan.observe(Array(Self.places.dropFirst()), at: Self.height(112))
        #expect(plan.answers() == Array(answers.dropFirst()) && plan.count == 3)
        plan.sent(plan.answers(), wasTaken: false)
        plan.observe(Self.places, at: Self.height(114))
        #expect(plan.answers() == Array(answers.dropFirst()))
    }

    @Test("a machine that fails tries again and then says nothing; what could not begin stays proved")
    func failures() {
        var plan = Self.proved(1)
        for _ in 0..<2 {
            #expect(plan.nextRuns(idleWorkers: 1).count == 1)
            plan.postponed(Self.places[0])
        }
        for _ in 0..<2 {
            #expect(plan.nextRuns(idleWorkers: 1).count == 1)
            plan.finished(Self.places[0], nil)
        }
        #expect(plan.nextRuns(idleWorkers: 1).isEmpty && plan.answers().isEmpty)
    }

    @Test("a node that lags behind changes nothing, and a task that ends off the list is not answered")
    func lists() {
        var plan = Self.proved(2)
        plan.observe([], at: Self.height(99))
        #expect(plan.count == 2)
        _ = plan.nextRuns(idleWorkers: 1)
        plan.observe([], at: Self.height(101))
        #expect(plan.count == 1)
        plan.finished(Self.places[0], .zero)
        plan.observe([], at: Self.height(102))
        #expect(plan.count == 0 && plan.answers().isEmpty)
        plan.observe((UInt32(0)..<100).map { TaskPlace(job: .zero, index: $0) }, at: Self.height(103))
        #expect(plan.count == 64)
    }

    @Test("no more proofs are asked for in one step than the bound says, and each once at a tip")
    func bounds() {
        var plan = AdmissionPlan()
        let places = (UInt32(0)..<64).map { TaskPlace(job: .zero, index: $0) }
        plan.observe(places, at: Self.height(100))
        let asked = (0..<3).map { _ in plan.proofs() }
        #expect(asked == [Array(places.prefix(32)), Array(places.dropFirst(32)), []])
    }
}
