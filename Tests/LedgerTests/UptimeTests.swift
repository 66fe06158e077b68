// Challenges of uptime: how many an epoch has and when, who may answer, what counts in which epoch, what it changes.
import Chain
import Codec
import Cryptography
import Primitives
import Quorum
import Rewards
import Testing

@testable import Ledger

@Suite("uptime")
struct UptimeTests {
    static let answering = """
        22 answer -> unknown_provider
        20 answer first -> not_challenged
        20 answer beacon -> wrong_challenge_beacon
        20 answer -> ok
        21 unbond mrt=351 -> ok
        block
        20 answer oldest -> challenge_answered
        21 answer oldest -> no_bonded_slot
        """

    @Test("an answer counts once, of a bonded provider, over the beacon of an open challenge, or one rule refuses it")
    func answer() throws {
        var market = try MarketChain()
        market.present = []
        try market.run("20 provide mrt=700 -> ok\n21 provide mrt=700 -> ok\nblock 5")
        try market.untilChallenged()
        let bond = try #require(market.chain.validator(0)?.bond)
        try market.run(Self.answering)
        let uptime: UptimeRecord? = WorkingState(market.chain.store).load(StateKey.uptime(MarketChain.address(20)))
        #expect(uptime?.answered == 1)
        // Five failed answers: the author of their batch pays for their bytes.
        #expect((market.chain.validator(0)?.bond ?? .zero) < bond)
        try market.checkMoney()
    }

    @Test("an answer is too late after answer_blocks, and nobody answers what was asked before he registered")
    func window() throws {
        let settings = TestChain.standard.map { $0.number == 508 ? Setting(number: 508, value: 1) : $0 }
        var market = try MarketChain(settings: settings)
        market.present = []
        try market.run("20 provide mrt=700 -> ok\n21 provide mrt=700 -> ok")
        try market.untilChallenged()
        let open = market.challenges.open
        try market.run("22 provide mrt=700 -> ok\n22 answer -> not_challenged\nblock")
        try market.run("block\n20 answer -> ok\n")
        #expect(market.challenges.open == [], "three blocks were asked")
        let late = ChallengeAnswer(
            signing: open[0].height, beacon: open[0].beacon, by: TestKeys(21).account, chainID: TestChain.chainID)
        let code = try market.chain.advance([(0, [.answer(late)])])[1].code
        #expect(LedgerRule(rawValue: code) == .notChallenged)
    }

    @Test("an author admits an answer that its state would take")
    func admission() throws {
        var market = try MarketChain()
        market.present = []
        try market.run("20 provide mrt=700 -> ok")
        try market.untilChallenged()
        func admit(_ row: Substring) throws -> String? {
            let item = try market.item(row)
            return Ledger.admit(item, byteCount: item.encoded.count, on: market.chain.store, view: market.chain.view)?
                .label
        }
        #expect(try admit("20 answer") == nil)
        #expect(try admit("21 answer") == "unknown_provider")
        #expect(try admit("20 answer beacon") == "wrong_challenge_beacon")
    }

    @Test("the signature covers provider, height, beacon and chain")
    func signature() throws {
        let key = TestKeys(20).account
        let good = ChallengeAnswer(signing: Height(7)!, beacon: .zero, by: key, chainID: TestChain.chainID)
        func holds(_ height: UInt64, _ beacon: Digest, _ chain: ChainID = TestChain.chainID) throws -> Bool {
            let item = Item.answer(
                ChallengeAnswer(
                    provider: key.publicKey, height: Height(height)!, beacon: beacon, signature: good.signature))
            return Verified(try ItemClaim(decoding: item.encoded, chainID: chain)) != nil
        }
        #expect(try holds(7, .zero))
        #expect(try !holds(8, .zero))
        #expect(try !holds(7, Hash.sha256(Bytes())))
        let other = try #require(ChainID(Bytes("other".utf8)))
        #expect(try !holds(7, .zero, other))
    }

    // MARK: When

    @Test("an epoch has as many challenges as the parameter says, at heights that differ from epoch to epoch")
    func count() throws {
        var chain = try TestChain()
        var patterns: Set<[UInt64]> = []
        for epoch in UInt64(0)..<4 {
            let start = chain.view.epoch.startHeight.value
            var heights: [UInt64] = []
            var issued = Ledger.challenges(in: WorkingState(chain.store)).issued
            while chain.view.epoch.number == epoch {
                try chain.advance()
                let now = Ledger.challenges(in: WorkingState(chain.store)).issued
                if now > issued { heights.append(chain.view.tip.height.value - start) }
                issued = now
            }
            #expect(heights.count == 8 && issued == 8 * (epoch + 1), "\(heights)")
            patterns.insert(heights)
        }
        #expect(patterns.count == 4)
    }

    @Test("challenges lie evenly in the epoch's time, whatever the length of its blocks")
    func spread() {
        var random = Random(seed: 7)
        var (quarters, epochs) = ([0, 0, 0, 0], 0)
        for _ in 0..<400 {
            var (time, missing) = (UInt64(0), UInt64(8))
            while time < 20_000 {
                let passed = 50 + random.below(200)
                let step = EpochStep(remaining: 20_000 - time, passed: passed)
                if Rewards.Rule.isChallenged(draw: random.next(), missing: missing, step: step) {
                    quarters[min(3, Int((time + passed / 2) / 5_000))] += 1
                    missing -= 1
                }
                time += passed
            }
            epochs += missing == 0 ? 1 : 0
        }
        // 3,200 challenges, 800 a quarter, with a standard deviation of 24.
        #expect(quarters.allSatisfy { (700...900).contains($0) }, "\(quarters)")
        #expect(epochs > 390, "\(epochs)")
    }

    @Test("no challenge is due when none is missing; each block is one when the time is over")
    func edges() {
        func due(_ draw: UInt64, _ missing: UInt64, _ remaining: UInt64, _ passed: UInt64) -> Bool {
            Rewards.Rule.isChallenged(
                draw: draw, missing: missing, step: EpochStep(remaining: remaining, passed: passed))
        }
        #expect(!due(0, 0, 0, 5))
        #expect(due(.max, 1, 0, 0) && due(.max, 1, 5, 5) && due(.max, .max, 5, 2) && due(.max, 2, 10, 5))
        #expect(due((1 << 63) - 1, 1, 10, 5) && !due(1 << 63, 1, 10, 5))
        #expect(!due(0, 1, 10, 0))
    }

    // MARK: Counting

    @Test("counters of fixed size say what counting every challenge would", arguments: 1...6 as ClosedRange<UInt64>)
    func counters(seed: UInt64) {
        var random = Random(seed: seed)
        var record = ChallengeRecord()
        var uptime: UptimeRecord?
        var answered: Set<UInt64> = []
        var (counted, closed) = (UInt64(0), UInt64(0))
        for height in UInt64(1)...600 {
            if uptime == nil, random.chance(ppm: 30_000) { uptime = UptimeRecord(since: record.issued) }
            // Silent for whole epochs now and then, in which nobody touches the record.
            let isSilent = height / 100 % 2 == 1
            for number in record.firstOpen..<record.issued where !isSilent && random.chance(ppm: 400_000) {
                guard var known = uptime, number >= known.since else { continue }
                #expect(known.hasAnswered(number) == answered.contains(number))
                if known.hasAnswered(number) { continue }
                known.turnEpoch(first: record.firstOfEpoch)
                known.answer(number)
                answered.insert(number)
                uptime = known
            }
            record.close(at: Height(height)!, answerBlocks: 40)
            if random.chance(ppm: 500_000) { record.issue(at: Height(height)!, beacon: .zero) }
            guard height % 37 == 0 else { continue }
            if let known = uptime {
                let counts = record.counts(of: known)
                let range = max(known.since, counted)..<max(known.since, counted, record.firstOpen)
                #expect(counts.asked == UInt64(range.count))
                #expect(counts.answered == UInt64(range.count { answered.contains($0) }))
            }
            (counted, closed) = (record.firstOpen, closed + 1)
            record.turnEpoch()
        }
        #expect(closed == 16 && !answered.isEmpty && record.issued > 200)
    }

    @Test("no more challenges are open than a provider's marks tell apart")
    func openMax() {
        var record = ChallengeRecord()
        for height in UInt64(1)...100 { record.issue(at: Height(height)!, beacon: .zero) }
        #expect(record.issued == 64 && record.open.count == 64)
        var uptime = UptimeRecord(since: 0)
        for number in [UInt64(63), 0, 31] { uptime.answer(number) }
        #expect((0..<64).filter { uptime.hasAnswered($0) } == [0, 31, 63])
        #expect(uptime.counted(before: 32) == 2)
    }

    // MARK: Pay

    @Test("who answers has its standby pay and subsidy; who does not has neither, with the reason, and its fees")
    func pay() throws {
        var market = try MarketChain()
        market.present = [20]
        try market.finishEpochs(1)
        try market.run(
            """
            30 publish -> ok
            20 provide mrt=700 -> ok
            21 provide mrt=700 -> ok
            22 provide mrt=700 ask=9000 -> ok
            30 job tasks=60 fuel=60000000 cu=75 -> ok
            block 2
            """)
        try market.deliverAll([20, 21])
        try market.finishEpochs(2)
        #expect(try market.row(20, .standby, epoch: 2)?.reason == .standbyBySlots)
        #expect(try market.row(20, .usageSubsidy, epoch: 2)?.amount ?? .zero > .zero)
        for provider in [UInt8(21), 22] {
            let standby = try #require(try market.row(provider, .standby, epoch: 2))
            #expect(standby.amount == .zero && standby.reason == .uptimeTooLow)
        }
        #expect(try market.row(21, .usageSubsidy, epoch: 2)?.reason == .uptimeTooLow)
        #expect(try market.row(21, .fee, epoch: 2)?.amount ?? .zero > .zero)
        try market.checkMoney()
    }
}
