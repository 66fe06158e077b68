// From a checkpoint to a target through sources that may be silent, confused or lying.
import Chain
import Codec
import LightClient
import Primitives
import Quorum
import Testing

/// Answers with what a function makes of an honest chain.
private struct Liar: LightSource {
    let answer: @Sendable (Height) throws(LightSourceError) -> LightBlock

    func lightBlock(at height: Height) throws(LightSourceError) -> LightBlock { try answer(height) }
}

@Suite("Light session")
struct LightSessionTests {
    /// The set moves by one of six members every second height.
    static let chain = GeneratedChain(count: 60) { height in (0..<6).map { (height / 2 + $0, 10) } }
    static let now = GeneratedChain.time(100)

    private func session(at height: Int = 1, of chain: GeneratedChain = chain) throws -> LightSession {
        let store = try #require(TrustStore(chainID: GeneratedChain.chainID, first: chain.trusted(height)))
        return LightSession(verifier: GeneratedChain.verifier(), store: store)
    }

    private func error(
        to target: Int, primary: some LightSource, witnesses: [any LightSource] = [], now: Timestamp = now
    ) throws -> LightSessionError? {
        var session = try session()
        let before = session.store
        do throws(LightSessionError) {
            _ = try session.advance(
                to: GeneratedChain.height(target), primary: primary, witnesses: witnesses, now: now)
            return nil
        } catch {
            #expect(session.store == before)
            return error
        }
    }

    @Test("bisection reaches the target over changing sets, with fewer fetches than heights")
    func skipping() throws {
        var session = try session()
        let advance = try session.advance(
            to: GeneratedChain.height(60), primary: Self.chain, witnesses: [Self.chain], now: Self.now)
        #expect(advance.state == Self.chain.trusted(60))
        #expect(advance.badWitnesses.isEmpty)
        #expect(advance.fetches < 30)
        #expect(session.store.latest == advance.state)
        #expect(session.store.states.count > 2)
        for state in session.store.states { #expect(state == Self.chain.trusted(Int(state.height.value))) }
        // What is trusted already costs nothing; a height between two trusted ones starts from the lower.
        #expect(
            try session.advance(
                to: GeneratedChain.height(60),
                primary: Liar { _ throws(LightSourceError) in
                    throw .unreachable
                }, now: Self.now
            ).fetches == 0)
        let middle = try session.advance(to: GeneratedChain.height(31), primary: Self.chain, now: Self.now)
        #expect(middle.state == Self.chain.trusted(31))
    }

    @Test("below the lowest trusted height the way goes backwards by hashes")
    func backwards() throws {
        var session = try session(at: 30)
        let advance = try session.advance(to: GeneratedChain.height(20), primary: Self.chain, now: Self.now)
        #expect(advance.state == Self.chain.trusted(20))
        #expect(advance.fetches == 10)
        let fork = Self.chain.forked(at: 24)
        #expect(throws: LightSessionError.refused(.notTheParent, height: GeneratedChain.height(29))) {
            try session.advance(to: GeneratedChain.height(20), primary: fork, now: Self.now)
        }
    }

    @Test("one request fetches a bounded number of blocks")
    func bounded() throws {
        // A new single validator at every height: nothing can be skipped.
        let count = LightLimits.fetchesMax + 20
        let chain = GeneratedChain(count: count) { height in [(height, Int64(1))] }
        var session = try session(of: chain)
        #expect(throws: LightSessionError.tooManyFetches) {
            try session.advance(
                to: GeneratedChain.height(count), primary: chain, now: GeneratedChain.time(count + 1))
        }
        let near = try session.advance(
            to: GeneratedChain.height(300), primary: chain, now: GeneratedChain.time(count + 1))
        #expect(near.fetches == 299)
        #expect(session.store.states.count == LightLimits.trustedStatesMax)
        #expect(session.store.latest.height == GeneratedChain.height(300))
    }

    @Test("a source that fails or lies is named with the height and the rule")
    func sources() throws {
        let chain = Self.chain
        let ten = GeneratedChain.height(10)
        #expect(try error(to: 61, primary: chain) == .source(.notAvailable, height: GeneratedChain.height(61)))
        let silent = Liar { _ throws(LightSourceError) in throw .unreachable }
        #expect(try error(to: 10, primary: silent) == .source(.unreachable, height: ten))
        let confused = Liar { height throws(LightSourceError) in try chain.lightBlock(at: height.advanced()) }
        #expect(
            try error(to: 10, primary: confused) == .wrongHeight(asked: ten, given: GeneratedChain.height(11)))
        let weak = Liar { height throws(LightSourceError) in
            chain.block(Int(height.value), absent: [0, 1, 2])
        }
        #expect(
            try error(to: 2, primary: weak)
                == .refused(.commit(.notEnoughPower(signed: 30, total: 60)), height: GeneratedChain.height(2)))
        let late = GeneratedChain.time(2_000_000)
        #expect(try error(to: 10, primary: chain, now: late) == .refused(.trustExpired, height: ten))
    }

    @Test("a witness that is silent or talks nonsense is dropped, one that agrees is enough")
    func witnesses() throws {
        let chain = Self.chain
        let silent = Liar { _ throws(LightSourceError) in throw .unreachable }
        let weakFork = chain.forked(at: 1)
        let nonsense = Liar { height throws(LightSourceError) in
            weakFork.block(Int(height.value), { $0.dataHash = .zero }, absent: [0, 1, 2])
        }
        var session = try session()
        let advance = try session.advance(
            to: GeneratedChain.height(40), primary: chain, witnesses: [silent, chain, nonsense], now: Self.now)
        #expect(advance.badWitnesses == [0, 2])
        #expect(try error(to: 40, primary: chain, witnesses: [silent, nonsense]) == .noWitnessAgrees)
    }

    @Test("two chains that both verify are an attack: nothing is believed, and the evidence is named")
    func divergence() throws {
        let fork = Self.chain.forked(at: 20)
        let given = try error(to: 50, primary: Self.chain, witnesses: [Self.chain, fork])
        guard case .divergence(let divergence) = given else {
            Issue.record("\(String(describing: given))")
            return
        }
        #expect(divergence.witness == 1)
        #expect(divergence.commonHeight <= GeneratedChain.height(20))
        #expect(divergence.primaryBlock.height == divergence.witnessBlock.height)
        #expect(divergence.primaryBlock.height > GeneratedChain.height(20))
        #expect(divergence.primaryBlock.header.hash != divergence.witnessBlock.header.hash)
        let agreed = try LightSession(
            verifier: GeneratedChain.verifier(),
            store: #require(TrustStore(chainID: GeneratedChain.chainID, first: Self.chain.trusted(1))))
        var below = agreed
        #expect(
            try below.advance(
                to: GeneratedChain.height(20), primary: Self.chain, witnesses: [fork], now: Self.now
            ).badWitnesses.isEmpty)
    }

    @Test("the trust store comes back from its bytes, and refuses what it could not have written")
    func store() throws {
        var session = try session()
        _ = try session.advance(to: GeneratedChain.height(50), primary: Self.chain, now: Self.now)
        let store = session.store
        #expect(try TrustStore(decoding: store.encoded) == store)
        #expect(store.nearest(upTo: GeneratedChain.height(49))?.height ?? .zero < GeneratedChain.height(50))
        #expect(store.nearest(upTo: .zero) == nil)

        func encoded(chain: Bytes = GeneratedChain.chainID.bytes, _ states: [TrustedState]) -> Bytes {
            var encoder = Encoder()
            encoder.data(1, chain)
            encoder.messages(2, states)
            return encoder.bytes
        }
        let states = store.states
        let rows: [(Bytes, DecodeError)] = [
            (encoded(chain: Bytes("a b".utf8), states), .invalid(field: 1)),
            (encoded(chain: Bytes("other".utf8), states), .invalid(field: 2)),
            (encoded([]), .missing(field: 2)),
            (encoded(states.reversed()), .invalid(field: 2)),
            (encoded([states[0], states[0]]), .invalid(field: 2)),
        ]
        for (bytes, rule) in rows { #expect(throws: rule) { try TrustStore(decoding: bytes) } }
        // A changed next set no longer has the hash that the header names.
        let bytes = encoded([states[0]])
        var changed = bytes
        changed[bytes.count - 1] ^= 1
        #expect(throws: DecodeError.self) { try TrustStore(decoding: changed) }
    }
}

@Suite("State answers")
struct StateAnswerTests {
    private let chain = LightSessionTests.chain
    private let header = LightSessionTests.chain.blocks[30].header

    private func error(_ answer: StateAnswer, key: Bytes, header: Header? = nil) -> StateAnswerError? {
        do throws(StateAnswerError) {
            try answer.verify(key: key, header: header ?? self.header)
            return nil
        } catch { return error }
    }

    @Test("an answer about height h holds under the header of h + 1 and no other")
    func heights() {
        let answer = StateOf(30).answer(0, height: 30)
        #expect(error(answer, key: StateOf.keys[0]) == nil)
        #expect(error(answer, key: StateOf.keys[1]) == .wrongProofKey)
        #expect(error(answer, key: StateOf.keys[0], header: chain.blocks[29].header) == .wrongHeight)
        let old = StateOf(29).answer(0, height: 30)
        #expect(error(old, key: StateOf.keys[0]) == .proof(.wrongRoot))
        let absence = StateOf(30).absence(of: [5, 5], height: 30)
        #expect(error(absence, key: [5, 5]) == nil)
        let other = StateAnswer(
            height: answer.height, value: answer.value, proofType: Bytes("ics23:iavl".utf8), proofKey: answer.proofKey,
            proof: answer.proof)
        #expect(error(other, key: StateOf.keys[0]) == .wrongProofType)
        var short = header
        short.appHash = [1, 2]
        #expect(error(answer, key: StateOf.keys[0], header: short) == .wrongAppHash)
    }

    @Test("any changed byte of proof or value is refused, for presence and for absence")
    func everyByte() {
        let answers = [
            (StateOf.keys[0], StateOf(30).answer(0, height: 30)),
            ([5, 5], StateOf(30).absence(of: [5, 5], height: 30)),
        ]
        for (key, answer) in answers {
            func with(value: Bytes?, proof: Bytes) -> StateAnswer {
                StateAnswer(
                    height: answer.height, value: value, proofType: answer.proofType, proofKey: answer.proofKey,
                    proof: proof)
            }
            for index in answer.proof.indices {
                for bit in UInt8(0)..<8 {
                    var changed = answer.proof
                    changed[index] ^= 1 << bit
                    #expect(error(with(value: answer.value, proof: changed), key: key) != nil, "byte \(index)")
                }
            }
            for index in (answer.value ?? []).indices {
                var changed = answer.value ?? []
                changed[index] ^= 1
                #expect(error(with(value: changed, proof: answer.proof), key: key) == .proof(.wrongValue))
            }
            #expect(
                error(with(value: answer.value == nil ? [1] : nil, proof: answer.proof), key: key)
                    == .proof(.wrongForm))
        }
    }
}
