// One task in a fresh instance, in this process. A node runs tasks through ExecutorProcess instead: a fault of the
// library must not take it down. One call of `alloc` and one of `run`; an instance is never used again.

import Cryptography
import Primitives
import ProgramRules

package enum ProgramRun {
    /// Scans, compiles and runs.
    package static func run(_ request: RunRequest, engine: Engine) -> Outcome {
        do throws(Abstention) {
            return try run(request, program: Program(request.program, engine: engine))
        } catch {
            return .abstained(error.reason)
        }
    }

    /// `program` must be compiled from the request's program.
    package static func run(_ request: RunRequest, program: Program) -> Outcome {
        if request.input.count > ExecutionLimits.inputBytesMax { return .abstained(.inputTooLarge) }
        do throws(Abstention) {
            let instance = try Instance.open(program, fuel: request.fuelLimit)
            let ending = try instance.perform(request)
            return .result(try result(of: ending, instance, request))
        } catch {
            return .abstained(error.reason)
        }
    }

    private static func result(
        of ending: Ending, _ instance: borrowing Instance, _ request: RunRequest
    ) throws(Abstention) -> RunResult {
        var memory = UnsafeRawBufferPointer(start: nil, count: 0)
        var fuel = request.fuelLimit
        if case .returned = ending {
            memory = UnsafeRawBufferPointer(instance.memory)
            let left = try instance.fuelLeft()
            fuel = left < request.fuelLimit ? request.fuelLimit - left : 0
        }
        return RunResult(
            ending: ending, fuel: fuel, peakPages: UInt32(clamping: instance.pages),
            finalMemory: SHA256.hash([], memory),
            saltedMemory: request.salts.map { SHA256.hash($0, memory) })
    }
}
