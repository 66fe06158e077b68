// The bounds of an external engine: whatever the command does, it ends, within the limits, and leaves nothing behind.
import Cryptography
import Foundation
import Primitives
import ProgramRules
import Testing

@testable import Execution

@Suite("external engines")
struct EngineRunTests {
    private static func run(
        _ command: String, input: Bytes = [], outputBytesMax: Int = 1_000, allowed: Duration = .seconds(60)
    ) throws -> EngineEnding {
        try Self.made(command, input, outputBytesMax).execute(upTo: allowed)
    }

    private static func made(_ command: String, _ input: Bytes = [], _ outputBytesMax: Int = 1_000) throws -> EngineRun
    {
        let command = try #require(EngineCommand("test=" + command))
        return EngineRun(
            command, EngineTask(job: Hash.sha256([1]), index: 3, input: input, outputBytesMax: outputBytesMax))
    }

    @Test("NAME=COMMAND is split at spaces, and at the first sign of equality")
    func commands() throws {
        let command = try #require(EngineCommand("a-1=env  A=b c"))
        #expect(command.name == "a-1" && command.words == ["env", "A=b", "c"])
        for text in ["", "a", "a=", "a= ", "=cat"] { #expect(EngineCommand(text) == nil) }
    }

    @Test("the input comes on standard input, the output is what the command wrote")
    func output() throws {
        let bytes = Bytes((0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) })
        #expect(try Self.run("cat", input: bytes, outputBytesMax: bytes.count) == .output(bytes))
        #expect(
            try Self.run("sha256sum", input: Bytes("abc".utf8))
                == .output(Bytes("\(Hash.sha256(Bytes("abc".utf8)))  -\n".utf8)))
        #expect(try Self.run("true") == .output([]))
    }

    @Test("job and task stand in the environment, and nothing else that is named for this program")
    func environment() throws {
        setenv("MERIT_PASSPHRASE_FILE", "/secret", 1)
        defer { unsetenv("MERIT_PASSPHRASE_FILE") }
        guard case .output(let bytes) = try Self.run("env", outputBytesMax: 1 << 20) else {
            Issue.record("env gave nothing")
            return
        }
        let own = String(decoding: bytes, as: UTF8.self).split(separator: "\n").filter { $0.hasPrefix("MERIT_") }
        #expect(own.sorted() == ["MERIT_JOB=\(Hash.sha256([1]))", "MERIT_TASK=3"])
    }

    @Test("a command that writes for ever is ended at the limit; one that writes just so much is not")
    func tooMuch() throws {
        #expect(
            try Self.run("yes", outputBytesMax: 100_000)
                == .failed(.tooMuchOutput(max: 100_000), complaint: ""))
        #expect(try Self.run("printf 12345", outputBytesMax: 5) == .output(Bytes("12345".utf8)))
        #expect(try Self.run("printf 12345", outputBytesMax: 4) == .failed(.tooMuchOutput(max: 4), complaint: ""))
    }

    @Test("a command that waits is ended when its time is over, or when nobody waits for it any more")
    func tooSlow() throws {
        let pipe = NSTemporaryDirectory() + "merit-pipe-\(UUID().uuidString)"
        try #require(mkfifo(pipe, 0o600) == 0)
        defer { unlink(pipe) }
        let start = ContinuousClock.now
        #expect(
            try Self.run("cat \(pipe)", allowed: .milliseconds(50)) == .failed(.tooSlow, complaint: ""))
        #expect(ContinuousClock.now - start < .seconds(20))

        let run = try Self.made("cat \(pipe)")
        let end = Thread.result { run.execute(upTo: .seconds(60)) }
        // Opening to write returns once the command has opened its end.
        let writer = open(pipe, O_WRONLY)
        defer { close(writer) }
        run.cancel()
        #expect(end.value == .failed(.cancelled, complaint: ""))
        #expect(try Self.made("cat \(pipe)").cancelled() == .failed(.cancelled, complaint: ""))
    }

    @Test("a command that fails, or does not exist, has no output, and its first complaint is kept")
    func failures() throws {
        #expect(try Self.run("false") == .failed(.exited(1), complaint: ""))
        guard case .failed(.exited(let code), let complaint) = try Self.run("cat /nonexistent/file /nonexistent/more")
        else {
            Issue.record("cat found it")
            return
        }
        #expect(code == 1 && complaint.contains("/nonexistent/file") && !complaint.contains("more"))
        guard case .failed(.notStarted, _) = try Self.run("/nonexistent/engine") else {
            Issue.record("it started")
            return
        }
    }

    @Test("names of engines have one form, and an id that is not the WebAssembly engine's")
    func names() throws {
        let id = try #require(PanelEngine.id("sha256"))
        #expect(id == Hash.sha256(Bytes("merit.panel-engine.1\0sha256".utf8)))
        #expect(id != EngineIdentity.id && id != PanelEngine.id("sha-256"))
        for name in ["", "A", "a b", "a=b", "ä", String(repeating: "a", count: 65)] {
            #expect(PanelEngine.id(name) == nil)
        }
        #expect(PanelEngine.id(String(repeating: "a", count: 64)) != nil && PanelEngine.id("a-1.b_2") != nil)
    }
}

extension EngineRun {
    fileprivate func cancelled() -> EngineEnding {
        cancel()
        return execute(upTo: .seconds(60))
    }
}

/// A value that another thread computes.
private final class Pending<Value: Sendable>: @unchecked Sendable {
    private let done = DispatchSemaphore(value: 0)
    private var found: Value?

    func give(_ value: Value) {
        found = value
        done.signal()
    }

    var value: Value? {
        done.wait()
        return found
    }
}

extension Thread {
    fileprivate static func result<Value: Sendable>(_ work: @escaping @Sendable () -> Value) -> Pending<Value> {
        let pending = Pending<Value>()
        Thread { pending.give(work()) }.start()
        return pending
    }
}
