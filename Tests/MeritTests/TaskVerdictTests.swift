// What `merit audit` says of a task: the golden form of its answer, and when the chain agrees.
import Chain
import Cryptography
import Foundation
import Primitives
import ProgramRules
import RPC
import Rewards
import Testing

@testable import Client
@testable import Execution
@testable import Ledger
@testable import merit

@Suite("verdicts on tasks")
struct TaskVerdictTests {
    private static func address(_ number: UInt8) -> Address {
        guard let address = Address(Bytes(repeating: number, count: 20)) else { preconditionFailure("20 bytes") }
        return address
    }

    private static let place = TaskPlace(job: Hash.sha256(Bytes("job".utf8)), index: 3)
    private static let run = RunResult(
        ending: .returned(Bytes("right".utf8)), fuel: 2_000_000, peakPages: 2, finalMemory: .zero, saltedMemory: [])
    private static let right = TaskResult(
        output: Hash.sha256(Bytes("right".utf8)), finalState: .zero, fuel: 2_000_000, peakPages: 2, outputBytes: 5)
    private static let wrong = TaskResult(
        output: Hash.sha256(Bytes("wrong".utf8)), finalState: .zero, fuel: 2_000_000, peakPages: 2, outputBytes: 5)

    private static func transcript(_ receipt: TaskResult?, resource: ResourceClass = .cpu) throws -> TaskTranscript {
        let request = SubmitJob(
            program: Hash.sha256(Bytes("program".utf8)), input: (nil, Bytes("abc".utf8)), tasks: 4,
            limits: TaskLimits(fuel: 3_000_000, outputBytes: 1_024, computeUnits: 16),
            price: JobPrice(bid: 1_000, resource: resource.rawValue, engineID: EngineIdentity.id))
        let height = try #require(Height(7))
        let job = JobRecord(
            request, by: address(1), at: height, input: (3, Hash.sha256(Bytes("abc".utf8))), pages: 2,
            held: (Amount(16_000), .zero))
        var task = TaskRecord(provider: address(2), assigned: height.advanced(), budget: 10)
        if let receipt {
            (task.state, task.result, task.delivered) = (.delivered, receipt, height.advanced(by: 4))
            task.computeUnits = TaskVerdict.computeUnits(receipt, job)
        }
        let header = Header(chainID: Bytes("merit-test".utf8), height: height.advanced(by: 90), time: .epoch1970)
        var transcript = TaskTranscript(place, job: job, task: task, header: header)
        transcript.epoch = 0
        return transcript
    }

    /// Four validators of equal stake; the first says nothing.
    private static func dispute(
        on transcript: TaskTranscript, votes: [TaskResult], claimed: TaskResult? = nil,
        objection: DigestObjection? = nil
    ) throws -> ProvenDispute {
        var record = DisputeRecord(
            epoch: 0, reporter: address(12), claim: claimed.map { ($0, Amount(9)) }, beacons: (.zero, nil))
        var entry = AuditEntry(address(12), .first)
        (entry.state, entry.result, entry.digest) = (.differs, right, .zero)
        (record.verdicts, record.objection) = ([entry], objection)
        let members = (10...13).map {
            EpochSet.Member(operatorAddress: address($0), stake: Amount(100), mayAudit: true)
        }
        let cast = members.enumerated().map { index, member -> ProvenDispute.Vote in
            let vote = index == 0 || index > votes.count ? nil : votes[index - 1]
            return ProvenDispute.Vote(
                member: member,
                vote: vote.map {
                    VoteRecord(DisputeVote(task: place, result: $0, digest: .zero, digests: [.zero]))
                })
        }
        let height = try #require(Height(80))
        return ProvenDispute(
            place: place, height: height, records: (record, transcript.task), set: EpochSet(epoch: 0, members: members),
            votes: cast)
    }

    private static func slash(_ offence: SlashOffence, of account: Address, _ dispute: ProvenDispute) throws -> SlashRow
    {
        try SlashRow(
            key: SlashKey(account: account, offence: offence, evidence: dispute.id), amount: Amount(40),
            reporter: Amount(4), injured: Amount(6))
    }

    @Test("the answer about a receipt that lost a dispute is the golden one")
    func golden() throws {
        var transcript = try Self.transcript(Self.wrong)
        let dispute = try Self.dispute(on: transcript, votes: [Self.right, Self.right, Self.right])
        transcript.audits = dispute.record.verdicts
        transcript.decided = TaskTranscript.Decided(
            dispute, settledEpoch: 1, slashes: [try Self.slash(.wrongResult, of: Self.address(2), dispute)])
        let verdict = TaskVerdict(transcript, Self.run)
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        let golden = try String(contentsOf: folder.appendingPathComponent("Golden/audit.json"), encoding: .utf8)
        #expect(JSON.object(verdict.members).text + "\n" == golden)
        let text = verdict.text
        for line in [
            "Executed here, it returned 5 bytes", "  fuel           2000000",
            "  stood at the end of epoch 1, block 80: result 1, with more than 2/3 of the stake",
            "Verdict: the receipt is WRONG in output.",
        ] {
            #expect(text.split(separator: "\n").contains(Substring(line)), "\(line) is not in\n\(text)")
        }
    }

    @Test("what opened a dispute is said: a verdict, an auditor's objection to a digest, or a deposit")
    func openings() throws {
        let transcript = try Self.transcript(Self.right)
        let objection = DigestObjection(
            epoch: 0, task: Self.place, of: (Self.address(13), .recheck), digest: Hash.sha256(Bytes()))
        func said(_ dispute: ProvenDispute) -> (with: JSON?, about: JSON?, lines: [String]) {
            let json = dispute.json(isOpen: true)
            return (json["opened_with"], json["objection"], dispute.lines(nil).filter { $0.contains("digest of") })
        }
        let verdict = said(try Self.dispute(on: transcript, votes: []))
        #expect(verdict.with == "verdict" && verdict.about == .null && verdict.lines.isEmpty)
        let deposit = said(try Self.dispute(on: transcript, votes: [], claimed: Self.wrong))
        #expect(deposit.with == "deposit" && deposit.about == .null && deposit.lines.isEmpty)
        let objected = said(try Self.dispute(on: transcript, votes: [], objection: objection))
        #expect(objected.with == "objection" && objected.about?["digest"] == .hex(objection.digest))
        #expect(objected.about?["auditor"] == .string(Self.address(13).bech32) && objected.about?["round"] == "recheck")
        #expect(objected.lines == ["             to the digest of \(Self.address(13).bech32)"])
    }

    @Test("a receipt that executes alike agrees; each number that does not is named with both values")
    func differences() throws {
        let agreeing = TaskVerdict(try Self.transcript(Self.right), Self.run)
        #expect(agreeing.name == "agrees" && agreeing.differences.isEmpty)
        let edits: [(String, TaskResult)] = [
            ("output", Self.wrong), ("final_state", Self.edited(state: Hash.sha256(Bytes()))),
            ("fuel", Self.edited(fuel: 1_999_999)), ("peak_pages", Self.edited(pages: 1)),
            ("output_bytes", Self.edited(bytes: 6)),
        ]
        for (name, result) in edits {
            let verdict = TaskVerdict(try Self.transcript(result), Self.run)
            #expect(verdict.name == "differs" && verdict.differences.map(\.name).contains(name), "\(name)")
            #expect(verdict.differences.allSatisfy { $0.receipt != $0.executed })
        }
        var counted = try Self.transcript(Self.right)
        counted = TaskTranscript(
            Self.place, job: counted.job, task: Self.task(counted.task, units: 1), header: counted.header)
        #expect(TaskVerdict(counted, Self.run).differences.map(\.name) == ["compute_units"])
    }

    private static func edited(
        state: Digest = .zero, fuel: UInt64 = 2_000_000, pages: UInt32 = 2, bytes: UInt32 = 5
    ) -> TaskResult {
        TaskResult(output: right.output, finalState: state, fuel: fuel, peakPages: pages, outputBytes: bytes)
    }

    private static func task(_ task: TaskRecord, units: UInt64) -> TaskRecord {
        var task = task
        task.computeUnits = units
        return task
    }

    @Test("class Q, a foreign engine and a task without a receipt are not judged, and it is said why")
    func obstacles() throws {
        #expect(TaskVerdict.obstacle(try Self.transcript(Self.right)) == nil)
        let open = try Self.transcript(Self.right, resource: .open)
        let reason = try #require(TaskVerdict.obstacle(open))
        #expect(reason.contains("class Q") && reason.contains("re-execution cannot"))
        let verdict = TaskVerdict(open, notJudged: reason)
        #expect(verdict.name == "not_judged" && verdict.text.contains("Verdict: none"))
        #expect(JSON.object(verdict.members)["executed"] == .null)
        let waiting = try #require(TaskVerdict.obstacle(try Self.transcript(nil)))
        #expect(waiting == "there is no receipt: the task is assigned")
    }

    @Test("whether the chain judged the same follows from who won, not from who was slashed alone")
    func chain() throws {
        func verdict(
            _ receipt: TaskResult, votes: [TaskResult], settled: UInt64? = 1, slashed: SlashOffence? = nil
        ) throws -> TaskVerdict {
            var transcript = try Self.transcript(receipt)
            let dispute = try Self.dispute(on: transcript, votes: votes)
            let rows = try slashed.map { [try Self.slash($0, of: Self.address(2), dispute)] } ?? []
            transcript.decided = TaskTranscript.Decided(dispute, settledEpoch: settled, slashes: rows)
            return TaskVerdict(transcript, Self.run)
        }
        let (right, wrong) = (Self.right, Self.wrong)
        #expect(try verdict(wrong, votes: [right, right, right]).chain == .same)
        #expect(try verdict(right, votes: [right, right, right]).chain == .same)
        #expect(try verdict(right, votes: [wrong, wrong, wrong]).chain == .other)
        #expect(try verdict(wrong, votes: [wrong, wrong, wrong]).chain == .other)
        #expect(try verdict(wrong, votes: [right, right, right], settled: nil).chain == .open)
        #expect(try verdict(wrong, votes: [right, wrong]).chain == .none)
        // The deciding votes stood in the block that settled.
        #expect(try verdict(wrong, votes: [right], slashed: .wrongResult).chain == .same)
        #expect(try verdict(right, votes: [right], slashed: .wrongResult).chain == .other)
        var audited = try Self.transcript(right)
        #expect(TaskVerdict(audited, Self.run).chain == .none)
        var entry = AuditEntry(Self.address(12), .first)
        entry.state = .agrees
        audited.audits = [entry]
        #expect(TaskVerdict(audited, Self.run).chain == .same)
    }

    @Test("a task is named as JOB/INDEX")
    func names() {
        let job = String(repeating: "ab", count: 32)
        #expect(TaskOptions.place("\(job)/7") == Digest(hex: job).map { TaskPlace(job: $0, index: 7) })
        for wrong in [job, "\(job)/", "\(job)/-1", "\(job)/1/2", "\(job.dropLast(2))/1", "/1", "\(job)/4294967296"] {
            #expect(TaskOptions.place(wrong) == nil, "\(wrong)")
        }
    }
}
