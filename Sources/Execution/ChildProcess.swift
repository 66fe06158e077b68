// One running child and the socket to it. Its environment holds only what finding the library needs, and of the
// parent's descriptors it gets the socket and standard error.

import CWasmtime
import Glibc
import Primitives
import ProgramRules

enum ChildError: Error, Equatable {
    case deadline
    case died(String)
}

/// Used under the lock of ExecutorProcess only; `kill` must be called before the last reference goes.
struct ChildProcess {
    let id: pid_t
    private let socket: Int32

    private static let inherited = ["HOME", "XDG_CACHE_HOME", "MERIT_WASMTIME", "LD_LIBRARY_PATH", "TMPDIR"]

    init(_ command: ExecutorProcess.Command) throws(ChildError) {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        if socketpair(AF_UNIX, type, 0, &ends) != 0 { throw .died("no socket: \(Self.reason(errno))") }
        let status: Int32
        (status, id) = Self.spawn(command, socket: ends[1])
        close(ends[1])
        if status != 0 {
            close(ends[0])
            throw .died("\(command.path) does not start: \(Self.reason(status))")
        }
        socket = ends[0]
    }

    private static func spawn(_ command: ExecutorProcess.Command, socket: Int32) -> (Int32, pid_t) {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, socket, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, socket, STDOUT_FILENO)
        cwt_spawn_close_from(&actions, 3)

        let arguments = ([command.path] + command.arguments).map { strdup($0) }
        let variables = inherited.compactMap { name in EngineLibrary.environment(name).map { "\(name)=\($0)" } }
        let environment = (variables + ["SWIFT_BACKTRACE=enable=no"]).map { strdup($0) }
        defer { for text in arguments + environment { free(text) } }
        var id: pid_t = 0
        let status = SpawnAttributes.with {
            posix_spawn(&id, command.path, &actions, &$0, arguments + [nil], environment + [nil])
        }
        return (status, id)
    }

    private static func reason(_ code: Int32) -> String { String(cString: strerror(code)) }

    /// Whether the other end is gone.
    var hasEnded: Bool {
        var entry = pollfd(fd: socket, events: 0, revents: 0)
        return poll(&entry, 1, 0) != 0
    }

    /// Kills, reaps and closes. How the child ended, if it was not by this kill.
    @discardableResult
    func kill() -> String? {
        // A child that is ending by itself gets the moment it needs, so that the reason names its own signal.
        var status: Int32 = 0
        var ended = hasEnded ? reap(&status, attempts: 50) : false
        let byItself = ended
        if !ended {
            Glibc.kill(id, SIGKILL)
            while !ended { ended = waitpid(id, &status, 0) == id || errno != EINTR }
        }
        close(socket)
        if !byItself { return nil }
        return status & 0x7F == 0 ? "exit status \(status >> 8 & 0xFF)" : "signal \(status & 0x7F)"
    }

    private func reap(_ status: inout Int32, attempts: Int) -> Bool {
        for _ in 0..<attempts {
            if waitpid(id, &status, WNOHANG) == id { return true }
            usleep(1_000)
        }
        return false
    }

    // MARK: frames

    func send(_ payload: Bytes, until limit: ContinuousClock.Instant) throws(ChildError) {
        var header = FrameWriter()
        header.number(UInt32(payload.count))
        let frame = header.bytes + payload
        var sent = 0
        while sent < frame.count {
            try wait(for: POLLOUT, until: limit)
            let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
            let count = frame.withUnsafeBytes { Glibc.send(socket, $0.baseAddress! + sent, frame.count - sent, flags) }
            if count < 0 && (errno == EINTR || errno == EAGAIN) { continue }
            if count <= 0 { throw .died("it stopped reading") }
            sent += count
        }
    }

    func receive(until limit: ContinuousClock.Instant) throws(ChildError) -> Bytes {
        let header = try receive(4, until: limit)
        let count = header.reversed().reduce(0) { $0 << 8 | Int($1) }
        if count > ExecutionLimits.answerBytesMax { throw .died("it announced \(count) bytes") }
        return try receive(count, until: limit)
    }

    private func receive(_ count: Int, until limit: ContinuousClock.Instant) throws(ChildError) -> Bytes {
        var bytes = Bytes(repeating: 0, count: count)
        var filled = 0
        while filled < count {
            try wait(for: POLLIN, until: limit)
            let flags = Int32(MSG_DONTWAIT)
            let got = bytes.withUnsafeMutableBytes { recv(socket, $0.baseAddress! + filled, count - filled, flags) }
            if got < 0 && (errno == EINTR || errno == EAGAIN) { continue }
            if got <= 0 { throw .died("it ended without an answer") }
            filled += got
        }
        return bytes
    }

    /// Returns when the socket is ready or its other end is gone.
    private func wait(for event: Int32, until limit: ContinuousClock.Instant) throws(ChildError) {
        while true {
            let left = ContinuousClock.now.duration(to: limit)
            if left <= .zero { throw .deadline }
            let milliseconds = left.components.seconds * 1_000 + left.components.attoseconds / 1_000_000_000_000_000 + 1
            var entry = pollfd(fd: socket, events: Int16(event), revents: 0)
            if poll(&entry, 1, Int32(clamping: milliseconds)) > 0 { return }
        }
    }
}
