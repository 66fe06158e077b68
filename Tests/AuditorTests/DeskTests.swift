// What an auditor executes and says, one row per rule, over chains made by hand.
import Auditor
import Chain
import Codec
import Cryptography
import Primitives
import Synchronization
import Testing

/// A chain that holds what it is told.
private final class Desk {
    static let proof = VRF.prove([1], key: SigningKey(seed: Bytes(repeating: 3, count: 32))!)
    var desk: AuditDesk
    var height: UInt64 = 10
    var disputes: [DisputedTask] = []

    init(width: Int = 1, nonceSeed: @escaping @Sendable (UInt64) -> Digest = { Hash.sha256($0.bigEndianBytes) }) {
        desk = AuditDesk(width: width, nonceSeed: nonceSeed)
    }

    static func task(_ index: UInt32) -> TaskPlace { TaskPlace(job: Hash.sha256([1]), index: index) }

    static func duty(_ index: UInt32, _ round: AuditRound = .first) -> DrawnTask {
        DrawnTask(
            task: task(index), round: round, computeUnits: 100 + UInt64(index),
            salts: round == .first
                ? [[1] + index.bigEndianBytes] : [[2] + index.bigEndianBytes, [3] + index.bigEndianBytes])
    }

    static func finding(_ run: AuditDesk.Run) -> AuditDesk.Finding {
        let output = Hash.sha256(run.task.bytes)
        let result = TaskResult(output: output, finalState: output, fuel: 9, peakPages: 1, outputBytes: 4)
        return AuditDesk.Finding(result: result, digests: run.salts.map { Hash.sha256($0 + run.task.bytes) })
    }

    static func said(_ commit: VerdictCommit, revealed: Bool = false) -> SaidCommit {
        SaidCommit(
            round: commit.round, part: commit.part, tasks: commit.tasks, root: commit.root, isRevealed: revealed)
    }

    /// One height later.
    func at(
        _ window: AuditWindow, urgent: Bool = false, _ duties: [DrawnTask], commits: [SaidCommit] = [],
        disclosed: Bool = false
    ) -> [AuditContent] {
        height += 1
        let epoch = AuditedEpoch(
            epoch: 7, window: (window, urgent), proof: Self.proof, duties: duties, said: (commits, disclosed))
        return desk.update(AuditSituation(height: Height(height)!, epochs: [epoch], disputes: disputes))
    }

    /// The same while the epoch runs, with a dispute.
    func at(dispute: DisputedTask, _ duties: [DrawnTask]) -> [AuditContent] {
        disputes = [dispute]
        return at(.running, duties)
    }

    func rest(_ window: AuditWindow, _ duties: [DrawnTask]) {
        for _ in 0..<AuditorLimits.patience { _ = at(window, duties) }
    }

    /// Executes everything that is due; the tasks in order.
    @discardableResult
    func execute(failing: Set<UInt32> = []) -> [UInt32] {
        var done: [UInt32] = []
        while let run = desk.nextRun() {
            done.append(run.task.index)
            desk.finished(run, failing.contains(run.task.index) ? .failed : .found(Self.finding(run)))
        }
        return done
    }
}

extension [AuditContent] {
    fileprivate var commits: [VerdictCommit] { compactMap { if case .commit(let commit) = $0 { commit } else { nil } } }
    fileprivate var reveals: [VerdictReveal] { compactMap { if case .reveal(let reveal) = $0 { reveal } else { nil } } }
}

@Suite("Audit desk")
struct DeskTests {
    private let duties = [Desk.duty(2), Desk.duty(1), Desk.duty(3)]

    @Test("while the epoch runs its duties are executed, each once, and nothing is said")
    func running() {
        let desk = Desk()
        #expect(desk.at(.running, urgent: true, [duties[0]]).isEmpty)
        #expect(desk.execute() == [2])
        #expect(desk.at(.running, urgent: true, duties).isEmpty)
        #expect(desk.execute() == [1, 3])
        #expect(desk.at(.running, duties).isEmpty)
        #expect(desk.execute().isEmpty)
        #expect(desk.desk.counters.executed == 3)
    }

    @Test("one execution is under way at a time")
    func oneAtATime() {
        let desk = Desk()
        _ = desk.at(.running, duties)
        let first = desk.desk.nextRun()
        #expect(first != nil)
        #expect(desk.desk.nextRun() == nil)
    }

    @Test("a desk of some width has so many executions under way, each once, and speaks when all have ended")
    func width() throws {
        let desk = Desk(width: 2)
        desk.rest(.running, duties)
        let begun = [desk.desk.nextRun(), desk.desk.nextRun(), desk.desk.nextRun()]
        let first = try #require(begun[0])
        let second = try #require(begun[1])
        #expect(first != second)
        #expect(begun[2] == nil)
        desk.desk.finished(second, .found(Desk.finding(second)))
        let last = desk.desk.nextRun()
        let third = try #require(last)
        #expect(Set([first, second, third].map(\.task.index)) == [1, 2, 3])
        desk.desk.finished(third, .found(Desk.finding(third)))
        #expect(desk.at(.commit, duties).commits.isEmpty)
        #expect(!desk.desk.isIdle)
        desk.desk.finished(first, .found(Desk.finding(first)))
        #expect(desk.desk.isIdle)
        #expect(desk.at(.commit, duties).commits.map { $0.tasks.map(\.index) } == [[1, 2, 3]])
    }

    @Test("the seed of an epoch's nonces, a proof that takes a core half a millisecond, is made once")
    func seeds() throws {
        let made = Mutex(0)
        let desk = Desk { _ in
            made.withLock { $0 += 1 }
            return Hash.sha256(Bytes("seed".utf8))
        }
        desk.rest(.running, duties)
        desk.execute()
        let commit = try #require(desk.at(.commit, duties).commits.first)
        for _ in 0..<3 { _ = desk.at(.reveal, duties, commits: [Desk.said(commit)]) }
        #expect(made.withLock(\.self) == 1)
    }

    @Test("when everything is executed the commit names all tasks in order, and a restart repeats it byte for byte")
    func commit() throws {
        var roots: [VerdictCommit] = []
        for order in [duties, duties.reversed()] {
            let desk = Desk()
            desk.rest(.running, order)
            desk.execute()
            roots += desk.at(.commit, order).commits
        }
        let commit = try #require(roots.first)
        #expect(roots == [commit, commit])
        #expect(commit.tasks.map(\.index) == [1, 2, 3])
        #expect((commit.epoch, commit.part, commit.round) == (7, 0, .first))
        #expect(try VerdictCommit(decoding: commit.encoded) == commit)
    }

    @Test("a part of the verdicts is committed only when time runs out; the rest follows in the next part")
    func parts() throws {
        let desk = Desk()
        desk.rest(.commit, duties)
        desk.execute(failing: [3])
        #expect(desk.at(.commit, duties).isEmpty)
        let first = try #require(desk.at(.commit, urgent: true, duties).commits.first)
        #expect(first.tasks.map(\.index) == [1, 2])
        let said = [Desk.said(first)]
        #expect(desk.at(.commit, urgent: true, duties, commits: said).isEmpty)
        #expect(desk.execute() == [3])
        let second = try #require(desk.at(.commit, duties, commits: said).commits.first)
        #expect(second.part == 1)
        #expect(second.tasks.map(\.index) == [3])
    }

    @Test("what was handed in is repeated unchanged after a while, whatever has been found meanwhile")
    func repetition() throws {
        let desk = Desk()
        desk.rest(.commit, duties)
        desk.execute(failing: [3])
        let first = try #require(desk.at(.commit, urgent: true, duties).commits.first)
        var later: [VerdictCommit] = []
        for _ in 0..<(2 * AuditorLimits.patience) {
            desk.execute()
            later += desk.at(.commit, urgent: true, duties).commits
        }
        #expect(later == [first, first])
    }

    @Test("after a start nothing new is committed for a while, for an earlier life may have said something")
    func patience() {
        let desk = Desk()
        _ = desk.at(.commit, duties)
        desk.execute()
        var heights: [UInt64] = []
        for _ in 0..<6 {
            if !desk.at(.commit, duties).isEmpty { heights.append(desk.height) }
        }
        #expect(heights == [11 + AuditorLimits.patience])
    }

    @Test("after a start in the second half of a window nothing is waited for: it would be too late")
    func urgency() throws {
        let desk = Desk()
        #expect(desk.at(.commit, urgent: true, duties).isEmpty)
        desk.execute()
        let commit = try #require(desk.at(.commit, urgent: true, duties).commits.first)
        #expect(commit.tasks.map(\.index) == [1, 2, 3])
    }

    @Test("an execution that this machine failed is tried again later and never becomes a verdict")
    func failure() {
        let desk = Desk()
        desk.rest(.commit, [Desk.duty(1)])
        #expect(desk.execute(failing: [1]) == [1])
        #expect(desk.at(.commit, urgent: true, [Desk.duty(1)]).isEmpty)
        #expect(desk.execute().isEmpty)
        _ = desk.at(.commit, [Desk.duty(1)])
        #expect(desk.execute() == [1])
        #expect(desk.at(.commit, [Desk.duty(1)]).commits.count == 1)
    }

    @Test("what this machine fails again and again is tried more and more rarely, given up, and then holds nothing up")
    func givenUp() throws {
        let desk = Desk()
        desk.rest(.commit, duties)
        var tries: [UInt64] = []
        var commits: [VerdictCommit] = []
        for _ in 0..<400 {
            if desk.execute(failing: [2]).contains(2) { tries.append(desk.height) }
            commits += desk.at(.commit, duties).commits
        }
        #expect(zip(tries, tries.dropFirst()).map { $1 - $0 } == [2, 4, 8, 16, 32, 64, 64])
        #expect(tries.count == AuditorLimits.attemptsMax && desk.desk.counters.failed == 8)
        #expect(commits.first?.tasks.map(\.index) == [1, 3])
    }

    @Test("one commit names no more tasks than a block's rule allows; the rest is the next part")
    func longParts() throws {
        let many = (0...UInt32(AuditLimits.verdictsMax)).map { Desk.duty($0) }
        let desk = Desk()
        desk.rest(.running, many)
        desk.execute()
        let first = try #require(desk.at(.commit, many).commits.first)
        #expect(first.tasks.map(\.index) == (0..<UInt32(AuditLimits.verdictsMax)).map { $0 })
        let second = try #require(desk.at(.commit, many, commits: [Desk.said(first)]).commits.first)
        #expect(second.part == 1 && second.tasks.map(\.index) == [UInt32(AuditLimits.verdictsMax)])
    }

    @Test("when all parts are used up nothing more is committed")
    func partsMax() throws {
        let many = (0...AuditLimits.partsMax).map { Desk.duty($0) }
        func said(_ parts: UInt32) -> [SaidCommit] {
            (0..<parts).map {
                SaidCommit(round: .first, part: $0, tasks: [Desk.task($0)], root: .zero, isRevealed: false)
            }
        }
        for (parts, count) in [(AuditLimits.partsMax - 1, 1), (AuditLimits.partsMax, 0)] {
            let desk = Desk()
            desk.rest(.commit, many)
            desk.execute()
            #expect(desk.at(.commit, urgent: true, many, commits: said(parts)).commits.count == count)
        }
    }

    @Test("what cannot be executed here holds nothing up")
    func impossible() throws {
        let desk = Desk()
        desk.rest(.commit, duties)
        while let run = desk.desk.nextRun() {
            desk.desk.finished(run, run.task.index == 2 ? .impossible : .found(Desk.finding(run)))
        }
        let commit = try #require(desk.at(.commit, duties).commits.first)
        #expect(commit.tasks.map(\.index) == [1, 3])
        #expect(desk.execute().isEmpty)
    }

    @Test("duties of a window that is over are neither executed nor committed")
    func late() {
        let desk = Desk()
        desk.rest(.recheck, duties)
        #expect(desk.execute().isEmpty)
        #expect(desk.at(.recheck, urgent: true, duties).isEmpty)
    }

    @Test("a re-check is committed in its window with the first auditor's digest in each leaf")
    func recheck() throws {
        let all = duties + [Desk.duty(5, .recheck)]
        let desk = Desk()
        desk.rest(.commit, duties)
        desk.execute()
        let first = try #require(desk.at(.commit, duties).commits.first)
        #expect(desk.at(.recheck, all, commits: [Desk.said(first)]).isEmpty)
        #expect(desk.execute() == [5])
        let second = try #require(desk.at(.recheck, all, commits: [Desk.said(first)]).commits.first)
        #expect((second.round, second.part, second.tasks.map(\.index)) == (.recheck, 0, [5]))
        let said = [Desk.said(first), Desk.said(second)]
        let reveals = desk.at(.reveal, all, commits: said, disclosed: true).reveals
        #expect(reveals.map(\.round) == [.first, .recheck])
        let run = AuditDesk.Run(task: Desk.task(5), salts: Desk.duty(5, .recheck).salts)
        #expect(reveals.last?.verdicts.first?.digest == Desk.finding(run).digests[0])
        #expect(reveals.last?.verdicts.first?.firstDigests == [Desk.finding(run).digests[1]])
    }

    @Test("a task that the key drew in both rounds has another nonce in each")
    func nonces() throws {
        let both = [Desk.duty(1), Desk.duty(1, .recheck)]
        let desk = Desk()
        desk.rest(.commit, both)
        desk.execute()
        let first = try #require(desk.at(.commit, both).commits.first)
        let second = try #require(desk.at(.recheck, both, commits: [Desk.said(first)]).commits.first)
        let said = [Desk.said(first), Desk.said(second)]
        let nonces = desk.at(.reveal, both, commits: said, disclosed: true).reveals.flatMap(\.verdicts).map(\.nonce)
        #expect(nonces.count == 2 && nonces[0] != nonces[1])
    }

    @Test("the key is disclosed with all duties and their units, also when there are none; reveals follow it")
    func reveal() throws {
        let desk = Desk()
        desk.rest(.commit, duties)
        desk.execute()
        let commit = try #require(desk.at(.commit, duties).commits.first)
        let disclosure = KeyDisclosure(epoch: 7, proof: Desk.proof, duties: 3, computeUnits: 306)
        #expect(desk.at(.reveal, duties, commits: [Desk.said(commit)]) == [.disclosure(disclosure)])
        let reveal = try #require(desk.at(.reveal, duties, commits: [Desk.said(commit)], disclosed: true).reveals.first)
        #expect(reveal.root == commit.root)
        #expect(reveal.verdicts.map(\.task) == commit.tasks)
        #expect(Set(reveal.verdicts.map(\.nonce)).count == 3)
        #expect(desk.at(.reveal, duties, commits: [Desk.said(commit, revealed: true)], disclosed: true).isEmpty)
        // What is revealed is not executed again after a restart.
        let next = Desk()
        #expect(next.at(.reveal, duties, commits: [Desk.said(commit, revealed: true)], disclosed: true).isEmpty)
        #expect(next.execute().isEmpty)
        let idle = Desk()
        let none = KeyDisclosure(epoch: 7, proof: Desk.proof, duties: 0, computeUnits: 0)
        #expect(idle.at(.reveal, []) == [.disclosure(none)])
    }

    @Test("after a restart committed tasks are executed again and the same leaves are revealed")
    func restart() throws {
        let desk = Desk()
        desk.rest(.commit, duties)
        desk.execute(failing: [3])
        let commit = try #require(desk.at(.commit, urgent: true, duties).commits.first)
        let next = Desk()
        #expect(next.at(.reveal, duties, commits: [Desk.said(commit)], disclosed: true).isEmpty)
        #expect(next.execute() == [2, 1])
        let reveal = try #require(next.at(.reveal, duties, commits: [Desk.said(commit)], disclosed: true).reveals.first)
        #expect(reveal.root == commit.root)
    }

    @Test("a commit that a new execution does not reproduce is never revealed, and is counted")
    func lost() throws {
        let desk = Desk()
        desk.rest(.commit, duties)
        desk.execute()
        let commit = try #require(desk.at(.commit, duties).commits.first)
        let other = SaidCommit(
            round: .first, part: 0, tasks: commit.tasks, root: Hash.sha256([9]), isRevealed: false)
        #expect(desk.at(.reveal, duties, commits: [other], disclosed: true).isEmpty)
        #expect(desk.desk.counters.lost == 1)
    }

    @Test("a disputed task is executed before everything else, under all salts, and voted on once")
    func dispute() throws {
        let open = DisputedTask(task: Desk.task(8), salts: [[7], [8]])
        let desk = Desk()
        #expect(desk.at(dispute: open, duties).isEmpty)
        let next = desk.desk.nextRun()
        let run = try #require(next)
        #expect(run == AuditDesk.Run(task: Desk.task(8), salts: [[7], [8]]))
        desk.desk.finished(run, .found(Desk.finding(run)))
        let votes = desk.at(dispute: open, duties)
        #expect(
            votes == [
                .vote(
                    DisputeVote(
                        task: Desk.task(8), result: Desk.finding(run).result, digest: Desk.finding(run).digests[0],
                        digests: [Desk.finding(run).digests[1]]))
            ])
        #expect(desk.at(dispute: open, duties).isEmpty)
        desk.disputes = []
        for _ in 0..<8 { #expect(desk.at(.running, duties).isEmpty) }
        #expect(desk.desk.counters.votes == 1)
    }
}
