// The instruction tables were written from the specification; here the engine's own validator reads them back.

import Primitives
import Testing

@testable import Execution
@testable import ProgramRules

@Suite struct InstructionTableTests {
    private static let types: [ValueType] = [.i32, .i64, .f32, .f64, .v128]

    private static func constant(_ type: ValueType) -> Bytes {
        switch type {
        case .i32: Code.int(0)
        case .i64: Code.long(0)
        case .f32: [0x43] + Bytes(repeating: 0, count: 4)
        case .f64: [0x44] + Bytes(repeating: 0, count: 8)
        case .v128: [0xFD, 12] + Bytes(repeating: 0, count: 16)
        }
    }

    /// The largest immediates that the table allows.
    private static func immediate(_ immediate: Immediate) -> Bytes {
        switch immediate {
        case .none: []
        case .memory(let alignment): [UInt8(alignment), 0]
        case .lane(let lanes): [lanes - 1]
        case .memoryLane(let alignment, let lanes): [UInt8(alignment), 0, lanes - 1]
        case .vector: Bytes(repeating: 9, count: 16)
        case .shuffle: Bytes(repeating: 31, count: 16)
        case .memoryIndex: [0]
        }
    }

    private static let tables: [(prefix: Bytes, table: [Instruction?])] = [
        ([], Instruction.scalar), ([0xFC], Instruction.truncating), ([0xFD], Instruction.vector),
    ]

    @Test("the engine accepts every instruction of the tables with exactly these operands and result")
    func accepted() throws {
        let engine = try Engine.shared()
        var count = 0
        for (prefix, table) in Self.tables {
            for (opcode, entry) in table.enumerated() {
                guard let entry else { continue }
                count += 1
                let encoded =
                    prefix + (prefix.isEmpty ? [UInt8(opcode)] : leb(opcode)) + Self.immediate(entry.immediate)
                for wrong in -1..<entry.operands.count {
                    let operands = entry.operands.enumerated().flatMap { index, type in
                        Self.constant(index == wrong ? (type == .f32 ? .i32 : .f32) : type)
                    }
                    // The result goes into a local of its type, which pins it.
                    let locals = Self.types.map { [1, $0.rawValue] }
                    let store: Bytes = entry.result.map { [0x21, UInt8(Self.types.firstIndex(of: $0)!)] } ?? []
                    let module = ModuleBuilder.function(locals: locals, operands + encoded + store)
                    let scanned = (try? ProgramScan.check(module)) != nil
                    #expect(scanned == (wrong < 0), "\(encoded)")
                    #expect((engine.objection(to: module) == nil) == (wrong < 0), "\(encoded)")
                }
            }
        }
        print("instructions read back by the engine: \(count)")
        #expect(count == 152 + 8 + 236)
    }

    @Test("the compiler takes every vector instruction")
    func compiled() throws {
        let engine = try Engine.shared()
        var code = Bytes()
        for (opcode, entry) in Instruction.vector.enumerated() {
            guard let entry else { continue }
            code += entry.operands.flatMap(Self.constant) + [0xFD] + leb(opcode) + Self.immediate(entry.immediate)
            if entry.result != nil { code.append(Code.drop) }
        }
        _ = try Program(ModuleBuilder.function(code), engine: engine)
    }
}
