// The rule book of the pre-scan: one case per rule that a program can break. Offsets count bytes from the start of the
// module.

package enum ScanError: Error, Equatable, Sendable {
    // Rule 1: the frame of the module
    case moduleTooLarge(bytes: Int)
    case notAModule
    case truncated(offset: Int)
    case integerTooLong(offset: Int)
    case sectionNotAllowed(id: UInt8)
    case sectionOutOfOrder(id: UInt8)
    case sectionSize(id: UInt8)
    // Rule 2: types
    case tooManyTypes(UInt32)
    case typeForm(UInt8)
    case tooManyParameters(UInt32)
    case tooManyResults(UInt32)
    case valueType(UInt8, offset: Int)
    case blockType(UInt8, offset: Int)
    // Rule 3: functions
    case tooManyFunctions(UInt32)
    case functionCount(declared: Int, bodies: UInt32)
    case bodyTooLarge(function: Int, bytes: UInt32)
    case bodySize(function: Int)
    case tooManyLocals(function: Int)
    case nestingTooDeep(offset: Int)
    case tooManyOperands(offset: Int)
    case tooManyBranchTargets(offset: Int)
    // Rule 4: memory, table, globals, segments
    case memoryCount(UInt32)
    case memoryNotFixed
    case memoryTooLarge(pages: UInt32)
    case tableCount(UInt32)
    case tableType(UInt8)
    case tableNotFixed
    case tableTooLarge(entries: UInt32)
    case tooManyGlobals(UInt32)
    case globalMutability(UInt8)
    case tooManySegments(UInt32)
    case segmentNotActive
    case constantExpression(offset: Int)
    case segmentOutOfRange(offset: Int)
    // Rule 5: exports
    case exportCount(UInt32)
    case exportUnknown(offset: Int)
    case exportRepeated(offset: Int)
    case exportSignature(offset: Int)
    // Rule 6: instructions
    case instruction(UInt8, offset: Int)
    case prefixedInstruction(UInt8, UInt32, offset: Int)
    // Rule 7: calls
    case callCycle(function: Int)
    case callDepth(Int)
    case stackBound(bytes: Int)
    // Rule 8: validity
    case unknownIndex(offset: Int)
    case mistyped(offset: Int)
    case alignment(offset: Int)
    case lane(offset: Int)
    case immutableGlobal(offset: Int)
}

extension ScanError: CustomStringConvertible {
    package var description: String {
        frameText ?? typeText ?? functionText ?? storageText ?? exportText ?? codeText ?? "not a valid program"
    }

    private var frameText: String? {
        switch self {
        case .moduleTooLarge(let bytes): "the module has \(bytes) bytes, the limit is \(ExecutionLimits.moduleBytesMax)"
        case .notAModule: "not a WebAssembly module of version 1"
        case .truncated(let offset): "ends too early at byte \(offset)"
        case .integerTooLong(let offset): "the integer at byte \(offset) is too long or out of range"
        case .sectionNotAllowed(let id): "section \(id) is not allowed (no imports, start, custom, data count or tags)"
        case .sectionOutOfOrder(let id): "section \(id) is repeated or out of order"
        case .sectionSize(let id): "section \(id) is longer than its content"
        default: nil
        }
    }

    private var typeText: String? {
        switch self {
        case .tooManyTypes(let count): "\(count) types, the limit is \(ExecutionLimits.typesMax)"
        case .typeForm(let form): "type form \(form) is not a function"
        case .tooManyParameters(let count): "\(count) parameters, the limit is \(ExecutionLimits.parametersMax)"
        case .tooManyResults(let count): "\(count) results, the limit is 1"
        case .valueType(let byte, let offset): "value type \(byte) at byte \(offset) is not i32, i64, f32, f64 or v128"
        case .blockType(let byte, let offset): "block type \(byte) at byte \(offset) is not empty or one value"
        default: nil
        }
    }

    private var functionText: String? {
        switch self {
        case .tooManyFunctions(let count): "\(count) functions, the limit is \(ExecutionLimits.functionsMax)"
        case .functionCount(let declared, let bodies): "\(declared) functions are declared, \(bodies) have bodies"
        case .bodyTooLarge(let function, let bytes):
            "function \(function) has \(bytes) bytes, the limit is \(ExecutionLimits.bodyBytesMax)"
        case .bodySize(let function): "the body of function \(function) is longer than its code"
        case .tooManyLocals(let function): "function \(function) has more than \(ExecutionLimits.localsMax) locals"
        case .nestingTooDeep(let offset): "more than \(ExecutionLimits.nestingMax) open blocks at byte \(offset)"
        case .tooManyOperands(let offset): "more than \(ExecutionLimits.operandsMax) operands at byte \(offset)"
        case .tooManyBranchTargets(let offset):
            "more than \(ExecutionLimits.branchTargetsMax) branch targets at byte \(offset)"
        default: nil
        }
    }

    private var storageText: String? {
        switch self {
        case .memoryCount(let count): "\(count) memories, exactly one is needed"
        case .memoryNotFixed: "the memory must declare a maximum equal to its minimum"
        case .memoryTooLarge(let pages): "\(pages) pages of memory, the limit is \(ExecutionLimits.pagesMax)"
        case .tableCount(let count): "\(count) tables, at most one is allowed"
        case .tableType(let type): "table type \(type) is not funcref"
        case .tableNotFixed: "the table must declare a maximum equal to its minimum"
        case .tableTooLarge(let entries): "\(entries) table entries, the limit is \(ExecutionLimits.tableEntriesMax)"
        case .tooManyGlobals(let count): "\(count) globals, the limit is \(ExecutionLimits.globalsMax)"
        case .globalMutability(let byte): "mutability \(byte) of a global is not 0 or 1"
        case .tooManySegments(let count): "\(count) segments, the limit is \(ExecutionLimits.segmentsMax)"
        case .segmentNotActive: "a segment is not active in memory 0 or table 0"
        case .constantExpression(let offset): "no plain constant of the needed type at byte \(offset)"
        case .segmentOutOfRange(let offset): "the segment that ends at byte \(offset) does not fit"
        default: nil
        }
    }

    private var exportText: String? {
        switch self {
        case .exportCount(let count): "\(count) exports, exactly memory, alloc and run are needed"
        case .exportUnknown(let offset): "the export at byte \(offset) is not memory, alloc or run"
        case .exportRepeated(let offset): "the export at byte \(offset) is repeated"
        case .exportSignature(let offset): "the export at byte \(offset) has not the signature of the program interface"
        default: nil
        }
    }

    private var codeText: String? {
        switch self {
        case .instruction(let opcode, let offset): "instruction \(opcode) at byte \(offset) is not allowed"
        case .prefixedInstruction(let prefix, let opcode, let offset):
            "instruction \(prefix) \(opcode) at byte \(offset) is not allowed"
        case .callCycle(let function): "function \(function) can call itself, directly or through others"
        case .callDepth(let depth): "a call path of \(depth) functions, the limit is \(ExecutionLimits.callDepthMax)"
        case .stackBound(let bytes):
            "a call path may need \(bytes) bytes of stack, the limit is \(ExecutionLimits.stackBoundMax)"
        case .unknownIndex(let offset): "the index at byte \(offset) names nothing"
        case .mistyped(let offset): "operands or control do not match at byte \(offset)"
        case .alignment(let offset): "the alignment at byte \(offset) exceeds the access"
        case .lane(let offset): "the lane at byte \(offset) does not exist"
        case .immutableGlobal(let offset): "a constant global is written at byte \(offset)"
        default: nil
        }
    }
}
