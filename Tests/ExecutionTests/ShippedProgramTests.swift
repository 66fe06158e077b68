// The programs under Sources/Programs compute what they say, with the bits and the fuel that every machine must get.

import Cryptography
import Execution
import Foundation
import Primitives
import Testing

extension ShippedProgram {
    /// A small input that the program accepts.
    var sampleInput: Bytes {
        switch self {
        case .matmul: ShippedProgramTests.matrices(8, 8, 9, band: 8).input
        case .montecarlo: ShippedProgramTests.option(paths: 50, steps: 4, seed: 1)
        case .transformer: TransformerTests.smallModel { _ in 1 } + Bytes("1 2 256 a".utf8)
        case .sgd: TrainingTests.input(TrainingTests.Setting(hidden: 4, batch: 2, steps: 2, rate: 0.5), model: 1)
        }
    }
}

@Suite struct ShippedProgramTests {
    static func matrices(_ m: Int, _ k: Int, _ n: Int, band: Int) -> (input: Bytes, a: [Float], b: [Float]) {
        var random = Random(seed: 11)
        func number() -> Float { Float(Int64(random.below(2_001)) - 1_000) / 777 }
        let a = (0..<(m * k)).map { _ in number() }
        let b = (0..<(k * n)).map { _ in number() }
        let sizes = [m, k, n, band].flatMap { UInt32($0).littleEndianBytes }
        return (sizes + (a + b).flatMap { $0.bitPattern.littleEndianBytes }, a, b)
    }

    static func option(paths: UInt32, steps: UInt32, seed: UInt64) -> Bytes {
        let numbers: [Double] = [100, 100, 0.05, 0.2, 1]
        return paths.littleEndianBytes + steps.littleEndianBytes + seed.littleEndianBytes
            + numbers.flatMap { $0.bitPattern.littleEndianBytes }
    }

    static func request(_ program: ShippedProgram, _ input: Bytes, task: UInt32 = 0) throws -> RunRequest {
        RunRequest(program: try program.bytes, input: input, taskIndex: task, fuelLimit: 1_000_000_000)
    }

    private func cell(_ a: [Float], _ b: [Float], _ size: (k: Int, n: Int), _ row: Int, _ column: Int) -> Float {
        var sum: Float = 0
        for step in 0..<size.k { sum += a[row * size.k + step] * b[step * size.n + column] }
        return sum
    }

    @Test(
        "matmul gives the bits of the plain triple loop, band by band, for every shape",
        arguments: [
            (1, 1, 1, 1), (4, 8, 8, 4), (13, 17, 19, 5), (5, 3, 7, 2), (64, 32, 40, 64),
        ])
    func matmul(m: Int, k: Int, n: Int, band: Int) throws {
        let (input, a, b) = Self.matrices(m, k, n, band: band)
        for task in 0..<((m + band - 1) / band) {
            let result = try RunTests.result(Self.request(.matmul, input, task: UInt32(task)))
            let cells = (task * band * n)..<(min(m, (task + 1) * band) * n)
            let expected = cells.flatMap { cell(a, b, (k, n), $0 / n, $0 % n).bitPattern.littleEndianBytes }
            #expect(result.ending == .returned(expected))
        }
    }

    @Test("matmul traps on sizes that do not fit its input and on a task behind the last band")
    func matmulRefuses() throws {
        let input = Self.matrices(4, 4, 4, band: 4).input
        for (bytes, task) in [(input + [0], 0), (Bytes(input.dropLast()), 0), ([], 0), (input, 1)] as [(Bytes, UInt32)]
        {
            #expect(try RunTests.result(Self.request(.matmul, bytes, task: task)).ending == .trapped(.unreachable))
        }
    }

    @Test("montecarlo agrees with Black and Scholes within four standard errors over four tasks")
    func europeanPrice() throws {
        var (mean, variance, asian) = (0.0, 0.0, 0.0)
        for task in 0..<4 as Range<UInt32> {
            let input = Self.option(paths: 10_000, steps: 32, seed: 2_026)
            let output = try RunTests.result(Self.request(.montecarlo, input, task: task)).output
            let values = (0..<4).map { index in
                Double(bitPattern: output[(8 * index)..<(8 * index + 8)].reversed().reduce(0) { $0 << 8 | UInt64($1) })
            }
            mean += values[0] / 4
            variance += values[1] * values[1] / 16
            asian += values[2] / 4
        }
        let (spot, strike, rate, volatility, years) = (100.0, 100.0, 0.05, 0.2, 1.0)
        let d1 = (log(spot / strike) + (rate + volatility * volatility / 2) * years) / (volatility * years.squareRoot())
        let d2 = d1 - volatility * years.squareRoot()
        func normal(_ x: Double) -> Double { erfc(-x / 2.0.squareRoot()) / 2 }
        let exact = spot * normal(d1) - strike * exp(-rate * years) * normal(d2)
        print("European call: simulated \(mean) +- \(variance.squareRoot()), exact \(exact); Asian \(asian)")
        #expect(abs(exact - 10.4506) < 0.0001)
        #expect(abs(mean - exact) < 4 * variance.squareRoot())
        #expect(variance.squareRoot() < 0.1)
        // The arithmetic Asian call of these numbers lies near 5.8, well below the European one.
        #expect(asian > 5.4 && asian < 6.3)
    }

    @Test("tasks of one job are different samples, the same task is the same sample")
    func samples() throws {
        let input = Self.option(paths: 100, steps: 4, seed: 1)
        let first = try RunTests.result(Self.request(.montecarlo, input, task: 0))
        #expect(try RunTests.result(Self.request(.montecarlo, input, task: 0)) == first)
        #expect(try RunTests.result(Self.request(.montecarlo, input, task: 1)).output != first.output)
    }

    @Test("fuel, output and final memory of the shipped programs are the recorded ones")
    func golden() throws {
        let matmul = try RunTests.result(Self.request(.matmul, Self.matrices(64, 64, 64, band: 64).input))
        let option = try RunTests.result(
            Self.request(.montecarlo, Self.option(paths: 1_000, steps: 16, seed: 7), task: 3))
        let found = [matmul, option].map { "\($0.fuel) \(Hash.sha256($0.output)) \($0.finalMemory)" }
        #expect(
            found == [
                "753023 29555df828396cab8a8da33bd09d50df6491c35e973ca2c8ff064db89d559684"
                    + " e0882ce675b86586c4ede9a5fd855249c15172d844fdb56abfc143477fac663d",
                "4196106 f9d2ed23b83007d3427edd380a64a212ca38dbfea26c775323a67682ebdd1583"
                    + " 296355f943489d3dfb9764a278d20c7fdca53ace26318178acf3e74548dae376",
            ])
    }
}
