// A request as the child reads it.

import Primitives
import ProgramRules

extension RunRequest {
    /// The request and the CPU seconds that it may use.
    func encoded(cpuSeconds: UInt32) -> Bytes {
        var writer = FrameWriter()
        writer.number(cpuSeconds)
        writer.number(taskIndex)
        writer.number(fuelLimit)
        writer.number(UInt32(clamping: outputLimit))
        writer.number(UInt32(salts.count))
        for salt in salts { writer.field(salt) }
        writer.field(program)
        writer.field(input)
        return writer.bytes
    }

    static func decode(_ bytes: Bytes) throws(ExecutorFrameError) -> (request: RunRequest, cpuSeconds: UInt32) {
        var reader = FrameReader(bytes)
        let seconds = try reader.number(UInt32.self)
        let (task, fuel) = (try reader.number(UInt32.self), try reader.number(UInt64.self))
        let outputLimit = Int(try reader.number(UInt32.self))
        let count = Int(try reader.number(UInt32.self))
        if count > ExecutionLimits.saltsMax { throw .tooLarge(count) }
        var salts: [Bytes] = []
        for _ in 0..<count { salts.append(try reader.field(max: ExecutionLimits.saltBytesMax)) }
        let program = try reader.field(max: ExecutionLimits.moduleBytesMax)
        let input = try reader.field(max: ExecutionLimits.inputBytesMax)
        try reader.finish()
        var request = RunRequest(program: program, input: input, taskIndex: task, fuelLimit: fuel)
        (request.outputLimit, request.salts) = (outputLimit, salts)
        return (request, seconds)
    }
}
