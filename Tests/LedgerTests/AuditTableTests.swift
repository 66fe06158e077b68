// Every rule of what auditors say and of disputes that accounts open, in text tables: one row is one item and what
// becomes of it. Auditors say nothing by themselves here.
import Chain
import Codec
import Cryptography
import Ledger
import Primitives
import Rewards
import Testing

extension AuditChain {
    /// Rows `sender verb options -> rule` up to a line `block`, `phase name` or `epoch n` are one block.
    mutating func run(_ table: String) throws {
        var rows: [MarketChain.Row] = []
        for line in table.split(separator: "\n") {
            let words = line.split(separator: " ")
            let isMove = ["block", "phase", "epoch"].contains(words[0])
            if !isMove {
                let sides = line.split(separator: "->")
                try #require(sides.count == 2, "\(line)")
                rows.append((try item(sides[0]), String(sides[1].filter { $0 != " " }), line))
                continue
            }
            try close(&rows)
            switch words[0] {
            case "phase": try reach(try #require(AuditPhase.allCases.first { $0.label == words[1] }))
            case "epoch": try begin(epoch: try #require(UInt64(words[1])))
            default: try step()
            }
        }
        try close(&rows)
    }

    private mutating func close(_ rows: inout [MarketChain.Row]) throws {
        if rows.isEmpty { return }
        // What an author would admit is what the block accepts, row by row as long as nothing before it counted.
        if let first = rows.first {
            let refused = Ledger.admit(first.item, byteCount: first.item.encoded.count, on: store, view: view)
            let isStatement = if case .audit = first.item { true } else { false }
            #expect(!isStatement || refused?.label ?? "ok" == first.expected, "\(first.text)")
        }
        let results = try market.chain.advance([(0, rows.map(\.item))]).dropFirst()
        for (row, result) in zip(rows, results) {
            let label = result.code == 0 ? "ok" : LedgerRule(rawValue: result.code)?.label
            #expect(label == row.expected, "\(row.text)")
        }
        rows = []
        try market.checkMoney()
    }

    private mutating func item(_ row: Substring) throws -> Item {
        let words = row.split(separator: " ")
        let sender = try #require(UInt8(words[0]))
        let options = MarketChain.Options(words.dropFirst(2))
        guard let content = content(words[1], sender, options) else {
            let sequence = market.chain.account(sender).nextSequence
            switch words[1] {
            case "dispute": return TestChain.item(sender, sequence, .openDispute(dispute(options)))
            case "prove":
                guard case .missed(let missed)? = content("missed", sender, options) else { break }
                return TestChain.item(sender, sequence, .proveMissedDuties(missed))
            default: break
            }
            return try market.item(row)
        }
        let keys = TestKeys(sender)
        let key = options.has("consensus") ? keys.consensus : keys.audit
        return .audit(AuditStatement(signing: content, by: key, chainID: TestChain.chainID))
    }

    private func place(_ index: UInt32, _ options: MarketChain.Options) -> TaskPlace {
        TaskPlace(job: options.has("nojob") ? .zero : market.jobs[0], index: index)
    }

    private func dispute(_ options: MarketChain.Options) -> OpenDispute {
        let index = UInt32(options.number("task", 0))
        return OpenDispute(
            task: place(index, options), claimed: options.has("same") ? MarketChain.result(index) : Self.wrong(index),
            deposit: Amount(options.number("units", 348_000)))
    }

    private func missed(
        _ options: MarketChain.Options, _ epoch: UInt64, _ round: AuditRound, _ tasks: [TaskPlace]
    ) -> MissedDuties {
        let auditor = Self.address(UInt8(options.number("auditor", 0)))
        return MissedDuties(epoch: epoch, auditor: auditor, round: round, tasks: tasks)
    }

    private func content(_ verb: Substring, _ sender: UInt8, _ options: MarketChain.Options) -> AuditContent? {
        let epoch = options.number("epoch", view.epoch.number == 0 ? 0 : view.epoch.number - 1)
        let round = AuditRound(rawValue: UInt32(options.number("round", 1))) ?? .first
        let part = UInt32(options.number("part", 0))
        let tasks = (options.values["tasks"] ?? "0").split(separator: ",").compactMap { UInt32($0) }
        let nonce = Hash.sha256([[sender], options.number("nonce", 0).bigEndianBytes])
        let verdicts = tasks.map { index in
            Verdict(
                task: place(index, options), result: MarketChain.result(index), digest: .zero, firstDigests: [],
                nonce: nonce)
        }
        let reveal = VerdictReveal(epoch: epoch, round: round, part: part, verdicts: verdicts)
        switch verb {
        case "commit":
            return .commit(
                VerdictCommit(
                    epoch: epoch, round: round, part: part, tasks: verdicts.map(\.task), root: reveal.root))
        case "disclose":
            let proof = Self.proof(options.has("bad") ? sender + 1 : sender, epoch)
            return .disclosure(KeyDisclosure(epoch: epoch, proof: proof, duties: 0, computeUnits: 0))
        case "reveal": return .reveal(reveal)
        case "missed": return .missed(missed(options, epoch, round, verdicts.map(\.task)))
        case "object":
            let task = place(UInt32(options.number("task", 0)), options)
            let auditor = Self.address(UInt8(options.number("auditor", 0)))
            let audits: TaskAudits? = WorkingState(store).load(StateKey.taskAudits(epoch, task))
            let said = audits?.entries.first { $0.operatorAddress == auditor && $0.round == round }?.digest
            let digest = options.has("right") ? said ?? .zero : options.has("same") ? .zero : Hash.sha256([sender])
            return .objection(
                DigestObjection(epoch: epoch, task: task, of: (auditor, round), digest: digest))
        case "vote":
            let index = UInt32(options.number("task", 0))
            let digests = [Digest](repeating: .zero, count: Int(options.number("digests", 0)))
            return .vote(
                DisputeVote(
                    task: place(index, options), result: MarketChain.result(index), digest: .zero, digests: digests))
        default: return nil
        }
    }
}

@Suite("audit tables")
struct AuditTableTests {
    static let saying = """
        0 commit epoch=0 tasks=0 -> ok
        9 commit epoch=0 tasks=1 -> unknown_auditor
        0 commit epoch=0 tasks=1 part=1 consensus -> unknown_auditor
        0 commit epoch=2 tasks=1 part=1 -> epoch_not_judged
        0 commit epoch=0 round=2 tasks=1 -> audit_window_closed
        0 commit epoch=0 tasks=1 -> commit_repeated
        0 commit epoch=0 tasks=1 part=2 -> commit_gap
        0 commit epoch=0 tasks=0,1 part=1 -> task_committed
        0 commit epoch=0 tasks=99 part=1 -> task_not_judged
        0 commit epoch=0 tasks=1 nojob part=1 -> task_not_judged
        20 commit epoch=0 tasks=1 -> not_in_epoch_set
        0 disclose -> epoch_not_judged
        epoch 1
        20 commit epoch=1 tasks=1 -> audit_key_not_counting
        0 commit epoch=1 tasks=1 part=0 -> task_not_judged
        20 commit epoch=0 tasks=1 -> not_in_epoch_set
        0 commit tasks=1 part=1 -> ok
        0 commit round=2 tasks=1 -> audit_window_closed
        0 disclose -> audit_window_closed
        0 reveal tasks=0 -> audit_window_closed
        0 vote -> dispute_unknown
        30 dispute -> dispute_window_closed
        phase recheck
        0 commit tasks=2 part=2 -> audit_window_closed
        1 commit round=2 tasks=0 -> ok
        1 commit round=2 tasks=3 part=1 -> nothing_to_recheck
        0 commit round=2 tasks=1 -> nothing_to_recheck
        2 commit round=2 tasks=0 epoch=1 -> audit_window_closed
        phase reveal
        1 disclose bad -> bad_key_proof
        20 disclose -> not_in_epoch_set
        0 reveal tasks=0 nonce=2 -> key_undisclosed
        0 disclose -> ok
        0 disclose bad -> key_disclosed
        0 reveal tasks=0 part=2 -> commit_unknown
        0 reveal tasks=1 -> reveal_differs
        0 reveal tasks=0 nonce=1 -> reveal_differs
        0 reveal tasks=0 -> ok
        0 reveal tasks=0,1 -> reveal_repeated
        1 commit round=2 tasks=1 -> audit_window_closed
        phase open
        1 disclose -> audit_window_closed
        0 reveal tasks=1 part=1 -> audit_window_closed
        """
    static let opening = """
        epoch 1
        phase open
        30 dispute task=99 -> task_not_disputable
        31 dispute task=0 same -> dispute_without_cause
        20 dispute task=0 units=347999 -> deposit_too_small
        21 dispute task=0 units=200000000000000 -> insufficient_balance
        phase open
        22 dispute task=0 -> ok
        31 dispute task=0 -> dispute_exists
        0 vote task=0 -> audit_window_closed
        phase vote
        0 vote task=0 digests=1 -> vote_incomplete
        0 vote task=1 -> dispute_unknown
        20 vote task=0 -> unknown_auditor
        0 vote task=0 -> ok
        0 vote task=0 digests=3 -> vote_repeated
        1 vote task=0 -> ok
        2 vote task=0 -> ok
        """

    /// Nobody does a duty unasked.
    static func chain(settings: [Setting] = AuditChain.settings, newcomer: Bool = false) throws -> AuditChain {
        var chain = try AuditChain(settings: settings)
        for auditor in UInt8(0)..<4 { chain.manners[auditor] = .silent }
        try chain.market.run("30 publish -> ok")
        let providers: [UInt8] = newcomer ? [21, 22] : [20, 21, 22]
        for provider in providers { try chain.market.run("\(provider) provide mrt=3500 -> ok") }
        if newcomer {
            let keys = TestKeys(20)
            let message = RegisterValidator.proofMessage(
                operatorKey: keys.account.publicKey, chainID: TestChain.chainID)
            let registration = RegisterValidator(
                keys: keys.validator, stake: Amount(20_000 * TestChain.token), name: [],
                proofs: [keys.consensus, keys.audit, keys.transport].map { $0.sign(message) })
            try chain.step([TestChain.item(20, 0, .registerValidator(registration))])
        }
        try chain.market.run("30 job tasks=4 fuel=100000000 cu=116 -> ok\nblock 2")
        try chain.deliver(providers)
        return chain
    }

    @Test("an auditor's statement counts, or is refused by one rule and costs the author of its batch")
    func statements() throws {
        var chain = try Self.chain(newcomer: true)
        let before = chain.market.chain.validator(0)?.bond ?? .zero
        try chain.run(Self.saying)
        #expect(chain.market.chain.validator(0)?.bond ?? .zero < before)
    }

    @Test("an account opens a dispute with cause and deposit, or is refused by one rule")
    func disputes() throws {
        var chain = try Self.chain()
        let (opener, refused) = (chain.market.chain.account(22), chain.market.chain.account(20))
        try chain.run(Self.opening)
        #expect(chain.market.chain.account(22).balance.units < opener.balance.units - 348_000)
        #expect(chain.market.chain.account(20).balance > Amount(refused.balance.units - 348_000))
        #expect(chain.view.supply.escrow == Amount(4 * 116_000 + 348_000))
        let owner = try #require(
            [UInt8(20), 21, 22].first { provider in chain.tasks(of: provider).contains { $0.index == 0 } })
        let held = chain.market.chain.account(22).balance
        try chain.begin(epoch: 2)
        // The receipt stands: three voters at 1.2 * 16 cu * 1,000 each out of the deposit.
        let row = try #require(try chain.slashes(1).first { $0.key.offence == .falseDispute })
        #expect(row.key.account == MarketChain.address(22) && row.amount == Amount(3 * 1_200 * 16))
        #expect(row.injured == row.amount && row.burned == .zero)
        #expect(try chain.market.row(0, .compensation, epoch: 1)?.amount == Amount(1_200 * 16))
        #expect(try chain.market.row(3, .compensation, epoch: 1) == nil)
        let returned = chain.market.chain.account(22).balance.units - held.units
        #expect(returned >= 348_000 - 3 * 1_200 * 16)
        #expect(chain.view.supply.escrow == .zero)
        // Nobody audited it, and what a false claim costs buys no record.
        #expect(chain.market.reputation(owner)?.streak == 0)
    }

    /// 35 cu at 2,000 is what the last task bids, of an escrow of 70,000; four validators.
    static let dear = """
        epoch 1
        phase open
        20 dispute task=19 units=335999 -> deposit_too_small
        22 dispute task=19 units=336000 -> ok
        21 dispute task=0 units=209999 -> deposit_too_small
        phase vote
        0 vote task=19 -> ok
        1 vote task=19 -> ok
        2 vote task=19 -> ok
        """

    @Test("a false dispute costs what all its voters' work is worth, and its deposit covers that")
    func dearDispute() throws {
        var chain = try AuditChain(settings: AuditChain.settings)
        for auditor in UInt8(0)..<4 { chain.manners[auditor] = .silent }
        try chain.market.run("30 publish -> ok\n20 provide mrt=3500 -> ok")
        try chain.market.run("30 job tasks=20 fuel=20000000 cu=35 bid=2000 -> ok\nblock 2")
        let place = TaskPlace(job: chain.market.jobs[0], index: 19)
        let none = TaskPlace(job: chain.market.jobs[0], index: 99)
        func outlook(_ place: TaskPlace) -> DisputeOutlook? {
            Ledger.disputeOutlook(place, on: chain.store, view: chain.view)
        }
        #expect(outlook(place) == nil)
        try chain.deliver([20])
        #expect(outlook(place)?.window == .later)
        try chain.begin(epoch: 1)
        #expect(outlook(place)?.window == .later)
        try chain.reach(.open)
        #expect(outlook(place)?.window == .open && outlook(place)?.deposit == Amount(336_000))
        #expect(outlook(none) == nil)
        try chain.run(Self.dear)
        #expect(outlook(place)?.window == .disputed)
        #expect(outlook(TaskPlace(job: chain.market.jobs[0], index: 0))?.window == .over)
        try chain.begin(epoch: 2)
        #expect(outlook(place)?.window == .over)
        let row = try #require(try chain.slashes(1).first { $0.key.offence == .falseDispute })
        #expect(row.amount == Amount(3 * 84_000) && row.injured == row.amount)
        let paid = try #require(try chain.market.row(0, .compensation, epoch: 1))
        #expect(paid.amount == Amount(84_000) && paid.reason == .compensated)
    }

    @Test("voters of a wrong result are paid by what the work was bid, out of the provider's bond")
    func dearFraud() throws {
        var chain = try AuditChain(settings: AuditChain.settings)
        chain.cheats = [20: Set(0..<20)]
        try chain.market.run("30 publish -> ok\n20 provide mrt=3500 -> ok")
        try chain.market.run("30 job tasks=20 fuel=20000000 cu=35 bid=2000 -> ok\nblock 2")
        try chain.deliver([20])
        try chain.begin(epoch: 2)
        let rows = try chain.slashes(1)
        #expect(rows.count > 5 && rows.allSatisfy { $0.key.offence == .wrongResult })
        for row in rows {
            let index = try #require(
                (UInt32(0)..<20).first {
                    DisputeRecord.id(TaskPlace(job: chain.market.jobs[0], index: $0)) == row.key.evidence
                })
            // Four at 1.2 of each unit's bid, below 40 % of 25 v; v = 53,900 for the requester.
            let voters = 4 * MarketChain.computeUnits(index) * 2_400
            #expect(row.amount == Amount(25 * 53_900) && row.injured == Amount(voters + 53_900))
        }
    }

    @Test("a justified dispute returns the deposit and pays the reporter out of the provider's bond")
    func justified() throws {
        var chain = try AuditChain(settings: AuditChain.settings)
        for auditor in UInt8(0)..<4 { chain.manners[auditor] = .silent }
        chain.cheats = [20: [0, 1, 2, 3]]
        try chain.market.run("30 publish -> ok\n20 provide mrt=3500 -> ok")
        try chain.market.run("30 job tasks=4 fuel=100000000 cu=116 -> ok\nblock 2")
        try chain.deliver([20])
        try chain.begin(epoch: 1)
        try chain.reach(.open)
        let place = TaskPlace(job: chain.market.jobs[0], index: 0)
        let before = chain.market.chain.account(31).balance
        let open = OpenDispute(task: place, claimed: MarketChain.result(0), deposit: Amount(348_000))
        try chain.step([TestChain.item(31, 0, .openDispute(open))])
        chain.manners = [:]
        try chain.begin(epoch: 2)
        let row = try #require(try chain.slashes(1).first)
        #expect(try chain.slashes(1).count == 1 && row.key.offence == .wrongResult)
        let reported = try #require(try chain.market.row(31, .reporter, epoch: 1))
        #expect(reported.amount == row.reporter && row.reporter == Amount(25 * 89_320 / 10))
        // All of it back but the fee of the bytes.
        let fee = before.units + row.reporter.units - chain.market.chain.account(31).balance.units
        #expect(fee > 0 && fee < 10_000)
        #expect((0..<4).allSatisfy { chain.market.task(0, $0)?.state == .forfeited })
    }

    @Test("nobody audits its own tasks while others can")
    func own() throws {
        var chain = try AuditChain(settings: AuditChain.settings)
        for auditor in UInt8(0)..<4 { chain.manners[auditor] = .silent }
        try chain.market.chain.advance([
            (0, [TestChain.transfer(31, 0, to: 3, 4000 * TestChain.token)])
        ])
        try chain.market.run("30 publish -> ok\n3 provide mrt=3500 -> ok")
        try chain.market.run("30 job tasks=4 fuel=100000000 cu=116 -> ok\nblock 2")
        try chain.deliver([3])
        try chain.run("3 commit epoch=0 tasks=0 -> own_task\n2 commit epoch=0 tasks=0 -> ok")
        let duties = Ledger.auditDuties(
            key: AuditChain.key(3, 0), of: AuditChain.address(3), from: (0, .zero), limit: 100, on: chain.store)
        #expect(duties.duties.isEmpty && duties.next > .zero)
    }

    @Test("every rule of audits and disputes has a row")
    func coverage() {
        let words = Set(
            (Self.saying + Self.opening + MissedDutyTests.rules + StandingTests.rules + ObjectionTests.rules
                + " duty_proven_before bond_locked engine_not_deferred engine_declared own_task program_quarantined")
                .split { $0 == " " || $0 == "\n" }
                .map(String.init))
        let missing = LedgerRule.allCases.filter { (140..<200).contains($0.rawValue) || $0 == .unknownAuditor }
            .filter { !words.contains($0.label) }
        #expect(missing == [])
    }
}
