// Executor processes, one for each worker, each on a queue of its own; a worker may run an external engine instead.
// Bounded by the number of workers: a task is handed over only while one is idle.
import Chain
import Dispatch
import Execution
import Synchronization

final class Workers: Sendable {
    struct Finished: Sendable {
        let place: TaskPlace
        let ending: Ending
    }

    enum Ending: Sendable {
        case program(Outcome)
        case engine(EngineEnding)
    }

    private struct State {
        var idle: [Int]
        var finished: [Finished] = []
        var runs: [TaskPlace: EngineRun] = [:]
    }

    private let processes: [ExecutorProcess]
    private let queues: [DispatchQueue]
    private let state: Mutex<State>
    private let wake = DispatchSemaphore(value: 0)

    init(count: Int, command: ExecutorProcess.Command) {
        processes = (0..<count).map { _ in ExecutorProcess(command) }
        queues = (0..<count).map { DispatchQueue(label: "merit.provider.worker.\($0)") }
        state = Mutex(State(idle: Array((0..<count).reversed())))
    }

    var idleCount: Int { state.withLock { $0.idle.count } }

    /// Begins a task on an idle worker; there must be one.
    func start(_ place: TaskPlace, _ request: RunRequest) {
        begin(place) { .program($0.run(request)) }
    }

    /// The same in an external engine.
    func start(_ place: TaskPlace, _ run: EngineRun) {
        state.withLock { $0.runs[place] = run }
        begin(place) { _ in .engine(run.execute(upTo: ProviderLimits.engineTimeMax)) }
    }

    private func begin(_ place: TaskPlace, _ work: @escaping @Sendable (ExecutorProcess) -> Ending) {
        let worker = state.withLock { $0.idle.popLast() }
        guard let worker else { preconditionFailure("a task for busy workers") }
        queues[worker].async { [self] in
            let ending = work(processes[worker])
            state.withLock { state in
                state.idle.append(worker)
                state.runs[place] = nil
                state.finished.append(Finished(place: place, ending: ending))
            }
            wake.signal()
        }
    }

    /// Ends the external engine that works on a task, if one does.
    func cancel(_ place: TaskPlace) { state.withLock { $0.runs[place] }?.cancel() }

    /// What ended since the last call.
    func collect() -> [Finished] {
        state.withLock { state in
            defer { state.finished = [] }
            return state.finished
        }
    }

    /// Lets `wait` return: there is something else to look at.
    func nudge() { wake.signal() }

    /// Returns when a task ended, after a nudge, or after `limit`.
    func wait(upTo limit: Duration) {
        _ = wake.wait(timeout: .now() + .milliseconds(Int(limit / .milliseconds(1))))
    }

    func stop() {
        for run in state.withLock({ Array($0.runs.values) }) { run.cancel() }
        for process in processes { process.stop() }
    }
}
