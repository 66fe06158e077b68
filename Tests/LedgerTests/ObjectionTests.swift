// Whoever executed a task as its auditor checks the digests that others revealed on it, and whoever of the two is wrong
// loses stake for a wrong digest (rewards design, 7.5).
import Chain
import Codec
import Cryptography
import Ledger
import Primitives
import Quorum
import Rewards
import Testing

@Suite("objections to digests")
struct ObjectionTests {
    /// On TASK, of which A revealed a verdict in the first round and B in round R; C revealed nothing on it.
    static let rules = """
        A object task=TASK auditor=B round=R epoch=1 -> epoch_not_judged
        9 object task=TASK auditor=B round=R -> unknown_auditor
        C object task=TASK auditor=B round=R -> no_own_verdict
        A object task=99 auditor=B round=R -> no_own_verdict
        A object task=TASK auditor=C -> objection_without_cause
        A object task=TASK auditor=A -> objection_without_cause
        A object task=TASK auditor=B round=R right -> objection_without_cause
        A object task=TASK auditor=B round=R -> ok
        A object task=TASK auditor=B round=R same -> objection_without_cause
        B object task=TASK auditor=A -> dispute_exists
        31 dispute task=TASK same -> dispute_exists
        phase vote
        A object task=TASK auditor=B round=R -> audit_window_closed
        """

    /// Of a task with at least two verdicts and one validator without: who gave them, and who did not.
    private static func shared(
        _ chain: AuditChain
    ) throws -> (task: UInt32, first: UInt8, other: UInt8, round: AuditRound, none: UInt8) {
        let key = StateKey.taskAudits(chain.view.epoch.number - 1, TaskPlace(job: .zero, index: 0)).prefix(9)
        for found in chain.store.keys(.state) where found.starts(with: key) {
            let audits = try #require(WorkingState(chain.store).load(found, as: TaskAudits.self))
            let revealed = audits.entries.filter { $0.digest != nil }
            func number(_ entry: AuditEntry) -> UInt8? {
                (UInt8(0)..<4).first { AuditChain.address($0) == entry.operatorAddress }
            }
            let none = (UInt8(0)..<4).first { own in !audits.entries.contains { number($0) == own } }
            guard let first = revealed.first(where: { $0.round == .first }).flatMap(number),
                let entry = revealed.last, let other = number(entry), other != first, let none
            else { continue }
            return (TaskPlace(keySuffix: found).index, first, other, entry.round, none)
        }
        throw TestFailure.noSharedTask
    }

    private enum TestFailure: Error { case noSharedTask }

    @Test("an objection counts in its window, from who gave a verdict, against another's digest, once")
    func table() throws {
        var chain = try AuditChain.delivered()
        try chain.begin(epoch: 1)
        try chain.reach(.open)
        let shared = try Self.shared(chain)
        let table = Self.rules.replacing("TASK", with: "\(shared.task)").replacing("A ", with: "\(shared.first) ")
            .replacing("B ", with: "\(shared.other) ").replacing("=B", with: "=\(shared.other)")
            .replacing("=A", with: "=\(shared.first)").replacing("=C", with: "=\(shared.none)")
            .replacing("C ", with: "\(shared.none) ").replacing("=R", with: "=\(shared.round.rawValue)")
        try chain.run(table)
    }

    @Test("a second auditor that makes its digest up and knows the first ones' is found by them, and by nobody else")
    func borrowed() throws {
        func slashed(objecting: Bool) throws -> [SlashRow] {
            var chain = try AuditChain.delivered()
            chain.manners[1] = .borrowingInRechecks
            chain.objects = objecting
            try chain.begin(epoch: 2)
            return try chain.slashes(1)
        }
        let rows = try slashed(objecting: true)
        #expect(!rows.isEmpty)
        for row in rows {
            #expect(row.key.account == AuditChain.address(1) && row.key.offence == .wrongDigest)
            #expect(row.injured > .zero && row.reporter > .zero)
        }
        #expect(try slashed(objecting: false) == [])
    }

    @Test("who objects to a right digest pays the voters, and who was right loses nothing")
    func slander() throws {
        var chain = try AuditChain.delivered()
        chain.manners[2] = .slandering
        try chain.begin(epoch: 1)
        try chain.reach(.vote)
        let disputes = chain.store.keys(.state).filter { $0[0] == StateTag.dispute.rawValue }
        #expect(!disputes.isEmpty)
        for key in disputes {
            let record = try #require(WorkingState(chain.store).load(key, as: DisputeRecord.self))
            #expect(record.opening == "objection" && record.reporter == AuditChain.address(2))
            #expect(try DisputeRecord(decoding: record.encoded) == record)
        }
        try chain.begin(epoch: 2)
        let rows = try chain.slashes(1)
        #expect(rows.count == disputes.count)
        for row in rows {
            #expect(row.key.account == AuditChain.address(2) && row.key.offence == .wrongDigest)
            #expect(row.injured > .zero && row.reporter == .zero)
        }
        for provider in [UInt8(20), 21, 22] {
            #expect(chain.tasks(of: provider).allSatisfy { $0.record.state == .settled })
        }
    }
}
