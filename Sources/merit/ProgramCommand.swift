// `merit program check|run`: what the chain would say of a program, before anybody pays for it. The same scan, the same
// engine and the same child process as a validator's.
import ArgumentParser
import Cryptography
import Execution
import Foundation
import Node
import Primitives
import ProgramRules
import RPC

struct ProgramCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "program",
        abstract: "Check a WebAssembly program and run its tasks locally.",
        discussion: """
            A program exports `memory`, `alloc(i32) -> i32` and `run(i32, i32, i32) -> i64`; it imports nothing. \
            `check` names the first rule that a module breaks. `run` executes one task under a fuel limit and prints \
            what a provider would be paid for: compute units, fuel, pages, and the digests a receipt holds.

              merit program check matmul.wasm
              merit program run montecarlo.wasm --input option.bin --task 3 --fuel 500000000
              merit program run transformer.wasm --input weights.bin --input prompt.txt --print
            """,
        subcommands: [Check.self, Run.self])

    struct Check: ParsableCommand {
        static let configuration = CommandConfiguration(abstract: "Say whether the chain would accept the program.")

        @Argument(help: "The .wasm file.") var file: String
        @OptionGroup var output: OutputOptions

        func run() throws {
            let program = try ProgramFile.load(file)
            do throws(ScanError) {
                let info = try ProgramScan.check(program)
                output.answer(
                    "program-check",
                    [
                        ("accepted", .bool(true)), ("bytes", .number(Int64(program.count))),
                        ("pages", .number(Int64(info.pages))), ("functions", .number(Int64(info.functions))),
                        ("call_depth", .number(Int64(info.callDepth))),
                        ("stack_bound", .number(Int64(info.stackBound))),
                    ],
                    text: """
                        accepted: \(program.count) bytes, \(info.functions) functions, \(info.pages) pages of memory
                        call depth at most \(info.callDepth), stack at most \(info.stackBound) bytes
                        """)
            } catch {
                output.answer(
                    "program-check", [("accepted", .bool(false)), ("reason", .string("\(error)"))],
                    text: "refused: \(error)")
                throw ExitCode(3)
            }
        }
    }

    struct Run: ParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Execute one task in a child process and print what it costs.")

        @Argument(help: "The .wasm file.") var file: String
        @Option(
            help: "File with the task's input. Given twice, the files are joined: the job's blob, then its own bytes.")
        var input: [String] = []
        @Option(help: "Task index.") var task: UInt32 = 0
        @Option(help: "Fuel limit; a task that needs more is charged all of it and yields nothing.")
        var fuel: UInt64 = 1_000_000_000
        @Option(help: "File to write the task's output to.") var save: String?
        @Flag(name: .customLong("print"), help: "Show the task's output as text; bytes that are none become \u{FFFD}.")
        var isShown = false
        @OptionGroup var output: OutputOptions

        func run() throws {
            let program = try ProgramFile.load(file)
            let bytes = try input.flatMap(ProgramFile.load)
            let request = RunRequest(program: program, input: bytes, taskIndex: task, fuelLimit: fuel)
            switch LocalRun.run(request) {
            case .abstained(let reason):
                output.answer(
                    "program-run", [("completed", .bool(false)), ("reason", .string("\(reason)"))],
                    text: "no result: \(reason)")
                throw ExitCode(3)
            case .result(let result):
                if let save { try Data(result.output).write(to: URL(fileURLWithPath: save)) }
                report(result, inputBytes: bytes.count)
            }
        }

        private func report(_ result: RunResult, inputBytes: Int) {
            var ending = "returned \(result.output.count) bytes"
            if case .trapped(let trap) = result.ending { ending = "trapped: \(trap)" }
            let units = result.computeUnits(inputBytes: inputBytes)
            let hash = Hex.upper(Hash.sha256(result.output).bytes)
            let state = Hex.upper(result.finalMemory.bytes)
            let words = String(decoding: result.output, as: UTF8.self)
            output.answer(
                "program-run",
                [
                    ("completed", .bool(true)), ("ending", .string(ending)), ("fuel", .string("\(result.fuel)")),
                    ("peak_pages", .number(Int64(result.peakPages))), ("compute_units", .string("\(units)")),
                    ("output_hash", .string(hash)), ("final_state_hash", .string(state)),
                ] + (isShown ? [("output_text", .string(words))] : []),
                text: """
                    task \(task) \(ending)
                    compute units  \(units)  (fuel \(result.fuel), \(result.peakPages) pages)
                    output hash    \(hash)
                    final state    \(state)
                    """ + (isShown ? "\n\n\(words)" : ""))
        }
    }
}

/// The hidden child in which tasks are executed.
struct ExecutorChildCommand: ParsableCommand {
    static let name = "execute-child"
    static let configuration = CommandConfiguration(commandName: name, shouldDisplay: false)

    func run() throws { ExecutorChild.serve() }
}

enum ProgramFile {
    static func load(_ path: String) throws -> Bytes {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ValidationError("\(path) cannot be read")
        }
        return Bytes(data)
    }
}
