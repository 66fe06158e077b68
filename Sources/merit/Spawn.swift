// Children of this program, started and waited for by hand: Foundation learns of a child's end by a socket that
// another child, started at the same moment, can inherit, and then waits for ever.
// Invariant: of this process's descriptors a child gets the three it is given and nothing else, because every other
// one closes when a program is executed; its signals are as a fresh shell leaves them.
import Execution
import Glibc

enum Spawn {
    struct Failure: Error, CustomStringConvertible {
        let path: String
        let reason: String
        var description: String { "\(path) does not start: \(reason)" }
    }

    /// Standard input is empty; `output` and `errors` become the child's, and go nowhere where they are nil.
    static func start(
        _ path: String, _ arguments: [String], output: Int32? = nil, errors: Int32? = nil
    ) throws -> pid_t {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
        for (descriptor, place) in [(output, STDOUT_FILENO), (errors, STDERR_FILENO)] {
            if let descriptor {
                posix_spawn_file_actions_adddup2(&actions, descriptor, place)
            } else {
                posix_spawn_file_actions_addopen(&actions, place, "/dev/null", O_WRONLY, 0)
            }
        }

        let texts = ([path] + arguments).map { strdup($0) }
        defer { for text in texts { free(text) } }
        var id: pid_t = 0
        let status = SpawnAttributes.with { posix_spawn(&id, path, &actions, &$0, texts + [nil], environ) }
        guard status == 0 else { throw Failure(path: path, reason: String(cString: strerror(status))) }
        return id
    }

    /// The exit code as a shell gives it: 128 and the signal's number where one ended the process. The child's own
    /// parent calls this, once.
    static func wait(for id: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(id, &status, 0) != id {
            precondition(errno == EINTR, "process \(id) is no child that runs: \(String(cString: strerror(errno)))")
        }
        return status & 0x7F == 0 ? status >> 8 & 0xFF : 128 + status & 0x7F
    }
}

/// What a child writes, read until nobody can write any more.
struct SpawnPipe: ~Copyable {
    /// For the child; closed in this process by `closeWriter`.
    private(set) var writer: Int32
    let reader: Int32

    init() throws {
        var ends: [Int32] = [-1, -1]
        // Not a pipe: the C library shows Swift no way to make one that closes when a program is executed.
        guard socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
            throw Spawn.Failure(path: "a socket pair", reason: String(cString: strerror(errno)))
        }
        (reader, writer) = (ends[0], ends[1])
    }

    deinit {
        close(reader)
        if writer >= 0 { close(writer) }
    }

    mutating func closeWriter() {
        close(writer)
        writer = -1
    }

    /// Both to their ends, whichever has more: neither child nor parent waits for the other.
    static func drain(
        _ first: borrowing SpawnPipe, _ second: borrowing SpawnPipe
    ) -> (first: [UInt8], second: [UInt8]) {
        var entries = [first.reader, second.reader].map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
        var read: [[UInt8]] = [[], []]
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while entries.contains(where: { $0.fd >= 0 }) {
            if poll(&entries, nfds_t(entries.count), -1) < 0 { continue }
            for index in entries.indices where entries[index].fd >= 0 && entries[index].revents != 0 {
                let count = Glibc.read(entries[index].fd, &chunk, chunk.count)
                if count > 0 { read[index] += chunk[..<count] }
                if count == 0 || (count < 0 && errno != EINTR) { entries[index].fd = -1 }
            }
        }
        return (read[0], read[1])
    }
}
