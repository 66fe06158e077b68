// The instructions a program may use beside control flow, variables and calls: operand types, result and immediates.
// Source: the WebAssembly core specification's opcode index; whatever has no entry is refused.

/// The type of an operand, local or global; the raw value is its byte in a module.
enum ValueType: UInt8 {
    case i32 = 0x7F
    case i64 = 0x7E
    case f32 = 0x7D
    case f64 = 0x7C
    case v128 = 0x7B
}

enum Immediate {
    case none
    /// Alignment exponent (at most `alignment`) and offset.
    case memory(alignment: UInt32)
    /// A lane below the count.
    case lane(UInt8)
    case memoryLane(alignment: UInt32, lanes: UInt8)
    /// Sixteen bytes of a constant.
    case vector
    /// Sixteen lanes below 32.
    case shuffle
    /// The memory's index, a zero byte.
    case memoryIndex
}

struct Instruction {
    let operands: [ValueType]
    let result: ValueType?
    let immediate: Immediate

    init(_ operands: [ValueType], _ result: ValueType?, _ immediate: Immediate = .none) {
        (self.operands, self.result, self.immediate) = (operands, result, immediate)
    }

    /// A table of 256 entries from runs of opcodes with one form.
    static func table(_ rows: [(ClosedRange<Int>, Instruction)]) -> [Instruction?] {
        var table = [Instruction?](repeating: nil, count: 256)
        for (opcodes, instruction) in rows {
            for opcode in opcodes { table[opcode] = instruction }
        }
        return table
    }

    /// One-byte opcodes 0x28...0xC4.
    static let scalar = table(memory + comparisons + arithmetic + conversions)

    /// Opcodes after 0xFC: the saturating truncations. Bulk memory and table instructions (8 and above) stay refused:
    /// the compiler does not charge them by length.
    static let truncating = table([
        (0...1, Instruction([.f32], .i32)), (2...3, Instruction([.f64], .i32)),
        (4...5, Instruction([.f32], .i64)), (6...7, Instruction([.f64], .i64)),
    ])

    private static let memory: [(ClosedRange<Int>, Instruction)] =
        [
            load(0x28...0x28, .i32, 2), load(0x29...0x29, .i64, 3), load(0x2A...0x2A, .f32, 2),
            load(0x2B...0x2B, .f64, 3),
            load(0x2C...0x2D, .i32, 0), load(0x2E...0x2F, .i32, 1), load(0x30...0x31, .i64, 0),
            load(0x32...0x33, .i64, 1),
            load(0x34...0x35, .i64, 2),
            store(0x36, .i32, 2), store(0x37, .i64, 3), store(0x38, .f32, 2), store(0x39, .f64, 3),
            store(0x3A, .i32, 0),
            store(0x3B, .i32, 1), store(0x3C, .i64, 0), store(0x3D, .i64, 1), store(0x3E, .i64, 2),
            (0x3F...0x3F, Instruction([], .i32, .memoryIndex)),
        ]

    private static func load(
        _ opcodes: ClosedRange<Int>, _ type: ValueType, _ alignment: UInt32
    ) -> (ClosedRange<Int>, Instruction) {
        (opcodes, Instruction([.i32], type, .memory(alignment: alignment)))
    }

    private static func store(
        _ opcode: Int, _ type: ValueType, _ alignment: UInt32
    ) -> (ClosedRange<Int>, Instruction) {
        (opcode...opcode, Instruction([.i32, type], nil, .memory(alignment: alignment)))
    }

    private static let comparisons: [(ClosedRange<Int>, Instruction)] = [
        (0x45...0x45, Instruction([.i32], .i32)), (0x46...0x4F, Instruction([.i32, .i32], .i32)),
        (0x50...0x50, Instruction([.i64], .i32)), (0x51...0x5A, Instruction([.i64, .i64], .i32)),
        (0x5B...0x60, Instruction([.f32, .f32], .i32)), (0x61...0x66, Instruction([.f64, .f64], .i32)),
    ]

    private static let arithmetic: [(ClosedRange<Int>, Instruction)] = [
        (0x67...0x69, Instruction([.i32], .i32)), (0x6A...0x78, Instruction([.i32, .i32], .i32)),
        (0x79...0x7B, Instruction([.i64], .i64)), (0x7C...0x8A, Instruction([.i64, .i64], .i64)),
        (0x8B...0x91, Instruction([.f32], .f32)), (0x92...0x98, Instruction([.f32, .f32], .f32)),
        (0x99...0x9F, Instruction([.f64], .f64)), (0xA0...0xA6, Instruction([.f64, .f64], .f64)),
    ]

    private static let conversions: [(ClosedRange<Int>, Instruction)] = [
        (0xA7...0xA7, Instruction([.i64], .i32)), (0xA8...0xA9, Instruction([.f32], .i32)),
        (0xAA...0xAB, Instruction([.f64], .i32)), (0xAC...0xAD, Instruction([.i32], .i64)),
        (0xAE...0xAF, Instruction([.f32], .i64)), (0xB0...0xB1, Instruction([.f64], .i64)),
        (0xB2...0xB3, Instruction([.i32], .f32)), (0xB4...0xB5, Instruction([.i64], .f32)),
        (0xB6...0xB6, Instruction([.f64], .f32)), (0xB7...0xB8, Instruction([.i32], .f64)),
        (0xB9...0xBA, Instruction([.i64], .f64)), (0xBB...0xBB, Instruction([.f32], .f64)),
        (0xBC...0xBC, Instruction([.f32], .i32)), (0xBD...0xBD, Instruction([.f64], .i64)),
        (0xBE...0xBE, Instruction([.i32], .f32)), (0xBF...0xBF, Instruction([.i64], .f64)),
        (0xC0...0xC1, Instruction([.i32], .i32)), (0xC2...0xC4, Instruction([.i64], .i64)),
    ]
}
