// The child process gives what this process gives, and whatever happens to a child is an abstention and no more.

import Foundation
import Primitives
import ProgramRules
import Synchronization
import Testing

@testable import Execution

@Suite struct ExecutorProcessTests {
    /// The executable built beside the tests.
    static func executor(_ mode: String) throws -> ExecutorProcess {
        let own = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
        let path = URL(fileURLWithPath: own).deletingLastPathComponent().appending(path: "ExecutorFixture").path
        return ExecutorProcess(.init(path: path, arguments: [mode]))
    }

    private static let endless = ModuleBuilder.run(
        [0x03, 0x40] + Code.int(0) + Code.int(7) + [0x36, 2, 0, 0x0C, 0, 0x0B, 0])

    @Test("a child answers as this process does: results, traps, refusals, one after the other")
    func equality() throws {
        let executor = try Self.executor("serve")
        let engine = try Engine.shared()
        var requests = TrapRow.all.map { RunTests.request($0.program) }
        requests.append(RunTests.request(ModuleBuilder.function([0x10, 2])))
        requests.append(RunTests.request(RunTests.echo, input: Bytes(repeating: 3, count: 900)))
        requests.append(
            try ShippedProgramTests.request(.matmul, ShippedProgramTests.matrices(64, 64, 64, band: 16).input, task: 2))
        requests.append(
            try ShippedProgramTests.request(.montecarlo, ShippedProgramTests.option(paths: 100, steps: 8, seed: 3)))
        requests[requests.count - 1].salts = [[1, 2, 3], []]
        for request in requests { #expect(executor.run(request) == ProgramRun.run(request, engine: engine)) }
    }

    @Test("the largest request and the longest output fit the frames")
    func largest() throws {
        // Returns 65,536 bytes of its input, which lies in a memory of 32 pages.
        var request = RunRequest(
            program: ModuleBuilder.with {
                $0.memories = [[1, 32, 32]]
                $0.bodies[1] = [0] + Code.long(1024 << 32 | 65_536) + [Code.end]
            },
            input: Bytes(repeating: 9, count: ExecutionLimits.inputBytesMax), taskIndex: 0, fuelLimit: 1_000)
        request.salts = [Bytes](repeating: Bytes(repeating: 1, count: 64), count: ExecutionLimits.saltsMax)
        guard case .result(let result) = try Self.executor("serve").run(request) else {
            Issue.record("no result")
            return
        }
        #expect(result.output == Bytes(repeating: 9, count: 65_536))
        #expect(result.saltedMemory.count == ExecutionLimits.saltsMax)
    }

    @Test("a task over its deadline is stopped and abstained from, and the next one runs in a new child")
    func deadline() throws {
        let executor = try Self.executor("serve")
        let request = RunTests.request(Self.endless, fuel: .max >> 1)
        #expect(executor.run(request, deadline: .milliseconds(200)) == .abstained(.deadline))
        #expect(
            executor.run(RunTests.request(RunTests.echo))
                == ProgramRun.run(RunTests.request(RunTests.echo), engine: try .shared()))
    }

    @Test(
        "a child that ends, hangs, floods or talks nonsense gives an abstention",
        arguments: [
            ("exit", "exit status 3"), ("garbage", "nonsense"), ("flood", "2147483647 bytes"),
            ("nothing", "exit status 2"),
        ])
    func broken(mode: String, reason: String) throws {
        let executor = try Self.executor(mode)
        for _ in 0..<2 {
            guard case .abstained(.childDied(let text)) = executor.run(RunTests.request(RunTests.echo)) else {
                Issue.record("no abstention of \(mode)")
                return
            }
            #expect(text.contains(reason), "\(text)")
        }
    }

    @Test("a child that never reads or answers runs into the deadline")
    func hanging() throws {
        let executor = try Self.executor("hang")
        var request = RunTests.request(RunTests.echo)
        #expect(executor.run(request, deadline: .milliseconds(50)) == .abstained(.deadline))
        request = RunTests.request(RunTests.echo, input: Bytes(repeating: 0, count: ExecutionLimits.inputBytesMax))
        #expect(executor.run(request, deadline: .milliseconds(50)) == .abstained(.deadline))
    }

    @Test("stop ends a running task, which then abstains, and every later one")
    func stopping() throws {
        let executor = try Self.executor("serve")
        #expect(executor.run(RunTests.request(RunTests.echo)) != .abstained(.deadline))
        let outcome = Mutex<Outcome?>(nil)
        let thread = Thread {
            let found = executor.run(RunTests.request(Self.endless, fuel: .max), deadline: .seconds(60))
            outcome.withLock { $0 = found }
        }
        thread.start()
        executor.stop()
        #expect(executor.run(RunTests.request(RunTests.echo)) == .abstained(.childDied("it was stopped")))
        while outcome.withLock({ $0 }) == nil { usleep(1_000) }
        guard case .abstained(.childDied) = outcome.withLock({ $0 }) else {
            Issue.record("the stopped run gave a result")
            return
        }
    }

    @Test("an executable that is not there gives an abstention")
    func missing() {
        let executor = ExecutorProcess(.init(path: "/nonexistent/merit", arguments: []))
        guard case .abstained(.childDied(let text)) = executor.run(RunTests.request(RunTests.echo)) else {
            Issue.record("no abstention")
            return
        }
        #expect(text.contains("does not start"))
    }

    @Test("frames cut short, with bytes left or with a tag of no meaning are refused")
    func frames() throws {
        var request = RunTests.request(RunTests.echo)
        request.salts = [[1, 2]]
        let bytes = request.encoded(cpuSeconds: 5)
        #expect(try RunRequest.decode(bytes).request == request)
        for count in 0..<bytes.count {
            #expect(throws: ExecutorFrameError.self) { try RunRequest.decode(Bytes(bytes.prefix(count))) }
        }
        #expect(throws: ExecutorFrameError.trailing) { try RunRequest.decode(bytes + [0]) }
        #expect(throws: ExecutorFrameError.unknownTag(8)) { try Outcome.decode([8, 0, 0, 0, 0]) }
        let reasons: [AbstainReason] = [
            .refused("a"), .inputTooLarge, .unavailable("b"), .engineFault("c"), .stackOverflow, .deadline,
            .childDied("d"),
        ]
        for outcome in reasons.map(Outcome.abstained) {
            #expect(try Outcome.decode(outcome.encoded()) == outcome)
            #expect(throws: ExecutorFrameError.self) { try Outcome.decode(outcome.encoded().dropLast()) }
        }
    }
}

@Suite struct EngineTests {
    @Test(
        "the library is looked for in MERIT_WASMTIME, then the cache folder, then below home",
        arguments: [
            (["MERIT_WASMTIME": "/a.so", "XDG_CACHE_HOME": "/c", "HOME": "/h"], "/a.so"),
            (["MERIT_WASMTIME": "", "XDG_CACHE_HOME": "/c", "HOME": "/h"], "/c/merit/wasmtime-50.0.1/_libwasmtime.so"),
            (["HOME": "/h"], "/h/.cache/merit/wasmtime-50.0.1/_libwasmtime.so"),
        ])
    func path(variables: [String: String], expected: String) {
        #expect(EngineLibrary.path { variables[$0] } == expected)
    }

    @Test("a library that is missing or altered is refused before any of it runs")
    func libraries() throws {
        #expect(throws: EngineError.libraryMissing(path: "/nonexistent/x.so")) {
            try EngineLibrary.load(path: "/nonexistent/x.so")
        }
        let file = FileManager.default.temporaryDirectory.appending(
            path: "merit-\(ProcessInfo.processInfo.processIdentifier).so")
        try Data("abc".utf8).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        let hash = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        #expect(throws: EngineError.libraryAltered(path: file.path, hash: hash)) {
            try EngineLibrary.load(path: file.path)
        }
        #expect(EngineError.libraryMissing(path: "/x").description.contains("Scripts/wasmtime"))
    }

    @Test("the engine id is the recorded one: a change of any rule of execution changes it on purpose")
    func identity() {
        #expect(EngineIdentity.id.description == "db5fbe9f5471913af1078532c56222540fd5b43ff1a9b1400d5a9eaf771d7e68")
    }
}
