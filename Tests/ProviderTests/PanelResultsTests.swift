// Sealed results on the disk, and the nonces that follow from the key.
import Chain
import Codec
import Cryptography
import Foundation
import Primitives
import Provider
import Testing

@Suite("sealed results")
struct PanelResultsTests {
    @Test("a result is found after a restart under its task alone, and a damaged file is none")
    func keeping() throws {
        let folder = NSTemporaryDirectory() + "merit-panels-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (place, result) = (PanelPlanTests.place(1), PanelPlanTests.result(PanelPlanTests.place(1)).result)
        try PanelResults(folder: folder).store(result, of: place)
        let kept = try PanelResults(folder: folder)
        #expect(kept.load(place) == result)
        #expect(kept.load(PanelPlanTests.place(0)) == nil && kept.load(PanelPlanTests.place(1, 1)) == nil)
        try Data([0xFF]).write(to: URL(fileURLWithPath: "\(folder)/\(place.job)-1"))
        #expect(kept.load(place) == nil)
        // What a crash left of a write is gone after the next start.
        let partial = "\(folder)/\(place.job)-2.partial"
        try Data([1]).write(to: URL(fileURLWithPath: partial))
        _ = try PanelResults(folder: folder)
        #expect(!FileManager.default.fileExists(atPath: partial))
    }

    @Test("beyond the bound the older half goes, and never what was stored last")
    func bound() throws {
        let folder = NSTemporaryDirectory() + "merit-panels-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let (results, place) = (try PanelResults(folder: folder), PanelPlanTests.place(0))
        let result = PanelPlanTests.result(place).result
        let count = 4_095
        for index in 0..<count {
            let path = "\(folder)/\(place.job)-\(index)"
            try Data(result.encoded).write(to: URL(fileURLWithPath: path))
            // The higher its number, the older it is.
            let date = Date(timeIntervalSince1970: 1_000_000 - Double(index))
            try FileManager.default.setAttributes([.modificationDate: date], ofItemAtPath: path)
        }
        func kept() -> [Int] {
            (0..<count + 2).filter { results.load(PanelPlanTests.place(UInt32($0))) == result }
        }
        try results.store(result, of: PanelPlanTests.place(UInt32(count)))
        #expect(kept() == Array(0...count))
        try results.store(result, of: PanelPlanTests.place(UInt32(count + 1)))
        #expect(kept() == Array(0..<2_046) + [count, count + 1])
    }

    @Test("a nonce is the same after a restart, and another one for each task, chain and key")
    func nonces() throws {
        let other = try #require(SigningKey(seed: Bytes(repeating: 8, count: 32)))
        func nonce(_ place: TaskPlace, _ chain: String = "merit-1", _ key: SigningKey = PanelPlanTests.key) -> Digest {
            PanelResults.nonce(place, chain: Bytes(chain.utf8), key: key)
        }
        let place = PanelPlanTests.place(0)
        #expect(nonce(place) == nonce(place))
        let all = [
            nonce(place), nonce(PanelPlanTests.place(1)), nonce(PanelPlanTests.place(0, 1)), nonce(place, "merit-2"),
            nonce(place, "merit-1", other),
        ]
        #expect(Set(all).count == all.count)
    }
}
