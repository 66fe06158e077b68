// An outcome as the child writes it: tag 0 and the result, or the tag of a reason and its text.

import Primitives
import ProgramRules

extension Outcome {
    func encoded() -> Bytes {
        var writer = FrameWriter()
        switch self {
        case .result(let result):
            writer.number(UInt8(0))
            result.encode(into: &writer)
        case .abstained(let reason):
            let (tag, text) = reason.parts
            writer.number(tag)
            writer.field(Bytes(text.utf8.prefix(ExecutionLimits.reasonBytesMax)))
        }
        return writer.bytes
    }

    static func decode(_ bytes: Bytes) throws(ExecutorFrameError) -> Outcome {
        var reader = FrameReader(bytes)
        let tag = try reader.number(UInt8.self)
        if tag == 0 {
            let result = try RunResult.decode(&reader)
            try reader.finish()
            return .result(result)
        }
        let text = String(decoding: try reader.field(max: ExecutionLimits.reasonBytesMax), as: UTF8.self)
        try reader.finish()
        guard let reason = AbstainReason(tag: tag, text: text) else { throw .unknownTag(tag) }
        return .abstained(reason)
    }
}

extension RunResult {
    fileprivate func encode(into writer: inout FrameWriter) {
        writer.number(fuel)
        writer.number(peakPages)
        writer.raw(finalMemory.bytes)
        writer.number(UInt32(saltedMemory.count))
        for digest in saltedMemory { writer.raw(digest.bytes) }
        switch ending {
        case .returned(let output):
            writer.number(UInt8(0))
            writer.field(output)
        case .trapped(let trap): writer.number(trap.rawValue)
        }
    }

    fileprivate static func decode(_ reader: inout FrameReader) throws(ExecutorFrameError) -> RunResult {
        let (fuel, pages) = (try reader.number(UInt64.self), try reader.number(UInt32.self))
        let memory = try reader.digest()
        let count = Int(try reader.number(UInt32.self))
        if count > ExecutionLimits.saltsMax { throw .tooLarge(count) }
        var salted: [Digest] = []
        for _ in 0..<count { salted.append(try reader.digest()) }
        let tag = try reader.number(UInt8.self)
        let ending: Ending
        if tag == 0 {
            ending = .returned(try reader.field(max: ExecutionLimits.outputBytesMax))
        } else {
            guard let trap = Trap(rawValue: tag) else { throw .unknownTag(tag) }
            ending = .trapped(trap)
        }
        return RunResult(ending: ending, fuel: fuel, peakPages: pages, finalMemory: memory, saltedMemory: salted)
    }
}

extension AbstainReason {
    /// Tag 0 is the result's.
    fileprivate var parts: (UInt8, String) {
        switch self {
        case .refused(let text): (1, text)
        case .inputTooLarge: (2, "")
        case .unavailable(let text): (3, text)
        case .engineFault(let text): (4, text)
        case .stackOverflow: (5, "")
        case .deadline: (6, "")
        case .childDied(let text): (7, text)
        }
    }

    fileprivate init?(tag: UInt8, text: String) {
        switch tag {
        case 1: self = .refused(text)
        case 2: self = .inputTooLarge
        case 3: self = .unavailable(text)
        case 4: self = .engineFault(text)
        case 5: self = .stackOverflow
        case 6: self = .deadline
        case 7: self = .childDied(text)
        default: return nil
        }
    }
}
