// What executing a task can give. A result is the same on every honest machine; an abstention says nothing about the
// task and is never compared, paid or slashed.

package import Primitives
import ProgramRules

/// One task of one program.
package struct RunRequest: Equatable, Sendable {
    package let program: Bytes
    /// The job's blob followed by the job's own bytes; at most `ExecutionLimits.inputBytesMax`.
    package let input: Bytes
    package let taskIndex: UInt32
    /// Part of the job: results are compared only under one limit.
    package let fuelLimit: UInt64
    /// Bytes; more than `ExecutionLimits.outputBytesMax` counts as that.
    package var outputLimit: Int
    /// For each, the result carries SHA-256(salt ‖ final memory); at most `ExecutionLimits.saltsMax` of at most
    /// `ExecutionLimits.saltBytesMax` bytes.
    package var salts: [Bytes]

    package init(program: Bytes, input: Bytes, taskIndex: UInt32, fuelLimit: UInt64) {
        (self.program, self.input, self.taskIndex, self.fuelLimit) = (program, input, taskIndex, fuelLimit)
        (outputLimit, salts) = (ExecutionLimits.outputBytesMax, [])
    }
}

package enum Outcome: Equatable, Sendable {
    case result(RunResult)
    case abstained(AbstainReason)
}

package struct RunResult: Equatable, Sendable {
    package let ending: Ending
    /// min(limit, used); the whole limit after a trap.
    package let fuel: UInt64
    /// Pages of linear memory, 64 KiB each.
    package let peakPages: UInt32
    /// SHA-256 of the whole final linear memory. After a trap memory counts as empty: a store that straddles the end
    /// may be half done on some processors.
    package let finalMemory: Digest
    /// SHA-256(salt ‖ final memory) for each salt of the request, in order.
    package let saltedMemory: [Digest]

    /// Empty after a trap.
    package var output: Bytes {
        if case .returned(let output) = ending { output } else { [] }
    }

    /// The price of this run; `inputBytes` is the length of the request's input.
    package func computeUnits(inputBytes: Int) -> UInt64 {
        ComputeUnits.of(
            fuel: fuel, peakPages: peakPages, inputBytes: UInt32(clamping: inputBytes),
            outputBytes: UInt32(clamping: output.count))
    }
}

package enum Ending: Equatable, Sendable {
    case returned(Bytes)
    case trapped(Trap)
}

/// How a program ended itself. For people: receipts hold the empty output and the whole fuel limit, not the kind.
package enum Trap: UInt8, CaseIterable, Sendable {
    case memoryOutOfBounds = 1
    case tableOutOfBounds = 3
    case indirectCallToNull = 4
    case indirectCallMismatch = 5
    case integerOverflow = 6
    case divisionByZero = 7
    case invalidConversion = 8
    case unreachable = 9
    case outOfFuel = 11
    /// `alloc` or `run` answered with an address or length outside linear memory.
    case answerOutOfRange = 128
    /// The output is longer than the job's limit.
    case outputTooLong = 129
}

extension Trap: CustomStringConvertible {
    package var description: String {
        switch self {
        case .memoryOutOfBounds: "access outside linear memory"
        case .tableOutOfBounds: "access outside the function table"
        case .indirectCallToNull: "call of an empty table entry"
        case .indirectCallMismatch: "indirect call with another signature"
        case .integerOverflow: "integer overflow in a division or conversion"
        case .divisionByZero: "division by zero"
        case .invalidConversion: "conversion of a number that is no integer"
        case .unreachable: "unreachable code, or a failed check of the program"
        case .outOfFuel: "out of fuel"
        case .answerOutOfRange: "the program answered with bytes outside its memory"
        case .outputTooLong: "the output is longer than the job allows"
        }
    }
}

/// Why there is no result.
package enum AbstainReason: Equatable, Sendable {
    /// The program breaks a rule of the pre-scan; the text says which.
    case refused(String)
    case inputTooLarge
    /// This machine cannot execute programs; the text is an `EngineError`.
    case unavailable(String)
    case engineFault(String)
    case stackOverflow
    /// The wall clock ran out and the child was killed.
    case deadline
    /// The child could not be started, ended, or answered with nonsense.
    case childDied(String)
}

extension AbstainReason: CustomStringConvertible {
    package var description: String {
        switch self {
        case .refused(let rule): "the program is refused: \(rule)"
        case .inputTooLarge: "the input has more than \(ExecutionLimits.inputBytesMax) bytes"
        case .unavailable(let reason): reason
        case .engineFault(let reason): "engine fault: \(reason)"
        case .stackOverflow: "stack overflow"
        case .deadline: "the run took too long and was stopped"
        case .childDied(let reason): "the executor process failed: \(reason)"
        }
    }
}
