// The 236 fixed-width vector instructions, opcodes 0...255 after 0xFD. Relaxed ones lie above and are refused: their
// results may differ between machines.

extension Instruction {
    static let vector = table(vectorMemory + vectorLanes + vectorBits + bytesAndWords + doublesAndLongs + floats)

    private static let unary = Instruction([.v128], .v128)
    private static let binary = Instruction([.v128, .v128], .v128)
    private static let shift = Instruction([.v128, .i32], .v128)
    private static let test = Instruction([.v128], .i32)

    private static func load(_ alignment: UInt32) -> Instruction {
        Instruction([.i32], .v128, .memory(alignment: alignment))
    }
    private static func splat(_ type: ValueType) -> Instruction { Instruction([type], .v128) }
    private static func extract(_ type: ValueType, _ lanes: UInt8) -> Instruction {
        Instruction([.v128], type, .lane(lanes))
    }
    private static func replace(_ type: ValueType, _ lanes: UInt8) -> Instruction {
        Instruction([.v128, type], .v128, .lane(lanes))
    }
    private static func loadLane(_ alignment: UInt32, _ lanes: UInt8) -> Instruction {
        Instruction([.i32, .v128], .v128, .memoryLane(alignment: alignment, lanes: lanes))
    }
    private static func storeLane(_ alignment: UInt32, _ lanes: UInt8) -> Instruction {
        Instruction([.i32, .v128], nil, .memoryLane(alignment: alignment, lanes: lanes))
    }

    private static let vectorMemory: [(ClosedRange<Int>, Instruction)] = [
        (0...0, load(4)), (1...6, load(3)), (7...7, load(0)), (8...8, load(1)), (9...9, load(2)), (10...10, load(3)),
        (11...11, Instruction([.i32, .v128], nil, .memory(alignment: 4))),
        (84...84, loadLane(0, 16)), (85...85, loadLane(1, 8)), (86...86, loadLane(2, 4)), (87...87, loadLane(3, 2)),
        (88...88, storeLane(0, 16)), (89...89, storeLane(1, 8)), (90...90, storeLane(2, 4)), (91...91, storeLane(3, 2)),
        (92...92, load(2)), (93...93, load(3)),
    ]

    private static let vectorLanes: [(ClosedRange<Int>, Instruction)] = [
        (12...12, Instruction([], .v128, .vector)), (13...13, Instruction([.v128, .v128], .v128, .shuffle)),
        (14...14, binary), (15...17, splat(.i32)), (18...18, splat(.i64)), (19...19, splat(.f32)),
        (20...20, splat(.f64)),
        (21...22, extract(.i32, 16)), (23...23, replace(.i32, 16)), (24...25, extract(.i32, 8)),
        (26...26, replace(.i32, 8)),
        (27...27, extract(.i32, 4)), (28...28, replace(.i32, 4)), (29...29, extract(.i64, 2)),
        (30...30, replace(.i64, 2)),
        (31...31, extract(.f32, 4)), (32...32, replace(.f32, 4)), (33...33, extract(.f64, 2)),
        (34...34, replace(.f64, 2)),
    ]

    private static let vectorBits: [(ClosedRange<Int>, Instruction)] = [
        (35...76, binary), (77...77, unary), (78...81, binary),
        (82...82, Instruction([.v128, .v128, .v128], .v128)), (83...83, test), (94...95, unary),
    ]

    /// Eight- and sixteen-bit lanes, with the rounding of f64x2 that shares their range.
    private static let bytesAndWords: [(ClosedRange<Int>, Instruction)] = [
        (96...98, unary), (99...100, test), (101...102, binary), (103...106, unary), (107...109, shift),
        (110...115, binary),
        (116...117, unary), (118...121, binary), (122...122, unary), (123...123, binary), (124...129, unary),
        (130...130, binary), (131...132, test), (133...134, binary), (135...138, unary), (139...141, shift),
        (142...147, binary), (148...148, unary), (149...153, binary), (155...159, binary),
    ]

    private static let doublesAndLongs: [(ClosedRange<Int>, Instruction)] = [
        (160...161, unary), (163...164, test), (167...170, unary), (171...173, shift), (174...174, binary),
        (177...177, binary), (181...186, binary), (188...191, binary),
        (192...193, unary), (195...196, test), (199...202, unary), (203...205, shift), (206...206, binary),
        (209...209, binary), (213...223, binary),
    ]

    private static let floats: [(ClosedRange<Int>, Instruction)] = [
        (224...225, unary), (227...227, unary), (228...235, binary), (236...237, unary), (239...239, unary),
        (240...247, binary), (248...255, unary),
    ]
}
