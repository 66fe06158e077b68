// A task's transcript is read from a node that may lie: whatever byte of its answers changes, the transcript is refused
// or stays what it was.
import API
import Chain
import Client
import Codec
import Cryptography
import Ledger
import LightClient
import Primitives
import Quorum
import RPC
import Synchronization
import Testing

/// Answers from a table, and remembers what is not in it.
final class LearningLink: RPCLink {
    private let state: Mutex<(answers: [Bytes: Bytes], missing: [Bytes])>

    init(_ answers: [Bytes: Bytes] = [:]) { state = Mutex((answers, [])) }

    var answers: [Bytes: Bytes] { state.withLock(\.answers) }
    var missing: [Bytes] { state.withLock(\.missing) }

    func exchange(_ body: Bytes) throws(ExchangeError) -> Bytes {
        let answer = state.withLock { state in
            if state.answers[body] == nil { state.missing.append(body) }
            return state.answers[body]
        }
        guard let answer else { throw .unreachable("not in the table") }
        return answer
    }
}

@Suite("task transcripts")
struct TaskReaderTests {
    private static let now = TestChain.start.adding(seconds: 60)

    private static func read(
        _ link: LearningLink, _ market: TestMarket, _ index: UInt32, genesis: Digest? = nil
    ) throws -> TaskTranscript? {
        let options = try #require(VerificationOptions(trustingPeriod: .seconds(3600)))
        let follower = LightFollower(genesisHash: genesis ?? market.chain.genesis.hash, options: options)
        var reader = TaskReader(RPCClient(link), follower: follower, now: now)
        return try reader.transcript(of: TaskPlace(job: market.job, index: index))
    }

    /// A link that knows every answer that one transcript needs.
    private static func learn(_ market: TestMarket, _ index: UInt32) async throws -> LearningLink {
        let handler = RPCHandler(TestNode(market.chain))
        var link = LearningLink()
        for _ in 0..<200 {
            do {
                _ = try read(link, market, index)
                return link
            } catch {
                guard let body = link.missing.last else { throw error }
                var answers = link.answers
                answers[body] = await handler.post(body).body
                link = LearningLink(answers)
            }
        }
        return link
    }

    @Test("a settled task has its receipt, its epoch and no judgement; what nobody was given has no transcript")
    func transcript() async throws {
        var market = try TestMarket()
        // The block after the settling one proves what that did.
        try market.chain.advance([])
        let found = try #require(try Self.read(try await Self.learn(market, 0), market, 0))
        #expect(found.task.state == .settled && found.task.provider == TestKeys(10).account.address)
        #expect(found.job.request.tasks == 3 && found.epoch == 0)
        #expect(found.task.result?.output == Hash.sha256(Bytes("out".utf8)))
        #expect(found.audits.isEmpty && found.decided == nil)
        let open = try #require(try Self.read(try await Self.learn(market, 1), market, 1))
        #expect(open.task.state == .assigned && open.epoch == nil && open.task.result == nil)
        #expect(try Self.read(try await Self.learn(market, 3), market, 3) == nil)
    }

    @Test("a node of another genesis, and a changed byte in what it says, give no other transcript")
    func refused() async throws {
        let market = try TestMarket()
        let link = try await Self.learn(market, 0)
        let honest = try #require(try Self.read(link, market, 0))
        #expect(throws: LightQueryError.self) { try Self.read(link, market, 0, genesis: .zero) }
        var (refused, kept) = (0, 0)
        for request in link.answers.keys where !String(decoding: request, as: UTF8.self).contains("\"genesis\"") {
            let body = try #require(link.answers[request])
            for place in stride(from: 30, to: body.count, by: max(1, body.count / 12)) {
                var answers = link.answers
                answers[request]?[place] ^= 1
                let other: TaskTranscript?
                do { other = try Self.read(LearningLink(answers), market, 0) } catch {
                    refused += 1
                    continue
                }
                kept += 1
                #expect(other?.task == honest.task && other?.job == honest.job, "byte \(place) of \(body.count)")
                #expect(other?.header.hash == honest.header.hash && other?.epoch == honest.epoch)
                #expect(other?.audits == honest.audits && other?.decided == nil)
            }
        }
        #expect(refused > 100, "\(refused) refused, \(kept) the same")
    }
}
