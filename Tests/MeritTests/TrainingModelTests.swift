// Rounds of training without a network: the shipped program in this process, and what the requester makes of answers
// of which some are lies.
import Cryptography
import Execution
import Foundation
import Primitives
import Testing

@testable import merit

@Suite("Training by jobs")
struct TrainingModelTests {
    static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    static let small = TrainingModel.Setting(hidden: 4, batch: 2, steps: 1, rate: 0.5)

    static func output(_ model: TrainingModel, seed: UInt64, task: UInt32) throws -> Bytes {
        let file = tests.deletingLastPathComponent().appending(path: "Sources/Programs/wasm/sgd.wasm")
        let request = RunRequest(
            program: Bytes(try Data(contentsOf: file)), input: model.input(seed: seed), taskIndex: task,
            fuelLimit: 1_000_000_000)
        guard case .result(let result) = ProgramRun.run(request, engine: try Engine.shared()) else { return [] }
        return result.output
    }

    static func answer(_ numbers: [Float], loss: Float = 1) -> TrainingModel.Answer {
        .init(right: 1, loss: loss, numbers: numbers)
    }

    /// `rounds | hidden batch steps rate seed tasks rounds model | loss right digest`
    @Test("several rounds give the reference implementation's model, bit for bit")
    func reference() throws {
        let table = Self.tests.appending(path: "ExecutionTests/Tables/sgd.txt")
        let rows = try String(contentsOf: table, encoding: .utf8).split(separator: "\n")
            .map { $0.components(separatedBy: " | ") }.filter { $0[0] == "rounds" }
        #expect(rows.count >= 2)
        for row in rows {
            let cells = row[1].split(separator: " ")
            let numbers = try (0..<8).map { try $0 == 3 ? 0 : #require(UInt64(cells[$0])) }
            let setting = TrainingModel.Setting(
                hidden: Int(numbers[0]), batch: UInt32(numbers[1]), steps: UInt32(numbers[2]),
                rate: try #require(Float(cells[3])))
            var model = TrainingModel(setting, seed: numbers[7])
            var last = ""
            for round in 0..<numbers[6] {
                let answers = try (0..<UInt32(numbers[5])).map { task in
                    let output = try Self.output(model, seed: numbers[4] + round, task: task)
                    return try #require(model.answer(output))
                }
                model.combine(answers)
                let loss = TrainingModel.median(answers.map(\.loss)).bitPattern.bigEndianBytes
                last = "\(Hex.lower(loss)) \(answers.reduce(0) { $0 + $1.right })"
            }
            #expect("\(last) \(Hash.sha256(TrainingModel.bytes(model.numbers)))" == row[2])
        }
    }

    @Test("eight rounds bring the loss below half though a quarter of the answers is as wrong as can be")
    func lies() throws {
        var model = TrainingModel(Trainer.setting, seed: 1)
        var curve = TrainingCurve()
        for round in 1...UInt64(TrainingCurve.roundsMin) {
            let answers = try (0..<Trainer.job.tasks).map { task in
                let answer = try #require(model.answer(Self.output(model, seed: round, task: task)))
                if task % 4 != 0 { return answer }
                return Self.answer(answer.numbers.map { $0 > 0 ? -1_000 : 1_000 }, loss: 0)
            }
            model.combine(answers)
            curve.add(
                .init(
                    loss: TrainingModel.median(answers.map(\.loss)), right: 0, samples: 1, used: 12, tasks: 12))
        }
        print("loss with lies: \(curve.rounds.map(\.loss))")
        #expect(curve.failures == [])
    }

    @Test("a number of the next model is the middle one, or half the sum of the two in the middle")
    func median() {
        var model = TrainingModel(Self.small, seed: 1)
        let count = Self.small.numbers
        func all(_ value: Float) -> TrainingModel.Answer { Self.answer(Array(repeating: value, count: count)) }
        model.combine([all(900), all(3), all(-900), all(1), all(2)])
        #expect(model.numbers == Array(repeating: 2, count: count))
        model.combine([all(900), all(3), all(-900), all(1)])
        #expect(model.numbers == Array(repeating: 2, count: count))
    }

    @Test("an output that no task can have given is no answer")
    func malformed() throws {
        let model = TrainingModel(Self.small, seed: 1)
        let good = try Self.output(model, seed: 1, task: 0)
        let answer = try #require(model.answer(good))
        #expect(answer.numbers.count == Self.small.numbers && answer.right <= 2 && answer.loss > 1)
        func with(_ value: UInt32, at place: Int) -> Bytes {
            good.prefix(place) + value.bigEndianBytes.reversed() + good.dropFirst(place + 4)
        }
        let bad = [
            [], Bytes(good.dropLast()), Bytes(good.dropLast(4)), good + [0, 0, 0, 0], with(3, at: 0),
            with(Float.nan.bitPattern, at: 4), with(Float.infinity.bitPattern, at: 4),
            with(Float(-1).bitPattern, at: 4),
            with(Float.nan.bitPattern, at: 8), with(Float(1_001).bitPattern, at: 8),
            with(Float(-1_001).bitPattern, at: good.count - 4), with(Float.infinity.bitPattern, at: 12),
        ]
        for output in bad { #expect(model.answer(output) == nil) }
        #expect(model.answer(with(Float(-1_000).bitPattern, at: 8))?.numbers.first == -1_000)
    }

    @Test("the sample job's input is one that the program takes, within what a job may carry and a task may answer")
    func sample() throws {
        let input = SampleJob.sgd.input(tasks: 12, number: 7)
        #expect(input == TrainingModel(Trainer.setting, seed: 7).input(seed: 7))
        #expect(input.count == 24 + 4 * Trainer.setting.numbers && input.count <= 65_536)
        let output = try Self.output(TrainingModel(Trainer.setting, seed: 7), seed: 7, task: 11)
        #expect(TrainingModel(Trainer.setting, seed: 7).answer(output) != nil)
    }
}

@Suite("The curve of a training run")
struct TrainingCurveTests {
    static func curve(_ losses: [Float]) -> TrainingCurve {
        var curve = TrainingCurve()
        for loss in losses { curve.add(.init(loss: loss, right: 96, samples: 192, used: 11, tasks: 12)) }
        return curve
    }

    @Test(
        "a run with too few rounds, or whose last two rounds do not lie below half of the first, fails",
        arguments: [
            ([], "0 rounds of training, 8 are asked for"),
            ([2, 1, 0.5, 0.2, 0.1, 0.1, 0.1], "7 rounds of training, 8 are asked for"),
            ([2, 2, 2, 2, 2, 2, 2, 0], "the loss went from 2.000 to 1.000, not below half of it"),
            ([2, 1, 1, 1, 1, 1, 1.5, 1.5], "the loss went from 2.000 to 1.500, not below half of it"),
            ([2, 1, 1, 1, 1, 1, 0.5, 0.25], nil),
        ] as [([Float], String?)])
    func failures(losses: [Float], failure: String?) {
        #expect(Self.curve(losses).failures == (failure.map { [$0] } ?? []))
    }

    @Test("a round is one line")
    func line() {
        let round = TrainingCurve.Round(loss: 0.0996, right: 140, samples: 176, used: 11, tasks: 12)
        #expect(
            TrainingCurve.line(3, round)
                == "training round 3: loss 0.100, 79 % of digits named rightly, 11 of 12 results")
    }

    @Test("the plot has a bar for each round, of many rounds at most 24 and the last")
    func plot() {
        let full = String(repeating: "#", count: 48)
        #expect(
            Self.curve([2, 1, 0.5]).plot == [
                "", "Training", "  round   loss  right", "      1  2.000   50 %  \(full)",
                "      2  1.000   50 %  \(full.prefix(24))", "      3  0.500   50 %  \(full.prefix(12))",
            ])
        #expect(Self.curve([]).plot == [])
        let long = Self.curve((0..<50).map { 50 - Float($0) }).plot
        #expect(long.count == 3 + 17 + 1)
        #expect(long.last?.hasPrefix("     50   1.000") == true && long[4].hasPrefix("      4  47.000"))
    }
}
