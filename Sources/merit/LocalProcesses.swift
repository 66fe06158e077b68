// The processes of a local network. Whoever holds this can end all of them, from any thread: nothing is left running.
import Foundation
import Synchronization

final class LocalProcesses: Sendable {
    private struct State {
        var running: [String: Int32] = [:]
        /// Set by the end: nothing starts any more.
        var isOver = false
    }

    private let state = Mutex(State())
    private let program: String

    /// `program`: another build of merit than this one.
    init(program: String = Child.executable) { self.program = program }

    /// Starts the built program under a name; a living process of the name must not exist.
    func start(_ name: String, _ arguments: [String]) throws {
        try state.withLock { state in
            Self.forgetEnded(&state)
            precondition(state.running[name] == nil, "\(name) runs already")
            if state.isOver { return }
            state.running[name] = try Spawn.start(program, arguments)
        }
    }

    private static func forgetEnded(_ state: inout State) {
        state.running = state.running.filter { waitpid($0.value, nil, WNOHANG) == 0 }
    }

    func isRunning(_ name: String) -> Bool { running[name] != nil }

    var running: [String: Int32] {
        state.withLock { state in
            Self.forgetEnded(&state)
            return state.running
        }
    }

    func signal(_ name: String, _ number: Int32) {
        state.withLock { state in
            Self.forgetEnded(&state)
            if let process = state.running[name] { kill(process, number) }
        }
    }

    /// Signals and waits for the end; SIGKILL after ten seconds.
    func stop(_ name: String, _ number: Int32 = SIGTERM) {
        signal(name, number)
        wait { !self.isRunning(name) }
        signal(name, SIGKILL)
        wait { !self.isRunning(name) }
    }

    func stopAll() {
        let names = state.withLock { state in
            state.isOver = true
            Self.forgetEnded(&state)
            return Array(state.running.keys)
        }
        for name in names { signal(name, SIGCONT) }
        for name in names { signal(name, SIGTERM) }
        wait { self.running.isEmpty }
        for name in names { signal(name, SIGKILL) }
        wait { self.running.isEmpty }
    }

    private func wait(until condition: () -> Bool) {
        let deadline = Date().addingTimeInterval(10)
        while Date() < deadline, !condition() { usleep(20_000) }
    }
}

/// The same program as a child that answers and ends: what a stranger would run.
enum Child {
    static let executable =
        ProcessInfo.processInfo.arguments[0].hasPrefix("/")
        ? ProcessInfo.processInfo.arguments[0]
        : (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? "/proc/self/exe"

    struct Result {
        let code: Int32
        let output: Data
        let complaint: String
    }

    static func run(_ arguments: [String], mayFail: Bool = false) throws -> Result {
        var output = try SpawnPipe()
        var errors = try SpawnPipe()
        let id = try Spawn.start(executable, arguments, output: output.writer, errors: errors.writer)
        output.closeWriter()
        errors.closeWriter()
        let (answer, words) = SpawnPipe.drain(output, errors)
        let code = Spawn.wait(for: id)
        let complaint = String(decoding: words, as: UTF8.self)
        if code != 0, !mayFail {
            let command = "merit " + arguments.prefix(2).joined(separator: " ")
            throw LocalnetError.child("\(command) ended with \(code): \(complaint)")
        }
        return Result(code: code, output: Data(answer), complaint: complaint)
    }
}
