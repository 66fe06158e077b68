// The dispatch of one instruction. Opcodes not named here or in the instruction tables are refused.

extension BodyScan {
    mutating func step(_ opcode: UInt8) throws(ScanError) {
        switch opcode {
        case 0x00: leave()
        case 0x01: break
        case 0x02: try open(.block)
        case 0x03: try open(.loop)
        case 0x04: try open(.condition)
        case 0x05: try alternative()
        case 0x0B: try end()
        case 0x0C: try branch(conditional: false)
        case 0x0D: try branch(conditional: true)
        case 0x0E: try branchTable()
        case 0x0F: try returnResult()
        case 0x10: try call()
        case 0x11: try callIndirect()
        case 0x1A: try pop()
        case 0x1B: try select()
        case 0x20...0x22: try local(opcode)
        case 0x23, 0x24: try global(opcode)
        case 0x41...0x44: try constant(opcode)
        case 0xFC, 0xFD: try prefixed(opcode)
        default:
            guard let instruction = Instruction.scalar[Int(opcode)] else { throw .instruction(opcode, offset: at) }
            try perform(instruction)
        }
    }

    private mutating func prefixed(_ prefix: UInt8) throws(ScanError) {
        let opcode = try reader.u32()
        let table = prefix == 0xFC ? Instruction.truncating : Instruction.vector
        guard opcode < 256, let instruction = table[Int(opcode)] else {
            throw .prefixedInstruction(prefix, opcode, offset: at)
        }
        try perform(instruction)
    }

    private mutating func perform(_ instruction: Instruction) throws(ScanError) {
        switch instruction.immediate {
        case .none: break
        case .memory(let alignment): try access(alignment)
        case .lane(let lanes): try lane(lanes)
        case .memoryLane(let alignment, let lanes):
            try access(alignment)
            try lane(lanes)
        case .vector: try reader.skip(16)
        case .shuffle: for _ in 0..<16 { try lane(32) }
        case .memoryIndex: if try reader.byte() != 0 { throw .unknownIndex(offset: at) }
        }
        try apply(instruction.operands, instruction.result)
    }

    private mutating func access(_ alignmentMax: UInt32) throws(ScanError) {
        if try reader.u32() > alignmentMax { throw .alignment(offset: at) }
        _ = try reader.u32()
    }

    private mutating func lane(_ count: UInt8) throws(ScanError) {
        if try reader.byte() >= count { throw .lane(offset: at) }
    }

    private mutating func select() throws(ScanError) {
        try pop(.i32)
        let second = try pop()
        let first = try pop(second)
        try push(first ?? second)
    }

    private mutating func local(_ opcode: UInt8) throws(ScanError) {
        let index = Int(try reader.u32())
        if index >= locals.count { throw .unknownIndex(offset: at) }
        let type = locals[index]
        if opcode != 0x20 { try pop(type) }
        if opcode != 0x21 { try push(type) }
    }

    private mutating func global(_ opcode: UInt8) throws(ScanError) {
        let index = Int(try reader.u32())
        if index >= scope.globals.count { throw .unknownIndex(offset: at) }
        let global = scope.globals[index]
        if opcode == 0x23 { return try push(global.type) }
        if !global.mutable { throw .immutableGlobal(offset: at) }
        try pop(global.type)
    }

    private mutating func constant(_ opcode: UInt8) throws(ScanError) {
        switch opcode {
        case 0x41:
            _ = try reader.s32()
            try push(.i32)
        case 0x42:
            _ = try reader.s64()
            try push(.i64)
        case 0x43:
            try reader.skip(4)
            try push(.f32)
        default:
            try reader.skip(8)
            try push(.f64)
        }
    }
}

extension ModuleReader {
    mutating func valueType() throws(ScanError) -> ValueType {
        let start = offset
        let byte = try byte()
        guard let type = ValueType(rawValue: byte) else { throw .valueType(byte, offset: start) }
        return type
    }

    /// nil for the empty block type.
    mutating func blockType() throws(ScanError) -> ValueType? {
        let start = offset
        let byte = try byte()
        if byte == 0x40 { return nil }
        guard let type = ValueType(rawValue: byte) else { throw .blockType(byte, offset: start) }
        return type
    }
}
