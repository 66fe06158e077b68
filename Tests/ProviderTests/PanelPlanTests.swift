// What the agent does with its seats on panels: each rule of the plan, and the sequences of its transactions.
import Chain
import Cryptography
import Ledger
import Primitives
import Provider
import Testing

@Suite("plan of panels")
struct PanelPlanTests {
    static let provider = Hash.address(of: key.publicKey)
    static let key = SigningKey(seed: Bytes(repeating: 7, count: 32))!
    static let jobs = [Hash.sha256([1]), Hash.sha256([2])].sorted()
    static func height(_ number: UInt64) -> Height { Height(number)! }
    static func place(_ index: UInt32, _ job: Int = 0) -> TaskPlace { TaskPlace(job: jobs[job], index: index) }

    static func seat(
        _ place: TaskPlace, _ phase: PanelPhase = .sealing, answered: Bool = false, due: UInt64 = 200
    ) -> PanelPlan.Seat {
        PanelPlan.Seat(place: place, deadline: height(due), phase: phase, isAnswered: answered)
    }

    static func result(_ place: TaskPlace, _ said: UInt8 = 5) -> SealedResult {
        let digest = Hash.sha256([said])
        let result = TaskResult(output: digest, finalState: digest, fuel: 9, peakPages: 0, outputBytes: 1)
        return SealedResult(taskIndex: place.index, nonce: Hash.sha256([9]), result: result)
    }

    static func seal(_ place: TaskPlace, _ said: UInt8 = 5) -> Digest {
        result(place, said).seal(job: place.job, provider: provider)
    }

    /// These seats listed at 100, proved, executed.
    static func ready(_ places: [TaskPlace]) -> PanelPlan {
        var plan = PanelPlan(provider: provider)
        plan.observe(places.map { seat($0) }, at: height(100))
        for place in plan.proofs() { plan.proved(place, phase: .sealing, seal: nil) }
        for place in plan.nextRuns(idleWorkers: places.count) { _ = plan.finished(place, result(place)) }
        return plan
    }

    static func reveals(_ plan: PanelPlan) -> [TaskPlace] {
        plan.messages().flatMap { message -> [TaskPlace] in
            if case .reveal = message { message.places } else { [] }
        }
    }

    @Test("a task runs once its panel is proved, on an idle worker, the most urgent first, and its seal goes out")
    func course() {
        let places = [Self.place(0), Self.place(1)]
        var plan = PanelPlan(provider: Self.provider)
        plan.observe([Self.seat(places[0]), Self.seat(places[1], due: 150)], at: Self.height(100))
        #expect(plan.nextRuns(idleWorkers: 2).isEmpty)
        #expect(plan.proofs() == [places[1], places[0]] && plan.proofs().isEmpty)
        for place in places { plan.proved(place, phase: .sealing, seal: nil) }
        #expect(plan.nextRuns(idleWorkers: 1) == [places[1]] && plan.nextRuns(idleWorkers: 0).isEmpty)
        #expect(!plan.isIdle && plan.messages().isEmpty)
        guard case .kept = plan.finished(places[1], Self.result(places[1])) else {
            Issue.record("the result was not kept")
            return
        }
        let seal = TaskSeal(taskIndex: 1, seal: Self.seal(places[1]))
        #expect(plan.messages() == [.seal(SealResults(job: Self.jobs[0], seals: [seal]))])
        #expect(!plan.isIdle && plan.sealedCount == 0)
        plan.sent(plan.messages()[0], wasTaken: true)
        #expect(plan.isIdle && plan.sealedCount == 1)
    }

    @Test("a transaction is of one job, ascending by task; it is repeated unchanged after a while, sooner when refused")
    func sending() {
        let places = [Self.place(3), Self.place(1), Self.place(2, 1)]
        var plan = Self.ready(places)
        let messages = plan.messages()
        #expect(messages.map(\.places) == [[Self.place(1), Self.place(3)], [Self.place(2, 1)]])
        plan.sent(messages[0], wasTaken: true)
        plan.sent(messages[1], wasTaken: false)
        #expect(plan.messages().isEmpty)
        plan.observe(places.map { Self.seat($0) }, at: Self.height(102))
        #expect(plan.messages() == [messages[1]])
        plan.observe(places.map { Self.seat($0) }, at: Self.height(112))
        #expect(plan.messages() == messages)
        // What is in the state is not sent again.
        plan.observe([Self.seat(places[0], answered: true), Self.seat(places[1])], at: Self.height(113))
        #expect(plan.messages().map(\.places) == [[places[1]]] && plan.count == 2)
    }

    @Test("a result is revealed once it is proved that the panel reveals, whatever a node says before")
    func revealing() {
        let place = Self.place(0)
        var plan = Self.ready([place])
        plan.sent(plan.messages()[0], wasTaken: true)
        plan.observe([Self.seat(place, .revealing)], at: Self.height(101))
        #expect(Self.reveals(plan).isEmpty)
        // The chain's own record still says that others seal.
        #expect(plan.proofs() == [place])
        plan.proved(place, phase: .sealing, seal: Self.seal(place))
        #expect(plan.messages().isEmpty && plan.proofs().isEmpty)
        // A record without the own seal says nothing, and is asked for again.
        plan.observe([Self.seat(place, .revealing)], at: Self.height(102))
        #expect(plan.proofs() == [place])
        plan.proved(place, phase: .revealing, seal: nil)
        plan.observe([Self.seat(place, .revealing)], at: Self.height(103))
        #expect(plan.proofs() == [place])
        plan.proved(place, phase: .revealing, seal: Self.seal(place))
        #expect(plan.messages() == [.reveal(RevealResults(job: place.job, results: [Self.result(place)]))])
        plan.sent(plan.messages()[0], wasTaken: true)
        #expect(plan.messages().isEmpty && plan.isIdle)
        plan.observe([Self.seat(place, .revealing, answered: true)], at: Self.height(200))
        #expect(plan.messages().isEmpty && plan.proofs().isEmpty && plan.sealedCount == 0)
    }

    @Test("after a restart the task runs again, and only the sealed result is revealed")
    func restart() {
        let place = Self.place(0)
        for said: UInt8 in [5, 6] {
            var plan = PanelPlan(provider: Self.provider)
            plan.observe([Self.seat(place, answered: true)], at: Self.height(100))
            #expect(plan.proofs() == [place])
            plan.proved(place, phase: .sealing, seal: Self.seal(place))
            #expect(plan.nextRuns(idleWorkers: 1) == [place])
            let verdict = plan.finished(place, Self.result(place, said))
            if case .differs = verdict { #expect(said == 6) } else { #expect(said == 5) }
            #expect(plan.messages().isEmpty)
            plan.observe([Self.seat(place, .revealing)], at: Self.height(101))
            plan.proved(place, phase: .revealing, seal: Self.seal(place))
            #expect(Self.reveals(plan) == (said == 5 ? [place] : []))
        }
        // Another seal than that of the kept result is revealed by nobody.
        var plan = Self.ready([place])
        plan.observe([Self.seat(place, .revealing)], at: Self.height(101))
        plan.proved(place, phase: .revealing, seal: Self.seal(place, 6))
        #expect(plan.messages().isEmpty)
    }

    @Test("an engine that fails runs once more and then the seat is silent; what could not begin stays proved")
    func failures() {
        let place = Self.place(0)
        var plan = PanelPlan(provider: Self.provider)
        plan.observe([Self.seat(place)], at: Self.height(100))
        plan.proved(place, phase: .sealing, seal: nil)
        #expect(plan.nextRuns(idleWorkers: 1) == [place])
        plan.postponed(place)
        var verdicts: [String] = []
        for _ in 0..<2 {
            #expect(plan.nextRuns(idleWorkers: 1) == [place])
            verdicts.append("\(plan.finished(place, nil))")
        }
        #expect(verdicts == ["retried", "silent"])
        #expect(plan.nextRuns(idleWorkers: 1).isEmpty && plan.messages().isEmpty && plan.isIdle)
    }

    @Test("a run whose seat is left or whose time is over is called off, and nothing of it is sent")
    func leaving() {
        let (left, late) = (Self.place(0), Self.place(1))
        var plan = PanelPlan(provider: Self.provider)
        plan.observe([Self.seat(left), Self.seat(late, due: 103)], at: Self.height(100))
        for place in [left, late] { plan.proved(place, phase: .sealing, seal: nil) }
        #expect(plan.nextRuns(idleWorkers: 2).count == 2 && plan.overdue.isEmpty)
        // A node that lags behind changes nothing.
        plan.observe([], at: Self.height(99))
        #expect(plan.overdue.isEmpty)
        plan.observe([Self.seat(late, due: 103)], at: Self.height(102))
        #expect(plan.overdue == [left])
        guard case .late = plan.finished(left, Self.result(left)) else {
            Issue.record("a left seat has a result")
            return
        }
        plan.observe([Self.seat(late, due: 103)], at: Self.height(103))
        #expect(plan.overdue == [late] && plan.count == 1)
        _ = plan.finished(late, nil)
        #expect(plan.nextRuns(idleWorkers: 1).isEmpty && plan.messages().isEmpty)
    }

    @Test("when it is asked to end, nothing new runs and what is ready is still sealed")
    func stopping() {
        let (first, second) = (Self.place(0), Self.place(1))
        var plan = Self.ready([first])
        plan.observe([Self.seat(first), Self.seat(second)], at: Self.height(101))
        plan.proved(second, phase: .sealing, seal: nil)
        plan.stop()
        plan.observe([Self.seat(first), Self.seat(second), Self.seat(Self.place(2))], at: Self.height(102))
        #expect(plan.nextRuns(idleWorkers: 1).isEmpty && plan.count == 2)
        #expect(plan.messages().map(\.places) == [[first]] && !plan.isIdle)
    }

    @Test("no more seats are kept than the bound, no more proofs asked for in one step, and one is asked for at a tip")
    func bounds() {
        let places = (UInt32(0)..<300).map { Self.place($0) }
        var plan = PanelPlan(provider: Self.provider)
        plan.observe(places.map { Self.seat($0) }, at: Self.height(100))
        #expect(plan.count == 256)
        for step in 0..<8 { #expect(plan.proofs() == Array(places[32 * step..<32 * step + 32])) }
        #expect(plan.proofs().isEmpty)
        // Room again, once some of them are left.
        plan.observe(places.dropFirst(100).map { Self.seat($0) }, at: Self.height(101))
        #expect(plan.count == 200)
    }

    @Test("a transaction follows the one before it; a refusal or a while later the state is asked again")
    func sequences() {
        var plan = SequencePlan()
        #expect(plan.sequence(onChain: 4, tip: Self.height(10)) == 4)
        plan.sent(4, tip: Self.height(10), wasTaken: true)
        #expect(plan.sequence(onChain: 4, tip: Self.height(10)) == 5)
        #expect(plan.sequence(onChain: 7, tip: Self.height(11)) == 7)
        plan.sent(5, tip: Self.height(11), wasTaken: true)
        #expect(plan.sequence(onChain: 4, tip: Self.height(22)) == 6)
        #expect(plan.sequence(onChain: 4, tip: Self.height(23)) == 4)
        plan.sent(6, tip: Self.height(22), wasTaken: false)
        #expect(plan.sequence(onChain: 4, tip: Self.height(22)) == 4)
    }
}
