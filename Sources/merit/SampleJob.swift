// What the local network's requester asks for: the shipped programs, each over an input of its own, so that no two jobs
// have the same answers.
import Foundation
import Primitives

enum SampleJob: String, CaseIterable {
    case matmul
    case montecarlo
    /// Text by the shipped model.
    case transformer
    /// The first steps of a new model.
    case sgd

    static let tasksMax: UInt32 = 64

    /// The `number`-th input for `tasks` tasks.
    func input(tasks: UInt32, number: UInt64) -> Bytes {
        var random = Random(seed: number)
        switch self {
        case .matmul: return Self.matrices(rows: 8 * tasks, &random)
        case .montecarlo: return Self.option(&random)
        case .transformer: return Bytes("\(random.below(1 << 32)) 96 384 A validator is ".utf8)
        case .sgd: return TrainingModel(Trainer.setting, seed: number).input(seed: number)
        }
    }

    /// What goes before the input and is the same for all jobs: the model's weights.
    func model(programs: String) -> String? {
        self == .transformer ? programs + "/../model/weights.bin" : nil
    }

    /// Two matrices of quarters between -8 and 8; a task computes 8 rows.
    private static func matrices(rows: UInt32, _ random: inout Random) -> Bytes {
        let size: UInt32 = 48
        var input = littleEndian(rows) + littleEndian(size) + littleEndian(size) + littleEndian(UInt32(8))
        for _ in 0..<(rows * size + size * size) {
            let value = Float(Int(random.below(64)) - 32) / 4
            input += littleEndian(value.bitPattern)
        }
        return input
    }

    /// Twenty thousand paths of sixteen steps a task: an option near the money.
    private static func option(_ random: inout Random) -> Bytes {
        var input = littleEndian(UInt32(20_000)) + littleEndian(UInt32(16)) + littleEndian(random.next() as UInt64)
        let strike = Double(90 + random.below(20))
        for value in [100, strike, 0.05, 0.2, 1] { input += littleEndian(value.bitPattern) }
        return input
    }

    private static func littleEndian(_ value: UInt64) -> Bytes { Bytes(value.bigEndianBytes.reversed()) }
    private static func littleEndian(_ value: UInt32) -> Bytes { Bytes(value.bigEndianBytes.reversed()) }
}
