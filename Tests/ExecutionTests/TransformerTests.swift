// The transformer against the vectors of model/reference.py, an implementation of the same integers in another
// language, and against hostile models and requests.

import Cryptography
import Execution
import Foundation
import Primitives
import Testing

@Suite struct TransformerTests {
    struct Vector: Sendable, CustomTestStringConvertible {
        let request: String
        let task: UInt32
        /// The digest of the logits where no byte is asked for.
        let continuation: String
        let isScore: Bool

        /// A row reads `seed task count sharpness | prompt | continuation`.
        init(_ cells: [String]) throws {
            let numbers = cells[0].split(separator: " ")
            let texts = cells[1...].map { $0.replacingOccurrences(of: "\\n", with: "\n") }
            request = "\(numbers[0]) \(numbers[2]) \(numbers[3]) \(texts[0])"
            task = try #require(UInt32(numbers[1]))
            continuation = texts[1]
            isScore = numbers[2] == "0"
        }

        var testDescription: String { "task \(task) of \(request)" }
    }

    static func vectors() throws -> [Vector] { try tableRows("transformer").map(Vector.init) }

    static func weights() throws -> Bytes {
        Bytes(try Data(contentsOf: ShippedProgram.folder.appending(path: "model/weights.bin")))
    }

    static func run(_ model: Bytes, _ request: String, task: UInt32 = 0) throws -> RunResult {
        try RunTests.result(ShippedProgramTests.request(.transformer, model + Bytes(request.utf8), task: task))
    }

    /// One layer of 16 numbers in two heads over a window of 8 bytes; every byte of the weights is given by its place.
    static func smallModel(shape: [UInt32] = [1, 16, 2, 8, 8, 96, 0], _ byte: (Int) -> UInt8) -> Bytes {
        let count = 2 * 96 * 16 + 4 * 16 * 20 + 8 * 20 + 16 * 12 + 96 * 20
        return Bytes("MTF1".utf8) + shape.flatMap(\.littleEndianBytes) + (0..<count).map(byte)
    }

    @Test("every continuation is the reference implementation's, byte for byte")
    func reference() throws {
        let (weights, vectors) = (try Self.weights(), try Self.vectors())
        print("continuations compared: \(vectors.count)")
        #expect(vectors.count >= 11)
        for vector in vectors {
            let result = try Self.run(weights, vector.request, task: vector.task)
            let found = vector.isScore ? Bytes(Hash.sha256(result.output).description.utf8) : result.output
            #expect(found == Bytes(vector.continuation.utf8), "\(vector.testDescription)")
        }
    }

    @Test("fuel, output and final memory of two tasks are the recorded ones")
    func golden() throws {
        let weights = try Self.weights()
        let found = try (0..<2 as Range<UInt32>).map { task in
            let result = try Self.run(weights, "1 96 256 A validator is ", task: task)
            return "\(result.fuel) \(Hash.sha256(result.output)) \(result.finalMemory)"
        }
        #expect(
            found == [
                "118736044 3c8f85a529e23b2eb13870827292f322ff9d22b6e76e9fe80fd958b5e0a2ab31"
                    + " 407c98a2bec9ae17ea37493ee8cbc5d3b3d1f34241f1a93cb80440a0b42fc559",
                "118928829 abd75a86843c42ffb2da50478b14b2cd8105525090b358180e0227c454f72414"
                    + " 9222902bb8a819d8df945eb1de7ec49824fcac5168d8e6f3edaba150e30c5242",
            ])
    }

    @Test("four of five longer words that it writes are words of the corpus")
    func words() throws {
        func words(_ text: String) -> [Substring] { text.lowercased().split { !$0.isLetter }.filter { $0.count > 3 } }
        let corpus = try String(
            contentsOf: ShippedProgram.folder.appending(path: "model/corpus.txt"), encoding: .utf8)
        let known = Set(words(corpus))
        // The last word may be cut; a sharpness of 1 draws nearly any byte.
        let written = try Self.vectors().filter { !$0.isScore && !$0.request.contains(" 1 ~") }
            .flatMap { words($0.continuation).dropLast() }
        let share = Double(written.filter(known.contains).count) / Double(written.count)
        print("words of the corpus: \(share) of \(written.count)")
        #expect(written.count > 40 && share > 0.8)
    }

    @Test("the model is small enough to be published as one input")
    func size() throws {
        #expect(try Self.weights().count <= 1_000_000)
    }

    @Test(
        "a request outside its bounds traps",
        arguments: [
            "", "1", "1 2", "1 2 256", "1 2 256 ", " 2 256 a", "1  256 a", "x 2 256 a", "-1 2 256 a",
            "1 4097 256 a", "1 2 0 a", "1 2 65536 a", "123456789012345678901 2 256 a", "1 2 256 a\t", "1 2 256 \u{E9}",
            "1 2 256 " + String(repeating: "a", count: 4_097),
        ])
    func requests(request: String) throws {
        let model = Self.smallModel { _ in 1 }
        #expect(try Self.run(model, "1 2 256 a").output.count == 2)
        #expect(try Self.run(model, request).ending == .trapped(.unreachable))
    }

    @Test("a model of another form, or one cut short, traps")
    func models() throws {
        let request = "1 2 256 a"
        let good: [UInt32] = [1, 16, 2, 8, 8, 96, 0]
        for (place, values) in [
            (0, [0, 9, .max]), (1, [0, 8, 17, 520]), (2, [0, 3, 9]), (3, [0, 7, 520]), (4, [0, 1_025]),
            (5, [0, 95, 97]), (6, [1]),
        ] as [(Int, [UInt32])] {
            for value in values {
                var shape = good
                shape[place] = value
                let ending = try Self.run(Self.smallModel(shape: shape) { _ in 1 }, request).ending
                #expect(ending == .trapped(.unreachable), "\(shape)")
            }
        }
        let model = Self.smallModel { _ in 1 }
        for bytes in [[0] + model.dropFirst(), Bytes(model.dropLast(20)), Bytes(model.prefix(31)), []] {
            #expect(try Self.run(bytes, request).ending == .trapped(.unreachable))
        }
    }

    @Test("whatever the weights are, every byte written is printable or a line feed, also past the window")
    func anyWeights() throws {
        var random = Random(seed: 9)
        let fillings: [(Int) -> UInt8] = [
            { _ in 0 }, { _ in 0x7F }, { _ in 0x80 }, { _ in 0xFF }, { UInt8(truncatingIfNeeded: $0) },
            { _ in UInt8(truncatingIfNeeded: random.next()) },
        ]
        for filling in fillings {
            let output = try Self.run(Self.smallModel(filling), "5 40 65535 abc\nABC ~").output
            #expect(output.count == 40 && output.allSatisfy { $0 == 10 || (32...126).contains($0) })
        }
    }
}
