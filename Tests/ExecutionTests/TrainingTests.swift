// The training program against the vectors of model/sgd.py, an implementation of the same arithmetic in another
// language, and against hostile models and settings.

import Cryptography
import Execution
import Foundation
import Primitives
import Testing

@Suite struct TrainingTests {
    struct Setting: Sendable {
        var hidden: UInt32
        var batch: UInt32
        var steps: UInt32
        var rate: Float
        var seed: UInt64 = 1

        /// Of a model with so many hidden units.
        var numbers: Int { 75 * Int(hidden) + 10 }
    }

    struct Output {
        let right: UInt32
        let loss: Float
        let model: [Float]

        init(_ bytes: Bytes) throws {
            try #require(bytes.count >= 8 && bytes.count % 4 == 0)
            let words = stride(from: 0, to: bytes.count, by: 4).map { place in
                bytes[place..<(place + 4)].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
            }
            (right, loss) = (words[0], Float(bitPattern: words[1]))
            model = words.dropFirst(2).map { Float(bitPattern: $0) }
        }
    }

    static func model(_ hidden: UInt32, seed: UInt64) -> [Float] {
        var random = Random(seed: seed)
        func weights(_ count: UInt32) -> [Float] {
            (0..<count).map { _ in Float(Int(random.next() & 65_535) - 32_768) / 131_072 }
        }
        func zeros(_ count: UInt32) -> [Float] { Array(repeating: 0, count: Int(count)) }
        return weights(64 * hidden) + zeros(hidden) + weights(10 * hidden) + zeros(10)
    }

    static func input(_ setting: Setting, _ model: [Float]) -> Bytes {
        setting.hidden.littleEndianBytes + setting.batch.littleEndianBytes + setting.steps.littleEndianBytes
            + setting.rate.bitPattern.littleEndianBytes + setting.seed.littleEndianBytes
            + model.flatMap { $0.bitPattern.littleEndianBytes }
    }

    static func input(_ setting: Setting, model seed: UInt64) -> Bytes {
        input(setting, model(setting.hidden, seed: seed))
    }

    static func run(_ input: Bytes, task: UInt32 = 0) throws -> RunResult {
        try RunTests.result(ShippedProgramTests.request(.sgd, input, task: task))
    }

    /// `step | hidden batch steps rate seed task model | right loss digest`
    @Test("every step is the reference implementation's, bit for bit")
    func reference() throws {
        let rows = try tableRows("sgd").filter { $0[0] == "step" }
        print("steps compared: \(rows.count)")
        #expect(rows.count >= 6)
        for row in rows {
            let cells = row[1].split(separator: " ")
            let numbers = try (0..<7).map { try $0 == 3 ? 0 : #require(UInt64(cells[$0])) }
            let setting = Setting(
                hidden: UInt32(numbers[0]), batch: UInt32(numbers[1]), steps: UInt32(numbers[2]),
                rate: try #require(Float(cells[3])), seed: numbers[4])
            let bytes = try Self.run(Self.input(setting, model: numbers[6]), task: UInt32(numbers[5])).output
            let output = try Output(bytes)
            let loss = Hex.lower(Bytes(output.loss.bitPattern.littleEndianBytes.reversed()))
            #expect("\(output.right) \(loss) \(Hash.sha256(bytes))" == row[2], "\(row[1])")
        }
    }

    @Test("fuel, output and final memory of a task are the recorded ones")
    func golden() throws {
        let result = try Self.run(Self.input(Setting(hidden: 32, batch: 16, steps: 64, rate: 0.3), model: 1), task: 3)
        #expect(
            "\(result.fuel) \(Hash.sha256(result.output)) \(result.finalMemory)"
                == "40030484 56ed62a97c96b5b45540c2a542738ae0d73686ca3b909cc3c448b5aab28f991a"
                + " e46668e0b6feea5891fa37ccaa2e931a90e2049a9202d1ffa2d4648654dd11ff")
    }

    @Test("a model without knowledge has the loss ln 10; one task's steps bring it below a third")
    func learns() throws {
        var setting = Setting(hidden: 32, batch: 16, steps: 1, rate: 0.3)
        let blank = Array(repeating: Float(0), count: setting.numbers)
        let unknowing = try Output(Self.run(Self.input(setting, blank)).output)
        #expect(abs(unknowing.loss - 2.302585) < 1e-5 && unknowing.right == 0)
        setting.steps = 512
        let trained = try Output(Self.run(Self.input(setting, model: 1)).output).model
        (setting.seed, setting.steps, setting.batch) = (2, 1, 64)
        let after = try Output(Self.run(Self.input(setting, trained)).output)
        print("after 512 steps: loss \(after.loss), \(after.right) of 64 right")
        #expect(after.loss < 2.302585 / 3 && after.right > 48)
    }

    @Test("each task has samples of its own, and no input but the seed and the task changes them")
    func samples() throws {
        let setting = Setting(hidden: 8, batch: 8, steps: 1, rate: 0.3)
        let input = Self.input(setting, model: 1)
        let first = try Self.run(input)
        #expect(try Self.run(input) == first)
        #expect(try Self.run(input, task: 1).output != first.output)
        var other = setting
        other.seed = 2
        #expect(try Self.run(Self.input(other, model: 1)).output != first.output)
        other = setting
        other.rate = 0.1
        let slower = try Output(Self.run(Self.input(other, model: 1)).output)
        #expect(try Output(first.output).loss == slower.loss)
    }

    @Test("an output fits a job's limit for the largest model")
    func size() throws {
        let setting = Setting(hidden: 64, batch: 1, steps: 1, rate: 0.3)
        #expect(try Self.run(Self.input(setting, model: 1)).output.count == 8 + 4 * setting.numbers)
        #expect(8 + 4 * setting.numbers <= 65_536)
    }

    @Test(
        "a setting outside its bounds traps",
        arguments: [
            Setting(hidden: 0, batch: 1, steps: 1, rate: 0.1), Setting(hidden: 6, batch: 1, steps: 1, rate: 0.1),
            Setting(hidden: 68, batch: 1, steps: 1, rate: 0.1), Setting(hidden: 4, batch: 0, steps: 1, rate: 0.1),
            Setting(hidden: 4, batch: 257, steps: 1, rate: 0.1), Setting(hidden: 4, batch: 1, steps: 0, rate: 0.1),
            Setting(hidden: 4, batch: 1, steps: 1_025, rate: 0.1), Setting(hidden: 4, batch: 1, steps: 1, rate: 0),
            Setting(hidden: 4, batch: 1, steps: 1, rate: -0.1), Setting(hidden: 4, batch: 1, steps: 1, rate: 1.1),
            Setting(hidden: 4, batch: 1, steps: 1, rate: .nan),
        ])
    func settings(setting: Setting) throws {
        #expect(try Self.run(Self.input(setting, model: 1)).ending == .trapped(.unreachable))
    }

    @Test("a model of another size, or with a number that is none or too large, traps")
    func models() throws {
        let setting = Setting(hidden: 4, batch: 1, steps: 1, rate: 1)
        let model = Self.model(4, seed: 1)
        #expect(try Self.run(Self.input(setting, model)).output.count == 8 + 4 * model.count)
        // One step would bring the last bias from 1,000.5 back below the limit.
        for number in [Float.nan, .infinity, -.infinity, 1_000.5, -1_001] {
            let spoilt = Array(model.dropLast()) + [number]
            #expect(try Self.run(Self.input(setting, spoilt)).ending == .trapped(.unreachable), "\(number)")
        }
        let good = Self.input(setting, model)
        for bytes in [good + [0, 0, 0, 0], Bytes(good.dropLast(4)), Bytes(good.prefix(23)), []] {
            #expect(try Self.run(bytes).ending == .trapped(.unreachable))
        }
    }

    @Test("steps that lead out of bounds trap instead of giving a model that nobody can use")
    func divergence() throws {
        let setting = Setting(hidden: 4, batch: 1, steps: 64, rate: 1)
        let extreme = Array(repeating: Float(1_000), count: setting.numbers)
        #expect(try Self.run(Self.input(setting, extreme)).ending == .trapped(.unreachable))
    }
}
