// A desk that executed a task compares the digests that second auditors revealed on it.
import Auditor
import Chain
import Cryptography
import Primitives
import Testing

@Suite("objections of the desk")
struct ObjectionDeskTests {
    private static let task = TaskPlace(job: Hash.sha256([1]), index: 4)

    private static func finding(_ run: AuditDesk.Run) -> AuditDesk.Finding {
        let output = Hash.sha256(run.task.bytes)
        let result = TaskResult(output: output, finalState: output, fuel: 9, peakPages: 1, outputBytes: 4)
        return AuditDesk.Finding(result: result, digests: run.salts.map { Hash.sha256($0 + run.task.bytes) })
    }

    private static func other(_ number: UInt8, isRight: Bool) throws -> CheckedTask.Other {
        let salt: Bytes = [number]
        let finding = Self.finding(AuditDesk.Run(task: task, salts: [salt]))
        return CheckedTask.Other(
            try #require(Address(Bytes(repeating: number, count: 20))), .recheck,
            digest: isRight ? finding.digests[0] : .zero, salt: salt)
    }

    private struct Desk {
        var desk = AuditDesk { Hash.sha256([UInt8(truncatingIfNeeded: $0)]) }
        var height: UInt64 = 10

        mutating func at(_ others: [CheckedTask.Other], isOpen: Bool) throws -> [AuditContent] {
            height += 1
            let checks = others.isEmpty ? [] : [CheckedTask(task: task, epoch: 7, others: others, isOpen: isOpen)]
            let situation = AuditSituation(
                height: try #require(Height(height)), epochs: [], disputes: [], checks: checks)
            return desk.update(situation)
        }
    }

    @Test("the first digest that the execution does not give is objected to, when that counts and not before")
    func objects() throws {
        let others = [try Self.other(1, isRight: true), try Self.other(2, isRight: false)]
        var desk = Desk()
        #expect(try desk.at(others, isOpen: false) == [])
        let next = desk.desk.nextRun()
        let run = try #require(next)
        #expect(run == AuditDesk.Run(task: Self.task, salts: [[1], [2]]))
        #expect(try desk.at(others, isOpen: true) == [])
        let finding = Self.finding(run)
        desk.desk.finished(run, .found(finding))
        let expected = DigestObjection(
            epoch: 7, task: Self.task, of: (others[1].auditor, .recheck), digest: finding.digests[1])
        #expect(try desk.at(others, isOpen: false) == [])
        #expect(try desk.at(others, isOpen: true) == [.objection(expected)])
        // Handed in again while the state does not have it, unchanged.
        for _ in 1..<AuditorLimits.patience { #expect(try desk.at(others, isOpen: true) == []) }
        #expect(try desk.at(others, isOpen: true) == [.objection(expected)])
        #expect(desk.desk.counters.objections == 1)
        #expect(try desk.at([], isOpen: true) == [] && desk.desk.isIdle)
    }

    @Test("nobody objects to digests that come out")
    func agrees() throws {
        let others = [try Self.other(1, isRight: true), try Self.other(2, isRight: true)]
        var desk = Desk()
        _ = try desk.at(others, isOpen: true)
        let next = desk.desk.nextRun()
        let run = try #require(next)
        desk.desk.finished(run, .found(Self.finding(run)))
        #expect(try desk.at(others, isOpen: true) == [])
        #expect(desk.desk.counters.objections == 0)
    }
}
