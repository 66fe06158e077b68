// The parent side: runs tasks in a child process, one at a time, with a wall-clock deadline. Whatever happens to the
// child is an abstention, and the next request starts a new one. Blocks the calling thread: call it from a thread of
// its own, never from the core or the cooperative pool.

import Glibc
import Primitives
import ProgramRules
import Synchronization

package final class ExecutorProcess: Sendable {
    /// How to start the child: an executable and its arguments (without the name) that call `ExecutorChild.serve`.
    package struct Command: Sendable {
        package let path: String
        package let arguments: [String]

        package init(path: String, arguments: [String]) { (self.path, self.arguments) = (path, arguments) }
    }

    private struct Control {
        /// Set only while the child is not reaped, so that a signal cannot hit another process.
        var id: Int32?
        var isStopped = false
    }

    private let command: Command
    /// Held for the length of a run.
    private let child = Mutex<ChildProcess?>(nil)
    /// Held for a moment; taken after `child` where both are needed.
    private let control = Mutex(Control())

    package init(_ command: Command) { self.command = command }

    deinit { stop() }

    /// 10 seconds and one more for every 10^8 units of fuel (about a fortieth of the measured speed), at most ten
    /// minutes.
    package static func deadline(fuelLimit: UInt64) -> Duration {
        .seconds(min(600, 10 + fuelLimit / 100_000_000))
    }

    /// Runs one task; waits for a running one. `deadline` counts from the start of this task's own turn.
    package func run(_ request: RunRequest, deadline: Duration? = nil) -> Outcome {
        if request.program.count > ExecutionLimits.moduleBytesMax {
            return .abstained(.refused(ScanError.moduleTooLarge(bytes: request.program.count).description))
        }
        if request.input.count > ExecutionLimits.inputBytesMax { return .abstained(.inputTooLarge) }
        precondition(
            request.salts.count <= ExecutionLimits.saltsMax
                && request.salts.allSatisfy { $0.count <= ExecutionLimits.saltBytesMax },
            "\(request.salts.count) salts")
        let allowed = deadline ?? Self.deadline(fuelLimit: request.fuelLimit)
        return child.withLock { child in
            do throws(ChildError) {
                return try exchange(request, allowed, &child)
            } catch {
                let ending = end(&child)
                switch error {
                case .deadline: return .abstained(.deadline)
                case .died(let reason):
                    return .abstained(.childDied([reason, ending].compactMap { $0 }.joined(separator: ", ")))
                }
            }
        }
    }

    /// Ends the child for good, also in the middle of a run: that run and all later ones abstain.
    package func stop() {
        control.withLock { control in
            control.isStopped = true
            if let id = control.id { kill(id, SIGKILL) }
        }
        child.withLock { child in _ = end(&child) }
    }

    private func exchange(
        _ request: RunRequest, _ allowed: Duration, _ child: inout ChildProcess?
    ) throws(ChildError) -> Outcome {
        let running = try started(&child)
        let limit = ContinuousClock.now.advanced(by: allowed)
        let seconds = UInt32(clamping: allowed.components.seconds + 1)
        try running.send(request.encoded(cpuSeconds: seconds), until: limit)
        let frame = try running.receive(until: limit)
        do throws(ExecutorFrameError) {
            return try Outcome.decode(frame)
        } catch {
            throw .died("it answered with nonsense (\(error))")
        }
    }

    /// The living child, a new one if need be.
    private func started(_ child: inout ChildProcess?) throws(ChildError) -> ChildProcess {
        if let child, !child.hasEnded { return child }
        _ = end(&child)
        if control.withLock({ $0.isStopped }) { throw .died("it was stopped") }
        let new = try ChildProcess(command)
        child = new
        let isStopped = control.withLock { control in
            control.id = new.id
            return control.isStopped
        }
        if isStopped { throw .died("it was stopped") }
        return new
    }

    private func end(_ child: inout ChildProcess?) -> String? {
        control.withLock { $0.id = nil }
        defer { child = nil }
        return child?.kill()
    }
}
