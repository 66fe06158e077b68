import Chain
import Codec
import Cryptography
import Foundation
import Ledger
import Primitives
import Testing

@testable import Client
@testable import Provider

@Suite("outputs and offers")
struct OutputStoreTests {
    static func folder() -> String { NSTemporaryDirectory() + "merit-outputs-\(UUID().uuidString)" }

    @Test("an output is found by its hash, also after a restart; a changed file is not served")
    func keeping() throws {
        let folder = Self.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let output = Bytes("result".utf8)
        try OutputStore(folder: folder).store(output)
        let store = try OutputStore(folder: folder)
        #expect(store.load(Hash.sha256(output)) == output && store.count == 1)
        #expect(store.load(.zero) == nil)
        try Data("forged".utf8).write(to: URL(fileURLWithPath: "\(folder)/\(Hash.sha256(output))"))
        #expect(store.load(Hash.sha256(output)) == nil)
    }

    @Test("the oldest outputs go first when the bound is reached, and a repeat counts once")
    func bound() throws {
        let folder = Self.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = try OutputStore(folder: folder, bytesMax: 250)
        let outputs = (0..<4).map { Bytes(repeating: UInt8($0), count: 100) }
        try store.store(outputs[0])
        for output in outputs { try store.store(output) }
        #expect(outputs.map { store.load(Hash.sha256($0)) != nil } == [false, false, true, true])
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).count == 2)
    }

    /// On a thread of its own and with patience: the tests share few threads with the server.
    private static func get(_ url: NodeURL, _ path: String, max: Int) async throws -> HTTPBody {
        try await withCheckedThrowingContinuation { continuation in
            Thread.detachNewThread {
                continuation.resume(
                    with: Result { try HTTPExchange(url, stepSeconds: 300).get(path, from: url, max: max) })
            }
        }
    }

    @Test("outputs are served by hash, and nothing else is answered")
    func serving() async throws {
        let folder = Self.folder()
        defer { try? FileManager.default.removeItem(atPath: folder) }
        let store = try OutputStore(folder: folder)
        let output = Bytes("result".utf8)
        try store.store(output)
        let server = OutputServer(store, host: "127.0.0.1", port: 0)
        let (ports, continuation) = AsyncStream.makeStream(of: Int.self)
        let running = Task { try await server.run { continuation.yield($0) } }
        defer { running.cancel() }
        var iterator = ports.makeAsyncIterator()
        let port = try #require(await iterator.next())
        let url = try #require(NodeURL("http://127.0.0.1:\(port)"))
        let hash = Hash.sha256(output)
        let served = try await Self.get(url, "/outputs/\(hash)", max: 6)
        #expect(served.status == 200 && served.body == output)
        await #expect(throws: ExchangeError.tooLong) { try await Self.get(url, "/outputs/\(hash)", max: 5) }
        for path in ["/outputs/\(Digest.zero)", "/outputs/", "/outputs/../\(hash)", "/\(hash)", "/"] {
            let answer = try await Self.get(url, path, max: 1_000)
            #expect(answer.status == 404, "\(path)")
        }
    }

    @Test("the honest rate changes nothing; the full rate lies about output and state at the honest price")
    func cheating() {
        let output = Bytes(repeating: 7, count: 64)
        let honest = TaskResult(
            output: Hash.sha256(output), finalState: .zero, fuel: 9, peakPages: 2, outputBytes: 64)
        let same = Cheat(rate: 0).apply(output, honest)
        #expect(same.output == output && same.result == honest && !same.isWrong)
        let lie = Cheat(rate: 1_000_000).apply(output, honest)
        #expect(lie.isWrong && lie.output != output && lie.output.count == output.count)
        #expect(lie.result.output == Hash.sha256(lie.output) && lie.result.finalState != honest.finalState)
        #expect(lie.result.fuel == honest.fuel && lie.result.outputBytes == honest.outputBytes)
        let wrong = (0..<2_000).count { _ in Cheat(rate: 500_000).apply(output, honest).isWrong }
        #expect((800...1_200).contains(wrong))
    }

    @Test("offers are sent when they differ, whether or not the provider is paused, and again only after a while")
    func offers() throws {
        let offer = Offer(resource: 1, engineID: .zero, ask: 1_000)
        let wanted = SetOffers(offers: [offer], endpoint: Bytes("http://a:1".utf8))
        var record = WorkRecord(offers: [])
        var plan = OfferPlan(wanted: wanted)
        let tip = Height(100)!
        #expect(plan.isDue(nil, tip: tip) == true)
        #expect(plan.isDue(nil, tip: tip.advanced(by: 11)) == false)
        #expect(plan.isDue(record, tip: tip.advanced(by: 12)) == true)
        (record.offers, record.endpoint) = (wanted.offers, wanted.endpoint)
        #expect(plan.isDue(record, tip: tip.advanced(by: 13)) == false)
        record.isPaused = true
        #expect(plan.isDue(record, tip: tip.advanced(by: 14)) == false)
        (record.isPaused, record.endpoint) = (false, [])
        #expect(plan.isDue(record, tip: tip.advanced(by: 40)) == true)
    }
}
