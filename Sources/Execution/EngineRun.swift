// One task of class Q in an external engine: a command of the operator's own, which reads the task's input and writes
// its output. Whatever it does, it costs no more than the limits: bytes of output, time, one line of its complaints.
// Invariant: when `execute` returns, no process of the command's group is left. Blocks the calling thread.

import CWasmtime
import Glibc
package import Primitives
import Synchronization

/// `NAME=COMMAND`: what runs the tasks of the engine of that name. No shell reads the command: it is split at spaces.
package struct EngineCommand: Hashable, Sendable {
    package let name: String
    /// The program, looked for in PATH, and its arguments.
    package let words: [String]

    package init?(_ text: String) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2 else { return nil }
        (name, words) = (String(parts[0]), parts[1].split(separator: " ").map(String.init))
        if name.isEmpty || words.isEmpty { return nil }
    }
}

package struct EngineTask: Sendable {
    package let job: Digest
    package let index: UInt32
    package let input: Bytes
    package let outputBytesMax: Int

    package init(job: Digest, index: UInt32, input: Bytes, outputBytesMax: Int) {
        (self.job, self.index, self.input, self.outputBytesMax) = (job, index, input, outputBytesMax)
    }
}

package enum EngineEnding: Equatable, Sendable {
    case output(Bytes)
    /// `complaint`: the first line that it wrote to standard error.
    case failed(EngineFailure, complaint: String)
}

package enum EngineFailure: Error, Equatable, CustomStringConvertible, Sendable {
    case notStarted(String)
    case exited(Int32)
    case signalled(Int32)
    case tooMuchOutput(max: Int)
    case tooSlow
    /// Nobody waits for the output any more.
    case cancelled

    package var description: String {
        switch self {
        case .notStarted(let reason): "it does not start: \(reason)"
        case .exited(let code): "it ended with code \(code)"
        case .signalled(let number): "signal \(number) ended it"
        case .tooMuchOutput(let max): "it wrote more than the job's \(max) bytes"
        case .tooSlow: "it took too long"
        case .cancelled: "its task is over"
        }
    }
}

package final class EngineRun: Sendable {
    private struct Control {
        /// Set only while the command is not reaped, so that a signal cannot hit another process.
        var id: pid_t?
        var isCancelled = false
    }

    private static let complaintBytesMax = 200
    private let command: EngineCommand
    private let task: EngineTask
    private let control = Mutex(Control())

    package init(_ command: EngineCommand, _ task: EngineTask) { (self.command, self.task) = (command, task) }

    /// From any thread, at any time.
    package func cancel() {
        control.withLock { control in
            control.isCancelled = true
            if let id = control.id { kill(-id, SIGKILL) }
        }
    }

    package func execute(upTo allowed: Duration) -> EngineEnding {
        let limit = ContinuousClock.now.advanced(by: allowed)
        var complaint = Bytes()
        do throws(EngineFailure) {
            let (id, output, errors) = try start()
            defer { for descriptor in [output, errors] { close(descriptor) } }
            var bytes = Bytes()
            do throws(EngineFailure) {
                try read(output, into: &bytes, errors, into: &complaint, until: limit)
                try waitForEnd(of: id, until: limit)
            } catch {
                _ = end(id)
                throw control.withLock { $0.isCancelled } ? .cancelled : error
            }
            let status = end(id)
            if control.withLock({ $0.isCancelled }) { throw .cancelled }
            if status & 0x7F != 0 { throw .signalled(status & 0x7F) }
            if status != 0 { throw .exited(status >> 8 & 0xFF) }
            return .output(bytes)
        } catch {
            let line = complaint.prefix { $0 != UInt8(ascii: "\n") }
            return .failed(error, complaint: String(decoding: line, as: UTF8.self))
        }
    }

    // MARK: Start

    private func start() throws(EngineFailure) -> (id: pid_t, output: Int32, errors: Int32) {
        let input = cwt_memory_file()
        if input < 0 { throw Self.failure("no file for the input") }
        defer { close(input) }
        try fill(input)
        let output = try Self.pipe()
        let errors: (reader: Int32, writer: Int32)
        do throws(EngineFailure) { errors = try Self.pipe() } catch {
            for descriptor in [output.reader, output.writer] { close(descriptor) }
            throw error
        }
        let (status, id) = spawn([input, output.writer, errors.writer])
        for descriptor in [output.writer, errors.writer] { close(descriptor) }
        if status != 0 {
            for descriptor in [output.reader, errors.reader] { close(descriptor) }
            throw .notStarted(String(cString: strerror(status)))
        }
        control.withLock { control in
            control.id = id
            if control.isCancelled { kill(-id, SIGKILL) }
        }
        return (id, output.reader, errors.reader)
    }

    private func fill(_ file: Int32) throws(EngineFailure) {
        var written = 0
        while written < task.input.count {
            let count = task.input.withUnsafeBytes { write(file, $0.baseAddress! + written, $0.count - written) }
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { throw Self.failure("the input") }
            written += count
        }
        lseek(file, 0, SEEK_SET)
    }

    private static func pipe() throws(EngineFailure) -> (reader: Int32, writer: Int32) {
        var ends: [Int32] = [-1, -1]
        guard cwt_pipe(&ends) == 0 else { throw failure("no pipe") }
        return (ends[0], ends[1])
    }

    private static func failure(_ what: String) -> EngineFailure {
        .notStarted("\(what): \(String(cString: strerror(errno)))")
    }

    /// A group of its own, so that what the command starts ends with it.
    private func spawn(_ descriptors: [Int32]) -> (status: Int32, id: pid_t) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (place, descriptor) in descriptors.enumerated() {
            posix_spawn_file_actions_adddup2(&actions, descriptor, Int32(place))
        }
        cwt_spawn_close_from(&actions, 3)
        let arguments = command.words.map { strdup($0) }
        let environment = (Self.inherited + ["MERIT_JOB=\(task.job)", "MERIT_TASK=\(task.index)"]).map { strdup($0) }
        defer { for text in arguments + environment { free(text) } }
        var id: pid_t = 0
        let status = SpawnAttributes.with(leadsGroup: true) {
            posix_spawnp(&id, command.words[0], &actions, &$0, arguments + [nil], environment + [nil])
        }
        return (status, id)
    }

    /// The operator's environment, for that is whose program it is, but nothing that is meant for this program.
    private static var inherited: [String] {
        var found: [String] = []
        var next: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?> = environ
        while let text = next.pointee {
            let line = String(cString: text)
            if !line.hasPrefix("MERIT_") { found.append(line) }
            next += 1
        }
        return found
    }

    // MARK: Course

    /// Until both are at their ends; of complaints only the beginning is kept.
    private func read(
        _ output: Int32, into bytes: inout Bytes, _ errors: Int32, into complaint: inout Bytes,
        until limit: ContinuousClock.Instant
    ) throws(EngineFailure) {
        var entries = [output, errors].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        var chunk = Bytes(repeating: 0, count: 65_536)
        while entries.contains(where: { $0.fd >= 0 }) {
            if poll(&entries, nfds_t(entries.count), try Self.milliseconds(until: limit)) <= 0 { continue }
            for place in entries.indices where entries[place].fd >= 0 && entries[place].revents != 0 {
                let count = Glibc.read(entries[place].fd, &chunk, chunk.count)
                if count == 0 || (count < 0 && errno != EINTR) { entries[place].fd = -1 }
                if count <= 0 { continue }
                if place == 1 {
                    complaint += chunk[..<count].prefix(Self.complaintBytesMax - complaint.count)
                    continue
                }
                guard bytes.count + count <= task.outputBytesMax else {
                    throw .tooMuchOutput(max: task.outputBytesMax)
                }
                bytes += chunk[..<count]
            }
        }
    }

    /// A command may close its outputs and go on; it is left unreaped, so that its group keeps its name.
    private func waitForEnd(of id: pid_t, until limit: ContinuousClock.Instant) throws(EngineFailure) {
        var facts = siginfo_t()
        while true {
            facts = siginfo_t()
            if waitid(P_PID, id_t(id), &facts, WEXITED | WNOWAIT | WNOHANG) == 0, facts.si_signo == SIGCHLD { return }
            poll(nil, 0, min(5, try Self.milliseconds(until: limit)))
        }
    }

    private static func milliseconds(until limit: ContinuousClock.Instant) throws(EngineFailure) -> Int32 {
        let left = ContinuousClock.now.duration(to: limit)
        if left <= .zero { throw .tooSlow }
        return Int32(clamping: left / .milliseconds(1) < 1 ? 1 : Int64(left / .milliseconds(1)))
    }

    /// Kills what is left of the group and reaps the command: its status.
    private func end(_ id: pid_t) -> Int32 {
        control.withLock { control in
            control.id = nil
            kill(-id, SIGKILL)
        }
        var status: Int32 = 0
        while waitpid(id, &status, 0) != id, errno == EINTR {}
        return status
    }
}
