// The child side: an otherwise empty process that runs one task after the other for its parent, on standard input
// and output. A fault of the engine ends this process and nothing else. Only the hidden subcommand of an executable
// calls it.

import Glibc
import Primitives
import ProgramRules

package enum ExecutorChild {
    /// Serves until the parent closes its end. Never returns; the exit status is 0 after a closed end, 1 after a frame
    /// that does not parse.
    package static func serve() -> Never {
        limit(RLIMIT_AS, ExecutionLimits.addressSpaceBytes)
        limit(RLIMIT_CORE, 0)
        endWithParent()
        var program: Program?
        while true {
            guard let frame = read() else { exit(0) }
            do throws(ExecutorFrameError) {
                let (request, seconds) = try RunRequest.decode(frame)
                allow(cpuSeconds: seconds)
                write(answer(request, &program).encoded())
            } catch {
                exit(1)
            }
        }
    }

    /// The last program stays compiled: tasks of one job come together.
    private static func answer(_ request: RunRequest, _ program: inout Program?) -> Outcome {
        do throws(EngineError) {
            let engine = try Engine.shared()
            do throws(Abstention) {
                let compiled =
                    if let program, program.bytes == request.program { program } else {
                        try Program(request.program, engine: engine)
                    }
                program = compiled
                return ProgramRun.run(request, program: compiled)
            } catch {
                return .abstained(error.reason)
            }
        } catch {
            return .abstained(.unavailable(error.description))
        }
    }

    // MARK: limits

    private static func limit(_ kind: __rlimit_resource, _ value: UInt64) {
        let resource = __rlimit_resource_t(kind.rawValue)
        var limits = rlimit()
        getrlimit(resource, &limits)
        limits.rlim_cur = min(rlim_t(value), limits.rlim_max)
        setrlimit(resource, &limits)
    }

    /// CPU time counts over the life of the process, so each request moves the limit.
    private static func allow(cpuSeconds: UInt32) {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        let used = usage.ru_utime.tv_sec + usage.ru_stime.tv_sec
        limit(RLIMIT_CPU, UInt64(clamping: used) + UInt64(cpuSeconds) + 1)
    }

    /// A task may run for long; when the parent is gone nobody waits for it.
    private static func endWithParent() {
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { _ in
                var input = pollfd(fd: STDIN_FILENO, events: 0, revents: 0)
                while poll(&input, 1, -1) < 0 && errno == EINTR {}
                _exit(0)
            }, nil)
    }

    // MARK: frames

    private static func read() -> Bytes? {
        guard let header = read(4) else { return nil }
        let count = header.reversed().reduce(0) { $0 << 8 | Int($1) }
        return count <= ExecutionLimits.requestBytesMax ? read(count) : nil
    }

    private static func read(_ count: Int) -> Bytes? {
        var bytes = Bytes(repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let got = bytes.withUnsafeMutableBytes {
                Glibc.read(STDIN_FILENO, $0.baseAddress! + filled, count - filled)
            }
            if got < 0 && errno == EINTR { continue }
            if got <= 0 { return nil }
            filled += got
        }
        return bytes
    }

    private static func write(_ payload: Bytes) {
        var header = FrameWriter()
        header.number(UInt32(payload.count))
        var rest = (header.bytes + payload)[...]
        while !rest.isEmpty {
            let sent = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
            if sent < 0 && errno == EINTR { continue }
            if sent <= 0 { exit(0) }
            rest = rest.dropFirst(sent)
        }
    }
}
