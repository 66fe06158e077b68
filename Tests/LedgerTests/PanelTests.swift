// Work that nobody can execute again: who is drawn, who is paid, what a minority and silence cost, what stays held.
import Chain
import Cryptography
import Primitives
import Rewards
import Testing

@testable import Ledger

@Suite("panels")
struct PanelTests {
    /// Escrow of a replica: 16 cu at 1,000; v is 77 % of it. A result of 1,000,000 fuel costs 12 cu.
    static let part = UInt64(12_320)
    static let pay = UInt64(9_240)

    static let asking = """
        30 publish input -> ok
        30 job class=2 replicas=0 -> bad_replicas
        30 job class=2 replicas=4 -> bad_replicas
        30 job class=2 replicas=11 -> bad_replicas
        30 job class=1 replicas=3 -> bad_replicas
        30 job class=2 replicas=3 assurance=500000 -> bad_assurance
        30 job class=3 replicas=3 -> class_unavailable
        30 job class=2 replicas=3 bid=999 -> bid_below_floor
        30 job class=2 replicas=3 tasks=2 -> ok
        """

    /// What becomes of a word of a provider that is not for its seat, phase and seal.
    static let refused = [
        "not_on_panel", "not_revealing", "seal_repeated", "not_sealing", "seal_differs",
        "result_outside_limits",
        "result_repeated",
    ]

    /// With these providers, in an epoch of its own, and a job of class Q that is about to be drawn.
    static func chain(
        _ providers: [UInt8], tasks: Int = 1, replicas: Int = 3, settings: [Setting] = TestChain.standard
    ) throws -> MarketChain {
        var market = try MarketChain(settings: settings, more: [23, 24, 25, 26, 27, 28])
        market.present = providers
        try market.finishEpochs(1)
        try market.run("30 publish input -> ok")
        for provider in providers { try market.run("\(provider) provide mrt=1400 class=2 -> ok") }
        try market.run("30 job class=2 replicas=\(replicas) tasks=\(tasks) -> ok\nblock")
        if market.job(0)?.next == 0 { try market.run("block 4") }
        return market
    }

    @Test("a job of class Q holds escrow for every replica that may be paid, or one rule refuses it")
    func ask() throws {
        var market = try MarketChain()
        try market.run(Self.asking)
        #expect(market.chain.view.supply.escrow == Amount(2 * 5 * 16_000))
        try market.checkMoney()
        try market.run(
            "20 provide mrt=700 class=2 -> ok\n21 provide mrt=700 class=2 engine -> ok\nblock 10")
        #expect(market.job(0)?.next == 0, "two operators are no panel of three")
        try market.run("30 cancel job=0 -> ok")
        #expect(market.chain.view.supply.escrow == .zero)
        try market.checkMoney()
    }

    @Test("the majority is paid by the requester, the minority is not, and the pay stays held")
    func majority() throws {
        var market = try Self.chain([20, 21, 22])
        let seats = try #require(market.panel(0, 0)?.seats.map(\.provider))
        #expect(Set(seats) == Set([20, 21, 22].map { MarketChain.address($0) }))
        let codes = try market.speak(3, [20: 1, 21: 2, 22: 1])
        #expect(codes.count == 6 && codes.allSatisfy { $0 == 0 }, "\(codes)")
        #expect(
            market.panel(0, 0)?.phase == .closed && market.panel(0, 0)?.result == MarketChain.opinion(1))
        #expect([20, 21, 22].allSatisfy { market.work($0)?.openTasks == 0 } && market.job(0)?.done == 1)
        try market.checkMoney()
        let epoch = market.chain.view.epoch.number
        let before = market.chain.account(20).balance
        try market.finishEpochs(1)
        for provider in [UInt8(20), 22] {
            #expect(
                try market.row(provider, .fee, epoch: epoch)?.amount == Amount(Self.pay), "no haircut")
            #expect(market.held(provider) == Amount(Self.pay))
        }
        let lost = try #require(try market.row(21, .fee, epoch: epoch))
        #expect(lost.amount == .zero && lost.reason == .resultInMinority && market.held(21) == .zero)
        let other = try [RewardKind.usageSubsidy, .standby].reduce(UInt64(0)) {
            try $0 + (market.row(20, $1, epoch: epoch)?.amount.units ?? 0)
        }
        let vested = Ledger.vesting(of: MarketChain.address(20), on: market.chain.store).reduce(
            UInt64(0)
        ) {
            $0 + $1.granted.units
        }
        #expect(
            market.chain.account(20).balance == before.credited(Amount(other)).debited(Amount(vested)))
        #expect(market.chain.view.supply.escrow == Amount(2 * Self.pay) && market.job(0)?.closed == 1)
        #expect(market.reputation(21)?.reliability == 65_536 - 4_096)
        try market.checkMoney()
    }

    @Test("what is held is of what was just paid, also of who has nothing else")
    func poor() throws {
        var market = try Self.chain([20, 21, 22])
        _ = try market.speak(3, [20: 1, 21: 1, 22: 1])
        let address = MarketChain.address(20)
        var account = WorkingState(market.chain.store).account(address)
        account.balance = .zero
        market.chain.overwrite(account, at: StateKey.account(address))
        let epoch = market.chain.view.epoch.number
        try market.finishEpochs(1)
        let rows = try [RewardKind.fee, .usageSubsidy, .standby].map {
            try market.row(20, $0, epoch: epoch)?.amount.units ?? 0
        }
        let vesting = Ledger.vesting(of: address, on: market.chain.store).reduce(0) { $0 + $1.granted.units }
        #expect(market.held(20) == Amount(Self.pay) && rows[0] == Self.pay)
        #expect(market.chain.account(20).balance.units == rows[1] + rows[2] - vesting)
    }

    @Test("what is held stays measured by the largest task, whatever small ones come after it")
    func largest() throws {
        var market = try Self.chain([20, 21, 22])
        _ = try market.speak(3, [20: 1, 21: 1, 22: 1])
        try market.finishEpochs(1)
        let key = StateKey.held(MarketChain.address(20))
        market.chain.overwrite(HeldRecord(amount: Amount(Self.pay), part: Amount(1_000_000)), at: key)
        try market.run("30 job class=2 replicas=3 tasks=1 -> ok\nblock")
        while market.job(1)?.next == 0 { try market.run("block") }
        _ = try market.speak(4, [20: 1, 21: 1, 22: 1])
        try market.finishEpochs(1)
        let record: HeldRecord = try #require(WorkingState(market.chain.store).load(key))
        #expect(record.part == Amount(1_000_000) && record.amount == Amount(2 * Self.pay))
        try market.checkMoney()
    }

    @Test("who is proven to cheat loses what panels would pay it at the same epoch's end, to who asked")
    func cheat() throws {
        var market = try Self.chain([20, 21, 22])
        _ = try market.speak(3, [20: 1, 21: 1, 22: 1])
        let place = TaskPlace(job: market.jobs[0], index: 0)
        let epoch = market.chain.view.epoch.number
        let slash = SlashKey(account: MarketChain.address(20), offence: .wrongResult, evidence: place.job)
        let record = DeferredSlashRecord(task: place, amount: Amount(7), reporter: nil, voters: [])
        market.chain.overwrite(record, at: DeferredSlashKey(engine: .zero, due: epoch, slash: slash).bytes)
        let task = TaskRecord(provider: MarketChain.address(20), assigned: .first, budget: 3)
        market.chain.overwrite(task, at: StateKey.task(place))
        let before = market.chain.account(30).balance
        try market.finishEpochs(1)
        let lost = try #require(try market.row(20, .fee, epoch: epoch))
        #expect(lost.amount == .zero && lost.reason == .wrongResult && market.held(20) == .zero)
        #expect(try market.row(22, .fee, epoch: epoch)?.amount == Amount(Self.pay))
        // Of five replicas that were held, two are paid; what the slash took is the requester's too.
        #expect(market.chain.account(30).balance.units - before.units == 5 * 16_000 - 2 * 12_000 + 7)
        try market.checkMoney()
    }

    @Test("without a majority two more are drawn; three of five are paid")
    func further() throws {
        var market = try Self.chain([20, 21, 22, 23, 24])
        let first = try #require(market.panel(0, 0)?.seats.map(\.provider))
        var opinions: [UInt8: UInt8] = [:]
        for provider in UInt8(20)...24 {
            let place = first.firstIndex(of: MarketChain.address(provider))
            opinions[provider] = place.map { UInt8($0) } ?? 0
        }
        _ = try market.speak(5, opinions)
        let panel = try #require(market.panel(0, 0))
        #expect(panel.seats.map(\.kind) == [.replica, .replica, .replica, .further, .further])
        #expect(Set(panel.seats.map(\.provider)).count == 5 && panel.result == MarketChain.opinion(0))
        let epoch = market.chain.view.epoch.number
        try market.finishEpochs(1)
        let paid = try (UInt8(20)...24).count {
            try market.row($0, .fee, epoch: epoch)?.amount == Amount(Self.pay)
        }
        #expect(paid == 3)
        try market.checkMoney()
    }

    @Test("without a majority and without others nobody is paid, and everything returns")
    func nobody() throws {
        var market = try Self.chain([20, 21, 22])
        _ = try market.speak(3, [20: 1, 21: 2, 22: 3])
        #expect(market.panel(0, 0)?.phase == .closed && market.panel(0, 0)?.result == nil)
        let epoch = market.chain.view.epoch.number
        try market.finishEpochs(1)
        #expect(market.chain.view.supply.escrow == .zero && market.job(0)?.done == 0)
        for provider in [UInt8(20), 21, 22] {
            #expect(try market.row(provider, .fee, epoch: epoch)?.reason == .noMajority)
        }
        try market.checkMoney()
    }

    @Test("an empty seat costs v, in each phase; the others decide", arguments: [false, true])
    func silence(seals: Bool) throws {
        var market = try Self.chain([20, 21, 22])
        if seals { _ = try market.speak(1, [20: 1, 21: 1, 22: 1]) }
        while market.panel(0, 0)?.phase == .sealing { _ = try market.speak(1, [20: 1, 21: 1]) }
        #expect(market.bond(22) == Amount(1400 * TestChain.token - (seals ? 0 : Self.part)), "at the phase's end")
        _ = try market.speak(8, [20: 1, 21: 1])
        #expect(
            market.panel(0, 0)?.phase == .closed && market.panel(0, 0)?.result == MarketChain.opinion(1))
        #expect(market.bond(22) == Amount(1400 * TestChain.token - Self.part))
        #expect(market.bond(20) == Amount(1400 * TestChain.token) && market.work(22)?.openTasks == 0)
        // Counted in the epoch of the silence, which may be over.
        let hurt = [UInt8(20), 21, 22].map { market.reputation($0) != Reputation() }
        #expect(hurt == [false, false, true])
        try market.checkMoney()
    }

    @Test("who leaves three seats empty in a row is paused")
    func pause() throws {
        var market = try Self.chain([20, 21, 22], tasks: 3)
        market.present = []
        _ = try market.speak(14, [20: 1, 21: 1])
        #expect(market.work(22)?.timeouts == 3 && market.work(22)?.isPaused == true)
        #expect(market.work(20)?.timeouts == 0 && market.work(20)?.isPaused == false)
    }

    @Test("who sealed on a checked panel and then keeps silent loses what the minority loses")
    func silentOnChecked() throws {
        var parameters = TestChain.parameters
        parameters.rewards.audit.panelCheck = 1_000_000
        var market = try Self.chain(Array(20...26), settings: parameters.differences)
        var opinions = Dictionary(uniqueKeysWithValues: (UInt8(20)...26).map { ($0, UInt8(1)) })
        while market.panel(0, 0)?.phase == .sealing { _ = try market.speak(1, opinions) }
        opinions[20] = nil
        _ = try market.speak(14, opinions)
        let panel = try #require(market.panel(0, 0))
        #expect(panel.isChecked && panel.phase == .closed && panel.result == MarketChain.opinion(1))
        let epoch = market.chain.view.epoch.number
        try market.finishEpochs(1)
        let rows = try market.chain.rows(.slashes, epoch, as: SlashRow.self).filter { $0.key.offence == .wrongResult }
        #expect(rows.map(\.key.account) == [MarketChain.address(20)])
        #expect(rows.first?.amount == Amount(25 * Self.part))
        #expect(market.bond(20) == Amount(1400 * TestChain.token - 26 * Self.part))
        try market.checkMoney()
    }

    @Test("who sits on a panel keeps what is held, whatever it offers, until the panel is closed")
    func seated() throws {
        var market = try Self.chain([20, 21, 22])
        _ = try market.speak(3, [20: 1, 21: 1, 22: 1])
        try market.finishEpochs(1)
        try market.run("30 job class=2 replicas=3 tasks=20 fuel=100000000 cu=116 -> ok\nblock")
        while market.job(1)?.next != 20 { try market.run("block") }
        try market.run("20 offer none -> ok")
        try market.finishEpochs(1)
        #expect(market.panel(1, 19)?.phase == .sealing && market.held(20) == Amount(Self.pay))
        _ = try market.speak(4, [20: 1, 21: 1, 22: 1])
        try market.finishEpochs(1)
        #expect(market.panel(1, 19)?.phase == .closed && market.held(20) == .zero && market.held(21) > .zero)
        try market.checkMoney()
    }

    @Test("what is held is MRT, also of who takes its fees in credits")
    func credits() throws {
        var market = try Self.chain([20, 21, 22])
        try market.run("20 elect credits -> ok")
        _ = try market.speak(4, [20: 1, 21: 1, 22: 1])
        let epoch = market.chain.view.epoch.number
        try market.finishEpochs(1)
        let row = try #require(try market.row(20, .fee, epoch: epoch))
        #expect(row.key.asset == .token && row.amount == Amount(Self.pay) && market.held(20) == Amount(Self.pay))
        #expect(market.chain.account(20).credits == .zero)
        try market.checkMoney()
    }

    @Test("seats are added once, whoever is left, and never after checkers", arguments: [(false, 5), (true, 7)])
    func once(isChecked: Bool, seats: Int) throws {
        var parameters = TestChain.parameters
        if isChecked { parameters.rewards.audit.panelCheck = 1_000_000 }
        var market = try Self.chain(Array(20...28), settings: parameters.differences)
        _ = try market.speak(12, Dictionary(uniqueKeysWithValues: (UInt8(20)...28).map { ($0, $0) }))
        let panel = try #require(market.panel(0, 0))
        #expect(panel.phase == .closed && panel.result == nil && panel.seats.count == seats)
        #expect(panel.isChecked == isChecked && panel.seats.allSatisfy { $0.result != nil })
        try market.checkMoney()
    }

    @Test("a result is within each of its job's limits, and may reach them")
    func limits() throws {
        var market = try Self.chain([20, 21, 22])
        let rows: [(provider: UInt8, pages: UInt32, bytes: UInt32, rule: String)] = [
            (20, 0, 1_025, "result_outside_limits"), (21, 1, 4, "result_outside_limits"), (22, 0, 1_024, "ok"),
        ]
        let job = market.jobs[0]
        let said = rows.map { row in
            MarketChain.sealed(
                0,
                TaskResult(
                    output: .zero, finalState: .zero, fuel: 1_000_000, peakPages: row.pages, outputBytes: row.bytes))
        }
        let seals = zip(rows, said).map { row, said in
            let seal = said.seal(job: job, provider: MarketChain.address(row.provider))
            return market.send(
                row.provider, .sealResults(SealResults(job: job, seals: [TaskSeal(taskIndex: 0, seal: seal)])))
        }
        #expect(try market.chain.advance([(0, seals)]).dropFirst().allSatisfy { $0.code == 0 })
        let reveals = zip(rows, said).map { row, said in
            market.send(row.provider, .revealResults(RevealResults(job: job, results: [said])))
        }
        let results = try market.chain.advance([(0, reveals)]).dropFirst()
        #expect(
            results.map { $0.code == 0 ? "ok" : LedgerRule(rawValue: $0.code)?.label ?? "" } == rows.map(\.rule))
    }

    @Test("more than half of those who were drawn is a majority, however few of them speak")
    func alone() throws {
        var market = try Self.chain([20, 21, 22])
        _ = try market.speak(14, [20: 1])
        let panel = try #require(market.panel(0, 0))
        #expect(panel.phase == .closed && panel.result == nil && panel.seats.count { $0.result != nil } == 1)
        try market.finishEpochs(1)
        #expect(market.chain.view.supply.escrow == .zero && market.job(0)?.done == 0)
        try market.checkMoney()
    }

    @Test(
        "what a provider says is for its seat, in its phase, once, and as sealed, or one rule refuses it"
    )
    func refusals() throws {
        var market = try Self.chain([20, 21, 22, 23])
        let seated = try #require(market.panel(0, 0)?.seats.map(\.provider))
        let on = (UInt8(20)...23).filter { seated.contains(MarketChain.address($0)) }
        let off = try #require((UInt8(20)...23).first { !on.contains($0) })
        let job = market.jobs[0]
        func seal(_ provider: UInt8, as owner: UInt8? = nil, _ index: UInt32 = 0, fuel: UInt64 = 1)
            -> Action
        {
            let said = MarketChain.sealed(index, MarketChain.opinion(1, fuel: fuel))
            let digest = said.seal(job: job, provider: MarketChain.address(owner ?? provider))
            return .sealResults(SealResults(job: job, seals: [TaskSeal(taskIndex: index, seal: digest)]))
        }
        func reveal(_ index: UInt32 = 0, fuel: UInt64 = 1) -> Action {
            let said = MarketChain.sealed(index, MarketChain.opinion(1, fuel: fuel))
            return .revealResults(RevealResults(job: job, results: [said]))
        }
        var met: Set<String> = ["ok"]
        func say(_ said: [(UInt8, Action, String)]) throws {
            let items = said.map { market.send($0.0, $0.1) }
            let results = try market.chain.advance([(0, items)]).dropFirst()
            let labels = results.map { $0.code == 0 ? "ok" : LedgerRule(rawValue: $0.code)?.label ?? "" }
            #expect(labels == said.map(\.2))
            met.formUnion(labels)
        }
        try say([
            (off, seal(off), "not_on_panel"), (on[0], seal(on[0], 1), "not_on_panel"),
            (on[0], reveal(), "not_revealing"), (on[0], seal(on[0]), "ok"),
            (on[0], seal(on[0]), "seal_repeated"),
            // A copy of another's seal, and a result above the limits.
            (on[1], seal(on[1], as: on[0]), "ok"), (on[2], seal(on[2], fuel: 1_000_001), "ok"),
        ])
        try say([
            (on[0], seal(on[0]), "not_sealing"), (on[1], reveal(), "seal_differs"),
            (on[2], reveal(fuel: 1_000_001), "result_outside_limits"),
            (on[0], reveal(fuel: 2), "seal_differs"),
            (on[0], reveal(), "ok"), (on[0], reveal(), "result_repeated"),
        ])
        #expect(met == Set(Self.refused + ["ok"]))
        try market.checkMoney()
    }

    @Test("beyond 25 v pay is released, and all of it when the provider serves the class no more")
    func held() throws {
        var market = try Self.chain([20, 21, 22], tasks: 60)
        _ = try market.speak(4, [20: 1, 21: 1, 22: 1])
        try market.finishEpochs(1)
        #expect(market.held(20) == Amount(25 * Self.part) && 60 * Self.pay > 25 * Self.part)
        #expect(market.chain.view.supply.escrow == Amount(3 * 25 * Self.part))
        try market.checkMoney()
        let before = market.chain.account(20).balance.units
        try market.run("20 offer none -> ok")
        try market.finishEpochs(1)
        #expect(market.held(20) == .zero && market.held(21) == Amount(25 * Self.part))
        #expect(market.chain.account(20).balance.units - before > 24 * Self.part)
        try market.checkMoney()
    }

    @Test(
        "a beacon has a tenth of tasks checked by four others, before anybody reveals; the minority of seven loses"
    )
    func checked() throws {
        var market = try Self.chain(Array(20...28), tasks: 100)
        let honest = Dictionary(uniqueKeysWithValues: (UInt8(20)...28).map { ($0, UInt8(1)) })
        _ = try market.speak(8, honest)
        let panels = (0..<UInt32(100)).compactMap { market.panel(0, $0) }
        let seen = panels.filter(\.isChecked)
        #expect((3...22).contains(seen.count), "\(seen.count) of \(panels.count)")
        #expect(seen.allSatisfy { $0.seats.count == 7 && $0.seats.count { $0.kind == .checker } == 4 })
        #expect(panels.allSatisfy { $0.phase == .closed && $0.result == MarketChain.opinion(1) })
        let epoch = market.chain.view.epoch.number
        try market.finishEpochs(1)
        let checkers = seen.flatMap(\.seats).filter { $0.kind == .checker }.count
        var rewarded: UInt64 = 0
        for (provider, paying) in (UInt8(20)...28).flatMap({ provider in (0...epoch).map { (provider, $0) } }) {
            rewarded += try market.row(provider, .audit, epoch: paying)?.amount.units ?? 0
        }
        // A tenth of the fees of three winners a task is all that the audit pool has.
        #expect(
            rewarded == min(UInt64(checkers) * Self.pay, 100 * 3 * 1_200) && rewarded > 0,
            "\(rewarded) for \(checkers) seats")
        try market.checkMoney()
        // Now one of them lies, and the next checked task that it sits on takes what is held.
        let heldBefore = market.held(20)
        #expect(heldBefore > .zero)
        try market.run("30 job class=2 replicas=3 tasks=100 -> ok\nblock")
        if market.job(1)?.next == 0 { try market.run("block 4") }
        var lies = honest
        lies[20] = 2
        _ = try market.speak(8, lies)
        let lost = (0..<UInt32(100)).compactMap { market.panel(1, $0) }.filter { panel in
            panel.isChecked && panel.seat(of: MarketChain.address(20)) != nil
        }
        #expect(!lost.isEmpty)
        let (burned, bond) = (market.chain.view.supply.burned, try #require(market.bond(20)))
        let (ending, most) = (market.chain.view.epoch.number, UInt64(25 * Self.part))
        try market.finishEpochs(1)
        #expect(market.held(20) == .zero && market.held(21) > .zero)
        // What was held, and the bond for what that is short of 25 v; all of 25 v where nothing was left.
        #expect(heldBefore.units <= most)
        let due = UInt64(lost.count) * most
        let taken = try #require(market.bond(20).map { bond.units - $0.units })
        #expect(taken == due - heldBefore.units, "\(taken) of \(due) with \(heldBefore) held")
        // In the table of the epoch that settles the task, where whoever asks about the task looks for it.
        let rows = try market.chain.rows(.slashes, ending, as: SlashRow.self).filter {
            $0.key.account == MarketChain.address(20) && $0.key.offence == .wrongResult
        }
        #expect(rows.reduce(0) { $0 + $1.amount.units } == due && rows.allSatisfy { $0.burned == $0.amount }, "\(rows)")
        #expect(market.chain.view.supply.burned >= burned.credited(Amount(due)))
        try market.checkMoney()
    }

    @Test("a genesis may have every task checked, where four others are left; else the panel goes on without them")
    func alwaysChecked() throws {
        var parameters = TestChain.parameters
        parameters.rewards.audit.panelCheck = 1_000_000
        for (providers, checked) in [(UInt8(20)...26, 6), (20...25, 0)] {
            var market = try Self.chain(Array(providers), tasks: 6, settings: parameters.differences)
            _ = try market.speak(8, Dictionary(uniqueKeysWithValues: providers.map { ($0, UInt8(1)) }))
            let panels = (0..<UInt32(6)).compactMap { market.panel(0, $0) }
            #expect(panels.count == 6 && panels.allSatisfy { $0.phase == .closed && $0.isDrawn && $0.result != nil })
            #expect(panels.count(where: \.isChecked) == checked)
            try market.checkMoney()
        }
    }

    @Test(
        "money is where the totals say after random opinions and silence",
        arguments: 1...3 as ClosedRange<UInt64>)
    func random(seed: UInt64) throws {
        var random = Random(seed: seed)
        var market = try Self.chain(Array(20...27), tasks: 20)
        for block in 0..<90 {
            var items: [Item] = []
            if block % 6 == 0 {
                let (replicas, credits) = (
                    3 + 2 * random.below(2), random.chance(ppm: 300_000) ? " credits" : ""
                )
                let rows = ["30 buy units=900000", "30 job class=2 replicas=\(replicas) tasks=4\(credits)"]
                for row in rows { items.append(try market.item(row[...])) }
            }
            if random.chance(ppm: 100_000) {
                items.append(
                    try market.item("\(20 + random.below(8)) offer\(block % 2 == 0 ? " none" : " class=2")"))
            }
            for provider in UInt8(20)...27 where random.chance(ppm: 600_000) {
                let opinion = UInt8(random.below(5) == 0 ? 1 : 0)
                items += market.panelItems(of: provider) { place in
                    (place.index + UInt32(provider)) % 11 == 0 ? nil : opinion
                }
            }
            let results = try market.chain.advance(
                (items.isEmpty ? [] : [(0, items)]) + market.answers(), seconds: 1)
            for (item, result) in zip(items, results.dropFirst()) { market.noteJob(item, result) }
            if block % 15 == 0 { try market.checkMoney() }
        }
        try market.finishEpochs(2)
        try market.checkMoney()
        var outcomes: Set<String> = []
        for (number, _) in market.jobs.enumerated() {
            for index in 0..<UInt32(20) {
                guard let panel = market.panel(number, index), panel.phase == .closed else { continue }
                outcomes.insert(panel.result == nil ? "nobody" : "majority")
                for seat in panel.seats { outcomes.insert("\(seat.kind)") }
                if panel.seats.contains(where: { $0.result == nil }) { outcomes.insert("silence") }
            }
        }
        #expect(outcomes.isSuperset(of: ["majority", "replica", "further", "silence"]), "\(outcomes)")
    }
}
