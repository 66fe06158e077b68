// Every bound of the execution of programs, by name. They are consensus rules: a program that one node refuses and
// another runs would split verdicts, so they all enter the engine id.

package enum ExecutionLimits {
    /// Bytes of a module.
    package static let moduleBytesMax = 512 * 1024
    package static let typesMax = 128
    package static let parametersMax = 16
    package static let functionsMax = 2_048
    /// Bytes of one function body, its locals included.
    package static let bodyBytesMax = 64 * 1024
    /// Locals of one function without its parameters.
    package static let localsMax = 256
    /// Open blocks, loops and ifs.
    package static let nestingMax = 100
    /// Values on the operand stack of one function.
    package static let operandsMax = 256
    /// Targets of a `br_table` without the default.
    package static let branchTargetsMax = 1_024
    /// Pages of linear memory, 64 KiB each.
    package static let pagesMax = 1_024
    package static let tableEntriesMax = 1_024
    package static let globalsMax = 32
    /// Element segments, and data segments.
    package static let segmentsMax = 256
    /// Functions on the longest call path.
    package static let callDepthMax = 256
    /// Bytes of native stack on the costliest call path, by the frame charge below: a quarter of the engine's limit.
    package static let stackBoundMax = 128 * 1024
    /// The charge for one frame, fitted above every measured one: fixed + per operand + per local of each kind.
    package static let frameBytes = 384
    package static let frameBytesPerOperand = 16
    package static let frameBytesPerInteger = 8
    package static let frameBytesPerFloat = 16
    /// The engine's own stack limit; unreachable for a program that passed the scan.
    package static let engineStackBytes = 512 * 1024

    /// Bytes of linear memory in a page.
    package static let pageBytes = 65_536
    /// A blob of 1,000,000 bytes and 65,536 bytes of the job's own.
    package static let inputBytesMax = 1_000_000 + 65_536
    package static let outputBytesMax = 65_536
    /// Salted digests of the final memory in one run: an own one, and those that a dispute compares.
    package static let saltsMax = 65
    package static let saltBytesMax = 64

    /// Address space of the child process: an instance reserves a little more than 4 GiB of it.
    package static let addressSpaceBytes: UInt64 = 12 << 30
    /// Bytes of a frame that the child sends: the output, the digests and a fixed part.
    package static let answerBytesMax = outputBytesMax + 32 * (saltsMax + 1) + 4_096
    /// Bytes of a frame that the child takes.
    package static let requestBytesMax = moduleBytesMax + inputBytesMax + (saltBytesMax + 1) * saltsMax + 4_096
    /// Bytes of text in an answer.
    package static let reasonBytesMax = 1_024
}
