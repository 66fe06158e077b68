// Duties that were missed: what proves one, what it costs, and who audits the task instead.
import Chain
import Cryptography
import Ledger
import Primitives
import Quorum
import Rewards
import Testing

@Suite("missed duties")
struct MissedDutyTests {
    /// DRAWN are the tasks that the key of 0 draws, FREE those that it does not, ONE the first of the drawn ones, of
    /// which 0 has a verdict; REST the other drawn ones.
    static let rules = """
        epoch 1
        0 commit tasks=ONE -> ok
        1 missed auditor=0 tasks=REST -> audit_window_closed
        1 missed auditor=0 epoch=1 tasks=REST -> epoch_not_judged
        phase reveal
        0 disclose -> ok
        0 reveal tasks=ONE -> ok
        1 missed auditor=0 tasks=REST -> audit_window_closed
        phase open
        1 missed auditor=20 tasks=REST -> not_in_epoch_set
        1 missed auditor=2 tasks=REST -> key_undisclosed
        9 missed auditor=0 tasks=REST -> unknown_auditor
        1 missed auditor=0 tasks=999 -> task_not_judged
        1 missed auditor=0 tasks=ONE -> duty_done
        1 missed auditor=0 tasks=FREE -> not_drawn
        1 missed auditor=0 tasks=DRAWN -> duty_done
        1 missed auditor=0 round=2 tasks=REST -> not_drawn
        30 prove auditor=0 tasks=FREE -> duty_unproven
        31 prove auditor=0 tasks=HALF -> ok
        block
        1 missed auditor=0 tasks=HALF -> duty_proven
        30 prove auditor=0 tasks=HALF -> duty_proven
        2 missed auditor=0 tasks=REST -> ok
        1 missed auditor=0 tasks=REST -> duty_proven
        """

    @Test("who has as many verdicts as there is room for missed nothing, one verdict less and it did")
    func full() throws {
        var (chain, drawn) = try Self.silent()
        try chain.begin(epoch: 1)
        chain.manners[0] = .sloppy
        try chain.reach(.open)
        let key = StateKey.disclosure(0, of: AuditChain.address(0))
        var record: DisclosureRecord = try #require(WorkingState(chain.store).load(key))
        func missed(_ verdicts: UInt32) -> Int {
            record.verdicts = verdicts
            chain.market.chain.overwrite(record, at: key)
            return Ledger.missedDuties(besides: AuditChain.address(1), limit: 100, on: chain.store, view: chain.view)
                .reduce(0) { $0 + $1.tasks.count }
        }
        #expect(drawn.count > 1 && missed(record.verdicts) == 1)
        #expect(missed(65_536) == 0 && missed(65_535) == 1)
    }

    static func list(_ tasks: [UInt32]) -> String { tasks.map(String.init).joined(separator: ",") }

    /// All silent, 60 tasks of one provider; who speaks does so in rows.
    static func silent(
        settings: [Setting] = AuditChain.settings
    ) throws -> (chain: AuditChain, drawn: [UInt32]) {
        var chain = try AuditChain(settings: settings)
        for auditor in UInt8(0)..<4 { chain.manners[auditor] = .silent }
        try chain.market.run("30 publish -> ok\n20 provide mrt=3500 -> ok")
        try chain.market.run("30 job tasks=60 fuel=100000000 cu=116 -> ok\nblock 2")
        try chain.deliver([20])
        try chain.step()
        let found = Ledger.auditDuties(
            key: AuditChain.key(0, 0), of: AuditChain.address(0), from: (0, .zero), limit: 100, on: chain.store)
        return (chain, found.duties.map(\.place.index).sorted())
    }

    static func filled(_ table: String, _ drawn: [UInt32]) -> String {
        let free = (UInt32(0)..<60).filter { !drawn.contains($0) }
        let rest = Array(drawn.dropFirst())
        return table.replacing("ONE", with: list([drawn[0]])).replacing("REST", with: list(rest))
            .replacing("DRAWN", with: list(drawn)).replacing("HALF", with: list(Array(rest.prefix(rest.count / 2))))
            .replacing("FREE", with: list(free))
    }

    @Test("a proof holds, or is refused by one rule; who comes second loses nothing")
    func table() throws {
        var (chain, drawn) = try Self.silent()
        #expect(drawn.count > 10)
        let bond = try #require(chain.market.chain.validator(0)?.bond)
        try chain.run(Self.filled(Self.rules, drawn))
        let paid = try #require(chain.market.chain.validator(0)?.bond)
        #expect(paid < bond)
        // Only late repetitions cost the author.
        try chain.run("1 missed auditor=0 tasks=\(drawn[1]) -> duty_proven")
        #expect(chain.market.chain.validator(0)?.bond == paid)
        try chain.begin(epoch: 2)
        // Everybody but 0 hid its key: together too many to be jailed. 0 missed nearly all of what is known to be its.
        let slash = try #require(try chain.slashes(1).first)
        #expect(try chain.slashes(1).count == 1 && slash.key.offence == .missedDuties)
        #expect(slash.key.account == AuditChain.address(0))
        #expect(slash.amount == Amount(paid.units / 1000))
        // A tenth of it, by the duties that each proved.
        let half = UInt64((drawn.count - 1) / 2)
        let all = UInt64(drawn.count - 1)
        let account = try #require(try chain.market.row(31, .reporter, epoch: 1)).amount.units
        let validator = try #require(try chain.market.row(2, .reporter, epoch: 1)).amount.units
        #expect(account >= slash.amount.units / 10 * half / all && validator > account)
        #expect(
            account + validator >= slash.reporter.units
                && slash.burned.units == slash.amount.units - slash.reporter.units)
    }

    static let late = """
        epoch 1
        phase reveal
        0 disclose -> ok
        phase open
        1 missed auditor=0 tasks=DRAWN -> ok
        2 missed auditor=0 tasks=DRAWN -> duty_proven
        """

    @Test("long after the first proof a repetition costs the author of its batch")
    func lateRepetition() throws {
        var parameters = try Parameters.local(epochSeconds: 80)
        parameters.audit.admissionTasks = 0
        var (chain, drawn) = try Self.silent(settings: LedgerParameters(rewards: parameters).differences)
        try chain.run(Self.filled(Self.late, drawn))
        for _ in 0..<14 { try chain.step() }
        let bond = chain.market.chain.validator(0)?.bond ?? .zero
        try chain.run("2 missed auditor=0 tasks=\(drawn[0]) -> duty_proven")
        #expect(chain.market.chain.validator(0)?.bond == bond)
        for _ in 0..<3 { try chain.step() }
        try chain.run("3 missed auditor=0 tasks=\(drawn[0]) -> duty_proven_before")
        #expect(chain.market.chain.validator(0)?.bond ?? .zero < bond)
        try chain.run("30 prove auditor=0 tasks=\(drawn[0]) -> duty_proven")
    }

    @Test("who misses more than a tenth of ten duties is slashed and jailed, and another audits its tasks")
    func negligent() throws {
        var chain = try AuditChain.delivered()
        chain.manners[3] = .forgetful
        try chain.begin(epoch: 2)
        let slashes = try chain.slashes(1)
        #expect(slashes.map(\.key.offence) == [.missedDuties])
        let row = try #require(slashes.first)
        // 0.1 % of 10,000 MRT; a tenth of it for the reporter.
        #expect(row.key.account == AuditChain.address(3) && row.amount == Amount(10 * TestChain.token))
        #expect(row.reporter == Amount(TestChain.token) && row.injured == .zero)
        #expect(try chain.market.row(0, .reporter, epoch: 1)?.amount ?? .zero > row.reporter)
        let idle = try #require(try chain.market.row(3, .audit, epoch: 1))
        #expect(idle.amount == .zero && idle.reason == .dutiesMissed)
        #expect(chain.view.nextValidators.count == 3)
        // Its tasks wait, alone; nobody named for one is its provider or who missed it.
        let tasks = [UInt8(20), 21, 22].flatMap { chain.tasks(of: $0) }
        let open = tasks.filter { $0.record.state == .delivered }
        #expect(open.count > 5 && open.count < 30 && tasks.count == 60)
        for task in open {
            let place = TaskPlace(job: chain.market.jobs[0], index: task.index)
            let redraw: RedrawRecord = try #require(WorkingState(chain.store).load(StateKey.redraw(place)))
            #expect(redraw.epoch == 1 && redraw.auditor != AuditChain.address(3))
        }
        let fees = try chain.rewards(1).filter { $0.key.kind == .fee && $0.amount > .zero }
        #expect(!fees.isEmpty)
        chain.manners = [3: .silent]
        try chain.begin(epoch: 3)
        #expect([UInt8(20), 21, 22].flatMap { chain.tasks(of: $0) }.allSatisfy { $0.record.state == .settled })
        #expect(!chain.store.keys(.state).contains { $0[0] == StateTag.redraw.rawValue })
        #expect(try chain.slashes(2).isEmpty)
        #expect(chain.view.supply.escrow == .zero)
    }

    /// A job whose tasks are delivered in the running epoch, while auditors do what they do.
    static func work(_ chain: inout AuditChain, tasks: Int) throws {
        try chain.run("30 job tasks=\(tasks) fuel=100000000 cu=116 -> ok")
        for _ in 0..<2 { try chain.step() }
        try chain.deliver([20, 21, 22])
    }

    static func count(_ chain: AuditChain, _ auditor: UInt8) -> DutyCountRecord? {
        WorkingState(chain.store).load(StateKey.dutyCount(AuditChain.address(auditor)))
    }

    @Test("who draws few duties in an epoch is judged by ten of several, and counting begins anew")
    func fewOverEpochs() throws {
        var chain = try AuditChain.delivered(tasks: 6)
        chain.manners[3] = .forgetful
        var counts: [UInt64] = []
        while counts.count < 20, try counts.isEmpty || chain.slashes(UInt64(counts.count)).isEmpty {
            let epoch = UInt64(counts.count + 1)
            try chain.begin(epoch: epoch)
            try Self.work(&chain, tasks: 6)
            try chain.begin(epoch: epoch + 1)
            counts.append(Self.count(chain, 3)?.duties ?? 0)
        }
        let rows = try chain.slashes(UInt64(counts.count))
        #expect(rows.map(\.key.offence) == [.missedDuties] && rows.map(\.key.account) == [AuditChain.address(3)])
        // Never ten before, and none left after.
        #expect(counts.count > 2 && counts.dropLast().allSatisfy { $0 < 10 } && counts.last == 0, "\(counts)")
        #expect(counts.dropLast().sorted() == Array(counts.dropLast()) && chain.view.nextValidators.count == 3)
        for honest in UInt8(0)..<3 {
            let count = try #require(Self.count(chain, honest))
            #expect(count.missed == 0 && count.done == count.duty && count.duties < 10)
        }
    }

    /// Which tasks fall on whom is the beacon's; a run in which the auditor has another duty in the next epoch, say by
    /// a task that was drawn again, shows nothing.
    @Test("a missed duty costs the audit pay up to the next duty")
    func lastDutyDecides() throws {
        var shown = 0
        for tasks in 10...14 {
            // Too few to be judged by, so that only the duties differ.
            var chain = try AuditChain.delivered(tasks: tasks)
            chain.manners[3] = .forgetful
            try chain.begin(epoch: 2)
            chain.manners[3] = .honest
            guard let count = Self.count(chain, 3), count.done == 0, chain.view.nextValidators.count == 4 else {
                continue
            }
            // Epoch 1 had no receipts, so hardly anybody has a duty in it.
            try chain.begin(epoch: 3)
            guard Self.count(chain, 3) == count else { continue }
            let pay = try (UInt8(0)..<4).map {
                try #require(try chain.market.row($0, .audit, epoch: 2)).amount.units
            }
            #expect(pay[0] > 0 && pay[1] == pay[0] && pay[3] == 0, "\(tasks) tasks: \(pay)")
            shown += 1
        }
        #expect(shown > 0)
    }

    @Test("a wrong result that its auditor kept quiet about is found by who audits in its place")
    func accomplice() throws {
        var chain = try AuditChain.delivered(cheats: [22: AuditStoryTests.thirds])
        chain.manners = [0: .forgetful, 1: .forgetful, 2: .forgetful]
        // Three of four miss everything: too many for the jail, and the fourth proves it all.
        try chain.begin(epoch: 2)
        #expect(chain.view.nextValidators.count == 4)
        #expect(try chain.slashes(1).filter { $0.key.offence == .missedDuties }.count == 3)
        chain.manners = [:]
        try chain.begin(epoch: 3)
        let frauds = try chain.slashes(1) + chain.slashes(2)
        #expect(frauds.contains { $0.key.offence == .wrongResult && $0.key.account == MarketChain.address(22) })
        #expect(
            frauds.allSatisfy { $0.key.offence == .missedDuties || $0.key.account == MarketChain.address(22) })
        #expect(chain.view.supply.escrow == .zero)
    }

    @Test("a few missed duties cost their part of the audit pay, of which the reporter has a tenth")
    func few() throws {
        var chain = try AuditChain.delivered(tasks: 100)
        chain.manners[3] = .sloppy
        try chain.begin(epoch: 2)
        #expect(try chain.slashes(1).isEmpty)
        #expect(chain.view.nextValidators.count == 4)
        let pay = try (UInt8(0)..<4).map { try #require(try chain.market.row($0, .audit, epoch: 1)).amount.units }
        #expect(pay[3] > 0 && pay[3] < pay[0] && pay[1] == pay[0])
        let bounty = try #require(try chain.market.row(0, .reporter, epoch: 1)).amount.units
        let lost = pay[0] - pay[3]
        #expect(bounty >= lost / 10 - 1 && bounty <= lost / 10 + 1)
        let open = [UInt8(20), 21, 22].flatMap { chain.tasks(of: $0) }.filter { $0.record.state == .delivered }
        #expect(open.count == 1)
        chain.manners = [:]
        try chain.begin(epoch: 3)
        #expect(chain.view.supply.escrow == .zero)
    }

    @Test("who was named to audit and does not is charged without a proof, and the task is drawn once more")
    func twice() throws {
        var chain = try AuditChain.delivered(tasks: 4)
        for auditor in UInt8(1)..<4 { chain.manners[auditor] = .forgetful }
        var waits: [Int] = []
        var epoch: UInt64 = 2
        while chain.view.supply.escrow > .zero && epoch < 9 {
            try chain.begin(epoch: epoch)
            let places = (UInt32(0)..<4).map { TaskPlace(job: chain.market.jobs[0], index: $0) }
            let redraws = places.compactMap { place -> RedrawRecord? in
                WorkingState(chain.store).load(StateKey.redraw(place))
            }
            // Nobody is named who missed the task before, and everybody who did is remembered.
            #expect(redraws.allSatisfy { !$0.missed.contains($0.auditor) && $0.missed.count >= waits.count + 1 })
            waits.append(redraws.count)
            // From now on nobody does anything, and nobody could prove it.
            chain.manners[0] = .forgetful
            epoch += 1
        }
        // Drawn again until each of four has missed it: then it is paid.
        #expect(chain.view.supply.escrow == .zero && waits.count == 4)
        #expect(waits[0] > 0 && waits[1] == waits[0] && waits[3] == 0, "\(waits)")
    }

    @Test("who is absent from a vote that must be extended loses the reward and the seat")
    func absentFromVote() throws {
        // 60 % agree, 10 % differ: no 2/3; the absent 30 % may be jailed.
        var chain = try AuditChain(stakes: [40_000, 20_000, 10_000, 30_000])
        chain.cheats = [20: Set(0..<6)]
        chain.manners = [2: .diverging, 3: .absent]
        try chain.market.run("30 publish -> ok\n20 provide mrt=3500 -> ok")
        try chain.market.run("30 job tasks=6 fuel=100000000 cu=116 -> ok\nblock 2")
        try chain.deliver([20])
        try chain.begin(epoch: 2)
        #expect((UInt32(0)..<6).contains { chain.dispute($0)?.isExtended == true })
        #expect(try chain.slashes(1).isEmpty)
        #expect(try chain.market.row(3, .precommit, epoch: 1)?.reason == .absentFromVote)
        let standing: StandingRecord? = WorkingState(chain.store).load(StateKey.standing(AuditChain.address(3)))
        #expect(standing?.isJailed == true && chain.view.nextValidators.count == 3)
    }

    @Test("an undisclosed key costs the reward and the seat, and its share of all tasks is drawn again")
    func undisclosed() throws {
        var chain = try AuditChain.delivered()
        chain.manners[2] = .silent
        try chain.begin(epoch: 2)
        #expect(try chain.slashes(1).isEmpty)
        #expect(chain.view.nextValidators.count == 3)
        let open = [UInt8(20), 21, 22].flatMap { chain.tasks(of: $0) }.filter { $0.record.state == .delivered }
        // A quarter of 60 at rate 1.
        #expect(open.count > 5 && open.count < 30)
        try chain.begin(epoch: 3)
        #expect(chain.view.supply.escrow == .zero)
        #expect(try chain.market.row(2, .precommit, epoch: 2)?.reason == .jailed)
    }
}
