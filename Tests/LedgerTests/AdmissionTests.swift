// Known answers before the first paid task: who is asked, what counts, what a wrong answer costs, who loses nothing.
import Chain
import Codec
import Cryptography
import Primitives
import ProgramRules
import Rewards
import Testing

@testable import Ledger

@Suite("admission")
struct AdmissionTests {
    @Test("a newcomer answers tasks of others, is admitted by what auditors say, and then works for pay")
    func admitted() throws {
        var chain = try AuditChain.withNewcomers()
        #expect(chain.admission(of: 22)?.wait == .tasks)
        #expect(chain.admission(of: 20) == nil && chain.admission(of: 30) == nil)
        try chain.work(tasks: 40)
        let places = chain.issued(to: 22)
        let status = try #require(chain.admission(of: 22))
        #expect(places.count == 2 && status.record.open == 2 && status.record.needed == 2 && status.wait == .answers)
        #expect(chain.tasks(of: 22).isEmpty)
        for place in places {
            let task: TaskRecord? = WorkingState(chain.store).load(StateKey.task(place))
            #expect(task?.auditRate == 1_000_000)
        }
        while chain.admission(of: 22) != nil {
            try #require(chain.view.epoch.number < 12)
            let places = chain.issued(to: 22)
            if !places.isEmpty { try chain.step([chain.answer(22, places)]) }
            #expect(chain.issued(to: 22).isEmpty)
            try chain.begin(epoch: chain.view.epoch.number + 1)
            if chain.admission(of: 22) != nil { try chain.work(tasks: 10) }
        }
        #expect(chain.market.open(22).isEmpty)
        try chain.step([chain.market.send(30, .submitJob(AuditChain.request(tasks: 60)))])
        try chain.step()
        #expect(!chain.market.open(22).isEmpty)
        for epoch in 0..<chain.view.epoch.number { #expect(try chain.slashes(epoch).isEmpty) }
    }

    /// In how many of how many blocks with a receipt 22 is asked, among so many accounts that took their bonds back.
    private static func turns(among others: UInt64) throws -> (turns: Int, blocks: Int) {
        var chain = try AuditChain.withNewcomers(needed: 16)
        var writes = WriteBatch()
        for number in 0..<others {
            let account = try #require(Address(Hash.sha256(number.bigEndianBytes).bytes.prefix(20)))
            let record = AdmissionRecord(needed: 2, isListed: false)
            writes.put(.state, key: StateKey.admission(account), value: record.encoded)
        }
        chain.market.chain.store.commit(writes)
        var (turns, blocks) = (0, 0)
        while blocks < 16 || turns == 0 {
            try #require(blocks < 80)
            try chain.work(tasks: 1)
            blocks += 1
            let issued = chain.issued(to: 22)
            if issued.isEmpty { continue }
            turns += 1
            try chain.step([chain.answer(22, issued)])
            #expect(chain.issued(to: 22).isEmpty)
        }
        return (turns, blocks)
    }

    /// Among a thousand, 22 is among the 256 of about every fourth block.
    @Test("a block looks at few records of newcomers, and every newcomer has its turn")
    func bounded() throws {
        let (alone, crowded) = (try Self.turns(among: 0), try Self.turns(among: 1_000))
        #expect(crowded.turns * alone.blocks < alone.turns * crowded.blocks, "\(crowded) of \(alone)")
    }

    @Test("right answers count as far as somebody audited their tasks; the others are drawn again")
    func counted() throws {
        var chain = try AuditChain.withNewcomers(needed: 16)
        try chain.work(tasks: 40)
        let places = chain.issued(to: 22)
        #expect(places.count == 16)
        let audited = places.filter { !chain.auditors(of: $0, epoch: 0).isEmpty }
        #expect(audited.count > 4 && audited.count < 16)
        try chain.step([chain.answer(22, places)])
        #expect(chain.admission(of: 22)?.wait == .verdicts && chain.admission(of: 22)?.record.answered == 16)
        try chain.begin(epoch: 1)
        try chain.reach(.open)
        #expect(places.filter { chain.admissionTask($0)?.state == .right } == audited)
        try chain.begin(epoch: 2)
        let record = try #require(chain.admission(of: 22)).record
        #expect(record.right == UInt64(audited.count) && record.open == 0 && record.wrong == 0)
        #expect(chain.admission(of: 22)?.wait == .tasks)
        #expect(try chain.slashes(1).isEmpty)
        let tags: [StateTag] = [.admissionTask, .admissionOpen]
        #expect(!chain.store.keys(.state).contains { tags.map(\.rawValue).contains($0[0]) })
        try chain.work(tasks: 40)
        #expect(chain.issued(to: 22).count == 16 - audited.count)
    }

    @Test("a wrong answer that a vote confirms costs 25 v and begins everything anew; the second excludes")
    func wrong() throws {
        var chain = try AuditChain.withNewcomers(needed: 16)
        try chain.work(tasks: 40)
        let audited = chain.issued(to: 22).filter { !chain.auditors(of: $0, epoch: 0).isEmpty }
        let lie = try #require(audited.last)
        try chain.step([chain.answer(22, Array(audited.dropLast()))])
        try chain.step([chain.answer(22, [lie], memory: Bytes("a guess".utf8))])
        try chain.begin(epoch: 2)
        let slashes = try chain.slashes(1)
        #expect(slashes.count == 1)
        let row = try #require(slashes.first)
        #expect(row.key.account == MarketChain.address(22) && row.key.offence == .wrongResult)
        #expect(row.amount == Amount(25 * 89_320) && row.reporter == Amount(25 * 8_932))
        #expect(chain.market.bond(22) == Amount(700 * TestChain.token - 25 * 89_320))
        // Voters are paid, the requester has lost nothing.
        #expect(row.injured > .zero)
        #expect(try chain.market.row(30, .compensation, epoch: 1) == nil)
        let record = try #require(chain.admission(of: 22)).record
        #expect(record.wrong == 1 && record.right == 0 && record.open == 0)
        // The task itself is paid.
        let task: TaskRecord? = WorkingState(chain.store).load(StateKey.task(lie))
        #expect(task?.seen(in: chain.view.epoch.number).state == .settled)
        #expect(try chain.market.row(20, .fee, epoch: 1)?.amount ?? .zero > .zero)
        try chain.market.checkMoney()
        // Again.
        try chain.work(tasks: 40)
        let start = chain.view.epoch.startHeight
        let more = chain.issued(to: 22).filter { !chain.auditors(of: $0, epoch: 2, from: start).isEmpty }
        try chain.step([chain.answer(22, [try #require(more.first)], memory: [1])])
        try chain.begin(epoch: 4)
        let provider: ProviderRecord? = WorkingState(chain.store).load(StateKey.provider(MarketChain.address(22)))
        #expect(provider?.isTombstoned == true && chain.admission(of: 22)?.wait == .slot)
        try chain.work(tasks: 20)
        #expect(chain.issued(to: 22).isEmpty)
    }

    @Test("an auditor that invents digests is punished for it, and the newcomer's right answer counts")
    func lazyAuditor() throws {
        var chain = try AuditChain.withNewcomers(needed: 16)
        chain.manners[1] = .copyingAudits
        try chain.work(tasks: 40)
        let places = chain.issued(to: 22)
        let judged = places.filter { !chain.auditors(of: $0, epoch: 0).isEmpty }
        #expect(judged.contains { chain.auditors(of: $0, epoch: 0).contains(1) })
        try chain.step([chain.answer(22, places)])
        try chain.begin(epoch: 2)
        let slashes = try chain.slashes(1)
        #expect(!slashes.isEmpty && slashes.allSatisfy { $0.key.account == AuditChain.address(1) })
        #expect(chain.admission(of: 22)?.record.right == UInt64(judged.count))
    }

    @Test("where an auditor loses with the newcomer, the auditor alone pays the voters")
    func paidOnce() throws {
        var chain = try AuditChain.withNewcomers(needed: 16)
        chain.manners[1] = .copyingAudits
        try chain.work(tasks: 40)
        let lie = try #require(chain.issued(to: 22).first { chain.auditors(of: $0, epoch: 0).contains(1) })
        try chain.step([chain.answer(22, [lie], memory: Bytes("a guess".utf8))])
        try chain.begin(epoch: 2)
        let rows = try chain.slashes(1).filter { $0.key.evidence == DisputeRecord.id(lie) }
        #expect(rows.first { $0.key.account == MarketChain.address(22) }?.injured == .zero)
        #expect(rows.first { $0.key.account == AuditChain.address(1) }?.injured ?? .zero > .zero)
    }

    @Test("an auditor that is right about the task and wrong about the answer alone is punished too")
    func misjudged() throws {
        var chain = try AuditChain.withNewcomers(needed: 16)
        chain.manners[1] = .misjudging
        try chain.work(tasks: 40)
        let places = chain.issued(to: 22)
        let drawn = Set(places.filter { chain.auditors(of: $0, epoch: 0).contains(1) })
        try chain.step([chain.answer(22, places)])
        try chain.begin(epoch: 2)
        let slashes = try chain.slashes(1)
        // As the first auditor or, of others' tasks, the second.
        let evidence = Set(slashes.map(\.key.evidence))
        #expect(!drawn.isEmpty && evidence.isSuperset(of: drawn.map { DisputeRecord.id($0) }))
        #expect(evidence.isSubset(of: places.map { DisputeRecord.id($0) }))
        for slash in slashes {
            #expect(slash.key.account == AuditChain.address(1) && slash.key.offence == .wrongDigest)
        }
    }

    @Test("validators that disagree about a program, or that lose with its engine, let nobody be blamed")
    func nobodyBlamed() throws {
        for stakes in [[], BreakerTests.stakes] {
            var chain = try AuditChain.withNewcomers(needed: 16, stakes: stakes, breakerDays: 2)
            (chain.manners[2], chain.manners[3]) = (.diverging, .diverging)
            try chain.work(tasks: 40)
            let places = chain.issued(to: 22)
            let disputed = places.filter { !chain.auditors(of: $0, epoch: 0).filter { $0 > 1 }.isEmpty }
            #expect(!disputed.isEmpty)
            // What honest machines find in the one case; nonsense in the other, with the breaker over it.
            try chain.step([chain.answer(22, disputed, memory: stakes.isEmpty ? AuditChain.memory : [9])])
            chain.manners = [2: .diverging, 3: .diverging]
            try chain.begin(epoch: 2)
            #expect(try chain.slashes(1).isEmpty)
            let record = try #require(chain.admission(of: 22)).record
            #expect(record.right == 0 && record.wrong == 0 && record.open == 0)
            #expect(chain.market.bond(22) == Amount(700 * TestChain.token))
            chain.manners = [:]
            try chain.begin(epoch: 5)
            for epoch in UInt64(2)..<5 {
                #expect(try !chain.slashes(epoch).contains { $0.key.account == MarketChain.address(22) })
            }
        }
    }

    @Test("receipts of a program that validators disagree about are issued to nobody")
    func quarantined() throws {
        var chain = try AuditChain.withNewcomers()
        try chain.work(tasks: 20)
        chain.manners = [2: .diverging, 3: .diverging]
        try chain.step([chain.answer(22, chain.issued(to: 22))])
        // Given out before the program is quarantined.
        try chain.begin(epoch: 1)
        try chain.reach(.closed)
        try chain.step([chain.market.send(30, .submitJob(AuditChain.request(tasks: 20)))])
        try chain.begin(epoch: 2)
        #expect(chain.admission(of: 22)?.wait == .tasks && chain.market.job(1)?.next == 20)
        try chain.deliver([20, 21])
        try chain.step()
        #expect(chain.market.job(1)?.done == 20 && chain.issued(to: 22).isEmpty)
    }

    @Test("tasks of a quarantined program that wait for a provider go back to who asked for them")
    func withdrawn() throws {
        var chain = try AuditChain.withNewcomers()
        try chain.work(tasks: 20)
        chain.manners = [2: .diverging, 3: .diverging]
        try chain.market.run("20 offer ask=9000 -> ok\n21 offer ask=9000 -> ok")
        try chain.step([chain.market.send(30, .submitJob(AuditChain.request(tasks: 20)))])
        try chain.begin(epoch: 2)
        try chain.market.run("20 offer -> ok\n21 offer -> ok\nblock 6")
        #expect(chain.market.job(1)?.next == 0 && chain.market.job(1)?.closed == 20)
        #expect(chain.view.supply.escrow == .zero)
        try chain.market.checkMoney()
    }

    @Test("a late task of a quarantined program is given to nobody else")
    func late() throws {
        var chain = try AuditChain.withNewcomers()
        try chain.work(tasks: 20)
        chain.manners = [2: .diverging, 3: .diverging]
        try chain.begin(epoch: 1)
        try chain.reach(.closed)
        try chain.step([chain.market.send(30, .submitJob(AuditChain.request(tasks: 20)))])
        try chain.begin(epoch: 2)
        try #require(chain.market.job(1)?.next == 20)
        try chain.deliver([21])
        let late = (UInt32(0)..<20).filter { chain.market.task(1, $0)?.state == .assigned }
        #expect(late.count > 2 && late.count < 18)
        try chain.steps { $0.market.job(1)?.closed == UInt32(late.count) }
        #expect(late.allSatisfy { chain.market.task(1, $0)?.state == .timedOut })
        try chain.market.checkMoney()
    }

    @Test("whose operator is in jail is asked nothing until it is over")
    func jailed() throws {
        var chain = try AuditChain.withNewcomers([22, 23])
        let key = StateKey.standing(MarketChain.address(22))
        var standing = StandingRecord(jailings: 1, jailedEpoch: 0, freeEpoch: 1)
        chain.market.chain.overwrite(standing, at: key)
        try chain.work(tasks: 40)
        #expect(chain.issued(to: 22).isEmpty && chain.issued(to: 23).count == 2)
        standing.isJailed = false
        chain.market.chain.overwrite(standing, at: key)
        try chain.work(tasks: 40)
        #expect(chain.issued(to: 22).count == 2)
    }

    @Test("a dispute in its second epoch still judges the answer")
    func extended() throws {
        var chain = try AuditChain.withNewcomers(needed: 16)
        try chain.work(tasks: 40)
        let places = chain.issued(to: 22)
        try chain.step([chain.answer(22, places, memory: [9])])
        (chain.manners[2], chain.manners[3]) = (.absent, .absent)
        try chain.begin(epoch: 2)
        #expect(try chain.slashes(1).isEmpty)
        let open = places.filter { chain.admissionTask($0) != nil }
        #expect(!open.isEmpty && chain.admission(of: 22)?.record.open == UInt64(open.count))
        chain.manners = [:]
        try chain.begin(epoch: 3)
        #expect(try chain.slashes(2).filter { $0.key.account == MarketChain.address(22) }.count == open.count)
        #expect(places.allSatisfy { chain.admissionTask($0) == nil })
    }

    static let refused = ["not_issued_again", "admission_over"]

    @Test("answers are taken once, from whom the task was issued to, until verdicts may be revealed")
    func refusals() throws {
        var chain = try AuditChain.withNewcomers([22, 23], needed: 3)
        try chain.work(tasks: 40)
        let (mine, other) = (chain.issued(to: 22), chain.issued(to: 23))
        #expect(mine.count == 3 && other.count == 3)
        let rules = Self.refused
        func refuse(_ places: [TaskPlace], _ rule: String, _ line: Int = #line) throws {
            let item = chain.answer(22, places)
            let result = try #require(chain.advance([item]).first { $0.0 == item }).1
            #expect(LedgerRule(rawValue: result.code)?.label == rule, "line \(line)")
        }
        try refuse([other[0]], rules[0])
        try refuse([TaskPlace(job: chain.market.jobs[0], index: 4_000)], rules[0])
        try chain.step([chain.answer(22, [mine[0]])])
        // All of it or nothing.
        try refuse([mine[0], mine[1]].sorted { $0.index < $1.index }, rules[0])
        #expect(chain.admission(of: 22)?.record.answered == 1)
        try chain.begin(epoch: 1)
        try chain.reach(.recheck)
        try chain.step([chain.answer(22, [mine[1]])])
        try chain.reach(.reveal)
        try refuse([mine[2]], rules[1])
        try chain.begin(epoch: 2)
        try refuse([mine[2]], rules[0])
    }

    @Test("who answers nothing is paused until it answers a challenge, and then asked again")
    func silent() throws {
        var chain = try AuditChain.withNewcomers()
        try chain.work(tasks: 20)
        #expect(chain.issued(to: 22).count == 2)
        try chain.begin(epoch: 2)
        #expect(chain.market.work(22)?.isPaused == true && chain.admission(of: 22)?.wait == .challenge)
        #expect(chain.admission(of: 22)?.record.open == 0)
        #expect(try chain.slashes(1).isEmpty && chain.market.bond(22) == Amount(700 * TestChain.token))
        try chain.work(tasks: 20)
        #expect(chain.issued(to: 22).isEmpty)
        chain.market.present = [22]
        try chain.market.untilChallenged()
        try chain.step(chain.market.answers().flatMap(\.items))
        try chain.work(tasks: 20)
        #expect(chain.issued(to: 22).count == 2)
    }

    @Test("a task is issued to one newcomer, 16 in a block, and never to the requester of its job")
    func bounds() throws {
        var chain = try AuditChain.withNewcomers([22, 23, 24], needed: 20)
        try chain.market.run("30 provide mrt=700 -> ok")
        try chain.work(tasks: 60)
        let issued = [UInt8(22), 23, 24].map { chain.issued(to: $0) }
        #expect(Set(issued.flatMap(\.self)).count == 16 && issued.allSatisfy { !$0.isEmpty })
        #expect(chain.issued(to: 30).isEmpty)
        // Without a class-D offer, or a slot, nobody is asked.
        try chain.market.run("22 offer none -> ok\n23 unbond mrt=351 -> ok")
        #expect(chain.admission(of: 23)?.wait == .slot)
        try chain.work(tasks: 60, by: 31)
        #expect(chain.issued(to: 22).count == issued[0].count && chain.issued(to: 23).count == issued[1].count)
        #expect(!chain.issued(to: 30).isEmpty)
        #expect(chain.admission(of: 22)?.wait == .offer)
    }

    @Test("an operator's own audit says nothing about its own answer")
    func ownAudit() throws {
        var chain = try AuditChain.withNewcomers([], needed: 16)
        try chain.step([TestChain.transfer(31, 0, to: 1, 1_000 * TestChain.token)])
        try chain.market.run("1 provide mrt=700 -> ok")
        var own: [TaskPlace] = []
        for _ in 0..<8 where own.isEmpty {
            let epoch = chain.view.epoch.number
            let start = chain.view.epoch.startHeight
            try chain.work(tasks: 40)
            let places = chain.issued(to: 1)
            if !places.isEmpty { try chain.step([chain.answer(1, places)]) }
            own = places.filter { chain.auditors(of: $0, epoch: epoch, from: start) == [1] }
            try chain.begin(epoch: epoch + 1)
            if !own.isEmpty {
                try chain.reach(.open)
                // Nor was anybody drawn to check it.
                own = own.filter { place in
                    let audits: TaskAudits? = WorkingState(chain.store).load(StateKey.taskAudits(epoch, place))
                    return audits?.entries.allSatisfy { $0.operatorAddress == AuditChain.address(1) } ?? true
                }
                #expect(own.allSatisfy { chain.admissionTask($0)?.state == .answered })
            }
            try chain.begin(epoch: epoch + 2)
        }
        #expect(!own.isEmpty)
    }

    @Test("a verdict that says nothing of an answer counts for nothing")
    func bareVerdict() throws {
        var chain = try AuditChain.withNewcomers(needed: 16)
        for auditor in UInt8(0)..<4 { chain.manners[auditor] = .bare }
        try chain.work(tasks: 40)
        let places = chain.issued(to: 22)
        try chain.step([chain.answer(22, Array(places.dropLast(8)))])
        try chain.begin(epoch: 1)
        try chain.reach(.open)
        for (place, isAnswered) in zip(places, places.indices.map { $0 < 8 }) {
            let audits: TaskAudits? = WorkingState(chain.store).load(StateKey.taskAudits(0, place))
            for entry in audits?.entries ?? [] where entry.round == .first {
                #expect((entry.state == .ignored) == isAnswered, "\(place.index)")
            }
        }
    }

    @Test("who is listed is admitted while there is nothing to be asked, and asked as genesis says afterwards")
    func listed() throws {
        var rewards = Parameters.local
        (rewards.audit.admissionTasks, rewards.audit.admissionTasksListed) = (4, 2)
        var chain = try AuditChain(
            settings: LedgerParameters(rewards: rewards).differences, listed: [20, 21, 22])
        try chain.market.run("30 publish -> ok\n20 offer -> ok\n21 offer -> ok")
        try chain.work(tasks: 8)
        try chain.market.run("22 offer -> ok\n21 offer ask=2000 -> ok")
        #expect(chain.admission(of: 22)?.record == AdmissionRecord(needed: 2, isListed: true))
        #expect(chain.admission(of: 20) == nil && chain.admission(of: 21) == nil)
        try chain.work(tasks: 8)
        #expect(chain.issued(to: 22).count == 2)
    }

    @Test("who is not admitted earns nothing for being there, and its rows say why")
    func standby() throws {
        var market = try MarketChain(settings: AuditChain.settings(admissionTasks: 2), listed: [20])
        try market.run("30 publish -> ok\n20 offer -> ok\n22 provide mrt=700 -> ok")
        try market.finishEpochs(1)
        try market.run("30 job tasks=60 fuel=60000000 cu=75 -> ok\nblock 2")
        try market.deliverAll([20])
        try market.finishEpochs(2)
        let standby = try #require(try market.row(22, .standby, epoch: 2))
        #expect(standby.amount == .zero && standby.reason == .notAdmitted)
        #expect(try market.row(22, .fee, epoch: 2)?.reason == .notAdmitted)
        #expect(try market.row(20, .standby, epoch: 2)?.amount ?? .zero > .zero)
    }

    @Test("a change of the parameter to nothing admits those who wait at the end of the epoch")
    func lowered() throws {
        var chain = try AuditChain.withNewcomers()
        try chain.step((UInt8(0)..<4).map { TestChain.transfer(31, UInt64($0), to: $0, 5 * TestChain.token) })
        let change = ProposeChange(changes: [Setting(number: 606, value: 0)])
        try chain.step([chain.market.send(0, .proposeChange(change))])
        try chain.step(
            (UInt8(0)..<4).map { chain.market.send($0, .voteForChange(VoteForChange(proposal: 1))) })
        #expect(chain.admission(of: 22) != nil)
        try chain.begin(epoch: 3)
        #expect(chain.admission(of: 22) == nil)
    }
}
