// The rows of the rule table. Each pair differs in the one thing that the rule is about.

import Execution
import Primitives
import ProgramRules

enum ScanRows {
    static let all = frame + types + functions + storage + segments + exports + instructions + calls + validity

    private static func repeated(_ bytes: Bytes, _ count: Int) -> Bytes { (0..<count).flatMap { _ in bytes } }

    private static func padded(to size: Int) -> Bytes {
        func module(_ count: Int) -> Bytes {
            ModuleBuilder.with {
                $0.memories = [[1, 16, 16]]
                $0.data = [Code.data(at: 0, Bytes(repeating: 7, count: count))]
            }
        }
        return module(500_000 + size - module(500_000).count)
    }

    private static func inserting(_ id: UInt8, _ content: Bytes, at index: Int) -> Bytes {
        ModuleBuilder.rewritten { $0.insert((id: id, content: content), at: index) }
    }

    private static let frame: [ScanRow] = [
        ScanRow("one byte over 512 KiB", .moduleTooLarge(bytes: 0), padded(to: 524_289), twin: padded(to: 524_288)),
        ScanRow("version 2", .notAModule, [0, 0x61, 0x73, 0x6D, 2, 0, 0, 0]),
        ScanRow("nothing", .notAModule, []),
        ScanRow("last byte missing", .truncated(offset: 0), ModuleBuilder().bytes.dropLast()),
        ScanRow(
            "a count of six bytes", .integerTooLong(offset: 0),
            ModuleBuilder.rewritten { $0[2].content = [0x81, 0x80, 0x80, 0x80, 0x80, 0, 1, 1, 1] },
            twin: ModuleBuilder.rewritten { $0[2].content = [0x81, 0x80, 0x80, 0x80, 0, 1, 1, 1] }),
        ScanRow(
            "an integer of 33 bits", .integerTooLong(offset: 0),
            ModuleBuilder.function([0x41, 0x80, 0x80, 0x80, 0x80, 0x08, Code.drop]),
            twin: ModuleBuilder.function([0x41, 0x80, 0x80, 0x80, 0x80, 0x78, Code.drop])),
        ScanRow(
            "an integer of 65 bits", .integerTooLong(offset: 0),
            ModuleBuilder.function([0x42] + repeated([0x80], 9) + [0x01, Code.drop]),
            twin: ModuleBuilder.function([0x42] + repeated([0x80], 9) + [0x7F, Code.drop])),
        ScanRow("custom section", .sectionNotAllowed(id: 0), inserting(0, [1, 0x61], at: 0)),
        ScanRow("import", .sectionNotAllowed(id: 2), inserting(2, [1, 1, 0x61, 1, 0x62, 0, 2], at: 1)),
        ScanRow("start function", .sectionNotAllowed(id: 8), inserting(8, [0], at: 4)),
        ScanRow("data count", .sectionNotAllowed(id: 12), inserting(12, [0], at: 4)),
        ScanRow("tags", .sectionNotAllowed(id: 13), inserting(13, [1, 0, 2], at: 3)),
        ScanRow("memory section twice", .sectionOutOfOrder(id: 5), inserting(5, [1, 1, 1, 1], at: 2)),
        ScanRow("code before exports", .sectionOutOfOrder(id: 7), ModuleBuilder.rewritten { $0.swapAt(3, 4) }),
        ScanRow("a byte left in a section", .sectionSize(id: 5), ModuleBuilder.rewritten { $0[2].content += [0] }),
    ]

    private static func types(_ count: Int) -> Bytes {
        ModuleBuilder.with { $0.types += [Bytes](repeating: Code.type([], []), count: count - 3) }
    }

    private static func type(_ parameters: Bytes, _ results: Bytes) -> Bytes {
        ModuleBuilder.with { $0.types.append(Code.type(parameters, results)) }
    }

    private static let types: [ScanRow] = [
        ScanRow("129 types", .tooManyTypes(0), types(129), twin: types(128)),
        ScanRow("a structure type", .typeForm(0), ModuleBuilder.with { $0.types.append([0x5F, 0]) }),
        ScanRow(
            "17 parameters", .tooManyParameters(0), type(Bytes(repeating: Code.i32, count: 17), []),
            twin: type(Bytes(repeating: Code.i32, count: 16), [])),
        ScanRow("two results", .tooManyResults(0), type([], [Code.i32, Code.i32]), twin: type([], [Code.i32])),
        ScanRow("a reference parameter", .valueType(0, offset: 0), type([0x6F], []), twin: type([Code.v128], [])),
        ScanRow(
            "a block type by index", .blockType(0, offset: 0), ModuleBuilder.function([0x02, 2, Code.end]),
            twin: ModuleBuilder.function([0x02, 0x40, Code.end])),
    ]

    private static func functions(_ count: Int) -> Bytes {
        ModuleBuilder.with { for _ in 2..<count { $0.add([]) } }
    }

    private static func nested(_ depth: Int) -> Bytes {
        ModuleBuilder.function(repeated([0x02, 0x40], depth) + repeated([Code.end], depth))
    }

    private static func operands(_ count: Int) -> Bytes {
        repeated(Code.int(1), count) + repeated([Code.drop], count)
    }

    private static func targets(_ count: Int) -> Bytes {
        ModuleBuilder.function(
            [0x02, 0x40] + Code.int(0) + [0x0E] + leb(count) + Bytes(repeating: 0, count: count + 1) + [Code.end])
    }

    private static let functions: [ScanRow] = [
        ScanRow("2,049 functions", .tooManyFunctions(0), functions(2_049), twin: functions(2_048)),
        ScanRow(
            "a body is missing", .functionCount(declared: 0, bodies: 0), ModuleBuilder.with { $0.bodies.removeLast() }),
        ScanRow("no code", .functionCount(declared: 0, bodies: 0), ModuleBuilder.rewritten { $0.removeLast() }),
        ScanRow(
            "a body of 65,537 bytes", .bodyTooLarge(function: 0, bytes: 0),
            ModuleBuilder.function(Bytes(repeating: 1, count: 65_535)),
            twin: ModuleBuilder.function(Bytes(repeating: 1, count: 65_534))),
        ScanRow("code after the end", .bodySize(function: 0), ModuleBuilder.function([Code.end])),
        ScanRow(
            "257 locals", .tooManyLocals(function: 0),
            ModuleBuilder.function(locals: [leb(200) + [Code.i32], leb(57) + [Code.f64]], []),
            twin: ModuleBuilder.function(locals: [leb(200) + [Code.i32], leb(56) + [Code.f64]], [])),
        ScanRow(
            "2^31 locals in five bytes", .tooManyLocals(function: 0),
            ModuleBuilder.function(locals: [leb(1 << 31) + [Code.i32]], [])),
        ScanRow("101 open blocks", .nestingTooDeep(offset: 0), nested(101), twin: nested(100)),
        ScanRow(
            "257 operands", .tooManyOperands(offset: 0), ModuleBuilder.function(operands(257)),
            twin: ModuleBuilder.function(operands(256))),
        ScanRow("1,025 branch targets", .tooManyBranchTargets(offset: 0), targets(1_025), twin: targets(1_024)),
    ]

    private static func memory(_ bytes: Bytes) -> Bytes { ModuleBuilder.with { $0.memories = [bytes] } }
    private static func table(_ bytes: Bytes) -> Bytes { ModuleBuilder.with { $0.tables = [bytes] } }
    private static let aTable = table([0x70, 1, 2, 2])
    private static func globals(_ count: Int) -> Bytes {
        ModuleBuilder.with { $0.globals = [Bytes](repeating: [Code.i32, 1] + Code.int(5) + [Code.end], count: count) }
    }
    private static func global(_ bytes: Bytes) -> Bytes { ModuleBuilder.with { $0.globals = [bytes] } }

    private static let storage: [ScanRow] = [
        ScanRow("no memory", .memoryCount(0), ModuleBuilder.rewritten { $0.removeAll { $0.id == 5 || $0.id == 7 } }),
        ScanRow("two memories", .memoryCount(0), ModuleBuilder.with { $0.memories.append([1, 1, 1]) }),
        ScanRow("memory without a maximum", .memoryNotFixed, memory([0, 1])),
        ScanRow("memory that may grow", .memoryNotFixed, memory([1, 1, 2]), twin: memory([1, 2, 2])),
        ScanRow("shared memory", .memoryNotFixed, memory([3, 1, 1])),
        ScanRow("memory of 64-bit addresses", .memoryNotFixed, memory([5, 1, 1])),
        ScanRow(
            "1,025 pages", .memoryTooLarge(pages: 0), memory([1] + leb(1_025) + leb(1_025)),
            twin: memory([1] + leb(1_024) + leb(1_024))),
        ScanRow("4 GiB of memory", .memoryTooLarge(pages: 0), memory([1] + leb(65_536) + leb(65_536))),
        ScanRow(
            "two tables", .tableCount(0), ModuleBuilder.with { $0.tables = [[0x70, 1, 2, 2], [0x70, 1, 2, 2]] },
            twin: aTable),
        ScanRow("a table of references", .tableType(0), table([0x6F, 1, 2, 2]), twin: aTable),
        ScanRow("a table that may grow", .tableNotFixed, table([0x70, 1, 2, 3]), twin: aTable),
        ScanRow(
            "1,025 table entries", .tableTooLarge(entries: 0), table([0x70, 1] + leb(1_025) + leb(1_025)),
            twin: table([0x70, 1] + leb(1_024) + leb(1_024))),
        ScanRow("33 globals", .tooManyGlobals(0), globals(33), twin: globals(32)),
        ScanRow(
            "a global of mutability 2", .globalMutability(0), global([Code.i32, 2] + Code.int(0) + [Code.end]),
            twin: global([Code.i32, 1] + Code.int(0) + [Code.end])),
        ScanRow(
            "a global from a global", .constantExpression(offset: 0), global([Code.i32, 0, 0x23, 0, Code.end]),
            twin: global([Code.i32, 0] + Code.int(0) + [Code.end])),
        ScanRow(
            "a constant of another type", .constantExpression(offset: 0),
            global([Code.i64, 0] + Code.int(0) + [Code.end]),
            twin: global([Code.i64, 0] + Code.long(0) + [Code.end])),
        ScanRow(
            "a computed constant", .constantExpression(offset: 0),
            global([Code.i32, 0] + Code.int(0) + Code.int(1) + [0x6A, Code.end]),
            twin: global([Code.v128, 0, 0xFD, 12] + Bytes(repeating: 1, count: 16) + [Code.end])),
    ]

    private static func data(_ segments: [Bytes]) -> Bytes { ModuleBuilder.with { $0.data = segments } }
    private static func elements(_ segments: [Bytes]) -> Bytes {
        ModuleBuilder.with {
            $0.tables = [[0x70, 1, 2, 2]]
            $0.elements = segments
        }
    }

    private static let segments: [ScanRow] = [
        ScanRow(
            "257 data segments", .tooManySegments(0), data([Bytes](repeating: Code.data(at: 0, [1]), count: 257)),
            twin: data([Bytes](repeating: Code.data(at: 0, [1]), count: 256))),
        ScanRow(
            "257 element segments", .tooManySegments(0),
            elements([Bytes](repeating: Code.elements(at: 0, [0]), count: 257)),
            twin: elements([Bytes](repeating: Code.elements(at: 0, [0]), count: 256))),
        ScanRow("passive data", .segmentNotActive, data([[1, 1, 7]]), twin: data([Code.data(at: 0, [7])])),
        ScanRow(
            "passive elements", .segmentNotActive, elements([[1, 0, 1, 0]]), twin: elements([Code.elements(at: 0, [0])])
        ),
        ScanRow("declared elements", .segmentNotActive, elements([[3, 0, 1, 0]])),
        ScanRow(
            "elements without a table", .segmentNotActive,
            ModuleBuilder.with { $0.elements = [Code.elements(at: 0, [])] }),
        ScanRow(
            "data over the end", .segmentOutOfRange(offset: 0), data([Code.data(at: 65_535, [1, 2])]),
            twin: data([Code.data(at: 65_535, [1])])),
        ScanRow("data at 2^32 - 1", .segmentOutOfRange(offset: 0), data([Code.data(at: -1, [1])])),
        ScanRow(
            "elements over the end", .segmentOutOfRange(offset: 0), elements([Code.elements(at: 1, [0, 1])]),
            twin: elements([Code.elements(at: 0, [0, 1])])),
    ]

    private static func exporting(_ change: (inout [Bytes]) -> Void) -> Bytes {
        ModuleBuilder.with { change(&$0.exports) }
    }

    private static let exports: [ScanRow] = [
        ScanRow("two exports", .exportCount(0), exporting { $0.removeLast() }),
        ScanRow("no exports", .exportCount(0), ModuleBuilder.rewritten { $0.remove(at: 3) }),
        ScanRow(
            "a table exported", .exportCount(0),
            ModuleBuilder.with {
                $0.tables = [[0x70, 1, 2, 2]]
                $0.exports.append(Code.export("t", 1, 0))
            }, twin: aTable),
        ScanRow(
            "a global exported", .exportUnknown(offset: 0),
            ModuleBuilder.with {
                $0.globals = [[Code.i32, 1] + Code.int(0) + [Code.end]]
                $0.exports[2] = Code.export("g", 3, 0)
            }),
        ScanRow("another name", .exportUnknown(offset: 0), exporting { $0[2] = Code.export("Run", 0, 1) }),
        ScanRow("alloc twice", .exportRepeated(offset: 0), exporting { $0[2] = Code.export("alloc", 0, 0) }),
        ScanRow(
            "run with the signature of alloc", .exportSignature(offset: 0),
            exporting { $0[2] = Code.export("run", 0, 0) }),
        ScanRow(
            "alloc of another parameter", .exportSignature(offset: 0),
            ModuleBuilder.with { $0.types[0] = Code.type([Code.i64], [Code.i32]) }),
        ScanRow(
            "a function named memory", .exportSignature(offset: 0), exporting { $0[0] = Code.export("memory", 0, 0) }),
        ScanRow(
            "a function that does not exist", .unknownIndex(offset: 0), exporting { $0[2] = Code.export("run", 0, 9) }),
    ]

    private static func refused(_ name: String, _ code: Bytes) -> ScanRow {
        ScanRow(name, .instruction(0, offset: 0), ModuleBuilder.function(code))
    }
    private static func prefixed(_ name: String, _ code: Bytes, twin: Bytes = []) -> ScanRow {
        ScanRow(
            name, .prefixedInstruction(0, 0, offset: 0), ModuleBuilder.function(code),
            twin: ModuleBuilder.function(twin))
    }
    private static let vector = [0xFD, 12] + Bytes(repeating: 3, count: 16)
    private static let three = Code.int(0) + Code.int(0) + Code.int(0)

    private static let instructions: [ScanRow] = [
        ScanRow(
            "memory.grow", .instruction(0, offset: 0), ModuleBuilder.function(Code.int(1) + [0x40, 0, Code.drop]),
            twin: ModuleBuilder.function([0x3F, 0, Code.drop])),
        refused("table.get", Code.int(0) + [0x25, 0, Code.drop]),
        refused("table.set", Code.int(0) + [0xD0, 0x70, 0x26, 0]),
        refused("typed select", three + [0x1C, 1, Code.i32, Code.drop]),
        refused("tail call", [0x12, 2]),
        refused("ref.null", [0xD0, 0x70, Code.drop]),
        refused("throw", [0x08, 0]),
        refused("atomic fence", [0xFE, 0x03, 0]),
        prefixed("memory.init", three + [0xFC, 8, 0, 0]),
        prefixed("memory.copy", three + [0xFC, 10, 0, 0]),
        prefixed(
            "memory.fill", three + [0xFC, 11, 0], twin: [0x44] + Bytes(repeating: 0, count: 8) + [0xFC, 7, Code.drop]),
        prefixed("table.fill", [0xFC, 17, 0]),
        prefixed(
            "relaxed swizzle", vector + vector + [0xFD, 0x80, 2, Code.drop], twin: vector + [0xFD, 0xFF, 1, Code.drop]),
        prefixed("a hole in the vector opcodes", vector + vector + [0xFD, 0x9A, 1, Code.drop]),
    ]

    /// Functions that call the next one, the last calling none.
    private static func chain(_ count: Int, _ code: Bytes = []) -> Bytes {
        ModuleBuilder.with {
            for index in 0..<count { $0.add(code + (index < count - 1 ? [0x10] + leb(index + 3) : [])) }
        }
    }

    /// Function 2 calls through the table by `type`; the table holds `entry`.
    private static func indirect(type: UInt8, entry: Int) -> Bytes {
        ModuleBuilder.with {
            $0.types.append(Code.type([], []))
            $0.types.append(Code.type([Code.i64], []))
            $0.add((type == 4 ? Code.long(0) : []) + Code.int(0) + [0x11, type, 0])
            $0.tables = [[0x70, 1, 2, 2]]
            $0.elements = [Code.elements(at: 0, [entry])]
        }
    }

    private static let runInTable = ModuleBuilder.with {
        $0.bodies[1] = [0] + three + Code.int(0) + [0x11, 1, 0, Code.end]
        $0.tables = [[0x70, 1, 1, 1]]
        $0.elements = [Code.elements(at: 0, [1])]
    }

    private static let calls: [ScanRow] = [
        ScanRow(
            "a function calls itself", .callCycle(function: 0), ModuleBuilder.function([0x10, 2]),
            twin: ModuleBuilder.with {
                $0.add([]); $0.add([0x10, 2])
            }),
        ScanRow(
            "two functions call each other", .callCycle(function: 0),
            ModuleBuilder.with {
                $0.add([0x10, 3]); $0.add([0x10, 2])
            }),
        ScanRow(
            "a cycle through the table", .callCycle(function: 0), indirect(type: 2, entry: 2),
            twin: indirect(type: 4, entry: 2)),
        ScanRow("a cycle through an equal type", .callCycle(function: 0), indirect(type: 3, entry: 2)),
        ScanRow("run calls itself through the table", .callCycle(function: 0), runInTable),
        ScanRow("a path of 257 functions", .callDepth(0), chain(257), twin: chain(256)),
        ScanRow(
            "30 fat frames", .stackBound(bytes: 0), chain(30, operands(255)), twin: chain(29, operands(255))),
    ]

    private static func pair(_ name: String, _ error: ScanError, _ refused: Bytes, _ twin: Bytes) -> ScanRow {
        ScanRow(name, error, ModuleBuilder.function(refused), twin: ModuleBuilder.function(twin))
    }
    private static func assigning(_ mutability: UInt8) -> Bytes {
        ModuleBuilder.with {
            $0.globals = [[Code.i32, mutability] + Code.int(0) + [Code.end]]
            $0.add(Code.int(1) + [0x24, 0])
        }
    }

    private static let validity: [ScanRow] = [
        pair("call of no function", .unknownIndex(offset: 0), [0x10, 99], Code.int(0) + [0x10, 0, Code.drop]),
        pair("a local too many", .unknownIndex(offset: 0), [0x20, 0, Code.drop], []),
        pair("a branch too far", .unknownIndex(offset: 0), [0x0C, 1], [0x0C, 0]),
        pair("an indirect call without a table", .unknownIndex(offset: 0), Code.int(0) + [0x11, 2, 0], []),
        pair(
            "an operand of another type", .mistyped(offset: 0), Code.long(1) + [0x45, Code.drop],
            Code.long(1) + [0x50, Code.drop]),
        pair(
            "an operand too few", .mistyped(offset: 0), Code.int(1) + [0x6A, Code.drop],
            Code.int(1) + Code.int(1) + [0x6A, Code.drop]),
        pair("an operand left", .mistyped(offset: 0), Code.int(1), Code.int(1) + [Code.unreachable]),
        pair(
            "if without else and with a result", .mistyped(offset: 0),
            Code.int(1) + [0x04, Code.i32] + Code.int(1) + [Code.end, Code.drop],
            Code.int(1) + [0x04, Code.i32] + Code.int(1) + [0x05] + Code.int(2) + [Code.end, Code.drop]),
        pair(
            "else without if", .mistyped(offset: 0), [0x02, 0x40, 0x05, Code.end],
            Code.int(1) + [0x04, 0x40, 0x05, Code.end]),
        pair(
            "select of two types", .mistyped(offset: 0), Code.int(1) + Code.long(1) + Code.int(1) + [0x1B, Code.drop],
            [Code.unreachable] + [0x1B, Code.drop]),
        pair(
            "alignment above the access", .alignment(offset: 0), Code.int(0) + [0x28, 3, 0, Code.drop],
            Code.int(0) + [0x28, 2, 0, Code.drop]),
        pair(
            "lane 16 of 16", .lane(offset: 0), vector + [0xFD, 21, 16, Code.drop], vector + [0xFD, 21, 15, Code.drop]),
        ScanRow("a constant global written", .immutableGlobal(offset: 0), assigning(0), twin: assigning(1)),
    ]
}
