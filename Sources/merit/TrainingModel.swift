// What a task of the shipped program `sgd` reads and answers, and what a round of answers makes of the model.
// Invariant: whatever fewer than half of the answers say, each number of the next model lies between two numbers that
// other answers gave for it, because it is their median.
import Primitives

struct TrainingModel: Equatable {
    /// How a task trains; the same in all rounds.
    struct Setting: Equatable {
        /// A multiple of 4 up to 64.
        let hidden: Int
        let batch: UInt32
        let steps: UInt32
        let rate: Float

        var numbers: Int { hidden * (64 + 1 + 10) + 10 }
    }

    /// What one task came to.
    struct Answer: Equatable {
        /// Samples of the first step that the model it began with names rightly.
        let right: UInt32
        let loss: Float
        let numbers: [Float]
    }

    let setting: Setting
    private(set) var numbers: [Float]

    /// Weights between -1/4 and 1/4, biases zero.
    init(_ setting: Setting, seed: UInt64) {
        self.setting = setting
        var random = Random(seed: seed)
        func weights(_ count: Int) -> [Float] {
            (0..<count).map { _ in Float(Int(random.next() & 65_535) - 32_768) / 131_072 }
        }
        numbers = weights(64 * setting.hidden) + Array(repeating: 0, count: setting.hidden)
        numbers += weights(10 * setting.hidden) + Array(repeating: 0, count: 10)
    }

    /// The input of a job whose tasks train on samples of `seed`.
    func input(seed: UInt64) -> Bytes {
        let sizes = [UInt32(setting.hidden), setting.batch, setting.steps, setting.rate.bitPattern]
        return sizes.flatMap { $0.bigEndianBytes.reversed() } + seed.bigEndianBytes.reversed() + Self.bytes(numbers)
    }

    /// nil where no task of this model can have answered so.
    func answer(_ output: Bytes) -> Answer? {
        guard output.count == 8 + 4 * setting.numbers else { return nil }
        let words = stride(from: 0, to: output.count, by: 4).map { place in
            output[place..<(place + 4)].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
        }
        let (right, loss) = (words[0], Float(bitPattern: words[1]))
        let numbers = words.dropFirst(2).map { Float(bitPattern: $0) }
        // Comparisons with what is no number are false.
        guard right <= setting.batch, loss >= 0, loss < .infinity, numbers.allSatisfy({ abs($0) <= 1_000 }) else {
            return nil
        }
        return Answer(right: right, loss: loss, numbers: numbers)
    }

    /// Takes each number's median.
    mutating func combine(_ answers: [Answer]) {
        numbers = numbers.indices.map { index in Self.median(answers.map { $0.numbers[index] }) }
    }

    /// Of an even number of values half the sum of the two in the middle; there is at least one.
    static func median(_ values: [Float]) -> Float {
        let (sorted, half) = (values.sorted(), values.count / 2)
        return values.count.isMultiple(of: 2) ? (sorted[half - 1] + sorted[half]) * 0.5 : sorted[half]
    }

    /// Little endian.
    static func bytes(_ numbers: [Float]) -> Bytes { numbers.flatMap { $0.bitPattern.bigEndianBytes.reversed() } }
}
