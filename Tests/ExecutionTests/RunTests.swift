// Programs in this process: how each ends, what is charged, and that hostile ones end cleanly.

import Cryptography
import Execution
import Primitives
import ProgramRules
import Testing

struct TrapRow: Sendable, CustomTestStringConvertible {
    let name: String
    let trap: Trap
    let program: Bytes

    init(_ name: String, _ trap: Trap, _ program: Bytes) {
        (self.name, self.trap, self.program) = (name, trap, program)
    }
    var testDescription: String { name }

    private static func table(_ type: Int, entry: Int64, functions: [Int]) -> Bytes {
        ModuleBuilder.with {
            $0.add([])
            $0.bodies[1] =
                [0] + (type == 0 ? Code.int(0) : []) + Code.int(entry) + [0x11] + leb(type) + [0]
                + (type == 0 ? [Code.drop] : []) + Code.long(0) + [Code.end]
            $0.tables = [[0x70, 1, 2, 2]]
            $0.elements = [Code.elements(at: 0, functions)]
        }
    }

    private static func alloc(_ answer: Int64) -> Bytes {
        ModuleBuilder.with { $0.bodies[0] = [0] + Code.int(answer) + [Code.end] }
    }

    private static let nan: Bytes = [0x43, 0, 0, 0xC0, 0x7F]
    private static let minimum = Code.int(Int64(Int32.min))

    static let all: [TrapRow] = [
        TrapRow(
            "an endless loop", .outOfFuel,
            ModuleBuilder.run([0x03, 0x40] + Code.int(0) + Code.int(7) + [0x36, 2, 0, 0x0C, 0, 0x0B, 0])),
        TrapRow(
            "an endless loop in alloc", .outOfFuel,
            ModuleBuilder.with { $0.bodies[0] = [0, 0x03, 0x40, 0x0C, 0, 0x0B, 0, 0x0B] }),
        TrapRow("unreachable", .unreachable, ModuleBuilder.run([0])),
        TrapRow(
            "division by zero", .divisionByZero,
            ModuleBuilder.run(Code.int(1) + Code.int(0) + [0x6D, 0x1A] + Code.long(0))),
        TrapRow(
            "the overflowing division", .integerOverflow,
            ModuleBuilder.run(minimum + Code.int(-1) + [0x6D, 0x1A] + Code.long(0))),
        TrapRow("NaN to an integer", .invalidConversion, ModuleBuilder.run(nan + [0xA8, 0x1A] + Code.long(0))),
        TrapRow(
            "a load behind the end", .memoryOutOfBounds,
            ModuleBuilder.run(Code.int(65_533) + [0x28, 0, 0, 0x1A] + Code.long(0))),
        TrapRow(
            "a store at 2^32 - 1", .memoryOutOfBounds,
            ModuleBuilder.run(Code.int(-1) + Code.int(0) + [0x36, 0, 0] + Code.long(0))),
        TrapRow("a call of an empty entry", .indirectCallToNull, table(2, entry: 1, functions: [2])),
        TrapRow("a call with another signature", .indirectCallMismatch, table(0, entry: 0, functions: [2])),
        TrapRow("a call behind the table", .tableOutOfBounds, table(2, entry: 2, functions: [2])),
        TrapRow("alloc answers behind the end", .answerOutOfRange, alloc(65_533)),
        TrapRow("alloc answers 2^32 - 1", .answerOutOfRange, alloc(-1)),
        TrapRow("an output over the end", .answerOutOfRange, ModuleBuilder.run(Code.long(65_535 << 32 | 2))),
        TrapRow("an output whose end wraps", .answerOutOfRange, ModuleBuilder.run(Code.long(-1 << 32 | 1))),
        TrapRow("an output over the limit", .outputTooLong, ModuleBuilder.run(Code.long(1_001))),
    ]
}

@Suite struct RunTests {
    /// Returns what it got: address << 32 | length.
    static let echo = ModuleBuilder.run([0x20, 0, 0xAD] + Code.long(32) + [0x86, 0x20, 1, 0xAD, 0x84])

    static func request(_ program: Bytes, input: Bytes = [1, 2, 3, 4], task: UInt32 = 0, fuel: UInt64 = 1_000_000)
        -> RunRequest
    {
        var request = RunRequest(program: program, input: input, taskIndex: task, fuelLimit: fuel)
        request.outputLimit = 1_000
        return request
    }

    static func result(_ request: RunRequest) throws -> RunResult {
        guard case .result(let result) = ProgramRun.run(request, engine: try Engine.shared()) else {
            throw ArithmeticError.overflow
        }
        return result
    }

    @Test("a trap is a result with the whole limit charged, no output and an empty memory", arguments: TrapRow.all)
    func traps(row: TrapRow) throws {
        var request = Self.request(row.program)
        request.salts = [[7]]
        let result = try Self.result(request)
        #expect(result.ending == .trapped(row.trap))
        #expect(result.fuel == 1_000_000)
        #expect(result.output.isEmpty)
        #expect(result.finalMemory == Hash.sha256(Bytes()))
        #expect(result.saltedMemory == [Hash.sha256([7])])
        #expect(result.computeUnits(inputBytes: 4) == 10 + 1 + 4 + 1)
    }

    @Test("input, length and address reach the program, and its answer comes back")
    func echoes() throws {
        let result = try Self.result(Self.request(Self.echo, input: [9, 8, 7]))
        #expect(result.output == [9, 8, 7])
        #expect(result.fuel > 0 && result.fuel < 100)
        #expect(try Self.result(Self.request(Self.echo, input: [])).output == [])
    }

    @Test("the task index is the third argument")
    func taskIndex() throws {
        let program = ModuleBuilder.run(Code.int(0) + [0x20, 2, 0x36, 2, 0] + Code.long(4))
        #expect(try Self.result(Self.request(program, task: 0xDEAD_BEEF)).output == [0xEF, 0xBE, 0xAD, 0xDE])
    }

    @Test("digests cover the whole final memory, salted ones the salt before it")
    func digests() throws {
        var request = Self.request(Self.echo, input: [5, 6])
        request.salts = [[], [1], Bytes(repeating: 2, count: 32)]
        let result = try Self.result(request)
        var memory = Bytes(repeating: 0, count: 65_536)
        (memory[1024], memory[1025]) = (5, 6)
        #expect(result.finalMemory == Hash.sha256(memory))
        #expect(result.saltedMemory == request.salts.map { Hash.sha256([$0, memory]) })
    }

    @Test("fuel is min(limit, used): the exact need is enough, and less never reports more than the limit")
    func fuel() throws {
        let loop: Bytes =
            [0x20, 2, 0x21, 3, 0x03, 0x40, 0x20, 3] + Code.int(1) + [0x6B, 0x22, 3, 0x0D, 0, 0x0B] + Code.long(0)
        let program = ModuleBuilder.run(locals: [[1, Code.i32]], loop)
        let used = try Self.result(Self.request(program, task: 1_000)).fuel
        #expect(used > 5_000)
        let exact = try Self.result(Self.request(program, task: 1_000, fuel: used))
        #expect(exact.ending == .returned([]) && exact.fuel == used)
        #expect(try Self.result(Self.request(program, task: 1_000, fuel: .max)).fuel == used)
        for limit in [0, 1, used / 2, used - 1] {
            #expect(try Self.result(Self.request(program, task: 1_000, fuel: limit)).fuel <= limit)
        }
        #expect(try Self.result(Self.request(program, task: 1_000, fuel: used / 2)).ending == .trapped(.outOfFuel))
    }

    @Test("NaN results are canonical")
    func canonicalNaN() throws {
        let zero: Bytes = [0x43, 0, 0, 0, 0]
        let program = ModuleBuilder.run(Code.int(0) + zero + zero + [0x95, 0x38, 2, 0] + Code.long(4))
        #expect(try Self.result(Self.request(program)).output == [0, 0, 0xC0, 0x7F])
    }

    @Test("a program that breaks a rule is not run, and the reason names the rule")
    func refused() throws {
        let outcome = ProgramRun.run(Self.request(ModuleBuilder.function([0x10, 2])), engine: try Engine.shared())
        #expect(outcome == .abstained(.refused(ScanError.callCycle(function: 2).description)))
    }

    @Test("an input over the limit is not run")
    func largeInput() throws {
        let input = Bytes(repeating: 0, count: ExecutionLimits.inputBytesMax + 1)
        #expect(
            ProgramRun.run(Self.request(Self.echo, input: input), engine: try Engine.shared())
                == .abstained(.inputTooLarge))
    }

    @Test(
        "the worst compile bombs inside the limits compile and run",
        arguments: [
            [0x03, 0x40, 0x0B], Code.int(0) + [0x04, 0x40, 0x0B], Code.int(1) + Code.int(2) + [0x6A, 0x1A],
        ] as [Bytes])
    func compileBombs(piece: Bytes) throws {
        let body = (0..<(65_000 / piece.count)).flatMap { _ in piece }
        let program = ModuleBuilder.with { for _ in 0..<7 { $0.add(body) } }
        #expect(program.count > 440_000)
        let clock = ContinuousClock()
        var compiled: Program?
        let scan = try clock.measure { _ = try ProgramScan.check(program) }
        let both = try clock.measure { compiled = try Program(program, engine: try Engine.shared()) }
        print("compile bomb of \(program.count) bytes: scan \(scan), scan and compile \(both)")
        #expect(compiled?.info.functions == 9)
        #expect(try Self.result(Self.request(program)).ending == .returned([]))
    }

    @Test(
        "cu is 10 + ceil(fuel / 10^6) + 4 * pages + ceil(bytes / 65,536)",
        arguments: [
            (0, 0, 0, 0, 10), (1, 1, 1, 0, 16), (1_000_000, 4, 65_535, 1, 28), (1_000_001, 4, 65_536, 1, 30),
            (UInt64.max, UInt32.max, UInt32.max, UInt32.max, 18_463_924_073_972),
        ] as [(UInt64, UInt32, UInt32, UInt32, UInt64)])
    func computeUnits(fuel: UInt64, pages: UInt32, input: UInt32, output: UInt32, expected: UInt64) {
        #expect(ComputeUnits.of(fuel: fuel, peakPages: pages, inputBytes: input, outputBytes: output) == expected)
    }
}
