// Children of this process: their ends, what they write, and what they inherit. Each child that could wait for ever
// has a `timeout` of its own, so that a broken rule is a red test and no hanging one.
import Foundation
import Glibc
import Synchronization
import Testing

@testable import merit

@Suite("Children of this process", .serialized)
struct SpawnTests {
    /// Both streams and the exit code of a shell's script.
    private static func shell(_ script: String) throws -> (output: String, errors: String, code: Int32) {
        var output = try SpawnPipe()
        var errors = try SpawnPipe()
        let id = try Spawn.start(
            "/usr/bin/timeout", ["20", "/bin/sh", "-c", script], output: output.writer, errors: errors.writer)
        output.closeWriter()
        errors.closeWriter()
        let (first, second) = SpawnPipe.drain(output, errors)
        return (String(decoding: first, as: UTF8.self), String(decoding: second, as: UTF8.self), Spawn.wait(for: id))
    }

    /// Script | exit code.
    static let endings: [(String, Int32)] = [
        ("exit 0", 0), ("exit 1", 1), ("exit 70", 70), ("exit 255", 255), ("kill -KILL $$", 137),
        ("kill -TERM $$", 143),
        ("kill -HUP $$", 129),
    ]

    @Test("an exit code is the child's own, and 128 and the number of the signal that ended it", arguments: endings)
    func ends(script: String, code: Int32) throws {
        #expect(Spawn.wait(for: try Spawn.start("/bin/sh", ["-c", script])) == code)
    }

    @Test(
        "a program that is not there, or is none, is refused by its path",
        arguments: ["/nonexistent/sh", "/etc/passwd"])
    func refusal(path: String) {
        let error = #expect(throws: Spawn.Failure.self) { try Spawn.start(path, []) }
        #expect(error?.description.hasPrefix("\(path) does not start: ") == true)
    }

    @Test("what is written to each stream comes back whole, however much it is and whichever comes first")
    func streams() throws {
        let short = try Self.shell("echo one; echo two >&2; cat; exit 3")
        #expect(short == ("one\n", "two\n", 3))
        let size = 3_000_000
        for order in [
            "head -c \(size) /dev/zero >&2; head -c \(size) /dev/zero",
            "head -c \(size) /dev/zero; head -c \(size) /dev/zero >&2",
        ] {
            let long = try Self.shell(order)
            #expect(long.output.utf8.count == size && long.errors.utf8.count == size && long.code == 0)
        }
    }

    @Test("streams that nobody asked for go nowhere, and arguments arrive as they are")
    func silence() throws {
        #expect(Spawn.wait(for: try Spawn.start("/bin/sh", ["-c", "echo a && echo b >&2"])) == 0)
        var output = try SpawnPipe()
        var errors = try SpawnPipe()
        let words = ["", " a  b ", "\"$HOME\"", "\\n", "ü"]
        let id = try Spawn.start(
            "/bin/sh", ["-c", "for word; do printf '<%s>\\n' \"$word\"; done", "sh"] + words, output: output.writer)
        output.closeWriter()
        errors.closeWriter()
        let answer = SpawnPipe.drain(output, errors).first
        #expect(String(decoding: answer, as: UTF8.self) == words.map { "<\($0)>\n" }.joined())
        #expect(Spawn.wait(for: id) == 0)
    }

    @Test("signals that this process ignores or blocks end a child as they end any")
    func signals() throws {
        let before = signal(SIGUSR1, SIG_IGN)
        defer { signal(SIGUSR1, before) }
        var (blocked, old) = (sigset_t(), sigset_t())
        sigemptyset(&blocked)
        sigaddset(&blocked, SIGUSR2)
        pthread_sigmask(SIG_BLOCK, &blocked, &old)
        defer { pthread_sigmask(SIG_SETMASK, &old, nil) }
        for number in [SIGUSR1, SIGUSR2] {
            let id = try Spawn.start("/bin/sh", ["-c", "kill -\(number) $$"])
            #expect(Spawn.wait(for: id) == 128 + number)
        }
    }

    @Test("a child that goes on holds no stream of another one")
    func inheritance() throws {
        var output = try SpawnPipe()
        var errors = try SpawnPipe()
        let other = try Spawn.start("/bin/sleep", ["30"])
        let id = try Spawn.start("/bin/sh", ["-c", "echo done"], output: output.writer, errors: errors.writer)
        output.closeWriter()
        errors.closeWriter()
        let answer = SpawnPipe.drain(output, errors).first
        #expect(answer == Array("done\n".utf8))
        #expect(Spawn.wait(for: id) == 0)
        // Read to the end while the other one was still at work, or it would have ended by itself.
        kill(other, SIGKILL)
        #expect(Spawn.wait(for: other) == 128 + SIGKILL)
    }

    /// nil when the child said its number and ended with it.
    private static func mistake(_ number: Int) -> String? {
        do {
            let end = try shell("echo \(number); echo -\(number) >&2; exit \(number)")
            return end == ("\(number)\n", "-\(number)\n", Int32(number)) ? nil : "\(number): \(end)"
        } catch {
            return "\(number): \(error)"
        }
    }

    @Test("of many children that threads start at the same moment each is seen to end, with its own words and code")
    func crowd() throws {
        let wrong = Mutex<[String]>([])
        let threads = DispatchGroup()
        for thread in 0..<8 {
            threads.enter()
            Thread {
                let found = (thread * 12..<thread * 12 + 12).compactMap(Self.mistake)
                wrong.withLock { $0 += found }
                threads.leave()
            }.start()
        }
        threads.wait()
        #expect(wrong.withLock { $0 } == [])
    }
}
