// Audits from the draw to the tables: who cheats is caught and pays, who is honest is paid, and nobody else loses.
import Chain
import Cryptography
import Ledger
import Primitives
import ProgramRules
import Rewards
import Testing

@Suite("audit stories")
struct AuditStoryTests {
    static let thirds = Set((0..<60).filter { $0 % 3 == 0 }.map { UInt32($0) })

    @Test("a provider that is wrong in a third of its tasks is caught, slashed and unpaid; honest ones are paid")
    func cheater() throws {
        var chain = try AuditChain.delivered(cheats: [22: Self.thirds])
        let units = Dictionary(
            uniqueKeysWithValues: [UInt8(20), 21, 22].map { provider in
                (provider, chain.tasks(of: provider).reduce(UInt64(0)) { $0 + MarketChain.computeUnits($1.index) })
            })
        #expect(chain.tasks(of: 22).contains { Self.thirds.contains($0.index) })
        try chain.begin(epoch: 1)
        try chain.reach(.open)
        let disputes = Ledger.disputes(open: AuditChain.address(0), limit: 100, on: chain.store, view: chain.view)
        #expect(!disputes.isEmpty && disputes.allSatisfy { !$0.isVoting && $0.epoch == 0 })
        for duty in disputes {
            #expect(chain.tasks(of: 22).contains { $0.index == duty.place.index && Self.thirds.contains($0.index) })
        }
        let requester = chain.market.chain.account(30).balance
        try chain.begin(epoch: 2)
        // 25 v of a task of 116,000 units escrow, once for each dispute; the second excludes for good.
        let each = UInt64(25 * 89_320)
        let slashes = try chain.slashes(1)
        #expect(slashes.count == disputes.count)
        for row in slashes {
            #expect(row.key.account == MarketChain.address(22) && row.key.offence == .wrongResult)
            #expect(row.amount.units == each && row.reporter.units == each / 10 && row.injured.units > 89_320)
            #expect(row.reporter.units + row.injured.units + row.burned.units == each)
        }
        let lost = each * UInt64(disputes.count)
        #expect(chain.market.bond(22) == Amount(3500 * TestChain.token - lost))
        let record: ProviderRecord? = WorkingState(chain.store).load(StateKey.provider(MarketChain.address(22)))
        #expect(record?.lastFraud == 1 && record?.isTombstoned == (disputes.count > 1))
        #expect(chain.tasks(of: 22).allSatisfy { $0.record.state == .forfeited })
        let unpaid = try #require(try chain.market.row(22, .fee, epoch: 1))
        #expect(unpaid.amount == .zero && [.wrongResult, .tombstoned].contains(unpaid.reason))
        for provider in [UInt8(20), 21] {
            let row = try #require(try chain.market.row(provider, .fee, epoch: 1))
            #expect(row.amount == Amount(308 * (units[provider] ?? 0)))
            #expect(chain.tasks(of: provider).allSatisfy { $0.record.state == .settled })
            let audited = chain.market.reputation(provider)?.streak ?? 0
            #expect(audited > 0 && audited <= UInt64(chain.tasks(of: provider).count))
        }
        #expect(chain.market.reputation(22)?.streak == 0)
        // The requester has the cheat's escrow back, what the others did not use, and v for each wrong result.
        let returned = UInt64(chain.tasks(of: 22).count) * 116_000
        let rest = [UInt8(20), 21].reduce(UInt64(0)) { sum, provider in
            sum + UInt64(chain.tasks(of: provider).count) * 116_000 - 1000 * (units[provider] ?? 0)
        }
        let injured = UInt64(disputes.count) * 89_320
        #expect(chain.market.chain.account(30).balance.units - requester.units == returned + rest + injured)
        let rows = try chain.rewards(1)
        #expect(
            rows.filter { $0.key.kind == .reporter }.allSatisfy { $0.amount > .zero && $0.reason == .offenceReported })
        #expect(rows.filter { $0.key.kind == .audit }.allSatisfy { $0.reason == .dutiesDone || $0.amount == .zero })
        #expect(Ledger.disputes(open: AuditChain.address(0), limit: 9, on: chain.store, view: chain.view).isEmpty)
        #expect(chain.market.chain.view.supply.escrow == .zero)
    }

    @Test(
        "after a halt every window is as long as ever: what was forged is found, and nobody is absent from a vote",
        arguments: [AuditPhase.commit, .recheck, .reveal, .open, .vote])
    func halt(phase: AuditPhase) throws {
        var chain = try AuditChain.delivered(cheats: [22: Self.thirds])
        try chain.begin(epoch: 1)
        try chain.reach(phase)
        try chain.step(seconds: 1_000)
        #expect(chain.view.epoch.number == 1 && chain.phase.rawValue <= phase.rawValue + 1)
        try chain.begin(epoch: 2)
        let slashes = try chain.slashes(1)
        #expect(!slashes.isEmpty)
        for row in slashes {
            #expect(row.key.account == MarketChain.address(22) && row.key.offence == .wrongResult)
        }
        #expect(try chain.rewards(1).allSatisfy { $0.reason != .absentFromVote && $0.reason != .auditKeyUndisclosed })
        #expect(chain.tasks(of: 22).allSatisfy { $0.record.state == .forfeited })
    }

    /// Windows of hours, blocks of a second: twenty blocks pass while auditors may commit, then the chain stands still.
    @Test("an epoch whose time and blocks are over waits for its windows")
    func longWindows() throws {
        var parameters = Parameters.local
        (parameters.audit.admissionTasks, parameters.calendar.epochSeconds) = (0, 86_400)
        parameters.supply.lambda = Parameters.standard.supply.lambda
        for path in [\Calendar.commit, \.recheck, \.reveal, \.open, \.vote] {
            parameters.calendar[keyPath: path].seconds = 3_600
        }
        var chain = try AuditChain.delivered(
            cheats: [22: Self.thirds], settings: LedgerParameters(rewards: parameters).differences)
        for _ in 0..<20 { try chain.step() }
        try chain.step(seconds: 86_400)
        #expect(chain.view.epoch.number == 1)
        for _ in 0..<25 { try chain.step() }
        #expect(chain.phase == .commit)
        try chain.step(seconds: 100_000)
        #expect(chain.view.epoch.number == 1 && chain.phase == .recheck)
        for window in [AuditPhase.recheck, .reveal, .open, .vote] {
            #expect(chain.phase == window)
            for _ in 0..<8 { try chain.step() }
            try chain.step(seconds: 3_600)
        }
        try chain.step(seconds: 3_600)
        #expect(chain.view.epoch.number == 2)
        #expect(try !chain.slashes(1).isEmpty && chain.tasks(of: 22).allSatisfy { $0.record.state == .forfeited })
    }

    @Test("a re-check that repeats no digest is none: its duty is missed")
    func tacit() throws {
        var chain = try AuditChain.delivered()
        chain.manners[3] = .tacit
        try chain.begin(epoch: 1)
        try chain.reach(.open)
        let missed = Ledger.missedDuties(
            besides: AuditChain.address(0), limit: 100, on: chain.store, view: chain.view)
        #expect(!missed.isEmpty)
        for part in missed { #expect(part.auditor == AuditChain.address(3) && part.round == .recheck) }
    }

    @Test("whoever voted is asked for the disputes that are left, and for those in their last epoch first")
    func asking() throws {
        var chain = try AuditChain.delivered(cheats: [22: Self.thirds])
        try chain.begin(epoch: 1)
        try chain.reach(.open)
        func asked(_ chain: AuditChain, _ limit: Int) -> [TaskPlace] {
            Ledger.disputes(open: AuditChain.address(0), limit: limit, on: chain.store, view: chain.view).map(\.place)
        }
        let all = asked(chain, 100)
        #expect(all.count > 1 && asked(chain, 1) == [all[0]])
        let key = StateKey.dispute(try #require(all.last))
        var last: DisputeRecord = try #require(WorkingState(chain.store).load(key))
        last.isExtended = true
        chain.market.chain.overwrite(last, at: key)
        #expect(asked(chain, 1) == [all[all.count - 1]])
        #expect(asked(chain, 100) == [all[all.count - 1]] + all.dropLast())
        last.isExtended = false
        chain.market.chain.overwrite(last, at: key)
        try chain.reach(.vote)
        try chain.steps { asked($0, 100).isEmpty }
        #expect(all.allSatisfy { chain.dispute($0.index) != nil } && chain.phase == .vote)
    }

    @Test("a slash takes the bond, then what vests, oldest first, and leaves what a neighbour was granted")
    func vesting() throws {
        var chain = try AuditChain.delivered(cheats: [22: Self.thirds])
        try chain.begin(epoch: 1)
        let each = UInt64(25 * 89_320)
        var record = try #require(chain.market.provider(22))
        record.bond = Amount(1_000)
        var supply = chain.view.supply
        let grants = [(epoch: UInt64(0), amount: each - 2_000), (epoch: 1, amount: each)]
        for (epoch, amount) in grants {
            var page = ProviderPage<Grant>()
            page[record.number.seat].granted = Amount(amount)
            page[record.number.seat + 1].granted = Amount(7)
            chain.market.chain.overwrite(page, at: StateKey.grants(page: 0, granted: epoch))
            supply.vesting = Amount(supply.vesting.units + amount)
            supply.bonds = Amount(supply.bonds.units - amount)
        }
        chain.market.chain.overwrite(record, at: StateKey.provider(MarketChain.address(22)))
        chain.market.chain.overwrite(supply, at: StateKey.singleton(.supply))
        chain.countsMoney = false
        chain.market.chain.view = try #require(LedgerView(chain.store))
        try chain.begin(epoch: 2)
        let slashes = try chain.slashes(1).filter { $0.key.account == MarketChain.address(22) }
        #expect(slashes.count > 1 && chain.market.bond(22) == .zero)
        let taken = slashes.reduce(0) { $0 + $1.amount.units }
        #expect(taken == min(UInt64(slashes.count) * each, 1_000 + 2 * each - 2_000))
        #expect(slashes.contains { $0.amount.units == each })
        let state = WorkingState(chain.store)
        let left = grants.map { grant -> UInt64 in
            let page: ProviderPage<Grant>? = state.load(StateKey.grants(page: 0, granted: grant.epoch))
            #expect(page?[record.number.seat + 1].granted == Amount(7) && page?[record.number.seat + 1].paid == .zero)
            let own = page?[record.number.seat] ?? Grant()
            return own.granted.units - own.paid.units
        }
        #expect(left[0] == 0 && left[0] + left[1] == 1_000 + 2 * each - 2_000 - taken)
    }

    @Test("honest auditors of honest work lose nothing, every duty counts, and nothing of the epoch is kept")
    func honest() throws {
        var chain = try AuditChain.delivered()
        try chain.begin(epoch: 2)
        #expect(try chain.slashes(0).isEmpty && chain.slashes(1).isEmpty)
        let rows = try chain.rewards(1).filter { $0.key.kind == .audit }
        #expect(rows.count == 4 && rows.allSatisfy { $0.amount > .zero && $0.reason == .dutiesDone })
        #expect(rows.allSatisfy { $0.amount == rows[0].amount })
        try chain.begin(epoch: 3)
        let tags: [StateTag] = [.drawBeacon, .auditCommit, .taskAudits, .disclosure, .dispute, .disputeVote]
        for key in chain.store.keys(.state) {
            #expect(!tags.map(\.rawValue).contains(key[0]), "\(Hex.lower(key))")
        }
        #expect(chain.store.keys(.state).filter { $0[0] == StateTag.epochSet.rawValue }.count == 3)
    }

    @Test("an auditor that copies the receipt's result is caught by its digest, and nobody else loses")
    func lazy() throws {
        var chain = try AuditChain.delivered()
        chain.manners[1] = .copyingAudits
        try chain.begin(epoch: 2)
        let slashes = try chain.slashes(1)
        #expect(!slashes.isEmpty)
        for row in slashes {
            #expect(row.key.account == AuditChain.address(1) && row.key.offence == .wrongDigest)
            #expect(row.burned < row.amount && row.amount > .zero)
        }
        // Voters are paid once for each dispute, 1.2 * cu * 1,000 each of three; its reporter at most a tenth.
        #expect(slashes.allSatisfy { $0.injured.units >= 3 * 1_200 * 16 && $0.injured.units <= 3 * 1_200 * 75 })
        #expect(
            slashes.contains { $0.reporter > .zero } && slashes.allSatisfy { $0.reporter.units <= $0.amount.units / 10 }
        )
        #expect(try chain.market.row(0, .compensation, epoch: 1)?.amount ?? .zero > .zero)
        #expect(try chain.market.row(1, .compensation, epoch: 1) == nil)
        // 2 % of 10,000 MRT, and the later ones of what is left.
        #expect(slashes.map(\.amount).max() == Amount(200 * TestChain.token))
        for provider in [UInt8(20), 21, 22] {
            #expect(chain.tasks(of: provider).allSatisfy { $0.record.state == .settled })
        }
        let pay = try chain.rewards(1).filter { $0.key.kind == .audit }
        let own = try #require(pay.first { $0.key.account == AuditChain.address(1) })
        #expect(pay.filter { $0.key.account != own.key.account }.allSatisfy { $0.amount > own.amount })
    }

    @Test("whoever commits to tasks that it did not draw keeps no second auditor from those who did")
    func crowd() throws {
        func caught(beside manner: AuditChain.Manner) throws -> Set<Digest> {
            var chain = try AuditChain.delivered()
            (chain.manners[1], chain.manners[3]) = (.copyingAudits, manner)
            try chain.begin(epoch: 2)
            let slashes = try chain.slashes(1)
            #expect(slashes.allSatisfy { $0.key.account == AuditChain.address(1) && $0.key.offence == .wrongDigest })
            return Set(slashes.map(\.key.evidence))
        }
        let alone = try caught(beside: .honest)
        // More than alone: of two second auditors of such a task one may see what the other made up.
        #expect(try alone.count > 2 && caught(beside: .crowding).isSuperset(of: alone))
    }

    /// Too small to trip the breaker together.
    @Test(
        "of several validators that lose one dispute the first pays the voters, and no other",
        arguments: [
            (AuditChain.Manner.copying, SlashOffence.wrongDigest), (.diverging, .approvedWrongResult),
        ])
    func paidOnce(manner: AuditChain.Manner, offence: SlashOffence) throws {
        var chain = try AuditChain.delivered(stakes: [40_000, 40_000, 7_000, 7_000])
        (chain.manners[2], chain.manners[3]) = (manner, manner)
        try chain.begin(epoch: 2)
        let rows = try chain.slashes(1).filter { $0.key.offence == offence }
        let disputes = Dictionary(grouping: rows, by: \.key.evidence).values.filter { $0.count == 2 }
        #expect(!disputes.isEmpty)
        for rows in disputes { #expect(rows.count { $0.injured > .zero } == 1, "\(rows)") }
    }

    @Test("who votes for a wrong result loses a fifth of its stake or more")
    func approval() throws {
        var chain = try AuditChain.delivered(cheats: [22: Self.thirds])
        chain.manners[3] = .copying
        try chain.begin(epoch: 2)
        let slashes = try chain.slashes(1).filter { $0.key.account != MarketChain.address(22) }
        let approvals = slashes.filter { $0.key.offence == .approvedWrongResult }
        #expect(slashes.allSatisfy { $0.key.account == AuditChain.address(3) })
        // One validator of four: 3 * 1/4 of what its invented digests left is above the base.
        // The provider pays the voters, and nobody a second time.
        #expect(approvals.allSatisfy { $0.injured == .zero })
        #expect(approvals.count == 1 && approvals.allSatisfy { $0.amount >= Amount(5000 * TestChain.token) })
        #expect(chain.tasks(of: 22).allSatisfy { $0.record.state == .forfeited })
    }

    @Test("two results with more than a third each: nobody is slashed, nobody is paid, the program is quarantined")
    func split() throws {
        var chain = try AuditChain.delivered(tasks: 3)
        (chain.manners[2], chain.manners[3]) = (.diverging, .diverging)
        try chain.begin(epoch: 2)
        #expect(try chain.slashes(1).isEmpty)
        let states = [UInt8(20), 21, 22].flatMap { chain.tasks(of: $0) }.map(\.record.state)
        #expect(states.contains(.voided) && states.allSatisfy { $0 == .voided || $0 == .settled })
        let program: BlobRecord? = WorkingState(chain.store).load(
            StateKey.blob(.program, Hash.sha256(MarketChain.program)))
        #expect(program?.isQuarantined == true)
        #expect(try chain.rewards(1).contains { $0.key.kind == .fee && $0.reason == .programNotDeterministic })
        try chain.market.run("30 job -> program_quarantined")
        #expect(chain.view.supply.escrow == .zero)
    }

    @Test("where one dispute shows that a program is not deterministic, no other about it costs anybody anything")
    func oneProgram() throws {
        let odd = Set((0..<40).filter { $0 % 2 == 1 }.map { UInt32($0) })
        var chain = try AuditChain.delivered(tasks: 40, cheats: [20: odd, 21: odd, 22: odd])
        (chain.manners[2], chain.manners[3]) = (.uneven, .uneven)
        try chain.begin(epoch: 1)
        try chain.reach(.vote)
        let disputes = (UInt32(0)..<40).filter { chain.dispute($0) != nil }
        #expect(disputes.contains { $0 % 2 == 0 } && disputes.contains { $0 % 2 == 1 })
        try chain.begin(epoch: 2)
        #expect(try chain.slashes(1).isEmpty)
        let states = [UInt8(20), 21, 22].flatMap { chain.tasks(of: $0) }.filter { disputes.contains($0.index) }
        #expect(states.allSatisfy { $0.record.state == .voided })
        try chain.market.checkMoney()
    }

    @Test("losses over a program that is not deterministic do not stop its engine's slashes")
    func quarantinedLosses() throws {
        // Of even tasks 1 alone gets another result, with 2/5 of the stake; of odd ones two small validators, who lose.
        var chain = try AuditChain.delivered(tasks: 40, stakes: [40_000, 40_000, 10_000, 10_000])
        (chain.manners[1], chain.manners[2], chain.manners[3]) = (.uneven, .odd, .odd)
        try chain.begin(epoch: 1)
        try chain.reach(.vote)
        let disputes = (UInt32(0)..<40).filter { chain.dispute($0) != nil }
        #expect(disputes.contains { $0 % 2 == 0 } && disputes.contains { $0 % 2 == 1 })
        try chain.begin(epoch: 2)
        #expect(try chain.slashes(1).isEmpty)
        #expect(!chain.store.keys(.state).contains { $0[0] == StateTag.engineLoss.rawValue })
    }

    @Test("a second auditor that says a first one's right digest is wrong loses, and the first one nothing")
    func misquoted() throws {
        var chain = try AuditChain.delivered()
        chain.manners[1] = .misquoting
        try chain.begin(epoch: 2)
        let slashes = try chain.slashes(1)
        #expect(!slashes.isEmpty)
        #expect(slashes.allSatisfy { $0.key.account == AuditChain.address(1) && $0.key.offence == .wrongDigest })
    }

    @Test("an undecided dispute gets one more epoch; then the task is unpaid and nobody is slashed")
    func undecided() throws {
        var chain = try AuditChain.delivered(tasks: 3, cheats: [20: [0, 1, 2], 21: [0, 1, 2], 22: [0, 1, 2]])
        (chain.manners[2], chain.manners[3]) = (.absent, .absent)
        try chain.begin(epoch: 2)
        let open = Ledger.disputes(open: AuditChain.address(2), limit: 9, on: chain.store, view: chain.view)
        #expect(!open.isEmpty && open.allSatisfy(\.isVoting))
        #expect(try chain.slashes(1).isEmpty)
        for absent in [UInt8(2), 3] {
            let row = try #require(try chain.market.row(absent, .precommit, epoch: 1))
            #expect(row.amount == .zero && row.reason == .absentFromVote)
        }
        #expect(try chain.market.row(0, .precommit, epoch: 1)?.reason == .precommitsIncluded)
        let disputed = chain.tasks(of: 20) + chain.tasks(of: 21) + chain.tasks(of: 22)
        #expect(disputed.filter { $0.record.state == .delivered }.count == open.count)
        try chain.begin(epoch: 3)
        #expect(try chain.slashes(2).isEmpty)
        let states = [UInt8(20), 21, 22].flatMap { chain.tasks(of: $0) }.map(\.record.state)
        #expect(states.filter { $0 == .voided }.count == open.count)
        #expect(chain.view.supply.escrow == .zero)
        let reasons = try chain.rewards(2).filter { $0.key.kind == .fee }.map(\.reason)
        #expect(reasons.contains(.disputeUnresolved))
    }

    @Test("a dispute that is decided in its second epoch punishes as in the first")
    func extended() throws {
        var chain = try AuditChain.delivered(tasks: 3, cheats: [20: [0, 1, 2], 21: [0, 1, 2], 22: [0, 1, 2]])
        (chain.manners[2], chain.manners[3]) = (.absent, .absent)
        try chain.begin(epoch: 2)
        let open = Ledger.disputes(open: AuditChain.address(2), limit: 9, on: chain.store, view: chain.view)
        let moved = try chain.rewards(1).filter { $0.key.kind == .fee && $0.reason == .openAudit }
        #expect(!moved.isEmpty)
        chain.manners = [:]
        try chain.begin(epoch: 3)
        let slashes = try chain.slashes(2)
        #expect(slashes.count == open.count && slashes.allSatisfy { $0.key.offence == .wrongResult })
        #expect(chain.view.supply.escrow == .zero)
    }

    @Test("a key that is not disclosed costs the epoch's reward, where the epoch had a receipt")
    func undisclosed() throws {
        var chain = try AuditChain.delivered(tasks: 3)
        chain.manners[2] = .silent
        try chain.begin(epoch: 3)
        for kind in [RewardKind.audit, .precommit, .staking] {
            #expect(try chain.market.row(2, kind, epoch: 1)?.reason == .auditKeyUndisclosed)
        }
        #expect(try chain.market.row(0, .precommit, epoch: 1)?.amount ?? .zero > .zero)
        // Epoch 1 had no receipt; who is in jail earns nothing in it.
        #expect(try chain.market.row(2, .precommit, epoch: 2)?.reason == .jailed)
    }
}
