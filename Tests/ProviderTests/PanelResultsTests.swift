// Sealed results on the disk, and the nonces that follow from the key.
import Chain
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
