// Every rule of the market in text tables: one row is one item and what becomes of it.
import Chain
import Cryptography
import Ledger
import Primitives
import ProgramRules
import Testing

@Suite("market tables")
struct MarketTableTests {
    static let publishing = """
        30 publish -> ok
        30 publish input -> ok
        31 publish -> blob_exists
        31 publish junk -> program_refused
        """
    static let providing = """
        20 provide mrt=700 -> ok
        20 provide mrt=700 -> provider_exists
        21 provide mrt=349 -> bond_below_slot
        21 provide mrt=700 ask=999 -> ask_below_floor
        21 provide mrt=700 class=3 -> class_unavailable
        21 provide mrt=700 engine -> unknown_engine
        21 provide mrt=700 twice -> repeated_offer
        21 provide mrt=200000 -> insufficient_balance
        21 offer ask=2000 -> not_a_provider
        20 offer ask=2000 -> ok
        21 bond mrt=10 -> not_a_provider
        20 bond -> zero_amount
        20 bond mrt=200000 -> insufficient_balance
        20 bond mrt=10 -> ok
        21 unbond mrt=10 -> not_a_provider
        20 unbond -> zero_amount
        20 unbond mrt=711 -> bond_too_small
        20 unbond mrt=10 -> ok
        """
    static let asking = """
        30 publish -> ok
        30 publish input -> ok
        30 job tasks=0 -> bad_task_count
        30 job tasks=4097 -> bad_task_count
        30 job class=3 -> class_unavailable
        30 job engine -> unknown_engine
        30 job noprogram -> unknown_program
        30 job noinput -> unknown_input
        30 job fuel=0 -> bad_limits
        30 job output=65537 -> bad_limits
        30 job cu=15 -> limit_below_work
        30 job bid=999 -> bid_below_floor
        30 job cu=14000001 -> escrow_above_cap
        30 job cu=14000000 tasks=4096 bid=1000 -> ok
        30 job cu=14000000 tasks=4000 bid=1000 -> insufficient_balance
        30 job assurance=400000 -> bad_assurance
        30 job assurance=1000001 -> bad_assurance
        30 job assurance=800000 -> ok
        30 job input -> ok
        block
        31 cancel job=0 -> not_the_requester
        31 cancel job=9 -> unknown_job
        30 cancel job=0 -> ok
        30 cancel job=0 -> nothing_to_cancel
        """
    static let attesting = """
        30 publish -> ok
        20 provide mrt=700 -> ok
        21 provide mrt=700 ask=5000 -> ok
        30 job tasks=4 -> ok
        block
        20 attest tasks=0 -> receipt_not_assigned
        block
        22 attest tasks=0 -> unknown_provider
        20 attest job=9 tasks=0 -> unknown_job
        20 attest tasks=0 epoch=2 -> wrong_epoch
        20 attest tasks=0,4 -> receipt_not_assigned
        21 attest tasks=0 -> receipt_not_assigned
        20 attest tasks=0,1 fuel=1000001 -> receipt_outside_limits
        20 attest tasks=0,1 pages=2 -> receipt_outside_limits
        20 attest tasks=0,1 total=33 -> wrong_total
        20 attest tasks=0,1 -> ok
        20 attest tasks=1,2 -> receipt_repeated
        20 attest tasks=2 abstain -> ok
        block 10
        20 attest tasks=2 -> nothing_counted
        20 attest tasks=3 -> nothing_counted
        """

    @Test("a published program or input is kept by its hash, or refused by one rule")
    func publish() throws {
        var market = try MarketChain()
        try market.run(Self.publishing)
        let digest = Hash.sha256(MarketChain.program)
        let record: BlobRecord? = WorkingState(market.chain.store).load(StateKey.blob(.program, digest))
        #expect(record?.pages == 1 && record?.size == UInt32(MarketChain.program.count))
        #expect(market.chain.store.load(.blobs, key: digest.bytes) == MarketChain.program)
        try market.checkMoney()
    }

    @Test("a provider registers, offers and bonds, or is refused by one rule")
    func provide() throws {
        var market = try MarketChain()
        try market.run(Self.providing)
        #expect(market.bond(20) == Amount(700 * TestChain.token))
        #expect(market.work(20)?.offers.map(\.ask) == [2000])
        try market.checkMoney()
        let before = market.chain.account(20).balance
        // Free with epoch 5: four days after the epoch in which it left.
        for _ in 0..<5 {
            #expect(market.chain.store.keys(.state).contains { $0[0] == StateTag.providerUnbonding.rawValue })
            try market.finishEpochs(1)
        }
        #expect(!market.chain.store.keys(.state).contains { $0[0] == StateTag.providerUnbonding.rawValue })
        let returned = market.chain.account(20).balance.units - before.units
        #expect(returned >= 10 * TestChain.token)
        try market.checkMoney()
    }

    @Test("a job is held in escrow and taken back, or refused by one rule")
    func ask() throws {
        var market = try MarketChain()
        try market.run(Self.asking)
        // 16 cu at 1,000 for each of 2 tasks, twice; audits prepaid from 40 % to 80 %: the audit part once more.
        #expect(market.chain.view.supply.escrow == Amount(4 * 16_000 + 2 * 1_600))
        #expect(market.job(2)?.inputBytes == 10)
        try market.checkMoney()
    }

    @Test("receipts count once, by who has the task, within limits; a wrong attestation costs the batch's author")
    func attest() throws {
        var market = try MarketChain()
        try market.run(Self.attesting)
        #expect(market.task(0, 0)?.state == .delivered && market.task(0, 1)?.computeUnits == 16)
        #expect(market.task(0, 2)?.state == .timedOut && market.task(0, 3)?.state == .timedOut)
        #expect(market.job(0)?.done == 2 && market.job(0)?.closed == 2)
        // Both late tasks' v, and nothing for the attestations that failed.
        #expect(market.bond(20) == Amount(700 * TestChain.token - 2 * 12_320))
        #expect((market.chain.validator(0)?.bond ?? .zero) < Amount(10_000 * TestChain.token))
        try market.checkMoney()
    }

    @Test("an escrow below the smallest fee is refused")
    func smallest() throws {
        var market = try MarketChain(settings: TestChain.standard + [Setting(number: 204, value: 20_000)])
        try market.run("30 publish -> ok\n30 job -> escrow_below_minimum\n30 job bid=1250 -> ok")
    }

    @Test("every rule of the market has a row")
    func coverage() {
        let tables = [
            Self.publishing, Self.providing, Self.asking, Self.attesting, "escrow_below_minimum",
            UptimeTests.answering, RequesterTests.referring, RequesterTests.prepaying, PanelTests.asking,
            PanelTests.refused.joined(separator: " "), AdmissionTests.refused.joined(separator: " "),
        ]
        let words = Set(tables.joined(separator: " ").split { $0 == " " || $0 == "\n" }.map(String.init))
        let missing = LedgerRule.allCases
            .filter { (50..<80).contains($0.rawValue) || (100..<140).contains($0.rawValue) || $0 == .unknownProvider }
            .filter { !words.contains($0.label) && $0 != .programQuarantined }
        #expect(missing == [])
    }
}
